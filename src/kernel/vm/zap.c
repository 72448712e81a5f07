/* SPDX-License-Identifier: MIT */
/*
 * Taking pages out of page tables.
 *
 * The order that must hold on every CPU: the entry is cleared, then the TLBs are
 * flushed, then the frame is given back.  So frames are gathered in a batch;
 * when it is full, or at the end, one flush covers all of it and the frames that
 * nobody else holds go back together.
 *
 *   leaf table lock held:   clear entries, gather frames
 *   no lock held:           flush, drop references, frame_free_batch
 *
 * Truncation takes pages out of an address space without its lock.  A munmap that finds an entry gone
 * already must not return while the other's flush is still to come, or programs could use
 * an old page at an address that is free, or mapped anew.  mm->zaps counts who is at it; who is not alone
 * flushes what it was asked for, whether it found entries there or not.
 *
 * An address space without users is on no CPU any more: there is nothing to flush.
 */
#include <arch/cpu.h>
#include <debug/panic.h>
#include <mm/slab.h>
#include <sync/atomic.h>
#include <vm/internal.h>

#define SMALL_BATCH 32
#define LARGE_BATCH (PAGE_SIZE / sizeof(struct frame *))

struct zap {
	struct area *area;
	enum zap_mode mode;
	bool live;                   /* CPUs may run in the address space */
	bool counted;                /* in mm->zaps: several CPUs may */
	struct frame **frames;
	unsigned count, capacity;
	u64 start, end;              /* what is to go */
	u64 flush_start, flush_end;  /* cleared and not flushed yet */
	s64 anon_pages, cache_pages; /* cleared in all */
	struct frame *large;         /* page behind `frames`, or NULL */
	struct frame *small[SMALL_BATCH];
};

/* The table's claim on the frame ends. True: it was the last one, the frame is to be freed. */
static inline bool drop(struct frame *f)
{
	/* An anonymous frame with one reference is ours alone: nobody can find it to take another. */
	if ((f->flags & FRAME_ANON) && READ_ONCE(f->refs) == 1) {
		f->maps = 0;
		return true;
	}
	__atomic_fetch_sub(&f->maps, 1, __ATOMIC_RELAXED);
	return __atomic_sub_fetch(&f->refs, 1, __ATOMIC_ACQ_REL) == 0;
}

void anon_put(struct frame *f)
{
	ASSERT(f->flags & FRAME_ANON);
	if (!drop(f))
		return;
	mem_count(MEM_ANON, -1);
	frame_free_batch(&f, 1);
}

static void give_back(struct zap *z)
{
	unsigned n = 0;
	s64 anon = 0;

	for (unsigned i = 0; i < z->count; i++) {
		struct frame *f = z->frames[i];

		if (drop(f)) {
			anon += (f->flags & FRAME_ANON) != 0;
			z->frames[n++] = f;
		}
	}
	z->count = 0;
	if (!n)
		return;
	mem_count(MEM_ANON, -anon);
	frame_free_batch(z->frames, n);
}

static void flush(struct zap *z)
{
	if (z->counted && unlikely(atomic_load(&z->area->mm->zaps) > 1)) {
		z->flush_start = z->start;
		z->flush_end = z->end;
	}
	if (z->flush_start < z->flush_end && z->live)
		tlb_flush_range(&z->area->mm->arch, z->flush_start, z->flush_end);
	z->flush_start = USER_MAX;
	z->flush_end = 0;
	give_back(z);
}

/* The entry goes; where a CPU may be using it, in one step with what that CPU sets in it. */
static inline void clear_entry(const struct zap *z, pte_t *pte)
{
	if (z->live)
		(void)pte_exchange(pte, 0);
	else
		pte_store(pte, 0);
}

/* Clears entries of one leaf table from `va` on until `end` or the batch is full; returns where it stopped. */
static u64 zap_leaf(struct zap *z, pte_t *pte, u64 va, u64 end)
{
	u64 first = USER_MAX, last = 0;

	SPIN_GUARD(pt_lock_of(pte));
	for (; va < end; va += PAGE_SIZE, pte++) {
		pte_t v = pte_load(pte);
		struct frame *f;

		if (pte_none(v))
			continue;
		if (pte_special(v)) {
			clear_entry(z, pte);
		} else {
			f = paddr_frame(pte_paddr(v));
			if (z->mode == ZAP_FILE_PAGES && (f->flags & FRAME_ANON))
				continue;
			if (z->count == z->capacity)
				break;
			clear_entry(z, pte);
			z->frames[z->count++] = f;
			if (f->flags & FRAME_ANON)
				z->anon_pages++;
			else
				z->cache_pages++;
		}
		if (first > va)
			first = va;
		last = va + PAGE_SIZE;
	}
	z->flush_start = min(z->flush_start, first);
	z->flush_end = max(z->flush_end, last);
	return va;
}

static void batch_begin(struct zap *z, u64 pages)
{
	z->frames = z->small;
	z->capacity = SMALL_BATCH;
	z->large = pages > 2 * SMALL_BATCH ? frame_alloc(0, ALLOC_ATOMIC) : NULL;
	if (z->large) {
		z->frames = frame_virt(z->large);
		z->capacity = LARGE_BATCH;
	}
}

/* A page or two, which nobody counts: found without a walk, nothing to give back. */
static void zap_vdso(struct mm *mm, u64 start, u64 end)
{
	bool mapped = false;

	for (u64 va = start; va < end; va += PAGE_SIZE) {
		pte_t *pte = pt_lookup(&mm->arch, va);

		if (!pte || pte_none(pte_load(pte)))
			continue;
		SPIN_GUARD(pt_lock_of(pte));
		pte_store(pte, 0);
		mapped = true;
	}
	if (mapped && ref_read(&mm->users))
		tlb_flush_range(&mm->arch, start, end);
}

void zap_area(struct area *a, u64 start, u64 end, enum zap_mode mode)
{
	struct mm *mm = a->mm;
	struct zap z;

	ASSERT(a->start <= start && end <= a->end);
	if (unlikely(a->flags & AREA_VDSO)) {
		zap_vdso(mm, start, end);
		return;
	}
	start = pt_next_leaf(&mm->arch, start, end);
	if (start >= end)
		return;
	z.area = a;
	z.mode = mode;
	z.live = ref_read(&mm->users) != 0;
	z.count = 0;
	z.start = start;
	z.end = end;
	z.flush_start = USER_MAX;
	z.flush_end = 0;
	z.anon_pages = z.cache_pages = 0;
	batch_begin(&z, pages_of(start, end));
	z.counted = z.live && cpu_count > 1;
	if (z.counted)
		atomic_inc(&mm->zaps);
	for (u64 va = start; va < end; va = pt_next_leaf(&mm->arch, va, end)) {
		u64 leaf_end = LEAF_END(va, end);
		pte_t *pte = pt_lookup(&mm->arch, va);

		while (pte && (va = zap_leaf(&z, pte, va, leaf_end)) < leaf_end) {
			flush(&z);
			pte = pt_lookup(&mm->arch, va);
		}
		if (!pte)
			va = leaf_end;
	}
	flush(&z);
	if (z.counted)
		atomic_dec(&mm->zaps);
	if (z.large)
		frame_put(z.large);
	if (z.anon_pages | z.cache_pages) {
		u64 rss = mm_rss(mm);

		if (rss > mm->rss_peak)
			mm->rss_peak = rss;
	}
	if (z.anon_pages)
		rss_add(&mm->rss_anon, -z.anon_pages);
	if (z.cache_pages)
		rss_add(area_rss(mm, a), -z.cache_pages);
}

/*
 * The page cache's call to unmap [first, last]: from truncation (private copies go,
 * too) or hole punching.  May sleep; the cache's invalidate_lock keeps faults out.
 */
static void unmap_cache_pages(struct page_cache *c, u64 first, u64 last, bool zap_private)
{
	struct area *a;

	if (list_empty(&c->mappings))
		return;
	rwsem_read_lock(&c->mappings_lock);
	list_for_each(a, &c->mappings, mapping_link) {
		u64 from = a->offset >> PAGE_SHIFT, to = from + pages_of(a->start, a->end) - 1;
		u64 lo = max(from, first), hi = min(to, last);

		if (lo <= hi)
			zap_area(a, a->start + ((lo - from) << PAGE_SHIFT),
				 a->start + ((hi - from + 1) << PAGE_SHIFT),
				 zap_private ? ZAP_ALL : ZAP_FILE_PAGES);
	}
	rwsem_read_unlock(&c->mappings_lock);
}

void zap_init(void)
{
	page_cache_unmap = unmap_cache_pages;
}
