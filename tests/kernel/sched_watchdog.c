/* SPDX-License-Identifier: MIT */
/* The lock-up watchdog: what it counts, and that a CPU tells where it is when an NMI asks. */
#include <arch/cpu.h>
#include <debug/log.h>
#include <debug/selftest.h>
#include <lib/format.h>
#include <lib/string.h>
#include <sched/watchdog.h>
#include <sync/preempt.h>

static u32 soft_reports_after(unsigned ticks, bool user)
{
	u32 before = watchdog_soft_reports;
	IRQ_GUARD();

	preempt_disable();
	watchdog_tick(true, false); /* from here on */
	for (unsigned i = 0; i < ticks; i++)
		watchdog_tick(user, false);
	watchdog_tick(true, false);
	preempt_enable_no_resched();
	return watchdog_soft_reports - before;
}

SELFTEST(sched_watchdog_soft)
{
	u64 thresh = watchdog_thresh;

	watchdog_thresh = 1; /* two seconds of ticks of 3 ms: 666 */
	CHECK(soft_reports_after(600, false) == 0);
	CHECK(soft_reports_after(2000, false) == 1); /* told once */
	CHECK(soft_reports_after(2000, true) == 0);
	watchdog_thresh = 0;
	CHECK(soft_reports_after(5000, false) == 0);
	watchdog_thresh = thresh;
}

SELFTEST(smp_watchdog_asks_by_nmi)
{
	struct log_record r;
	char line[256], want[24];
	u64 seq = log_seq_next();
	unsigned told = 0;

	preempt_disable();
	for (unsigned cpu = 0; cpu < cpu_count; cpu++)
		if (cpu != cpu_id())
			watchdog_dump_cpu(cpu);
	for (unsigned cpu = 0; cpu < cpu_count; cpu++) {
		u64 at = seq;
		snprintf(want, sizeof(want), "] CPU %u: in the ", cpu);
		while (log_read(&at, &r, line, sizeof(line)))
			told += strstr(line, want) != NULL;
	}
	preempt_enable();
	CHECK(told == cpu_count - 1);
}
