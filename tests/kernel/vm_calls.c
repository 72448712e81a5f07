/* SPDX-License-Identifier: MIT */
/* The memory calls, made by this thread in an address space of its own. */
#include <debug/selftest.h>
#include <linux/errno.h>
#include <linux/mman.h>
#include <mm/usercopy.h>
#include <sched/task.h>
#include <syscall/handlers.h>
#include <vm/vm.h>

#define RW (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

static bool enter(void)
{
	struct mm *mm = mm_new();

	if (mm)
		mm_activate(mm);
	return mm;
}

/* As CHECK, but leaves the address space first. */
#define CHECK_IN(cond)                                                         \
	do {                                                                   \
		bool ok_ = (cond);                                             \
		if (!ok_) {                                                    \
			mm_activate(NULL);                                     \
			selftest_fail(__FILE__, __LINE__, #cond);              \
			return;                                                \
		}                                                              \
	} while (0)

static u64 map(u64 pages, unsigned prot)
{
	return (u64)sys_mmap(0, pages * PAGE_SIZE, prot, ANON, -1, 0);
}

static bool holds(u64 at, u64 want)
{
	u64 v;

	return get_user_u64(&v, UPTR(at)) == 0 && v == want;
}

SELFTEST(vm_mprotect)
{
	CHECK(enter());
	u64 at = map(8, RW), third = at + 2 * PAGE_SIZE;
	CHECK_IN(put_user_u64(UPTR(third), 3) == 0);
	CHECK_IN(sys_mprotect(third, PAGE_SIZE, PROT_READ) == 0);
	CHECK_IN(current->mm->area_count == 3);
	CHECK_IN(put_user_u64(UPTR(third), 4) == -EFAULT && holds(third, 3));
	CHECK_IN(sys_mprotect(third, PAGE_SIZE, PROT_NONE) == 0);
	CHECK_IN(!holds(third, 3));
	CHECK_IN(sys_mprotect(third, PAGE_SIZE, RW) == 0);
	CHECK_IN(current->mm->area_count == 1);
	CHECK_IN(holds(third, 3) && put_user_u64(UPTR(third), 5) == 0 && holds(third, 5));
	CHECK_IN(sys_mprotect(at + 7 * PAGE_SIZE, 2 * PAGE_SIZE, PROT_READ) == -ENOMEM);
	CHECK_IN(sys_mprotect(at + 1, PAGE_SIZE, PROT_READ) == -EINVAL);
	CHECK_IN(sys_mprotect(at, 0, PROT_READ) == 0);
	CHECK_IN(sys_mprotect(at, PAGE_SIZE, 0x100) == -EINVAL);
	mm_activate(NULL);
}

SELFTEST(vm_mremap)
{
	CHECK(enter());
	u64 at = map(4, RW);
	for (u64 i = 0; i < 4; i++)
		CHECK_IN(put_user_u64(UPTR(at + i * PAGE_SIZE), i + 1) == 0);
	CHECK_IN(sys_mremap(at, 4 * PAGE_SIZE, 2 * PAGE_SIZE, 0, 0) == (s64)at);
	CHECK_IN(holds(at + PAGE_SIZE, 2) && !holds(at + 2 * PAGE_SIZE, 3));
	CHECK_IN(sys_mremap(at, 2 * PAGE_SIZE, 3 * PAGE_SIZE, 0, 0) == (s64)at); /* in place */
	CHECK_IN(holds(at + 2 * PAGE_SIZE, 0));
	u64 block = (u64)sys_mmap(at + 3 * PAGE_SIZE, PAGE_SIZE, PROT_READ, ANON | MAP_FIXED, -1, 0);
	CHECK_IN(block == at + 3 * PAGE_SIZE);
	CHECK_IN(sys_mremap(at, 3 * PAGE_SIZE, 1000 * PAGE_SIZE, 0, 0) == -ENOMEM);
	s64 moved = sys_mremap(at, 3 * PAGE_SIZE, 1000 * PAGE_SIZE, MREMAP_MAYMOVE, 0);
	CHECK_IN(moved > 0 && (u64)moved != at);
	CHECK_IN(holds(moved, 1) && holds(moved + PAGE_SIZE, 2) && !holds(at, 1));
	CHECK_IN(current->mm->rss_anon == 2);
	u64 to = at - MIB(64);
	CHECK_IN(sys_mremap(moved, 1000 * PAGE_SIZE, 2 * PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, to) == (s64)to);
	CHECK_IN(holds(to, 1) && holds(to + PAGE_SIZE, 2) && !holds(moved, 1));
	s64 kept = sys_mremap(to, 2 * PAGE_SIZE, 2 * PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, 0);
	CHECK_IN(kept > 0 && holds(kept, 1) && holds(to, 0));
	CHECK_IN(sys_mremap(to + PAGE_SIZE * 4, PAGE_SIZE, PAGE_SIZE, 0, 0) == -EFAULT);
	CHECK_IN(sys_mremap(to, PAGE_SIZE, 0, 0, 0) == -EINVAL);
	mm_activate(NULL);
}

SELFTEST(vm_madvise_mincore)
{
	u8 vec[4] = { 9, 9, 9, 9 };

	CHECK(enter());
	u64 at = map(4, RW), out = map(1, RW);
	CHECK_IN(put_user_u64(UPTR(at), 1) == 0 && put_user_u64(UPTR(at + 2 * PAGE_SIZE), 2) == 0);
	CHECK_IN(sys_mincore(at, 4 * PAGE_SIZE, UPTR(out)) == 0);
	CHECK_IN(copy_from_user(vec, UPTR(out), 4) == 0);
	CHECK_IN(vec[0] == 1 && vec[1] == 0 && vec[2] == 1 && vec[3] == 0);
	CHECK_IN(sys_madvise(at, PAGE_SIZE, MADV_DONTNEED) == 0);
	CHECK_IN(holds(at, 0) && holds(at + 2 * PAGE_SIZE, 2));
	CHECK_IN(sys_madvise(at, PAGE_SIZE, 12345) == -EINVAL);
	CHECK_IN(sys_madvise(at, PAGE_SIZE, MADV_DONTFORK) == 0);
	u32 areas = current->mm->area_count;
	CHECK_IN(sys_madvise(at, PAGE_SIZE, MADV_DOFORK) == 0 && current->mm->area_count == areas - 2);
	CHECK_IN(sys_munmap(at + PAGE_SIZE, PAGE_SIZE) == 0);
	CHECK_IN(sys_madvise(at, 3 * PAGE_SIZE, MADV_DONTNEED) == -ENOMEM && holds(at + 2 * PAGE_SIZE, 0));
	CHECK_IN(sys_mincore(at, 2 * PAGE_SIZE, UPTR(out)) == -ENOMEM);
	CHECK_IN(sys_msync(at, PAGE_SIZE, MS_SYNC | MS_ASYNC) == -EINVAL);
	CHECK_IN(sys_msync(at, 2 * PAGE_SIZE, MS_SYNC) == -ENOMEM);
	mm_activate(NULL);
}

SELFTEST(vm_brk_mlock_populate)
{
	CHECK(enter());
	struct mm *mm = current->mm;
	mm->brk_start = mm->brk = 0x10000000;
	CHECK_IN(sys_brk(0) == 0x10000000);
	CHECK_IN(sys_brk(0x10003123) == 0x10003123);
	CHECK_IN(put_user_u64(UPTR(0x10003000), 1) == 0 && put_user_u64(UPTR(0x10004000), 1) == -EFAULT);
	CHECK_IN(sys_brk(0x10001000) == 0x10001000 && !holds(0x10003000, 1));
	CHECK_IN(sys_brk(0x0ffff000) == 0x10001000);
	s64 at = sys_mmap(0, 16 * PAGE_SIZE, RW, ANON | MAP_POPULATE, -1, 0);
	CHECK_IN(at > 0 && mm->rss_anon == 16);
	CHECK_IN(sys_mlock((u64)at + 100, 10) == 0 && mm->pages_locked == 1);
	CHECK_IN(sys_madvise((u64)at, PAGE_SIZE, MADV_DONTNEED) == -EINVAL);
	CHECK_IN(sys_munlock((u64)at, 16 * PAGE_SIZE) == 0 && mm->pages_locked == 0);
	CHECK_IN(sys_mlockall(MCL_ONFAULT) == -EINVAL);
	mm_activate(NULL);
}
