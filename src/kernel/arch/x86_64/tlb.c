/* SPDX-License-Identifier: MIT */
/*
 * TLB flushes of user address spaces.
 *
 * arch_mm.cpus has a bit for every CPU whose CR3 points there; the others hold
 * nothing of it, since a load of CR3 drops all that is not global.  A flush is
 * made after the page-table entries have changed: a CPU that loads CR3 later
 * sees the new ones, one that did before is in the mask and gets an interrupt.
 */
#include <arch/cpu.h>
#include <arch/pagetable.h>
#include <arch/x86_64/insn.h>
#include <arch/x86_64/internal.h>
#include <sync/atomic.h>
#include <sync/preempt.h>

#define FLUSH_ALL_ABOVE 33 /* pages: beyond it one load of CR3 is cheaper */

struct tlb_flush {
	u64 root, start, end; /* end 0: everything */
};

static always_inline void flush_here(u64 start, u64 end)
{
	if (end == 0 || (end - start) >> PAGE_SHIFT > FLUSH_ALL_ABOVE) {
		cr3_write(cr3_read());
		return;
	}
	for (u64 va = start; va < end; va += PAGE_SIZE)
		tlb_invalidate(va);
}

/* On another CPU.  If it has left the address space meanwhile, there is nothing to do. */
static void flush_interrupt(void *arg)
{
	const struct tlb_flush *f = arg;

	if (cr3_read() == f->root)
		flush_here(f->start, f->end);
}

static noinline void flush_everywhere(struct arch_mm *am, u64 start, u64 end)
{
	struct tlb_flush f = { am->root.raw, start, end };
	u64 cpus, me;

	preempt_disable();
	memory_barrier();
	cpus = atomic_load_relaxed(&am->cpus);
	me = 1ULL << cpu_id();
	if (cpus & me)
		flush_here(start, end);
	if (cpus & ~me)
		ipi_call_mask(cpus & ~me, flush_interrupt, &f);
	preempt_enable();
}

static always_inline void flush(struct arch_mm *am, u64 start, u64 end)
{
	if (likely(cpu_count == 1)) {
		if (am->cpus)
			flush_here(start, end);
		return;
	}
	flush_everywhere(am, start, end);
}

void tlb_flush_page(struct arch_mm *am, u64 va)
{
	flush(am, va, va + PAGE_SIZE);
}

void tlb_flush_range(struct arch_mm *am, u64 start, u64 end)
{
	flush(am, start, end);
}

void tlb_flush_all(struct arch_mm *am)
{
	flush(am, 0, 0);
}
