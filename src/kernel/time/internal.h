/* SPDX-License-Identifier: MIT */
/* Between clock.c, ntp.c and watchdog.c. */
#pragma once

#include <time/clock.h>

/* How much faster than the counter's nominal rate the clock runs, in 2^-16 ns per second. Any context. */
void clock_set_rate(s64 adjustment);

/* The source whose readings the TSC can be checked with; NULL. */
const struct clock_source *clock_reference(void);
/* Is the TSC the clock now? */
bool clock_is_tsc(void);

/* ntp.c */
void ntp_init(void);

/* watchdog.c */
void clock_watchdog_start(void);

/* (a * b) >> 32 without overflow in between. */
static inline u64 mul_shift_32(u64 a, u64 b)
{
	return (u64)((unsigned __int128)a * b >> 32);
}
