/* SPDX-License-Identifier: MIT */
/*
 * TLB flushes of user address spaces, on all CPUs that may hold entries.
 *
 * arch_mm.cpus has a bit for every CPU whose CR3 points there; the others hold
 * nothing of it, since a load of CR3 drops all that is not global.  A flush is made after
 * the page-table entries have changed: a CPU that sets its bit later sees the new
 * ones, one that did before is in the mask and is called (ipi.c).  The frames that the old entries named are given
 * back after the flush has returned, and so are tables.
 *
 * Generations.  arch_mm.gen counts the flushes of an address space; tlb_gen is the
 * generation up to which this CPU's TLB is clean of the loaded one's old entries.  A CPU that has
 * missed none but the one it is asked for flushes the range; one that has missed
 * others drops everything and is up to date, so of several flushes under way at once it serves one.
 *
 * Laziness.  A CPU that idles keeps the page tables loaded that it had, but
 * reads no user memory; so it is not interrupted, and looks at the generation when it goes
 * back to work.  The order makes this safe: who flushes counts the generation up, then looks who is lazy; who
 * goes back to work clears `tlb_lazy`, then looks at the generation; each step with a full barrier between
 * the two, so at least one sees the other.  When tables are freed the lazy ones are called,
 * too: a CPU may walk tables on its own account (speculation), and cache what it finds.
 *
 * With one CPU nothing is counted.  A CPU that loads an address space later starts at the generation it finds.
 */
#include <arch/cpu.h>
#include <arch/irq.h>
#include <arch/irqflags.h>
#include <arch/pagetable.h>
#include <arch/x86_64/insn.h>
#include <arch/x86_64/internal.h>
#include <sync/atomic.h>
#include <sync/preempt.h>

#define FLUSH_ALL_ABOVE 33 /* pages: beyond it one load of CR3 is cheaper */

PERCPU u64 tlb_gen;        /* this CPU only, interrupts off: see above */
PERCPU static u32 tlb_lazy; /* atomic: written by this CPU */

struct tlb_flush {
	struct arch_mm *am;
	u64 start, end; /* end 0: everything */
	u64 gen;
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

/* All of it, and with that up to the newest generation. Interrupts off. */
static void catch_up(struct arch_mm *am)
{
	u64 gen = atomic_load(&am->gen);

	cr3_write(cr3_read());
	this_cpu_write(tlb_gen, gen);
}

/* On each CPU of the mask, interrupts off.  If it has left the address space, there is nothing to do. */
static void flush_on_cpu(void *arg)
{
	const struct tlb_flush *f = arg;
	u64 seen = this_cpu_read(tlb_gen);

	if (cr3_read() != f->am->root.raw || seen >= f->gen)
		return;
	if (seen + 1 == f->gen) {
		flush_here(f->start, f->end);
		this_cpu_write(tlb_gen, f->gen);
	} else {
		catch_up(f->am);
	}
}

static u64 without_lazy(u64 cpus)
{
	for (u64 m = cpus; m; m &= m - 1) {
		unsigned cpu = (unsigned)__builtin_ctzll(m);

		if (atomic_load(per_cpu_ptr(tlb_lazy, cpu)))
			cpus &= ~(1ULL << cpu);
	}
	return cpus;
}

static noinline void flush_everywhere(struct arch_mm *am, u64 start, u64 end, bool tables)
{
	struct tlb_flush f = { am, start, end, 0 };
	u64 cpus, me;

	preempt_disable();
	f.gen = atomic_add_fetch(&am->gen, 1); /* a full barrier, too: entries before, mask after */
	cpus = atomic_load_relaxed(&am->cpus);
	me = 1ULL << cpu_id();
	if (cpus & me) {
		IRQ_GUARD();
		flush_on_cpu(&f);
	}
	cpus &= ~me;
	if (cpus && !tables)
		cpus = without_lazy(cpus);
	if (cpus)
		ipi_call_cpus(cpus, flush_on_cpu, &f);
	preempt_enable();
}

static always_inline void flush(struct arch_mm *am, u64 start, u64 end, bool tables)
{
	if (likely(cpu_count == 1)) {
		if (am->cpus)
			flush_here(start, end);
		return;
	}
	flush_everywhere(am, start, end, tables);
}

void tlb_flush_page(struct arch_mm *am, u64 va)
{
	flush(am, va, va + PAGE_SIZE, false);
}

void tlb_flush_range(struct arch_mm *am, u64 start, u64 end)
{
	flush(am, start, end, false);
}

void tlb_flush_all(struct arch_mm *am)
{
	flush(am, 0, 0, false);
}

void tlb_flush_here(u64 va)
{
	tlb_invalidate(va);
}

/* INVLPG of any address drops all upper entries that a CPU caches of this address space. */
void tlb_flush_tables(struct arch_mm *am, u64 va)
{
	flush(am, va, va + PAGE_SIZE, true);
}

void tlb_idle_enter(void)
{
	if (cpu_count > 1)
		(void)atomic_exchange(this_cpu_ptr(tlb_lazy), 1);
}

void tlb_idle_leave(struct arch_mm *loaded)
{
	if (!this_cpu_read(tlb_lazy))
		return;
	(void)atomic_exchange(this_cpu_ptr(tlb_lazy), 0);
	if (loaded && atomic_load(&loaded->gen) != this_cpu_read(tlb_gen))
		catch_up(loaded);
}
