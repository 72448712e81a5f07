/* SPDX-License-Identifier: MIT */
/*
 * Do the time-stamp counters of two CPUs agree?
 *
 * The boot CPU and the one that is being started read their counters in turns, and each
 * compares its reading with the last one of the other.  One that is smaller means that time
 * would go backwards for who moves from the one CPU to the other: then the TSC is no clock for this
 * machine, and upcall_tsc_unstable() takes another one.  What is less than the way of a
 * cache line from CPU to CPU cannot be seen, by programs neither.
 *
 * Firmware that wrote to IA32_TSC_ADJUST on one CPU only is a common cause; that is put
 * right first, by giving the CPU the boot CPU's value.
 */
#include <arch/clock.h>
#include <arch/cpu.h>
#include <arch/upcall.h>
#include <arch/x86_64/features.h>
#include <arch/x86_64/insn.h>
#include <arch/x86_64/internal.h>
#include <sync/atomic.h>
#include <time/clock.h>

#define TURNS_MIN 6 /* of each; on a host that is busy a turn may take its scheduler's time slice */
#define TURNS_MAX 2000
#define ENOUGH_NS (2 * NSEC_PER_MSEC)

static u64 turn;    /* atomic: even: the boot CPU's; odd: the other's */
static u64 last;    /* whose turn it is */
static u64 worst;   /* the same: cycles by which a reading was too small */
static bool over;   /* the same: set by the boot CPU */
static u32 left;    /* atomic: the other CPU is done */
static u64 boot_adjust;

/* Waits for the loads before it, so that the counter is not read early. */
static inline u64 cycles_in_order(void)
{
	__asm__ volatile("lfence" ::: "memory");
	return cycles_now();
}

void tsc_sync_prepare(void)
{
	if (cpu_has(FEATURE_TSC_ADJUST))
		boot_adjust = msr_read(MSR_TSC_ADJUST);
	last = worst = 0;
	over = false;
	atomic_store(&left, 0);
	atomic_store(&turn, 0);
}

void tsc_adjust_as_boot_cpu(void)
{
	if (cpu_has(FEATURE_TSC_ADJUST) && msr_read(MSR_TSC_ADJUST) != boot_adjust)
		msr_write(MSR_TSC_ADJUST, boot_adjust);
}

/* This CPU's turn, number n; false: it was the last one. `end`: the boot CPU ends the game. */
static bool take_turn(u64 n, bool end)
{
	u64 now;
	bool more;

	while (atomic_load(&turn) != n)
		cpu_relax();
	now = cycles_in_order();
	if (now < last && last - now > worst)
		worst = last - now;
	last = now;
	over |= end;
	more = !over;
	atomic_store(&turn, n + 1);
	return more;
}

void tsc_sync_take_part(void)
{
	u64 n = 1;

	while (take_turn(n, false))
		n += 2;
	atomic_store(&left, 1);
}

void tsc_sync_check(void)
{
	u64 until = clock_monotonic_ns() + ENOUGH_NS;
	unsigned turns = 0;

	while (take_turn(2 * turns, turns >= TURNS_MAX ||
				    (turns >= TURNS_MIN && clock_monotonic_ns() > until)))
		turns++;
	while (!atomic_load(&left))
		cpu_relax();
	if (worst)
		upcall_tsc_unstable(worst);
}
