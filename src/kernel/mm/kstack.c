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
 * Freed stacks stay mapped in a small cache of the CPU.  What does not fit is
 * unmapped, or, where the caller could not wait for that (the scheduler's
 * tail), put aside for the next who can.
 *
 * Locking: the bitmap and the stacks put aside by slots_lock (interrupts off); a
 * CPU's cache by interrupts being off.
 */
#include <debug/panic.h>
#include <lib/bitmap.h>
#include <mm/frame.h>
#include <mm/kmap.h>
#include <mm/kstack.h>

enum { STACK_PAGES = KSTACK_SIZE / PAGE_SIZE, CACHE_MAX = 8 };

static BITMAP_DECLARE(slots, KSTACK_SLOTS); /* slots_lock */
static u64 slot_hint;                /* slots_lock */
static void *aside;                  /* slots_lock: linked through the word at their top */
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

static void *aside_pop(void)
{
	IRQSPIN_GUARD(&slots_lock);
	void *top = aside;

	if (top)
		aside = *link_of(top);
	return top;
}

static void aside_push(void *top)
{
	IRQSPIN_GUARD(&slots_lock);
	*link_of(top) = aside;
	aside = top;
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
	if (!top && READ_ONCE(aside))
		top = aside_pop();
	return top ? top : stack_map();
}

static noinline void stack_release(void *top)
{
	if (!preemptible()) {
		aside_push(top);
		return;
	}
	do
		stack_unmap((u64)top - KSTACK_SIZE, STACK_PAGES);
	while (READ_ONCE(aside) && (top = aside_pop()));
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
