/* SPDX-License-Identifier: MIT */
/*
 * mlock and its family.  Nothing is ever swapped out, so a locked page is one that
 * is there and counted: locking faults pages in and RLIMIT_MEMLOCK is kept.
 */
#include <linux/mman.h>
#include <proc/cred.h>
#include <proc/process.h>
#include <syscall/handlers.h>
#include <vm/internal.h>

/* Sets or clears AREA_LOCKED in [start, end). -ENOMEM for holes. */
static int set_locked(struct mm *mm, u64 start, u64 end, bool lock)
{
	struct area *a = area_find(mm, start);

	while (start < end) {
		u32 flags;
		u64 to;

		if (!a || a->start > start)
			return -ENOMEM;
		to = min(a->end, end);
		flags = lock ? a->flags | AREA_LOCKED : a->flags & ~(u32)AREA_LOCKED;
		if (flags != a->flags && !(a->flags & (AREA_DEVICE | AREA_VDSO))) {
			if ((a->start < start && !(a = area_split(mm, a, start))) ||
			    (a->end > to && !area_split(mm, a, to)))
				return -ENOMEM;
			area_set_flags(mm, a, flags);
			a = area_merge(mm, a);
		}
		start = to;
		if (a->end <= to)
			a = a->next;
	}
	return 0;
}

/* Pages of the range that are locked already. */
static u64 locked_in(struct mm *mm, u64 start, u64 end)
{
	u64 n = 0;

	for (struct area *a = area_find(mm, start); a && a->start < end; a = a->next)
		if (a->flags & AREA_LOCKED)
			n += pages_of(max(a->start, start), min(a->end, end));
	return n;
}

static int do_mlock(u64 start, u64 len, bool on_fault)
{
	struct mm *mm = current->mm;
	u64 end, pages;
	int err;

	if (!mm_can_lock_at_all())
		return -EPERM;
	len = ALIGN_UP(len + (start & PAGE_MASK), PAGE_SIZE);
	start = ALIGN_DOWN(start, PAGE_SIZE);
	pages = len >> PAGE_SHIFT;
	end = start + len;
	if (rwsem_write_lock_killable(&mm->lock))
		return -EINTR;
	if (!mm_may_lock(mm, pages) && (end < start || !mm_may_lock(mm, pages - locked_in(mm, start, end))))
		err = -ENOMEM;
	else if (end < start)
		err = -EINVAL;
	else
		err = set_locked(mm, start, end, true);
	mm_write_unlock(mm);
	if (err || on_fault)
		return err;
	err = mm_populate(mm, start, end);
	return err == -EFAULT ? -ENOMEM : err == -ENOMEM ? -EAGAIN : err;
}

s64 sys_mlock(ulong start, size_t len)
{
	return do_mlock(start, len, false);
}

s64 sys_mlock2(ulong start, size_t len, int flags)
{
	if (flags & ~MLOCK_ONFAULT)
		return -EINVAL;
	return do_mlock(start, len, flags & MLOCK_ONFAULT);
}

s64 sys_munlock(ulong start, size_t len)
{
	struct mm *mm = current->mm;

	len = ALIGN_UP(len + (start & PAGE_MASK), PAGE_SIZE);
	start = ALIGN_DOWN(start, PAGE_SIZE);
	if (rwsem_write_lock_killable(&mm->lock))
		return -EINTR;
	int err = start + len < start ? -EINVAL : set_locked(mm, start, start + len, false);
	mm_write_unlock(mm);
	return err;
}

static void lock_all(struct mm *mm, bool lock)
{
	for (struct area *a = mm->first; a; a = a->next) {
		if (a->flags & (AREA_DEVICE | AREA_VDSO))
			continue;
		area_set_flags(mm, a, lock ? a->flags | AREA_LOCKED : a->flags & ~(u32)AREA_LOCKED);
		a = area_merge(mm, a);
	}
}

static void populate_all(struct mm *mm)
{
	u64 va = 0;

	for (;;) {
		rwsem_read_lock(&mm->lock);
		struct area *a = area_find(mm, va);
		u64 start = a ? a->start : 0, end = a ? a->end : 0;
		rwsem_read_unlock(&mm->lock);
		if (!a)
			return;
		if (mm_populate(mm, start, end) == -EINTR)
			return;
		va = end;
	}
}

s64 sys_mlockall(int flags)
{
	struct mm *mm = current->mm;

	if (!flags || flags & ~(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) || flags == MCL_ONFAULT)
		return -EINVAL;
	if (!mm_can_lock_at_all())
		return -EPERM;
	if (rwsem_write_lock_killable(&mm->lock))
		return -EINTR;
	if ((flags & MCL_CURRENT) && mm->pages_total > rlimit_current(RLIMIT_MEMLOCK) >> PAGE_SHIFT &&
	    !capable(CAP_IPC_LOCK)) {
		mm_write_unlock(mm);
		return -ENOMEM;
	}
	mm->lock_future = flags & MCL_FUTURE ? AREA_LOCKED : 0;
	if (flags & MCL_CURRENT)
		lock_all(mm, true);
	mm_write_unlock(mm);
	if ((flags & MCL_CURRENT) && !(flags & MCL_ONFAULT))
		populate_all(mm);
	return 0;
}

s64 sys_munlockall(void)
{
	struct mm *mm = current->mm;

	if (rwsem_write_lock_killable(&mm->lock))
		return -EINTR;
	mm->lock_future = 0;
	lock_all(mm, false);
	mm_write_unlock(mm);
	return 0;
}
