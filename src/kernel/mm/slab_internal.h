/* SPDX-License-Identifier: MIT */
/* Between slab.c, kmalloc.c and debug/kasan.c. */
#pragma once

#include <mm/frame.h>

#define SLAB_CACHES_MAX 96

struct slab_cache {
	u32 magazine;     /* offset in the per-CPU array; immutable, as all down to the lock */
	u32 limit, batch; /* magazine: drained above limit; objects a refill */
	u32 stride;       /* from object to object */
	size_t size;      /* usable bytes */
	u32 per_slab;
	u8 order;
	u8 empty_max;
	char name[24];

	spinlock_t lock;
	u32 slabs, empty;    /* lock: all slabs; those with no object out */
	struct list partial; /* lock: slabs with free objects, the empty ones last */
};

/* The first frame of the slab or block that `object` lies in. */
static always_inline struct frame *slab_of(const void *object)
{
	struct frame *f = virt_frame(object);

	return unlikely(f->flags & FRAME_TAIL) ? f->head : f;
}

/* Really frees; slab_free may delay it. */
void slab_free_now(struct slab_cache *c, void *object);

/* string.asm: unchecked in sanitizer builds, too. */
void *__memset(void *dst, int byte, size_t n);
void *__memcpy(void *dst, const void *src, size_t n);
void *__memmove(void *dst, const void *src, size_t n);

#ifdef CONFIG_KASAN
#include <debug/kasan.h>

enum { KASAN_TRACE_DEPTH = 8 };
struct kasan_trace {
	u32 depth, cpu;
	u64 ips[KASAN_TRACE_DEPTH];
};
/* In the red zone behind each object. */
struct kasan_record {
	struct kasan_record *next;
	struct slab_cache *cache;
	void *object;
	u64 freed;
	struct kasan_trace alloc, free;
};
#define KASAN_TAIL (sizeof(struct kasan_record) + 0)

/* The first `size` bytes of `object` may be accessed from here on. */
void kasan_object_allocated(struct slab_cache *c, void *object, size_t size);
/* true: it went to the quarantine; false: the caller frees it. */
bool kasan_object_freed(struct slab_cache *c, void *object);
/* Lets all objects out of the quarantine; true when there were any. */
bool kasan_quarantine_flush(void);
#else
#define KASAN_TAIL 0
enum { KASAN_REDZONE, KASAN_FREE_FRAME };
static inline void kasan_object_allocated(struct slab_cache *c, void *object, size_t size) {}
static inline bool kasan_object_freed(struct slab_cache *c, void *object) { return false; }
static inline bool kasan_quarantine_flush(void) { return false; }
#endif
