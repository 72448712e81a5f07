/* SPDX-License-Identifier: MIT */
/*
 * mprotect: new access rights for areas and for the entries that are there.
 *
 * Rights that go are taken from the entries; rights that come are given where no
 * fault has to decide first: write permission only to exclusive anonymous frames.
 * An entry of memory that may not be touched at all is hidden (neither present nor
 * none), so that it need not be found again.
 */
#include <linux/mman.h>
#include <linux/personality.h>
#include <proc/process.h>
#include <syscall/handlers.h>
#include <vm/internal.h>

static pte_t protect_pte(const struct area *a, pte_t v)
{
	v = pte_set_exec(v, a->flags & AREA_EXEC);
	if (!(a->flags & AREA_ACCESS))
		return pte_hide(v);
	v = pte_show(v);
	if (!(a->flags & AREA_WRITE))
		return pte_wrprotect(v);
	if (pte_write(v))
		return v;
	if (pte_special(v))
		return (a->flags & (AREA_DEVICE | AREA_SHARED)) == (AREA_DEVICE | AREA_SHARED) ? pte_mkwrite(v) : v;
	const struct frame *f = paddr_frame(pte_paddr(v));
	if ((f->flags & (FRAME_ANON | FRAME_EXCLUSIVE)) == (FRAME_ANON | FRAME_EXCLUSIVE))
		return pte_mkwrite(v);
	return v;
}

/* The CPU may set accessed and dirty meanwhile: nothing here relies on them. */
static bool protect_pages(const struct area *a)
{
	struct arch_mm *am = &a->mm->arch;
	bool changed = false;

	for (u64 va = a->start; (va = pt_next_leaf(am, va, a->end)) < a->end;) {
		u64 end = LEAF_END(va, a->end);
		pte_t *pte = pt_lookup(am, va);
		SPIN_GUARD(pt_lock_of(pte));

		for (; va < end; va += PAGE_SIZE, pte++) {
			pte_t v = pte_load(pte), n;

			if (pte_none(v))
				continue;
			n = protect_pte(a, v);
			if (n == v)
				continue;
			pte_store(pte, n);
			changed = true;
		}
	}
	return changed;
}

/* `a` lies wholly in the range. */
static struct area *protect_area(struct mm *mm, struct area *a, u32 access)
{
	area_set_flags(mm, a, (a->flags & ~(u32)AREA_ACCESS) | access);
	if (protect_pages(a))
		tlb_flush_range(&mm->arch, a->start, a->end);
	return area_merge(mm, a);
}

static int check_area(struct mm *mm, const struct area *a, u32 access, u64 pages)
{
	u32 flags = (a->flags & ~(u32)AREA_ACCESS) | access;

	if ((access & AREA_WRITE) && !(a->flags & AREA_MAYWRITE))
		return -EACCES;
	if ((access & AREA_EXEC) && !(a->flags & AREA_EXEC) && a->file && mount_is_noexec(a->file->path.mount))
		return -EACCES;
	/* Memory that becomes private and writable is counted from now on. */
	if ((flags & (AREA_WRITE | AREA_SHARED)) == AREA_WRITE && !(a->flags & AREA_WRITE)) {
		if (!mm_may_expand(mm, AREA_WRITE, 0) || mm->pages_data + pages >
							 rlimit_current(RLIMIT_DATA) >> PAGE_SHIFT)
			return -ENOMEM;
		if (!(a->flags & AREA_NORESERVE) && !vm_enough_memory(pages))
			return -ENOMEM;
	}
	return 0;
}

static int protect_range(struct mm *mm, struct area *a, u64 start, u64 end, u32 access, bool implies_exec)
{
	while (start < end) {
		u32 want = access;
		u64 to;
		int err;

		if (!a || a->start > start)
			return -ENOMEM;
		if (implies_exec && !(a->file && mount_is_noexec(a->file->path.mount)))
			want |= AREA_EXEC;
		to = min(end, a->end);
		if ((err = check_area(mm, a, want, pages_of(start, to))))
			return err;
		if ((a->flags & AREA_ACCESS) != want) {
			if ((a->start < start || a->end > to) && mm->area_count >= AREAS_MAX)
				return -ENOMEM;
			if (a->start < start && !(a = area_split(mm, a, start)))
				return -ENOMEM;
			if (a->end > to && !area_split(mm, a, to))
				return -ENOMEM;
			a = protect_area(mm, a, want);
		}
		start = to;
		if (a->end <= to)
			a = a->next;
	}
	return 0;
}

s64 sys_mprotect(ulong start, size_t len, ulong prot)
{
	unsigned grows = prot & (PROT_GROWSDOWN | PROT_GROWSUP);
	bool implies_exec = (current->process->personality & READ_IMPLIES_EXEC) && (prot & PROT_READ);
	struct mm *mm = current->mm;
	int err;

	prot &= ~(ulong)(PROT_GROWSDOWN | PROT_GROWSUP);
	if (grows == (PROT_GROWSDOWN | PROT_GROWSUP) || start & PAGE_MASK)
		return -EINVAL;
	if (!len)
		return 0;
	u64 end = start + ALIGN_UP(len, PAGE_SIZE);
	if (end <= start)
		return -ENOMEM;
	if (prot & ~(ulong)(PROT_READ | PROT_WRITE | PROT_EXEC | PROT_SEM))
		return -EINVAL;
	if (rwsem_write_lock_killable(&mm->lock))
		return -EINTR;
	struct area *a = area_find(mm, start);
	err = 0;
	if (!a) {
		err = -ENOMEM;
	} else if (grows & PROT_GROWSDOWN) {
		if (a->start >= end)
			err = -ENOMEM;
		else if (!(a->flags & AREA_GROWSDOWN))
			err = -EINVAL;
		else
			start = a->start;
	} else if (a->start > start) {
		err = -ENOMEM;
	} else if (grows & PROT_GROWSUP) {
		err = -EINVAL;
	}
	if (!err)
		err = protect_range(mm, a, start, end, (u32)prot & AREA_ACCESS, implies_exec);
	mm_write_unlock(mm);
	return err;
}
