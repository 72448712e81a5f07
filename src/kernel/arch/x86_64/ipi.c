/* SPDX-License-Identifier: MIT */
/*
 * Interrupts between CPUs.
 *
 * A call is a struct ipi_call in the queue of the CPU that is to make it: a list that any CPU
 * pushes to by compare-and-swap and that its owner takes as a whole.  Only who pushes
 * to an empty queue sends the interrupt, so a burst of calls costs one.
 *
 *	calls that are waited for    one struct for each pair of CPUs, in the sender's per-CPU
 *	                             area: the sender has preemption off until all are done
 *	calls that are not           the caller's own struct, `busy` until the call was made
 *
 * Why nobody waits for ever: who waits has interrupts on and serves calls itself.  A CPU
 * with interrupts off serves none, but it waits for nothing but spinlocks that are taken with
 * interrupts off everywhere, whose holders do not wait for calls as they have interrupts off, too.
 * From this the rules, which are verified:
 *
 *  1. ipi_call_cpus and ipi_call_others: interrupts on, not in an interrupt handler.  A spinlock may
 *     be held if no CPU ever waits for it with interrupts off.
 *  2. The function runs with interrupts off and must not wait for calls.  It may take locks that are taken
 *     with interrupts off elsewhere.
 *  3. ipi_call_async: any context but NMI.
 */
#include <arch/clock.h>
#include <arch/cpu.h>
#include <arch/irq.h>
#include <arch/irqflags.h>
#include <arch/x86_64/internal.h>
#include <debug/log.h>
#include <debug/panic.h>
#include <sync/atomic.h>
#include <sync/preempt.h>

#define DUMP_WAIT 4000000000UL /* cycles: about a second */
#define STOP_CYCLES 3000000000UL /* about a second for the others to stop; in emulators they may be late */

PERCPU static struct ipi_call *call_queue;                  /* atomic: newest first */
PERCPU static struct ipi_call calls[MAX_CPUS];              /* this CPU's to each other one */
PERCPU static u64 calls_received;                           /* this CPU */
PERCPU static u64 reschedules_received;
static bool stopping; /* atomic */
static u64 stopped;   /* atomic: bit per CPU */
PERCPU static const struct regs *stopped_at; /* valid once the bit is set: it never goes on */

static struct ipi_call *in_order(struct ipi_call *newest)
{
	struct ipi_call *oldest = NULL;

	while (newest) {
		struct ipi_call *next = newest->next;

		newest->next = oldest;
		oldest = newest;
		newest = next;
	}
	return oldest;
}

void ipi_call_interrupt(void)
{
	struct ipi_call *c, *next;

	ASSERT(!irqs_enabled());
	this_cpu_inc(calls_received);
	for (c = in_order(atomic_exchange(this_cpu_ptr(call_queue), NULL)); c; c = next) {
		next = c->next; /* it may be used anew as soon as it is not busy */
		c->fn(c->arg);
		atomic_store(&c->busy, 0);
	}
}

static void call_send(unsigned cpu, struct ipi_call *c)
{
	struct ipi_call **queue = per_cpu_ptr(call_queue, cpu), *first = atomic_load_relaxed(queue);

	do
		c->next = first;
	while (!atomic_cas(queue, &first, c));
	if (!first)
		apic_send(cpu, APIC_ICR_FIXED | VECTOR_CALL);
}

static u64 others_online(void)
{
	unsigned n = atomic_load(&cpu_count);
	u64 all = n >= 64 ? ~0UL : (1UL << n) - 1;

	return all & ~(1UL << cpu_id());
}

static noinline void call_and_wait(u64 cpus, void (*fn)(void *), void *arg)
{
	struct ipi_call *mine = *this_cpu_ptr(calls);

	VERIFY(irqs_enabled() && !in_interrupt());
	for (u64 m = cpus; m; m &= m - 1) {
		unsigned cpu = (unsigned)__builtin_ctzll(m);
		struct ipi_call *c = &mine[cpu];

		c->fn = fn;
		c->arg = arg;
		atomic_store(&c->busy, 1);
		call_send(cpu, c);
	}
	for (u64 m = cpus; m; m &= m - 1) {
		struct ipi_call *c = &mine[__builtin_ctzll(m)];

		while (atomic_load(&c->busy))
			cpu_relax();
	}
}

void ipi_call_cpus(u64 cpus, void (*fn)(void *), void *arg)
{
	preempt_disable();
	cpus &= others_online();
	if (cpus)
		call_and_wait(cpus, fn, arg);
	preempt_enable();
}

void ipi_call_others(void (*fn)(void *), void *arg)
{
	ipi_call_cpus(~0UL, fn, arg);
}

bool ipi_call_async(unsigned cpu, struct ipi_call *c, void (*fn)(void *), void *arg)
{
	u32 idle = 0;

	ASSERT_OP(cpu, <, atomic_load(&cpu_count));
	if (!atomic_cas(&c->busy, &idle, 1))
		return false;
	c->fn = fn;
	c->arg = arg;
	call_send(cpu, c);
	return true;
}

void ipi_reschedule(unsigned cpu)
{
	apic_send(cpu, APIC_ICR_FIXED | VECTOR_RESCHEDULE);
}

/* A CPU of which another wants to know what it does: its bit is cleared when that is logged. */
static u64 dump_wanted; /* atomic */

bool ipi_dump(unsigned cpu)
{
	u64 bit = 1UL << cpu, start = cycles_now();

	if (!(atomic_fetch_or(&dump_wanted, bit) & bit))
		apic_send(cpu, APIC_ICR_NMI);
	while (atomic_load(&dump_wanted) & bit) {
		if (cycles_now() - start > DUMP_WAIT)
			return false;
		cpu_relax();
	}
	return true;
}

bool ipi_dump_here(struct regs *r)
{
	u64 bit = 1UL << cpu_id();

	if (!(atomic_load(&dump_wanted) & bit))
		return false;
	if (regs_from_user(r)) {
		log_emerg("CPU %u: in user mode at %#lx", cpu_id(), r->rip);
	} else {
		log_emerg("CPU %u: in the kernel, interrupts %s, rsp %#lx", cpu_id(),
			  r->rflags & RFLAGS_IF ? "on" : "off", r->rsp);
		backtrace_log(r);
	}
	atomic_and(&dump_wanted, ~bit);
	return true;
}

void ipi_self_work(void)
{
	if (likely(apic_present))
		apic_send_self(VECTOR_WORK);
}

void ipi_work(unsigned cpu)
{
	apic_send(cpu, APIC_ICR_FIXED | VECTOR_WORK);
}

void ipi_note_reschedule(void)
{
	this_cpu_inc(reschedules_received);
}

u64 ipi_calls(unsigned cpu)
{
	return READ_ONCE(*per_cpu_ptr(calls_received, cpu));
}

u64 ipi_reschedules(unsigned cpu)
{
	return READ_ONCE(*per_cpu_ptr(reschedules_received, cpu));
}

/* By NMI, which reaches those with interrupts off, too. */
void ipi_stop_others(void)
{
	u64 others = others_online();

	if (!others || !apic_present || atomic_exchange(&stopping, true))
		return;
	for (u64 m = others; m; m &= m - 1)
		apic_send((unsigned)__builtin_ctzll(m), APIC_ICR_NMI);
	for (u64 start = cycles_now(); atomic_load(&stopped) != others && cycles_now() - start < STOP_CYCLES;)
		cpu_relax();
}

bool ipi_stop_wanted(void)
{
	return atomic_load(&stopping);
}

noreturn void ipi_stop_here(const struct regs *r)
{
	this_cpu_write(stopped_at, r);
	atomic_or(&stopped, 1UL << cpu_id());
	cpu_halt_forever();
}

const struct regs *ipi_stopped_at(unsigned cpu)
{
	return atomic_load(&stopped) >> cpu & 1 ? READ_ONCE(*per_cpu_ptr(stopped_at, cpu)) : NULL;
}
