/* SPDX-License-Identifier: MIT */
/*
 * Address ranges for kernel mappings: device memory and page-wise memory.
 *
 * After the stacks (kstack.c) the kmap region is one arena of areas in a tree by
 * address, each with a guard page at its end that stays unmapped.  A new area
 * goes into the first gap that is large enough after the last one made; at
 * the end the search starts over.  So a range is used again late, which lets
 * stale pointers fault instead of hitting a stranger.
 *
 * Locking: the tree by areas_lock; an area's pages belong to who made it.
 */
#include <debug/panic.h>
#include <lib/rbtree.h>
#include <mm/frame.h>
#include <mm/kmap.h>
#include <mm/kstack.h>
#include <mm/slab.h>

#define ARENA_BASE (KMAP_BASE + KSTACK_ARENA_SIZE)

enum area_kind { AREA_MMIO, AREA_VMALLOC };

struct area {
	struct rb_node node; /* areas_lock */
	u64 start;           /* immutable */
	size_t len;          /* immutable: without the guard page */
	enum area_kind kind; /* immutable */
};

static struct rb_root areas = { NULL };
static u64 search_from = ARENA_BASE; /* areas_lock */
static spinlock_t areas_lock;
static struct slab_cache *area_cache;

static u64 area_end(const struct area *a)
{
	return a->start + a->len + PAGE_SIZE;
}

/* The area with the lowest address whose end is above `at`. */
static struct area *area_after(u64 at)
{
	struct rb_node *n = areas.node;
	struct area *best = NULL;

	while (n) {
		struct area *a = rb_entry(n, struct area, node);

		if (area_end(a) > at) {
			best = a;
			n = n->left;
		} else {
			n = n->right;
		}
	}
	return best;
}

/* First gap of `len` bytes in [from, to), 0: none. */
static u64 gap_find(u64 from, u64 to, size_t len)
{
	u64 at = from;

	for (struct area *a = area_after(from); a; a = rb_entry_safe(rb_next(&a->node), struct area, node)) {
		if (a->start >= at && a->start - at >= len)
			break;
		at = max(at, area_end(a));
	}
	return at < to && to - at >= len ? at : 0;
}

static void area_link(struct area *a)
{
	struct rb_node **link = &areas.node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = a->start < rb_entry(parent, struct area, node)->start ? &parent->left :
									       &parent->right;
	}
	rb_link(&a->node, parent, link);
	rb_insert(&a->node, &areas);
}

static struct area *area_make(size_t len, enum area_kind kind)
{
	struct area *a;
	u64 at;

	if (!len || len > KMAP_END - ARENA_BASE - PAGE_SIZE)
		return NULL;
	a = slab_alloc(area_cache, 0);
	if (!a)
		return NULL;
	spin_lock(&areas_lock);
	at = gap_find(search_from, KMAP_END, len + PAGE_SIZE);
	if (!at)
		at = gap_find(ARENA_BASE, KMAP_END, len + PAGE_SIZE);
	if (at) {
		a->start = at;
		a->len = len;
		a->kind = kind;
		area_link(a);
		search_from = area_end(a);
	}
	spin_unlock(&areas_lock);
	if (!at) {
		slab_free(area_cache, a);
		return NULL;
	}
	return a;
}

/* The area that starts at `start`; it must be there. */
static struct area *area_get(u64 start, enum area_kind kind)
{
	struct area *a;

	SPIN_GUARD(&areas_lock);
	a = area_after(start);
	if (!a || a->start != start || a->kind != kind)
		panic("kmap: %#lx is not a mapping of kind %d", start, kind);
	return a;
}

static void area_drop(struct area *a)
{
	spin_lock(&areas_lock);
	rb_erase(&a->node, &areas);
	spin_unlock(&areas_lock);
	slab_free(area_cache, a);
}

void *kmap_mmio(paddr_t pa, size_t len, unsigned flags)
{
	u64 offset = pa.raw & PAGE_MASK;
	size_t mapped = ALIGN_UP(len + offset, PAGE_SIZE);
	struct area *a;

	if (!len || mapped < len)
		return NULL;
	a = area_make(mapped, AREA_MMIO);
	if (!a)
		return NULL;
	if (!flags)
		flags = KMAP_WRITE | KMAP_UNCACHED;
	for (u64 at = 0; at < mapped; at += PAGE_SIZE) {
		if (kpage_map(a->start + at, PADDR(pa.raw - offset + at), flags)) {
			if (at)
				kpage_unmap(a->start, at);
			area_drop(a);
			return NULL;
		}
	}
	return (void *)(a->start + offset);
}

void kunmap_mmio(void *p, size_t len)
{
	struct area *a = area_get((u64)p & ~PAGE_MASK, AREA_MMIO);

	kpage_unmap(a->start, a->len);
	area_drop(a);
}

/* Unmaps the first `len` bytes of an area and frees their frames. */
static void pages_release(u64 start, size_t len)
{
	struct frame *batch[32];

	while (len) {
		size_t part = min(len, ARRAY_SIZE(batch) * PAGE_SIZE);
		unsigned n = 0;
		paddr_t pa;

		for (u64 at = start; at < start + part; at += PAGE_SIZE) {
			VERIFY(kpage_lookup(at, &pa));
			batch[n++] = paddr_frame(pa);
		}
		kpage_unmap(start, part);
		frame_free_batch(batch, n);
		mem_count(MEM_VMALLOC, -(s64)n);
		start += part;
		len -= part;
	}
}

void *vmalloc(size_t len)
{
	size_t mapped = ALIGN_UP(len, PAGE_SIZE);
	struct area *a;
	u64 at = 0;

	if (mapped < len || mapped >> PAGE_SHIFT > frame_limit)
		return NULL;
	a = area_make(mapped, AREA_VMALLOC);
	if (!a)
		return NULL;
	for (; at < mapped; at += PAGE_SIZE) {
		struct frame *f = frame_alloc(0, ALLOC_ZERO);

		if (!f)
			break;
		if (kpage_map(a->start + at, frame_paddr(f), KMAP_WRITE)) {
			frame_put(f);
			break;
		}
		mem_count(MEM_VMALLOC, 1);
	}
	if (at < mapped) {
		pages_release(a->start, at);
		area_drop(a);
		return NULL;
	}
	return (void *)a->start;
}

void vfree(void *p)
{
	struct area *a;

	if (!p)
		return;
	a = area_get((u64)p, AREA_VMALLOC);
	pages_release(a->start, a->len);
	area_drop(a);
}

#define KVMALLOC_SMALL (4 * PAGE_SIZE)

void *kvmalloc(size_t len)
{
	return len <= KVMALLOC_SMALL ? kmalloc(len, ALLOC_ZERO) : vmalloc(len);
}

void kvfree(void *p)
{
	if ((u64)p >= KMAP_BASE && (u64)p < KMAP_END)
		vfree(p);
	else
		kfree(p);
}

void kmap_init(void)
{
	area_cache = slab_create("kmap_area", sizeof(struct area), 0);
}
