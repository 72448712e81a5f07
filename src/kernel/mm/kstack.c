/* SPDX-License-Identifier: MIT */
/*
 * Kernel stacks.
 *
 * The bottom of the kmap region is an array of slots of twice a stack's size:
 *
 *   slot n:   | never mapped, KSTACK_SIZE | stack, KSTACK_SIZE | <- top
 *
 * so that an overflow faults and the address alone tells a guard.  A bitmap says
 * which slots are taken.
 *
 * Freed stacks stay mapped: in a small cache of the CPU, and what does not fit there in a depot of
 * all CPUs, since tasks are often made on one and end on another.  To unmap one interrupts all
 * CPUs, so it is done only when the depot is full, and not where the caller could not wait for
 * that (the scheduler's tail): such a stack goes to the depot all the same, for the next who can.
 *
 * Locking: the bitmap and the depot by slots_lock (interrupts off); a CPU's cache by interrupts
 * being off.
 */
#include <arch/cpu.h>
#include <debug/panic.h>
#include <lib/bitmap.h>
#include <mm/frame.h>
#include <mm/kmap.h>
#include <mm/kstack.h>

enum { STACK_PAGES = KSTACK_SIZE / PAGE_SIZE, CACHE_MAX = 8, DEPOT_MAX = 32 };

static BITMAP_DECLARE(slots, KSTACK_SLOTS); /* slots_lock */
static u64 slot_hint;                /* slots_lock */
static void *depot;                  /* slots_lock: linked through the word at their top */
static u32 depot_count;              /* slots_lock; read without */
static spinlock_t slots_lock;

struct stack_cache {
	void *tops[CACHE_MAX];
	u64 count;
};
static struct stack_cache stack_cache PERCPU;

static void **link_of(void *top)
{
	return (void **)top - 1;
}

/* NULL: there are no more than `keep`. */
static void *depot_pop(u32 keep)
{
	IRQSPIN_GUARD(&slots_lock);
	if (depot_count <= keep)
		return NULL;
	void *top = depot;

	depot = *link_of(top);
	depot_count--;
	return top;
}

static void depot_push(void *top)
{
	IRQSPIN_GUARD(&slots_lock);
	*link_of(top) = depot;
	depot = top;
	depot_count++;
}

/* Bottom of a stack in a free slot; 0: none free. */
static u64 slot_take(void)
{
	IRQSPIN_GUARD(&slots_lock);
	u64 n = bitmap_find_clear(slots, KSTACK_SLOTS, slot_hint);

	if (n >= KSTACK_SLOTS)
		n = bitmap_find_clear(slots, KSTACK_SLOTS, 0);
	if (n >= KSTACK_SLOTS)
		return 0;
	bitmap_set(slots, n);
	slot_hint = n + 1;
	return KMAP_BASE + n * KSTACK_SLOT + KSTACK_SIZE;
}

static void slot_give(u64 bottom)
{
	u64 n = (bottom - KMAP_BASE) / KSTACK_SLOT;

	IRQSPIN_GUARD(&slots_lock);
	ASSERT(bitmap_test(slots, n));
	bitmap_clear(slots, n);
	slot_hint = min(slot_hint, n);
}

static void stack_unmap(u64 bottom, unsigned pages)
{
	struct frame *frames[STACK_PAGES];
	paddr_t pa;

	for (unsigned i = 0; i < pages; i++) {
		VERIFY(kpage_lookup(bottom + i * PAGE_SIZE, &pa));
		frames[i] = paddr_frame(pa);
	}
	if (pages) {
		kpage_unmap(bottom, pages * PAGE_SIZE);
		frame_free_batch(frames, pages);
		mem_count(MEM_STACKS, -(s64)pages);
	}
	slot_give(bottom);
}

static noinline void *stack_map(void)
{
	u64 bottom = slot_take();

	if (!bottom)
		return NULL;
	for (unsigned i = 0; i < STACK_PAGES; i++) {
		struct frame *f = frame_alloc(0, 0);

		if (f && kpage_map(bottom + i * PAGE_SIZE, frame_paddr(f), KMAP_WRITE)) {
			frame_put(f);
			f = NULL;
		}
		if (!f) {
			stack_unmap(bottom, i);
			return NULL;
		}
		mem_count(MEM_STACKS, 1);
	}
	return (void *)(bottom + KSTACK_SIZE);
}

void *kstack_alloc(void)
{
	void *top = NULL;
	{
		IRQ_GUARD();
		struct stack_cache *c = this_cpu_ptr(stack_cache);

		if (c->count)
			top = c->tops[--c->count];
	}
	if (!top && READ_ONCE(depot_count))
		top = depot_pop(0);
	return top ? top : stack_map();
}

static noinline void stack_release(void *top)
{
	u32 keep = min((cpu_count - 1) * CACHE_MAX, (unsigned)DEPOT_MAX); /* one CPU has its cache */

	depot_push(top);
	while (preemptible() && READ_ONCE(depot_count) > keep && (top = depot_pop(keep)))
		stack_unmap((u64)top - KSTACK_SIZE, STACK_PAGES);
}

void kstack_free(void *top)
{
	ASSERT((u64)top % KSTACK_SLOT == KMAP_BASE % KSTACK_SLOT);
	{
		IRQ_GUARD();
		struct stack_cache *c = this_cpu_ptr(stack_cache);

		if (likely(c->count < CACHE_MAX)) {
			c->tops[c->count++] = top;
			return;
		}
	}
	stack_release(top);
}

bool kstack_is_guard(u64 addr)
{
	return addr >= KMAP_BASE && addr < KMAP_BASE + KSTACK_ARENA_SIZE &&
	       (addr - KMAP_BASE) % KSTACK_SLOT < KSTACK_SIZE;
}
