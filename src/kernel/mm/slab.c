/* SPDX-License-Identifier: MIT */
/*
 * Slab caches: objects of one size.
 *
 * A slab is a block of frames cut into objects.  Its first frame knows the cache,
 * a list of its free objects (linked by their first word) and how many are out.
 * A cache keeps a list of the slabs that have free objects ("partial", the
 * empty ones at its tail) and for each CPU a magazine: a stack of free objects,
 * linked likewise, that count as "out" for their slabs.  Allocating pops from the
 * magazine, freeing pushes to it; refill and drain move a batch under the
 * cache's lock.
 *
 * Magazines of all caches lie in one per-CPU array, indexed by the cache's
 * number: no pointer is followed to reach one.
 *
 * More than `empty_max` empty slabs are given back at once, all of them when frames
 * are scarce (slab_shrink).
 *
 * DEBUG builds put a word behind each object that says whether it is allocated or
 * free, which finds double frees and overruns, and fill free ones with 0x6b, which
 * finds writes after free.  KASAN builds keep freed objects in a quarantine first
 * (kasan.c) and have the object's state in the shadow.
 *
 * Locking: a magazine by interrupts being off on its CPU; slabs and lists of a
 * cache by its lock, interrupts off, taken before the zone's locks; the list
 * of caches grows only, under caches_lock.
 */
#include <arch/cpu.h>
#include <arch/irq.h>
#include <debug/panic.h>
#include <debug/log.h>
#include <lib/format.h>
#include <lib/string.h>
#include <mm/internal.h>
#include <mm/kasan.h>
#include <mm/slab.h>
#include <mm/slab_internal.h>
#include <sync/atomic.h>

/* This CPU only, interrupts off. */
struct magazine {
	void *top;
	s64 room; /* objects that still fit; 0 until the first slow path on this CPU has counted */
};

static struct magazine magazines[SLAB_CACHES_MAX] PERCPU;
/* The magazine of cache c, as a per-CPU variable. */
#define MAGAZINE(c) (*(struct magazine *)((char *)magazines + (c)->magazine))

static struct slab_cache caches[SLAB_CACHES_MAX]; /* [0, cache_count) are in use */
static u32 cache_count;                           /* atomic */
static spinlock_t caches_lock;

/* --- What DEBUG builds check ----------------------------------------------------------------- */

#ifdef CONFIG_DEBUG
enum { POISON_FREE = 0x6b };
#define MARK_ALLOCATED 0xa110ca7eda110ca7ULL
#define MARK_FREE 0xf4eef4eef4eef4eeULL
#define DEBUG_TAIL sizeof(u64)

static u64 *debug_mark(struct slab_cache *c, void *object)
{
	return (u64 *)((char *)object + c->stride - DEBUG_TAIL);
}

static void debug_on_new(struct slab_cache *c, void *object)
{
	__memset(object, POISON_FREE, c->stride - DEBUG_TAIL);
	*debug_mark(c, object) = MARK_FREE;
}

static void debug_on_alloc(struct slab_cache *c, void *object)
{
	u64 *mark = debug_mark(c, object);

	if (*mark != MARK_FREE)
		panic("slab %s: free object %p overwritten behind its end: %#lx", c->name, object, *mark);
	for (u8 *p = (u8 *)object + sizeof(void *); p < (u8 *)mark; p++)
		if (*p != POISON_FREE)
			panic("slab %s: object %p written after free, at offset %lu: %#x", c->name, object,
			      (u64)(p - (u8 *)object), *p);
	*mark = MARK_ALLOCATED;
}

static void debug_on_free(struct slab_cache *c, void *object)
{
	u64 *mark = debug_mark(c, object);
	struct frame *slab = slab_of(object);

	if (slab->cache != c || !(slab->flags & FRAME_SLAB))
		panic("slab %s: %p is not one of its objects", c->name, object);
	if (((char *)object - (char *)frame_virt(slab)) % c->stride)
		panic("slab %s: %p is not the start of an object", c->name, object);
	if (*mark == MARK_FREE)
		panic("slab %s: object %p freed twice", c->name, object);
	if (*mark != MARK_ALLOCATED)
		panic("slab %s: object %p overrun: %#lx", c->name, object, *mark);
	__memset(object, POISON_FREE, c->stride - DEBUG_TAIL);
	*mark = MARK_FREE;
}
#else
#define DEBUG_TAIL 0
static inline void debug_on_new(struct slab_cache *c, void *object) {}
static inline void debug_on_alloc(struct slab_cache *c, void *object) {}
static inline void debug_on_free(struct slab_cache *c, void *object) {}
#endif

/* --- Slabs: the cache's lock is held ---------------------------------------------------------- */

static struct frame *slab_new(struct slab_cache *c, unsigned flags)
{
	struct frame *slab = frame_alloc(c->order, flags & (ALLOC_ATOMIC | ALLOC_DMA32));
	char *base;

	if (!slab)
		return NULL;
	base = frame_virt(slab);
	__atomic_or_fetch(&slab->flags, FRAME_SLAB, __ATOMIC_RELAXED);
	slab->cache = c;
	slab->inuse = 0;
	slab->objects = c->per_slab;
	slab->free = NULL;
	for (unsigned i = c->per_slab; i--;) {
		void *object = base + i * c->stride;

		debug_on_new(c, object);
		*(void **)object = slab->free;
		slab->free = object;
	}
	kasan_forbid(base, PAGE_SIZE << c->order, KASAN_REDZONE);
	mem_count(MEM_SLAB, 1L << c->order);
	return slab;
}

static void slab_release(struct frame *slab)
{
	unsigned order = slab->cache->order;

	kasan_allow(frame_virt(slab), PAGE_SIZE << order);
	mem_count(MEM_SLAB, -(1L << order));
	__atomic_and_fetch(&slab->flags, ~FRAME_SLAB, __ATOMIC_RELAXED);
	frame_put(slab);
}

static void cache_add_slab(struct slab_cache *c, struct frame *slab)
{
	list_push_back(&c->partial, &slab->slab_link);
	c->slabs++;
	c->empty++;
}

/* Takes empty slabs beyond `keep` off the cache, into `out`. */
static void cache_trim(struct slab_cache *c, unsigned keep, struct list *out)
{
	while (c->empty > keep) {
		struct frame *slab = list_last(&c->partial, struct frame, slab_link);

		ASSERT_OP(slab->inuse, ==, 0);
		list_remove(&slab->slab_link);
		list_push_back(out, &slab->slab_link);
		c->empty--;
		c->slabs--;
	}
}

static unsigned release_all(struct list *out)
{
	struct frame *slab, *tmp;
	unsigned n = 0;

	list_for_each_safe(slab, tmp, out, slab_link) {
		slab_release(slab);
		n++;
	}
	return n;
}

static void *slab_take(struct slab_cache *c)
{
	struct frame *slab;
	void *object;

	if (list_empty(&c->partial))
		return NULL;
	slab = list_first(&c->partial, struct frame, slab_link);
	if (slab->inuse++ == 0)
		c->empty--;
	object = slab->free;
	slab->free = *(void **)object;
	if (!slab->free)
		list_remove(&slab->slab_link);
	return object;
}

static void slab_return(struct slab_cache *c, void *object)
{
	struct frame *slab = slab_of(object);
	bool was_full = !slab->free;

	*(void **)object = slab->free;
	slab->free = object;
	if (--slab->inuse == 0) {
		if (!was_full)
			list_remove(&slab->slab_link);
		list_push_back(&c->partial, &slab->slab_link);
		c->empty++;
	} else if (was_full) {
		list_push_front(&c->partial, &slab->slab_link);
	}
}

/* --- Magazines: interrupts are off ------------------------------------------------------------ */

static u64 magazine_count(const struct magazine *m)
{
	u64 n = 0;

	for (void *object = m->top; object; object = *(void **)object)
		n++;
	return n;
}

static void magazine_drain(struct slab_cache *c, struct magazine *m, u64 down_to)
{
	u64 n = magazine_count(m);

	if (n > down_to) {
		spin_acquire(&c->lock);
		for (; n > down_to; n--) {
			void *object = m->top;

			m->top = *(void **)object;
			slab_return(c, object);
		}
		spin_release(&c->lock);
	}
	m->room = (s64)c->limit - (s64)n;
}

/* The magazine is empty. */
static void magazine_refill(struct slab_cache *c, struct magazine *m)
{
	u64 n = 0;
	void *object;

	spin_acquire(&c->lock);
	for (; n < c->batch && (object = slab_take(c)); n++) {
		*(void **)object = m->top;
		m->top = object;
	}
	spin_release(&c->lock);
	m->room = (s64)c->limit - (s64)n;
}

/* The magazine was empty.  Returns one object, NULL when there is no memory. */
static void *object_alloc_slow(struct slab_cache *c, unsigned flags)
{
	struct frame *slab = NULL;

	for (;;) {
		u64 irq = irq_save();
		struct magazine *m = this_cpu_ptr(MAGAZINE(c));
		void *object;

		if (slab) {
			spin_acquire(&c->lock);
			cache_add_slab(c, slab);
			spin_release(&c->lock);
		}
		if (!m->top)
			magazine_refill(c, m);
		object = m->top;
		if (object) {
			m->top = *(void **)object;
			m->room++;
			irq_restore(irq);
			return object;
		}
		irq_restore(irq);
		slab = slab_new(c, flags);
		if (!slab)
			return NULL;
	}
}

/* The magazine is full; interrupts are as `irq` says afterwards. */
static noinline void free_slow(struct slab_cache *c, u64 irq)
{
	struct list out = LIST_INIT(out);
	struct magazine *m = this_cpu_ptr(MAGAZINE(c));
	u64 n = magazine_count(m);

	magazine_drain(c, m, n > c->limit ? c->limit / 2 : n);
	if (READ_ONCE(c->empty) > c->empty_max) {
		spin_acquire(&c->lock);
		cache_trim(c, c->empty_max, &out);
		spin_release(&c->lock);
	}
	irq_restore(irq);
	release_all(&out);
}

/* --- The interface ---------------------------------------------------------------------------- */

static always_inline void *object_ready(struct slab_cache *c, void *object, size_t size, unsigned flags)
{
	debug_on_alloc(c, object);
	kasan_object_allocated(c, object, size);
	return flags & ALLOC_ZERO ? memset(object, 0, size) : object;
}

static noinline void *alloc_slow(struct slab_cache *c, size_t size, unsigned flags)
{
	void *object = object_alloc_slow(c, flags);

	return object ? object_ready(c, object, size, flags) : NULL;
}

/* `size` is what the caller asked for: at most the cache's. */
static always_inline void *alloc_fast(struct slab_cache *c, size_t size, unsigned flags)
{
	struct magazine *m = &MAGAZINE(c); /* a per-CPU address: for this_cpu_* alone */
	u64 irq;
	void *object;

	if (!(flags & ALLOC_ATOMIC))
		might_sleep();
	irq = irq_save();
	object = this_cpu_read(m->top);

	if (unlikely(!object)) {
		irq_restore(irq);
		return alloc_slow(c, size, flags);
	}
	this_cpu_write(m->top, *(void **)object);
	this_cpu_inc(m->room);
	irq_restore(irq);
	return object_ready(c, object, size, flags);
}

/* Frees for good; KASAN builds call it when an object leaves the quarantine. */
void slab_free_now(struct slab_cache *c, void *object)
{
	struct magazine *m = &MAGAZINE(c); /* a per-CPU address: for this_cpu_* alone */
	u64 irq;

	debug_on_free(c, object);
	irq = irq_save();
	*(void **)object = this_cpu_read(m->top);
	this_cpu_write(m->top, object);
	if (unlikely(this_cpu_dec_negative(m->room)))
		free_slow(c, irq);
	else
		irq_restore(irq);
}

void *slab_alloc_sized(struct slab_cache *c, size_t size, unsigned flags)
{
	return alloc_fast(c, size, flags);
}

void *slab_alloc(struct slab_cache *c, unsigned flags)
{
	return alloc_fast(c, c->size, flags);
}

void slab_free(struct slab_cache *c, void *object)
{
	ASSERT(object);
	if (kasan_object_freed(c, object))
		return;
	slab_free_now(c, object);
}

static void cache_init(struct slab_cache *c, const char *name, size_t size, size_t align)
{
	size_t block;

	align = max(align, 8UL);
	strlcpy(c->name, name, sizeof(c->name));
	c->size = size;
	c->stride = ALIGN_UP(ALIGN_UP(size, 8UL) + KASAN_TAIL + DEBUG_TAIL, align);
	/* The smallest block that wastes no more than an eighth. */
	while ((block = PAGE_SIZE << c->order) < c->stride ||
	       (block % c->stride > block / 8 && c->order < 3))
		c->order++;
	c->per_slab = (PAGE_SIZE << c->order) / c->stride;
	c->limit = min(max(8192 / c->stride, 4UL), 64UL);
	c->batch = max(c->limit / 2, 1U);
	c->empty_max = c->order ? 1 : 2;
	spin_init(&c->lock);
	list_init(&c->partial);
}

struct slab_cache *slab_create(const char *name, size_t size, size_t align)
{
	struct slab_cache *c;

	VERIFY(size && !(align & (align - 1)));
	SPIN_GUARD(&caches_lock);
	VERIFY_OP(cache_count, <, SLAB_CACHES_MAX);
	c = &caches[cache_count];
	c->magazine = cache_count * sizeof(struct magazine);
	cache_init(c, name, size, align);
	atomic_store(&cache_count, cache_count + 1);
	return c;
}

static void drain_here(void *arg)
{
	for (unsigned i = 0; i < atomic_load(&cache_count); i++) {
		IRQ_GUARD();
		magazine_drain(&caches[i], this_cpu_ptr(magazines[i]), 0);
	}
}

bool slab_shrink(void)
{
	struct list out = LIST_INIT(out);

	kasan_quarantine_flush();
	if (cpu_count > 1)
		ipi_call_others(drain_here, NULL);
	drain_here(NULL);
	for (unsigned i = 0; i < atomic_load(&cache_count); i++) {
		IRQSPIN_GUARD(&caches[i].lock);
		cache_trim(&caches[i], 0, &out);
	}
	return release_all(&out);
}

bool slab_describe(unsigned i, char *buf, size_t size)
{
	struct slab_cache *c = &caches[i];
	u64 active = 0, total;

	if (i >= atomic_load(&cache_count))
		return false;
	{
		IRQSPIN_GUARD(&c->lock);
		struct frame *slab;

		total = (u64)c->slabs * c->per_slab;
		active = total;
		list_for_each(slab, &c->partial, slab_link)
			active -= c->per_slab - slab->inuse;
	}
	for (unsigned cpu = 0; cpu < cpu_count; cpu++) {
		const struct magazine *m = &(*per_cpu_ptr(magazines, cpu))[i];
		void *top = READ_ONCE(m->top);

		if (top)
			active -= min(active, (u64)(c->limit - READ_ONCE(m->room)));
	}
	scnprintf(buf, size, "%-17s %6lu %6lu %6u %4u %4u : tunables 0 0 0 : slabdata %6u %6u 0\n", c->name,
		  active, total, (unsigned)c->stride, c->per_slab, 1U << c->order, c->slabs, c->slabs);
	return true;
}
