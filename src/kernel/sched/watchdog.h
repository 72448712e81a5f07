/* SPDX-License-Identifier: MIT */
/* Finds CPUs that are stuck. Theory in watchdog.c. */
#pragma once

#include <lib/compiler.h>

/* Seconds until a CPU that takes no interrupts is reported; twice that for one that does not schedule. 0: off. */
extern u64 watchdog_thresh;

/* From the tick, interrupts off; `idle`: it met the idle task. */
void watchdog_tick(bool user, bool idle);

/* Logs what CPU `cpu` does, by an NMI. Interrupts on or off; waits a moment for the answer. */
void watchdog_dump_cpu(unsigned cpu);

/* How many lock-ups of each kind were reported; for tests. */
extern u32 watchdog_soft_reports, watchdog_hard_reports;
