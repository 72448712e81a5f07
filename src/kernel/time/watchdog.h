/* SPDX-License-Identifier: MIT */
/* The watchdog of the TSC: see watchdog.c. What the self-tests use of it. */
#pragma once

#include <lib/compiler.h>

/* What two counters, read at one moment, say in ns; error: how far apart the readings may have been. */
struct watchdog_sample {
	u64 clock_ns, reference_ns;
	u64 error_ns;
};

enum watchdog_verdict { WATCHDOG_GOOD, WATCHDOG_BAD, WATCHDOG_UNKNOWN };

/* Compares what passed between two samples. round_ns: after which the reference wraps. */
enum watchdog_verdict watchdog_judge(const struct watchdog_sample *from, const struct watchdog_sample *to,
				     u64 round_ns);

/* Test hook: the watchdog's (not the clock's) readings of the TSC run `permille` fast; 0: as they are. */
void watchdog_skew(s64 permille);
/* Test hook: what was held against the TSC is forgotten; it may be chosen again. */
void clock_forgive_tsc(void);
/* Test hook: looks now. True: the TSC has been given up for it. */
bool watchdog_look(void);
