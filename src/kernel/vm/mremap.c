/* SPDX-License-Identifier: MIT */
/*
 * mremap: shrink, grow in place, or move.  A move takes the page-table entries
 * along, one leaf table to another; no page is copied.
 */
#include <debug/panic.h>
#include <linux/mman.h>
#include <proc/process.h>
#include <syscall/handlers.h>
#include <vm/internal.h>

struct remap {
	struct mm *mm;
	u64 addr, old_len, new_len, new_addr;
	unsigned flags;
	u64 populate_from, populate_to; /* locked memory that was added */
};

/* Moves entries of [from, from + len), which is in `a`, to `to`. -ENOMEM: *done bytes have been moved. */
static int move_pages(struct area *a, u64 from, u64 to, u64 len, u64 *done)
{
	struct arch_mm *am = &a->mm->arch;
	u64 end = from + len, shift = to - from, va = from;

	while ((va = pt_next_leaf(am, va, end)) < end) {
		u64 stop = min(LEAF_END(va, end), LEAF_END(va + shift, end + shift) - shift);
		pte_t *src = pt_lookup(am, va), *dst = pt_lookup_alloc(am, va + shift);

		if (!dst) {
			*done = va - from;
			return -ENOMEM;
		}
		for (; va < stop; va += PAGE_SIZE, src++, dst++) {
			/* Nobody else looks: both areas are changing, the mappings lock is held for writing. */
			pte_t v = pte_load(src);

			if (pte_none(v))
				continue;
			pte_store(src, 0);
			pte_store(dst, v);
		}
	}
	*done = len;
	return 0;
}

/* The same for all of an area, with those who come by the page cache kept out. */
static int move_entries(struct area *a, u64 from, u64 to, u64 len)
{
	u64 done, back;

	if (a->cache)
		rwsem_write_lock(&a->cache->mappings_lock);
	int err = move_pages(a, from, to, len, &done);
	if (err) { /* the tables to go back to are there */
		(void)move_pages(a, to, from, done, &back);
		tlb_flush_range(&a->mm->arch, to, to + len);
	}
	tlb_flush_range(&a->mm->arch, from, from + len);
	if (a->cache)
		rwsem_write_unlock(&a->cache->mappings_lock);
	return err;
}

/* Can what is at addr become new_len bytes long? *out is the area. Linux's vma_to_resize. */
static int check_resize(struct remap *m, struct area **out)
{
	struct area *a = area_containing(m->mm, m->addr);
	u64 more = m->new_len > m->old_len ? (m->new_len - m->old_len) >> PAGE_SHIFT : 0;

	if (!a)
		return -EFAULT;
	if (!m->old_len && !(a->flags & AREA_SHARED))
		return -EINVAL;
	if ((m->flags & MREMAP_DONTUNMAP) && (a->flags & (AREA_DEVICE | AREA_VDSO)))
		return -EINVAL;
	if (m->old_len > a->end - m->addr)
		return -EFAULT;
	*out = a;
	if (m->new_len == m->old_len)
		return 0;
	u64 offset = a->offset + (m->addr - a->start); /* means something where there is a file */
	if (a->cache && offset + m->new_len < offset)
		return -EINVAL;
	if (a->flags & (AREA_DEVICE | AREA_VDSO))
		return -EFAULT;
	if ((a->flags & AREA_LOCKED) && !mm_may_lock(m->mm, more))
		return -EAGAIN;
	if (!mm_may_expand(m->mm, a->flags, more))
		return -ENOMEM;
	if ((a->flags & (AREA_SHARED | AREA_WRITE | AREA_NORESERVE)) == AREA_WRITE && !vm_enough_memory(more))
		return -ENOMEM;
	return 0;
}

static void note_locked(struct remap *m, const struct area *a, u64 at)
{
	if (!(a->flags & AREA_LOCKED) || m->new_len <= m->old_len)
		return;
	m->populate_from = at + m->old_len;
	m->populate_to = at + m->new_len;
}

/* Makes the area at new_addr and takes the pages there. The place is free. */
static int move_area(struct remap *m, struct area *a)
{
	struct mm *mm = m->mm;
	bool keep = m->flags & MREMAP_DONTUNMAP;

	if (mm->area_count >= AREAS_MAX - 3)
		return -ENOMEM;
	struct area *b = area_clone(a, mm);
	if (!b)
		return -ENOMEM;
	b->start = m->new_addr;
	b->end = m->new_addr + m->new_len;
	b->offset = a->offset + (m->addr - a->start);
	if (b->flags & AREA_DEVICE)
		b->device = paddr_add(a->device, m->addr - a->start);
	area_insert(mm, b);
	area_change_begin(a);
	int err = m->old_len ? move_entries(a, m->addr, m->new_addr, m->old_len) : 0;
	if (err) {
		area_remove(mm, b);
		area_discard(mm, b);
		return err;
	}
	note_locked(m, b, m->new_addr);
	if (keep) {
		if (a->start == m->addr && a->end == m->addr + m->old_len && !a->cache)
			a->has_anon = false;
		area_set_flags(mm, a, a->flags & ~(u32)AREA_LOCKED);
	}
	if (m->old_len && !keep)
		err = mm_unmap_locked(mm, m->addr, m->old_len);
	area_merge(mm, b);
	return err; /* -ENOMEM: both ranges stay mapped, the pages are at the new one */
}

/* With MREMAP_FIXED or MREMAP_DONTUNMAP. */
static s64 remap_to(struct remap *m)
{
	struct area *a;
	int err;

	if (m->new_addr & PAGE_MASK)
		return -EINVAL;
	if (m->new_len > USER_MAX || m->new_addr > USER_MAX - m->new_len)
		return -EINVAL;
	if (m->addr + m->old_len > m->new_addr && m->new_addr + m->new_len > m->addr)
		return -EINVAL;
	if (m->mm->area_count + 2 >= AREAS_MAX - 3)
		return -ENOMEM;
	if (m->flags & MREMAP_FIXED) {
		if (m->new_addr < USER_MIN)
			return -EPERM;
		if ((err = mm_unmap_locked(m->mm, m->new_addr, m->new_len)))
			return err;
	}
	if (m->old_len > m->new_len) {
		if (m->old_len > USER_MAX - m->addr)
			return -EINVAL;
		if ((err = mm_unmap_locked(m->mm, m->addr + m->new_len, m->old_len - m->new_len)))
			return err;
		m->old_len = m->new_len;
	}
	if ((err = check_resize(m, &a)))
		return err;
	if ((m->flags & MREMAP_DONTUNMAP) && !mm_may_expand(m->mm, a->flags, m->old_len >> PAGE_SHIFT))
		return -ENOMEM;
	if (!(m->flags & MREMAP_FIXED) && (err = mm_find_place(m->mm, &m->new_addr, m->new_len, 0)))
		return err;
	err = move_area(m, a);
	return err ? err : (s64)m->new_addr;
}

static bool fits_in_place(const struct remap *m, const struct area *a)
{
	u64 end = m->addr + m->new_len;

	return end > m->addr && end <= USER_MAX && (!a->next || end <= area_start_guarded(a->next));
}

static s64 remap_locked(struct remap *m)
{
	struct area *a;
	int err;

	if (!area_containing(m->mm, m->addr))
		return -EFAULT;
	if (m->flags & (MREMAP_FIXED | MREMAP_DONTUNMAP))
		return remap_to(m);
	if (m->old_len >= m->new_len) {
		if (m->old_len > USER_MAX - m->addr)
			return -EINVAL;
		if (m->old_len > m->new_len &&
		    (err = mm_unmap_locked(m->mm, m->addr + m->new_len, m->old_len - m->new_len)))
			return err;
		return (s64)m->addr;
	}
	if ((err = check_resize(m, &a)))
		return err;
	if (m->old_len == a->end - m->addr && fits_in_place(m, a)) {
		area_resize(m->mm, a, a->start, m->addr + m->new_len);
		note_locked(m, a, m->addr);
		area_merge(m->mm, a);
		return (s64)m->addr;
	}
	if (!(m->flags & MREMAP_MAYMOVE))
		return -ENOMEM;
	m->new_addr = 0;
	if ((err = mm_find_place(m->mm, &m->new_addr, m->new_len, 0)))
		return err;
	err = move_area(m, a);
	return err ? err : (s64)m->new_addr;
}

s64 sys_mremap(ulong addr, ulong old_len, ulong new_len, ulong flags, ulong new_addr)
{
	struct remap m = { .mm = current->mm, .addr = addr, .new_addr = new_addr, .flags = (unsigned)flags };

	if (flags & ~(ulong)(MREMAP_FIXED | MREMAP_MAYMOVE | MREMAP_DONTUNMAP))
		return -EINVAL;
	if ((flags & MREMAP_FIXED) && !(flags & MREMAP_MAYMOVE))
		return -EINVAL;
	if ((flags & MREMAP_DONTUNMAP) && (!(flags & MREMAP_MAYMOVE) || old_len != new_len))
		return -EINVAL;
	if (addr & PAGE_MASK)
		return -EINVAL;
	m.old_len = ALIGN_UP(old_len, PAGE_SIZE);
	m.new_len = ALIGN_UP(new_len, PAGE_SIZE);
	if (!m.new_len || m.new_len > USER_MAX)
		return -EINVAL;
	if (rwsem_write_lock_killable(&m.mm->lock))
		return -EINTR;
	s64 result = remap_locked(&m);
	mm_write_unlock(m.mm);
	if (m.populate_from < m.populate_to)
		(void)mm_populate(m.mm, m.populate_from, m.populate_to);
	return result;
}
