/* SPDX-License-Identifier: MIT */
/*
 * Interrupts between CPUs.
 *
 * A call: one at a time in the system (call_lock); the caller posts function and
 * argument, sets a bit per target in call_pending and waits for all to be cleared.
 * Who waits for the lock serves its own bit meanwhile, so two callers with
 * interrupts off do not wait for each other.  The caller holds no lock that others take with
 * interrupts off.
 */
#include <arch/cpu.h>
#include <arch/irq.h>
#include <arch/irqflags.h>
#include <arch/x86_64/internal.h>
#include <sync/atomic.h>
#include <sync/spinlock.h>

static spinlock_t call_lock = SPINLOCK_INIT;
static void (*call_fn)(void *); /* call_lock */
static void *call_arg;          /* call_lock */
static u64 call_pending;        /* atomic: bit per CPU */
static bool stopping;           /* atomic */

void ipi_call_interrupt(void)
{
	u64 bit = 1UL << cpu_id();
	IRQ_GUARD();

	if (!(atomic_load(&call_pending) & bit))
		return;
	call_fn(call_arg);
	atomic_and(&call_pending, ~bit);
}

static u64 others_online(void)
{
	u64 all = cpu_count >= 64 ? ~0UL : (1UL << cpu_count) - 1;

	return all & ~(1UL << cpu_id());
}

void ipi_call_mask(u64 mask, void (*fn)(void *), void *arg)
{
	preempt_disable();
	mask &= others_online();
	if (mask) {
		while (!spin_trylock(&call_lock)) {
			ipi_call_interrupt();
			cpu_relax();
		}
		call_fn = fn;
		call_arg = arg;
		atomic_store(&call_pending, mask);
		for (u64 m = mask; m; m &= m - 1)
			apic_send((unsigned)__builtin_ctzll(m), APIC_ICR_FIXED | VECTOR_CALL);
		while (atomic_load(&call_pending))
			cpu_relax();
		spin_unlock(&call_lock);
	}
	preempt_enable();
}

void ipi_call_others(void (*fn)(void *), void *arg)
{
	ipi_call_mask(~0UL, fn, arg);
}

void ipi_reschedule(unsigned cpu)
{
	apic_send(cpu, APIC_ICR_FIXED | VECTOR_RESCHEDULE);
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

/* By NMI, which reaches those with interrupts off, too. */
void ipi_stop_others(void)
{
	u64 others = others_online();

	if (!others || !apic_present || atomic_exchange(&stopping, true))
		return;
	for (u64 m = others; m; m &= m - 1)
		apic_send((unsigned)__builtin_ctzll(m), APIC_ICR_NMI);
	for (int i = 0; i < 100000; i++)
		cpu_relax();
}

bool ipi_stop_wanted(void)
{
	return atomic_load(&stopping);
}
