/* SPDX-License-Identifier: MIT */
/* madvise, mincore, msync: what is said and asked about ranges of memory. */
#include <linux/falloc.h>
#include <linux/mman.h>
#include <arch/upcall.h>
#include <proc/cred.h>
#include <proc/process.h>
#include <syscall/handlers.h>
#include <vm/internal.h>

/* ---- madvise ---- */

/* Advice that changes the area itself; else 0. */
static u32 flags_after(u32 flags, int advice)
{
	switch (advice) {
	case MADV_DONTFORK: return flags | AREA_DONTFORK;
	case MADV_DOFORK: return flags & ~(u32)AREA_DONTFORK;
	case MADV_WIPEONFORK: return flags | AREA_WIPEONFORK;
	case MADV_KEEPONFORK: return flags & ~(u32)AREA_WIPEONFORK;
	case MADV_DONTDUMP: return flags | AREA_DONTDUMP;
	default: return flags & ~(u32)AREA_DONTDUMP; /* MADV_DODUMP */
	}
}

static bool advice_changes_area(int advice)
{
	return advice == MADV_DONTFORK || advice == MADV_DOFORK || advice == MADV_WIPEONFORK ||
	       advice == MADV_KEEPONFORK || advice == MADV_DONTDUMP || advice == MADV_DODUMP;
}

static bool advice_known(int advice)
{
	switch (advice) {
	case MADV_NORMAL: case MADV_RANDOM: case MADV_SEQUENTIAL: case MADV_WILLNEED:
	case MADV_DONTNEED: case MADV_DONTNEED_LOCKED: case MADV_FREE: case MADV_REMOVE:
	case MADV_COLD: case MADV_PAGEOUT: case MADV_HUGEPAGE: case MADV_NOHUGEPAGE:
	case MADV_MERGEABLE: case MADV_UNMERGEABLE: case MADV_POPULATE_READ: case MADV_POPULATE_WRITE:
		return true;
	default:
		return advice_changes_area(advice);
	}
}

static int change_area(struct mm *mm, struct area **ap, u64 start, u64 end, int advice)
{
	struct area *a = *ap;
	u32 flags = flags_after(a->flags, advice);

	if ((advice == MADV_WIPEONFORK || advice == MADV_KEEPONFORK) && !area_private_anon(a) &&
	    advice == MADV_WIPEONFORK)
		return -EINVAL;
	if ((advice == MADV_DOFORK || advice == MADV_DODUMP) && (a->flags & (AREA_DEVICE | AREA_VDSO)))
		return -EINVAL;
	if (flags == a->flags)
		return 0;
	if ((a->start < start && !(a = area_split(mm, a, start))) ||
	    (a->end > end && !area_split(mm, a, end)))
		return -ENOMEM;
	area_set_flags(mm, a, flags);
	*ap = area_merge(mm, a);
	return 0;
}

/* Frees a hole in the file itself. The lock is given up for that: true, the walk begins anew at `end`. */
static int remove_pages(struct mm *mm, struct area *a, u64 start, u64 end)
{
	struct file *f = a->file;

	if (a->flags & AREA_LOCKED || !a->cache)
		return -EINVAL;
	if ((a->flags & (AREA_SHARED | AREA_MAYWRITE)) != (AREA_SHARED | AREA_MAYWRITE))
		return -EACCES;
	u64 offset = a->offset + (start - a->start);
	if (!f) {
		struct page_cache *c = a->cache;

		shared_anon_get(c);
		rwsem_read_unlock(&mm->lock);
		rwsem_write_lock(&c->invalidate_lock);
		page_cache_truncate(c, offset >> PAGE_SHIFT, ((offset + (end - start)) >> PAGE_SHIFT) - 1);
		rwsem_write_unlock(&c->invalidate_lock);
		rwsem_read_lock(&mm->lock);
		shared_anon_put(c);
		return 0;
	}
	if (!f->ops->fallocate)
		return -EOPNOTSUPP;
	file_get(f);
	rwsem_read_unlock(&mm->lock);
	int err = (int)f->ops->fallocate(f, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, end - start);
	rwsem_read_lock(&mm->lock);
	file_put(f);
	return err;
}

/* One area's part of the range. */
static int advise_area(struct mm *mm, struct area **ap, u64 start, u64 end, int advice)
{
	struct area *a = *ap;

	switch (advice) {
	case MADV_DONTNEED:
	case MADV_DONTNEED_LOCKED:
		if (a->flags & AREA_DEVICE || (advice == MADV_DONTNEED && a->flags & AREA_LOCKED))
			return -EINVAL;
		zap_area(a, start, end, ZAP_ALL);
		return 0;
	case MADV_FREE:
		if (!area_private_anon(a))
			return -EINVAL;
		zap_area(a, start, end, ZAP_ALL); /* "may be freed at any time": now is one */
		return 0;
	case MADV_REMOVE:
		return remove_pages(mm, a, start, end);
	case MADV_COLD:
	case MADV_PAGEOUT:
		return a->flags & (AREA_LOCKED | AREA_DEVICE) ? -EINVAL : 0;
	case MADV_WILLNEED: /* what is in memory is found by faults; the rest by their read-ahead */
	case MADV_NORMAL: case MADV_RANDOM: case MADV_SEQUENTIAL:
	case MADV_HUGEPAGE: case MADV_NOHUGEPAGE: case MADV_MERGEABLE: case MADV_UNMERGEABLE:
		return 0;
	default:
		return change_area(mm, ap, start, end, advice);
	}
}

/* Holes are skipped and told at the end: -ENOMEM. */
static int advise_range(struct mm *mm, u64 start, u64 end, int advice)
{
	int unmapped = 0;

	while (start < end) {
		struct area *a = area_intersecting(mm, start, end);

		if (!a)
			return -ENOMEM;
		if (a->start > start) {
			unmapped = -ENOMEM;
			start = a->start;
		}
		u64 to = min(a->end, end);
		int err = advise_area(mm, &a, start, to, advice);
		if (err)
			return err;
		start = to;
	}
	return unmapped;
}

static int populate(struct mm *mm, u64 start, u64 end, int advice)
{
	for (; start < end; start += PAGE_SIZE) {
		struct frame *f;
		int err;

		if (IS_ALIGNED(start, LEAF_SPAN) && task_signal_pending && task_signal_pending(current, WAIT_KILLABLE))
			return -EINTR;
		if (rwsem_read_lock_killable(&mm->lock))
			return -EINTR;
		struct area *a = area_containing(mm, start);
		if (!a)
			err = -ENOMEM;
		else if (a->flags & AREA_DEVICE || !(a->flags & (advice == MADV_POPULATE_WRITE ? AREA_WRITE : AREA_ACCESS)))
			err = -EINVAL;
		else
			err = 0;
		bool zeros = a && area_private_anon(a) && advice == MADV_POPULATE_READ;
		if (!err && zeros)
			err = fault_page(a, start, 0);
		rwsem_read_unlock(&mm->lock);
		if (!err && !zeros && !(err = mm_pin_page(mm, start, advice == MADV_POPULATE_WRITE, false, &f)))
			mm_unpin_page(f);
		if (err)
			return err;
	}
	return 0;
}

s64 sys_madvise(ulong start, size_t len, int advice)
{
	struct mm *mm = current->mm;
	u64 end;
	int err;

	if (advice == MADV_HWPOISON || advice == MADV_SOFT_OFFLINE)
		return capable(CAP_SYS_ADMIN) ? -EINVAL : -EPERM;
	if (!advice_known(advice))
		return -EINVAL;
	if (start & PAGE_MASK)
		return -EINVAL;
	end = start + ALIGN_UP(len, PAGE_SIZE);
	if ((len && !ALIGN_UP(len, PAGE_SIZE)) || end < start)
		return -EINVAL;
	if (end == start)
		return 0;
	if (advice == MADV_POPULATE_READ || advice == MADV_POPULATE_WRITE)
		return populate(mm, start, end, advice);
	if (advice_changes_area(advice)) {
		if (rwsem_write_lock_killable(&mm->lock))
			return -EINTR;
		err = advise_range(mm, start, end, advice);
		mm_write_unlock(mm);
		return err;
	}
	rwsem_read_lock(&mm->lock);
	err = advise_range(mm, start, end, advice);
	rwsem_read_unlock(&mm->lock);
	return err;
}

/* ---- mincore ---- */

static bool page_in_core(const struct area *a, u64 va)
{
	pte_t *pte = pt_lookup(&a->mm->arch, va);

	if (pte && !pte_none(pte_load(pte)))
		return true;
	if (!a->cache)
		return false;
	struct frame *f = page_cache_peek(a->cache, area_index(a, va));
	if (!f)
		return false;
	bool in = f->flags & FRAME_UPTODATE;
	frame_put(f);
	return in;
}

/* Fills vec for up to `n` pages from `va`; how many, or -ENOMEM. */
static int core_of_area(struct mm *mm, u64 va, u64 n, u8 *vec)
{
	struct area *a = area_containing(mm, va);

	if (!a)
		return -ENOMEM;
	n = min(n, pages_of(va, a->end));
	for (u64 i = 0; i < n; i++)
		vec[i] = page_in_core(a, va + i * PAGE_SIZE);
	return (int)n;
}

s64 sys_mincore(ulong start, size_t len, uptr_t vec)
{
	struct mm *mm = current->mm;
	u64 pages = (len >> PAGE_SHIFT) + ((len & PAGE_MASK) != 0);
	u8 part[256];

	if (start & PAGE_MASK)
		return -EINVAL;
	if (!user_range_ok(UPTR(start), len))
		return -ENOMEM;
	if (!user_range_ok(vec, pages))
		return -EFAULT;
	while (pages) {
		rwsem_read_lock(&mm->lock);
		int n = core_of_area(mm, start, min(pages, (u64)sizeof part), part);
		rwsem_read_unlock(&mm->lock);
		if (n < 0)
			return n;
		if (copy_to_user(vec, part, (size_t)n))
			return -EFAULT;
		start += (u64)n << PAGE_SHIFT;
		vec = uptr_add(vec, (u64)n);
		pages -= (u64)n;
	}
	return 0;
}

/* ---- msync ---- */

s64 sys_msync(ulong start, size_t len, int flags)
{
	struct mm *mm = current->mm;
	int unmapped = 0, err = 0;
	u64 end;

	if (flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC) || start & PAGE_MASK)
		return -EINVAL;
	if ((flags & MS_ASYNC) && (flags & MS_SYNC))
		return -EINVAL;
	end = start + ALIGN_UP(len, PAGE_SIZE);
	if (end < start)
		return -ENOMEM;
	rwsem_read_lock(&mm->lock);
	while (start < end && !err) {
		struct area *a = area_intersecting(mm, start, end);

		if (!a) {
			unmapped = -ENOMEM;
			break;
		}
		if (a->start > start) {
			unmapped = -ENOMEM;
			start = a->start;
		}
		if ((flags & MS_INVALIDATE) && (a->flags & AREA_LOCKED)) {
			err = -EBUSY;
			break;
		}
		u64 to = min(a->end, end), offset = a->offset + (start - a->start);
		struct file *f = a->file;
		if ((flags & MS_SYNC) && f && (a->flags & AREA_SHARED) && f->ops->fsync) {
			file_get(f);
			rwsem_read_unlock(&mm->lock);
			err = f->ops->fsync(f, offset, offset + (to - start) - 1, true);
			file_put(f);
			rwsem_read_lock(&mm->lock);
		}
		start = to;
	}
	rwsem_read_unlock(&mm->lock);
	return err ? err : unmapped;
}
