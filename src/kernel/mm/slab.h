/* SPDX-License-Identifier: MIT */
/*
 * Objects of one size (slab caches with per-CPU magazines) and of any size (kmalloc).
 * All may be called in any context with ALLOC_ATOMIC; else they may sleep.
 */
#pragma once

#include <mm/frame.h>

struct slab_cache;

/* `align` 0: 8.  Objects come back from slab_free in any state. Panics when out of memory (boot). */
struct slab_cache *slab_create(const char *name, size_t size, size_t align);
void *slab_alloc(struct slab_cache *c, unsigned flags) must_check; /* ALLOC_*; NULL */
void slab_free(struct slab_cache *c, void *object);

/* slab_alloc of a cache with larger objects: `size` bytes will be used. */
void *slab_alloc_sized(struct slab_cache *c, size_t size, unsigned flags) must_check;

void *kmalloc_any(size_t size, unsigned flags) must_check;
#define KMALLOC_SMALL_MAX 1024
extern struct slab_cache *kmalloc_small[KMALLOC_SMALL_MAX / 8 + 1]; /* by size in words, rounded up */

/* Up to 4 MiB contiguous; NULL. kfree(NULL) is allowed. */
static always_inline must_check void *kmalloc(size_t size, unsigned flags)
{
	if (__builtin_constant_p(size) && size <= KMALLOC_SMALL_MAX && !(flags & ALLOC_DMA32))
		return slab_alloc_sized(kmalloc_small[(size + 7) / 8], size, flags);
	return kmalloc_any(size, flags);
}
static inline void *kzalloc(size_t size) { return kmalloc(size, ALLOC_ZERO); }
void kfree(void *p);
size_t ksize(const void *p); /* usable size */
char *kstrdup(const char *s);
/* n * size, NULL on overflow */
static inline void *kcalloc(size_t n, size_t size)
{
	size_t bytes;
	return __builtin_mul_overflow(n, size, &bytes) ? NULL : kmalloc(bytes, ALLOC_ZERO);
}

void slab_init(void);
/* One line per cache for /proc/slabinfo; false past the last. */
bool slab_describe(unsigned i, char *buf, size_t size);

static inline void kfree_guard_(void *p) { kfree(*(void **)p); }
/* A kmalloc'ed pointer that is freed at the end of the scope. */
#define KFREE_GUARD __attribute__((cleanup(kfree_guard_)))
