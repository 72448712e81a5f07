/* SPDX-License-Identifier: MIT */
/* Clocks in nanoseconds.  Readable in any context. */
#pragma once

#include <lib/compiler.h>

/* Since boot, never goes back; slewed by adjtimex. */
u64 clock_monotonic_ns(void);
/* The same, never slewed. */
u64 clock_monotonic_raw_ns(void);
/* Since 1970. */
u64 clock_realtime_ns(void);
/* The same to the last timer interrupt's precision, cheaper. */
u64 clock_realtime_coarse_ns(void);
u64 clock_monotonic_coarse_ns(void);
/* Real time minus monotonic time; TAI minus real time. */
u64 clock_realtime_offset_ns(void);
u64 clock_tai_offset_ns(void);
/* Steps the real-time clock: to a time, or by an amount.  No spinlocks held; call-backs and timers follow. */
void clock_set_realtime(u64 ns);
void clock_step_realtime(s64 by_ns);
void clock_set_tai_offset(u64 seconds);
/* Called after a step, in the context of who made it (maybe an interrupt). Set by proc/. */
extern void (*clock_was_set)(void);
/* How often the real-time clock has been stepped. */
u64 clock_set_count(void);

/* What settimeofday(2) keeps and never uses. */
void clock_set_timezone(s32 minutes_west, s32 dst);
void clock_timezone(s32 *minutes_west, s32 *dst);

/* A counter that may become the reference for calibration or the clock itself. */
struct clock_source {
	const char *name; /* as /sys shows it: tsc hpet acpi_pm pit */
	u64 (*read)(void);
	u64 hz;
	unsigned bits;
	unsigned rating;
	struct clock_source *next;
};
/* Offers a counter (drivers). Before clock_init. */
void clock_source_register(struct clock_source *cs);
/* Calibrates the TSC against the best reference and starts the monotonic clock. */
void clock_init(void);
const char *clock_source_name(void);
/* The TSC is found to be no clock: the best other source takes over, for good. Any context. */
void clock_mark_unstable(const char *reason);
/* The i'th source that may be chosen, best first; NULL past the end. */
const char *clock_source_available(unsigned i);
/* -EINVAL: no such source, or it may not be chosen. */
int clock_source_choose(const char *name);
u64 clock_tsc_hz(void);
/* Reads the date at boot: registered by the RTC driver; seconds since 1970, or negative errno. */
extern s64 (*clock_read_rtc)(void);
/* Sets the date; from here on the watchdog (watchdog.c) compares the TSC with a reference. */
void clock_realtime_init(void);

/* What the coarse clocks may lag behind: a timer tick. */
#define CLOCK_COARSE_NS (4 * NSEC_PER_MSEC)
/* Brings the coarse clocks up to `now` (monotonic): by the timer interrupt and when a CPU leaves idle. */
void clock_coarse_update(u64 now);

/*
 * What user space needs to compute the time by itself, kept in a page of its own for the vDSO.
 * ns = base_ns + ((cycles - base_cycles) * mult >> 32, a product of 128 bits); for the raw clock with
 * raw_ns and raw_mult.  Read it between two equal even values of seq; odd: ask the kernel, since the
 * page is being changed or the clock is not the TSC.  coarse_monotonic changes without seq.
 */
struct clock_page {
	u32 seq;
	s32 minutes_west, dst;
	u64 base_cycles, mult, base_ns;
	u64 raw_mult, raw_ns;
	u64 realtime_offset, tai_offset;
	u64 coarse_monotonic;
} aligned_to(PAGE_SIZE); /* and as large: programs see the whole page */
extern struct clock_page clock_page;

/* Busy wait. */
void delay_us(u64 us);
