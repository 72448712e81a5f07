/* SPDX-License-Identifier: MIT */
/*
 * Memory of any size: slab caches of growing sizes up to 8 KiB, blocks of frames
 * beyond.  Sizes that are powers of two (up to a page) are aligned to themselves.
 */
#include <debug/panic.h>
#include <lib/string.h>
#include <mm/internal.h>
#include <mm/kasan.h>
#include <mm/slab.h>
#include <mm/slab_internal.h>

static const struct {
	u16 size;
	const char *name;
} classes[] = {
	{ 8, "kmalloc-8" },	  { 16, "kmalloc-16" },	    { 32, "kmalloc-32" },
	{ 64, "kmalloc-64" },	  { 96, "kmalloc-96" },	    { 128, "kmalloc-128" },
	{ 192, "kmalloc-192" },	  { 256, "kmalloc-256" },   { 384, "kmalloc-384" },
	{ 512, "kmalloc-512" },	  { 768, "kmalloc-768" },   { 1024, "kmalloc-1k" },
	{ 2048, "kmalloc-2k" },	  { 4096, "kmalloc-4k" },   { 8192, "kmalloc-8k" },
};

#define KMALLOC_SLAB_MAX 8192

static struct slab_cache *caches[ARRAY_SIZE(classes)];
struct slab_cache *kmalloc_small[KMALLOC_SMALL_MAX / 8 + 1];

void slab_init(void)
{
	unsigned class = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(classes); i++) {
		size_t size = classes[i].size, align = size & -size; /* 96: 32, 192: 64 */

		caches[i] = slab_create(classes[i].name, size, min(align, PAGE_SIZE));
	}
	for (unsigned words = 0; words < ARRAY_SIZE(kmalloc_small); words++) {
		if (words * 8 > classes[class].size)
			class++;
		kmalloc_small[words] = caches[class];
	}
}

static always_inline struct slab_cache *cache_for(size_t size)
{
	if (likely(size <= KMALLOC_SMALL_MAX))
		return kmalloc_small[(size + 7) / 8];
	return caches[ARRAY_SIZE(classes) - (size <= 2048 ? 3 : size <= 4096 ? 2 : 1)];
}

static noinline void *large_alloc(size_t size, unsigned flags)
{
	unsigned order = 0;
	struct frame *f;

	while (order <= FRAME_ORDER_MAX && PAGE_SIZE << order < size)
		order++;
	if (order > FRAME_ORDER_MAX)
		return NULL;
	f = frame_alloc(order, flags);
	if (!f)
		return NULL;
	mem_count(MEM_SLAB, 1L << order);
	return frame_virt(f);
}

static noinline void large_free(struct frame *f)
{
	VERIFY_OP(f->refs, ==, 1);
	mem_count(MEM_SLAB, -(1L << f->order));
	frame_put(f);
}

void *kmalloc_any(size_t size, unsigned flags)
{
	if (unlikely(size > KMALLOC_SLAB_MAX || flags & ALLOC_DMA32))
		return large_alloc(size, flags);
	return slab_alloc_sized(cache_for(size), size, flags);
}

void kfree(void *p)
{
	struct frame *f;

	if (!p)
		return;
	f = slab_of(p);
	if (likely(f->flags & FRAME_SLAB))
		slab_free(f->cache, p);
	else
		large_free(f);
}

size_t ksize(const void *p)
{
	struct frame *f = slab_of(p);

	if (!(f->flags & FRAME_SLAB))
		return PAGE_SIZE << f->order;
	kasan_object_allocated(f->cache, (void *)p, f->cache->size);
	return f->cache->size;
}

char *kstrdup(const char *s)
{
	size_t n = strlen(s) + 1;
	char *copy = kmalloc(n, 0);

	return copy ? memcpy(copy, s, n) : NULL;
}
