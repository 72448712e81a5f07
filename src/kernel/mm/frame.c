/* SPDX-License-Identifier: MIT */
/*
 * Page frames.
 *
 * The buddy allocator keeps free blocks of 2^order frames, aligned to their
 * size, in lists by order, for each zone (below 4 GiB, and the rest).  A freed
 * block joins its buddy (the frame number with bit `order` flipped) while that is
 * free and of the same order.  Only the first frame of a free block is marked:
 * FRAME_FREE, and its order.  The frame array is mapped in whole blocks of the
 * largest order, so that a buddy's frame can always be looked at; what is no RAM
 * there is FRAME_RESERVED.
 *
 * Before the buddy lists, each CPU has a stack of single free frames, linked by
 * words[0].  They are refilled and drained by batches; nearly all allocations
 * and frees are a push or pop there.
 *
 * Invariants: a free frame has refs 0 and maps 0.  A frame in a CPU's stack or
 * inside a free block has flags 0.  An allocated one has refs > 0.
 *
 * Watermarks: allocations for user memory leave `reserve` frames, those of the
 * kernel that may sleep half of them, atomic ones none.
 *
 * Locking: a zone's lists by its lock, interrupts off, a leaf; a CPU's stack by
 * interrupts being off on that CPU.
 */
#include <arch/irq.h>
#include <debug/log.h>
#include <debug/panic.h>
#include <lib/string.h>
#include <mm/frame.h>
#include <mm/internal.h>
#include <mm/kasan.h>
#include <sync/atomic.h>

enum zone_id { ZONE_DMA32, ZONE_NORMAL, ZONES };

struct zone {
	spinlock_t lock;
	u32 nonempty; /* lock: bit per order whose list is not empty */
	u64 free;     /* lock: frames; read without */
	struct list lists[FRAME_ORDER_MAX + 1]; /* lock */
};

#define DMA32_LIMIT ((4ULL << 30) >> PAGE_SHIFT)

struct frame_cache {
	struct frame *top; /* this CPU only, interrupts off */
	u32 count;
};

static struct zone zones[ZONES];
static struct frame_cache frame_cache PERCPU;
static u32 cache_batch = 16, cache_high = 64; /* immutable after boot */
static u64 reserve;                           /* immutable after boot */

u64 frame_limit;
u64 frame_total;
s64 mem_counters[MEM_COUNTERS] PERCPU;
bool (*frame_oom)(unsigned order, unsigned flags);
static struct frame_shrinker *shrinkers;

static struct zone *zone_of(u64 number)
{
	return &zones[number < DMA32_LIMIT ? ZONE_DMA32 : ZONE_NORMAL];
}

static void list_insert_block(struct zone *z, struct frame *f, unsigned order)
{
	f->flags = FRAME_FREE;
	f->order = order;
	list_push_front(&z->lists[order], &f->link);
	z->nonempty |= 1U << order;
}

static void list_take_block(struct zone *z, struct frame *f, unsigned order)
{
	struct list *l = &z->lists[order];

	ASSERT_OP(f->flags, ==, FRAME_FREE);
	ASSERT_OP(f->order, ==, order);
	f->link.prev->next = f->link.next;
	f->link.next->prev = f->link.prev;
	if (l->next == l)
		z->nonempty &= ~(1U << order);
	f->flags = 0;
	f->order = 0;
}

/* Puts a block into the lists, merged as far as it goes. Zone's lock held. */
static void buddy_free(struct zone *z, struct frame *f, unsigned order)
{
	u64 number = frame_number(f);

	ASSERT_OP(f->refs, ==, 0);
	z->free += 1UL << order;
	while (order < FRAME_ORDER_MAX) {
		struct frame *buddy = frame_array + (number ^ (1UL << order));

		if (buddy->flags != FRAME_FREE || buddy->order != order)
			break;
		list_take_block(z, buddy, order);
		number &= ~(1UL << order);
		order++;
	}
	list_insert_block(z, frame_array + number, order);
}

/* Takes a block of `order`, splitting a larger one; NULL. Zone's lock held. */
static struct frame *buddy_take(struct zone *z, unsigned order)
{
	u32 candidates = z->nonempty & ~0U << order;
	unsigned have;
	struct frame *f;

	if (!candidates)
		return NULL;
	have = __builtin_ctz(candidates);
	f = list_first(&z->lists[have], struct frame, link);
	list_take_block(z, f, have);
	while (have > order) {
		have--;
		list_insert_block(z, f + (1UL << have), have);
	}
	z->free -= 1UL << order;
	return f;
}

/* --- CPU caches: interrupts are off in all of these ------------------------------------------ */

static void cache_push(struct frame_cache *c, struct frame *f)
{
	f->words[0] = (u64)c->top;
	c->top = f;
	c->count++;
}

/* Moves frames from the zone to the cache, whole blocks where they fit, leaving `keep` free. */
static void cache_refill_from(struct frame_cache *c, struct zone *z, u64 keep)
{
	unsigned want = cache_batch;

	spin_acquire(&z->lock);
	while (want && z->free > keep) {
		unsigned order = 31 - __builtin_clz(want);
		u32 fits = z->nonempty & ((2U << order) - 1);
		struct frame *f;

		if (fits)
			order = 31 - __builtin_clz(fits);
		f = buddy_take(z, order);
		if (!f)
			break;
		want -= 1U << order;
		for (u64 i = 1UL << order; i--;)
			cache_push(c, f + i);
	}
	spin_release(&z->lock);
}

static u64 frames_to_keep(unsigned flags)
{
	return flags & ALLOC_ATOMIC ? 0 : flags & ALLOC_USER ? reserve : reserve / 2;
}

static void cache_refill(struct frame_cache *c, unsigned flags)
{
	u64 keep = frames_to_keep(flags);

	if (zones[ZONE_NORMAL].free)
		cache_refill_from(c, &zones[ZONE_NORMAL], keep);
	if (!c->top)
		cache_refill_from(c, &zones[ZONE_DMA32], keep);
}

static void cache_drain(struct frame_cache *c, u32 down_to)
{
	struct zone *z = NULL;

	while (c->count > down_to) {
		struct frame *f = c->top;
		struct zone *zone = zone_of(frame_number(f));

		c->top = (struct frame *)f->words[0];
		c->count--;
		if (zone != z) {
			if (z)
				spin_release(&z->lock);
			z = zone;
			spin_acquire(&z->lock);
		}
		buddy_free(z, f, 0);
	}
	if (z)
		spin_release(&z->lock);
}

void frame_cache_drain(void)
{
	IRQ_GUARD();
	cache_drain(this_cpu_ptr(frame_cache), 0);
}

static void drain_call(void *arg)
{
	cache_drain(this_cpu_ptr(frame_cache), 0);
}

/* One frame through this CPU's cache, after a refill; NULL. */
static struct frame *cache_alloc(unsigned flags)
{
	IRQ_GUARD();
	struct frame_cache *c = this_cpu_ptr(frame_cache);
	struct frame *f;

	if (!c->top)
		cache_refill(c, flags);
	f = c->top;
	if (f) {
		c->top = (struct frame *)f->words[0];
		c->count--;
	}
	return f;
}

/* --- Allocation ------------------------------------------------------------------------------ */

static struct frame *block_alloc(struct zone *z, unsigned order, u64 keep)
{
	IRQSPIN_GUARD(&z->lock);
	return z->free >= keep + (1UL << order) ? buddy_take(z, order) : NULL;
}

static struct frame *try_alloc(unsigned order, unsigned flags)
{
	u64 keep = frames_to_keep(flags);
	struct frame *f = NULL;

	if (order == 0 && !(flags & ALLOC_DMA32))
		return cache_alloc(flags);
	if (!(flags & ALLOC_DMA32) && zones[ZONE_NORMAL].free)
		f = block_alloc(&zones[ZONE_NORMAL], order, keep);
	return f ? f : block_alloc(&zones[ZONE_DMA32], order, keep);
}

void frame_shrinker_add(struct frame_shrinker *s)
{
	do
		s->next = atomic_load(&shrinkers);
	while (!atomic_cas(&shrinkers, &s->next, s));
}

static bool reclaim(unsigned order)
{
	size_t freed = 0, want = 32UL << order;

	for (struct frame_shrinker *s = atomic_load(&shrinkers); s && freed < want; s = s->next)
		freed += s->shrink(want - freed);
	if (slab_shrink())
		freed++;
	return freed;
}

/* The part of an allocation that may sleep. */
static struct frame *alloc_slow(unsigned order, unsigned flags)
{
	struct frame *f;

	if (flags & (ALLOC_ATOMIC | ALLOC_TRY))
		return NULL;
	if (!preemptible()) { /* a caller that could not wait after all: early boot */
		frame_cache_drain();
		return try_alloc(order, flags | ALLOC_ATOMIC);
	}
	for (;;) {
		bool freed = reclaim(order);

		if (cpu_count > 1)
			ipi_call_others(drain_call, NULL);
		frame_cache_drain();
		f = try_alloc(order, flags);
		if (f)
			return f;
		if (freed)
			continue;
		if (!frame_oom || !frame_oom(order, flags))
			break;
		f = try_alloc(order, flags);
		if (f)
			return f;
	}
	return flags & ALLOC_USER ? NULL : try_alloc(order, flags | ALLOC_ATOMIC);
}

/* Makes a block of order > 0 one: its tails know their head. */
static void compound_make(struct frame *f, unsigned order)
{
	f->flags = FRAME_COMPOUND;
	f->order = order;
	for (u64 i = 1; i < 1UL << order; i++) {
		f[i].flags = FRAME_TAIL;
		f[i].head = f;
	}
}

static void compound_break(struct frame *f)
{
	for (u64 i = 1; i < 1UL << f->order; i++) {
		ASSERT_OP(f[i].flags, ==, FRAME_TAIL);
		f[i].flags = 0;
	}
}

static noinline struct frame *alloc_zeroed(struct frame *f, unsigned order)
{
	for (u64 i = 0; i < 1UL << order; i++)
		page_clear(frame_virt(f + i));
	return f;
}

static always_inline struct frame *alloc_ready(struct frame *f, unsigned order, unsigned flags)
{
	ASSERT_OP(f->flags, ==, order ? FRAME_COMPOUND : 0);
	ASSERT_OP(f->refs, ==, 0);
	f->refs = 1;
	kasan_frames_allocated(f, order);
	return flags & ALLOC_ZERO ? alloc_zeroed(f, order) : f;
}

static noinline struct frame *alloc_any(unsigned order, unsigned flags)
{
	struct frame *f;

	ASSERT_OP(order, <=, FRAME_ORDER_MAX);
	f = try_alloc(order, flags);
	if (unlikely(!f)) {
		f = alloc_slow(order, flags);
		if (!f)
			return NULL;
	}
	if (order)
		compound_make(f, order);
	return alloc_ready(f, order, flags);
}

struct frame *frame_alloc(unsigned order, unsigned flags)
{
	struct frame *f;
	u64 irq;

	if (!(flags & ALLOC_ATOMIC))
		might_sleep();
	if (unlikely(order || flags & ALLOC_DMA32))
		return alloc_any(order, flags);
	irq = irq_save();
	f = this_cpu_read(frame_cache.top);
	if (unlikely(!f)) {
		irq_restore(irq);
		return alloc_any(order, flags);
	}
	this_cpu_write(frame_cache.top, (struct frame *)f->words[0]);
	this_cpu_dec(frame_cache.count);
	irq_restore(irq);
	return alloc_ready(f, 0, flags);
}

/* --- Freeing --------------------------------------------------------------------------------- */

static void free_check(const struct frame *f)
{
	ASSERT_OP(f->maps, ==, 0);
	ASSERT_OP(f->flags & (FRAME_FREE | FRAME_RESERVED | FRAME_TAIL | FRAME_LOCKED), ==, 0);
}

static void poison(struct frame *f, unsigned order)
{
#ifdef CONFIG_DEBUG
	for (u64 i = 0; i < 1UL << order; i++)
		memset(frame_virt(f + i), 0x6b, PAGE_SIZE);
#endif
	kasan_frames_freed(f, order);
}

static noinline void block_free(struct frame *f)
{
	unsigned order = f->order;
	struct zone *z = zone_of(frame_number(f));

	compound_break(f);
	f->flags = 0;
	f->order = 0;
	IRQSPIN_GUARD(&z->lock);
	buddy_free(z, f, order);
}

static noinline void cache_overflow(u64 irq)
{
	cache_drain(this_cpu_ptr(frame_cache), cache_high - cache_batch);
	irq_restore(irq);
}

void frame_free_last(struct frame *f)
{
	u64 irq;

	free_check(f);
	poison(f, f->order);
	if (unlikely(f->order)) {
		block_free(f);
		return;
	}
	f->flags = 0;
	irq = irq_save();
	f->words[0] = (u64)this_cpu_read(frame_cache.top);
	this_cpu_write(frame_cache.top, f);
	this_cpu_inc(frame_cache.count);
	if (unlikely(this_cpu_read(frame_cache.count) > cache_high))
		cache_overflow(irq);
	else
		irq_restore(irq);
}

void frame_free_batch(struct frame **list, unsigned n)
{
	struct frame_cache *c;
	u64 irq = irq_save();

	c = this_cpu_ptr(frame_cache);
	for (unsigned i = 0; i < n; i++) {
		struct frame *f = list[i];

		free_check(f);
		poison(f, f->order);
		f->refs = 0;
		if (unlikely(f->order)) {
			block_free(f);
			continue;
		}
		f->flags = 0;
		cache_push(c, f);
	}
	if (unlikely(c->count > cache_high))
		cache_drain(c, cache_high - cache_batch);
	irq_restore(irq);
}

/* Adds [first, end) in the largest aligned blocks. */
void buddy_add(u64 first, u64 end)
{
	frame_total += end - first;
	while (first < end) {
		unsigned order = first ? __builtin_ctzl(first) : FRAME_ORDER_MAX;
		struct zone *z = zone_of(first);

		order = min(order, (unsigned)FRAME_ORDER_MAX);
		while (first + (1UL << order) > end)
			order--;
		IRQSPIN_GUARD(&z->lock);
		buddy_free(z, frame_array + first, order);
		first += 1UL << order;
	}
}

void buddy_init(void)
{
	for (unsigned z = 0; z < ZONES; z++) {
		spin_init(&zones[z].lock);
		for (unsigned o = 0; o <= FRAME_ORDER_MAX; o++)
			list_init(&zones[z].lists[o]);
	}
}

/* Sizes from what there is: 64 MiB have a reserve of 512 KiB and caches of 32 to 64 frames. */
void frame_set_watermarks(void)
{
	reserve = min(max(frame_total / 128, 64UL), 2048UL);
	cache_batch = frame_total >= 65536 ? 64 : 16;
	cache_high = 4 * cache_batch;
}

/* --- Statistics ------------------------------------------------------------------------------ */

static s64 counter_sum(enum mem_counter c)
{
	s64 sum = 0;

	for (unsigned i = 0; i < cpu_count; i++)
		sum += READ_ONCE((*per_cpu_ptr(mem_counters, i))[c]);
	return max(sum, (s64)0);
}

u64 frames_free(void)
{
	u64 sum = READ_ONCE(zones[ZONE_DMA32].free) + READ_ONCE(zones[ZONE_NORMAL].free);

	for (unsigned i = 0; i < cpu_count; i++)
		sum += READ_ONCE(per_cpu_ptr(frame_cache, i)->count);
	return sum;
}

void mem_stats_read(struct mem_stats *s)
{
	*s = (struct mem_stats){
		.total = frame_total,
		.free = frames_free(),
		.reserved_at_boot = frames_reserved_at_boot,
		.slab = counter_sum(MEM_SLAB),
		.page_tables = counter_sum(MEM_TABLES),
		.kernel_stacks = counter_sum(MEM_STACKS),
		.anon = counter_sum(MEM_ANON),
		.cache = counter_sum(MEM_CACHE),
		.shmem = counter_sum(MEM_SHMEM),
		.vmalloc = counter_sum(MEM_VMALLOC),
	};
}
