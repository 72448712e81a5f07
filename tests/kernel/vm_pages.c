/* SPDX-License-Identifier: MIT */
/* Pages: faults, copy-on-write, what fork shares, and that all of it comes back. */
#include <debug/selftest.h>
#include <linux/errno.h>
#include <linux/mman.h>
#include <mm/frame.h>
#include <mm/usercopy.h>
#include <sched/task.h>
#include <vm/vm.h>

#define RW (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

static u64 counter(enum mem_counter which)
{
	struct mem_stats s;

	mem_stats_read(&s);
	return which == MEM_ANON ? s.anon : s.page_tables;
}

static u64 map_pages(struct mm *mm, u64 pages, unsigned flags)
{
	u64 at = 0;

	return mm_map(mm, &at, pages * PAGE_SIZE, RW, flags, NULL, 0) ? 0 : at;
}

static bool poke(struct mm *mm, u64 va, u64 v)
{
	return mm_access(mm, va, &v, sizeof v, true) == sizeof v;
}

static u64 peek(struct mm *mm, u64 va)
{
	u64 v = ~0ULL;

	return mm_access(mm, va, &v, sizeof v, false) == sizeof v ? v : ~0ULL;
}

SELFTEST(vm_zero_fill_and_teardown)
{
	u64 anon = counter(MEM_ANON), tables = counter(MEM_TABLES);
	struct mm *mm = mm_new();

	CHECK(mm);
	u64 at = map_pages(mm, 1000, ANON);
	CHECK(at);
	for (u64 i = 0; i < 1000; i += 7)
		CHECK(poke(mm, at + i * PAGE_SIZE + 8, i));
	CHECK(mm->rss_anon == 143);
	CHECK(counter(MEM_ANON) == anon + 143);
	CHECK(peek(mm, at + 7 * PAGE_SIZE + 8) == 7);
	CHECK(peek(mm, at + 7 * PAGE_SIZE) == 0);
	CHECK(peek(mm, at - 8) == ~0ULL);
	CHECK(mm_unmap(mm, at, 500 * PAGE_SIZE) == 0);
	CHECK(mm->rss_anon == 71 && mm_rss_peak(mm) == 143);
	mm_put(mm);
	CHECK(counter(MEM_ANON) == anon && counter(MEM_TABLES) == tables);
}

SELFTEST(vm_fork_copies_on_write)
{
	u64 anon = counter(MEM_ANON), tables = counter(MEM_TABLES);
	struct mm *mm = mm_new(), *child, *second;

	CHECK(mm);
	u64 at = map_pages(mm, 64, ANON), shared = map_pages(mm, 4, MAP_SHARED | MAP_ANONYMOUS);
	CHECK(at && shared);
	for (u64 i = 0; i < 64; i++)
		CHECK(poke(mm, at + i * PAGE_SIZE, 100 + i));
	CHECK(poke(mm, shared, 1));
	CHECK(mm_fork(mm, &child) == 0);
	CHECK(child->rss_anon == 64 && child->area_count == mm->area_count);
	CHECK(counter(MEM_ANON) == anon + 64);
	CHECK(peek(child, at + 5 * PAGE_SIZE) == 105);
	CHECK(counter(MEM_ANON) == anon + 64); /* reading copies nothing */

	CHECK(poke(child, at + 5 * PAGE_SIZE, 7));
	CHECK(counter(MEM_ANON) == anon + 65);
	CHECK(peek(mm, at + 5 * PAGE_SIZE) == 105 && peek(child, at + 5 * PAGE_SIZE) == 7);
	CHECK(poke(mm, at + 5 * PAGE_SIZE, 8)); /* the parent is the only one left: no copy */
	CHECK(counter(MEM_ANON) == anon + 65);
	CHECK(peek(child, at + 5 * PAGE_SIZE) == 7);

	CHECK(poke(child, shared, 2));
	CHECK(peek(mm, shared) == 2);

	CHECK(mm_fork(child, &second) == 0);
	mm_put(child);
	CHECK(poke(mm, at, 55));
	CHECK(peek(second, at) == 100);
	mm_put(mm);
	CHECK(peek(second, at + 63 * PAGE_SIZE) == 163 && peek(second, shared) == 2);
	mm_put(second);
	CHECK(counter(MEM_ANON) == anon && counter(MEM_TABLES) == tables);
}

SELFTEST(vm_pinned_pages_are_copied_at_fork)
{
	struct mm *mm = mm_new(), *child;
	struct frame *f, *g;

	CHECK(mm);
	u64 at = map_pages(mm, 1, ANON);
	CHECK(poke(mm, at, 1));
	CHECK(mm_pin_page(mm, at, true, false, &f) == 0);
	__atomic_or_fetch(&f->flags, FRAME_PINNED, __ATOMIC_SEQ_CST);
	CHECK(mm_fork(mm, &child) == 0);
	*(u64 *)frame_virt(f) = 2; /* what a device would write */
	CHECK(peek(mm, at) == 2 && peek(child, at) == 1);
	CHECK(mm_pin_page(mm, at, true, false, &g) == 0);
	CHECK(f == g);
	mm_unpin_page(g);
	__atomic_and_fetch(&f->flags, ~(u32)FRAME_PINNED, __ATOMIC_SEQ_CST);
	mm_unpin_page(f);
	mm_put(mm);
	mm_put(child);
}

/* Faults as the CPU makes them: this thread runs in the address space for a while. */
SELFTEST(vm_faults_by_access)
{
	u64 anon = counter(MEM_ANON), v = 1;
	struct mm *mm = mm_new();

	CHECK(mm);
	u64 at = map_pages(mm, 16, ANON), ro = 0;
	CHECK(mm_map(mm, &ro, PAGE_SIZE, PROT_READ, ANON, NULL, 0) == 0);
	mm_activate(mm);
	bool zero = get_user_u64(&v, UPTR(at)) == 0 && v == 0;
	bool nothing_yet = counter(MEM_ANON) == anon; /* the page of zeros */
	bool written = put_user_u64(UPTR(at), 42) == 0;
	bool read = get_user_u64(&v, UPTR(at)) == 0 && v == 42;
	bool one = counter(MEM_ANON) == anon + 1;
	bool refused = put_user_u64(UPTR(ro), 1) == -EFAULT;
	bool hole = get_user_u64(&v, UPTR(at - 64 * PAGE_SIZE)) == -EFAULT;
	bool across = clear_user(UPTR(at + PAGE_SIZE - 8), 3 * PAGE_SIZE) == 0;
	mm_activate(NULL);
	CHECK(zero);
	CHECK(nothing_yet);
	CHECK(written);
	CHECK(read);
	CHECK(one);
	CHECK(refused);
	CHECK(hole);
	CHECK(across);
	CHECK(counter(MEM_ANON) == anon);
}

SELFTEST(vm_stack_grows)
{
	struct mm *mm = mm_new();
	const u64 top = 0x7ff000000000;

	CHECK(mm);
	CHECK(mm_make_stack(mm, top, 4 * PAGE_SIZE));
	u64 below = top - 300 * PAGE_SIZE;
	CHECK(mm_map(mm, &below, PAGE_SIZE, RW, ANON | MAP_FIXED, NULL, 0) == 0);
	mm_activate(mm);
	bool grown = put_user_u64(UPTR(top - 4 * PAGE_SIZE - 8), 1) == 0;
	bool too_close = put_user_u64(UPTR(top - 63 * PAGE_SIZE), 1) == -EFAULT;
	bool unmapped = mm_unmap(mm, below, PAGE_SIZE) == 0;
	bool now_free = put_user_u64(UPTR(top - 63 * PAGE_SIZE), 1) == 0;
	bool limit = put_user_u64(UPTR(top - MIB(9)), 1) == -EFAULT;
	mm_get(mm);
	mm_activate(NULL);
	CHECK(grown);
	CHECK(too_close);
	CHECK(unmapped);
	CHECK(now_free);
	CHECK(limit);
	CHECK(mm->last->start == top - 63 * PAGE_SIZE);
	/* Others keep clear of it. */
	u64 at = mm_free_place(mm, PAGE_SIZE);
	CHECK(at > top || at < mm->last->start - 255 * PAGE_SIZE);
	mm_put(mm);
}

SELFTEST(vm_shared_object_lives_with_its_areas)
{
	struct mm *mm = mm_new(), *child;
	struct mem_stats before, after;

	CHECK(mm);
	mem_stats_read(&before);
	u64 at = map_pages(mm, 32, MAP_SHARED | MAP_ANONYMOUS);
	for (u64 i = 0; i < 32; i++)
		CHECK(poke(mm, at + i * PAGE_SIZE, i));
	CHECK(mm_fork(mm, &child) == 0);
	mm_put(mm);
	CHECK(peek(child, at + 31 * PAGE_SIZE) == 31);
	CHECK(child->rss_shmem >= 1);
	CHECK(mm_unmap(child, at + 8 * PAGE_SIZE, PAGE_SIZE) == 0);
	CHECK(peek(child, at + 9 * PAGE_SIZE) == 9);
	mm_put(child);
	mem_stats_read(&after);
	CHECK(after.cache == before.cache && after.shmem == before.shmem);
}
