/* SPDX-License-Identifier: MIT */
/* Clocks that are slewed, stepped, and watched; timers on them; cancelling against CPUs that run them. */
#include <debug/selftest.h>

#include <arch/cpu.h>
#include <lib/string.h>
#include <sched/task.h>
#include <sync/atomic.h>
#include <time/clock.h>
#include <time/ntp.h>
#include <time/timer.h>
#include <time/watchdog.h>

static u64 fired_at; /* atomic; monotonic ns */

static void note(struct timer *t)
{
	atomic_store(&fired_at, clock_monotonic_ns());
}

static bool fires_within(u64 ms)
{
	for (u64 i = 0; i < ms && !atomic_load(&fired_at); i++)
		delay_us(1000);
	return atomic_load(&fired_at);
}

SELFTEST(time_realtime_timer_follows_steps)
{
	static struct timer t;
	u64 steps = clock_set_count();

	fired_at = 0;
	timer_init(&t, note);
	timer_start_on(&t, TIMER_REALTIME, clock_realtime_ns() + 1000 * NSEC_PER_SEC, 0);
	CHECK(!fires_within(5));
	clock_step_realtime(1001 * (s64)NSEC_PER_SEC);
	CHECK(fires_within(1000));
	CHECK(clock_set_count() == steps + 1);

	/* Back: what was near is far, and cancelling finds it. */
	fired_at = 0;
	timer_start_on(&t, TIMER_REALTIME, clock_realtime_ns() + 2 * NSEC_PER_MSEC, 0);
	clock_step_realtime(-1001 * (s64)NSEC_PER_SEC);
	CHECK(!fires_within(10));
	CHECK(timer_cancel_sync(&t));
}

SELFTEST(time_tai_timer_follows_offset)
{
	static struct timer t;
	u64 old = clock_tai_offset_ns() / NSEC_PER_SEC;

	fired_at = 0;
	timer_init(&t, note);
	timer_start_on(&t, TIMER_TAI, timer_clock_now(TIMER_TAI) + 30 * NSEC_PER_SEC, 0);
	clock_set_tai_offset(old + 37);
	bool fired = fires_within(1000);
	clock_set_tai_offset(old);
	CHECK(fired);
}

SELFTEST(time_slack_is_a_range)
{
	static struct timer t;
	u64 now = clock_monotonic_ns();

	fired_at = 0;
	timer_init(&t, note);
	timer_start_on(&t, TIMER_MONOTONIC, now + 2 * NSEC_PER_MSEC, 30 * NSEC_PER_MSEC);
	CHECK(fires_within(1000));
	CHECK(fired_at >= now + 2 * NSEC_PER_MSEC);
	CHECK(t.latest == t.expires + 30 * NSEC_PER_MSEC);
}

/* Ten readings of both clocks' distance; the rate between the first and the last, in millionths. */
static s64 rate_against_raw(void)
{
	u64 mono = clock_monotonic_ns(), raw = clock_monotonic_raw_ns();

	delay_us(20000);
	mono = clock_monotonic_ns() - mono;
	raw = clock_monotonic_raw_ns() - raw;
	return ((s64)mono - (s64)raw) * 1000000 / (s64)raw;
}

SELFTEST(time_clock_is_slewed)
{
	struct __kernel_timex t = { .modes = ADJ_TICK | ADJ_FREQUENCY, .tick = 10100, .freq = 100 << 16 };
	u64 before = clock_monotonic_ns();

	CHECK(ntp_adjust(&t) >= 0);
	u64 after = clock_monotonic_ns();
	s64 fast = rate_against_raw();
	t.tick = 9900;
	t.freq = 0;
	CHECK(ntp_adjust(&t) >= 0);
	s64 slow = rate_against_raw();
	t.tick = 10000;
	CHECK(ntp_adjust(&t) >= 0);
	CHECK(after >= before);
	CHECK(fast > 10000 && fast < 10200); /* 1 % and 100 ppm */
	CHECK(slow > -10100 && slow < -9900);
	s64 none = rate_against_raw();
	CHECK(none > -100 && none < 100);
	if (!strcmp(clock_source_name(), "tsc"))
		CHECK(clock_page.mult == clock_page.raw_mult);
	t.tick = 8999;
	CHECK(ntp_adjust(&t) < 0);
}

SELFTEST(time_adjtime_counts_down)
{
	struct __kernel_timex t = { .modes = ADJ_OFFSET_SINGLESHOT, .offset = 700 };

	CHECK(ntp_adjust(&t) >= 0);
	t.modes = ADJ_OFFSET_SS_READ;
	for (unsigned i = 0; i < 30; i++) {
		CHECK(ntp_adjust(&t) >= 0);
		if (t.offset == 0)
			break;
		CHECK(t.offset == 700 || t.offset == 200);
		delay_us(100000);
	}
	CHECK(t.offset == 0);
	delay_us(1000000); /* the last share is still being slewed */
	s64 none = rate_against_raw();
	CHECK(none > -100 && none < 100);
}

SELFTEST(time_watchdog_judges)
{
	struct watchdog_sample from = { 1000000000, 5000000, 2000 }, to = from;
	u64 round = 4 * NSEC_PER_SEC, half = NSEC_PER_SEC / 2;

	to.clock_ns += half;
	to.reference_ns += half;
	CHECK(watchdog_judge(&from, &to, round) == WATCHDOG_GOOD);
	to.clock_ns += half / 100; /* what a calibration may be off by */
	CHECK(watchdog_judge(&from, &to, round) == WATCHDOG_GOOD);
	to.clock_ns += half / 10;
	CHECK(watchdog_judge(&from, &to, round) == WATCHDOG_BAD);
	to.error_ns = half / 8; /* the machine stood still between the readings */
	CHECK(watchdog_judge(&from, &to, round) == WATCHDOG_GOOD);
	to.error_ns = half;
	CHECK(watchdog_judge(&from, &to, round) == WATCHDOG_UNKNOWN);
	to.error_ns = 2000;
	to.clock_ns = from.clock_ns + 3 * NSEC_PER_SEC; /* the reference may have wrapped */
	CHECK(watchdog_judge(&from, &to, round) == WATCHDOG_UNKNOWN);
	to.clock_ns = from.clock_ns; /* a TSC that stands still */
	CHECK(watchdog_judge(&from, &to, round) == WATCHDOG_BAD);
}

SELFTEST(time_watchdog_gives_up_a_bad_tsc)
{
	u64 last = clock_monotonic_ns(), raw = clock_monotonic_raw_ns();
	unsigned looks = 0;

	if (strcmp(clock_source_name(), "tsc") || !clock_source_available(1))
		return;
	watchdog_skew(0);
	for (unsigned i = 0; i < 6; i++) {
		CHECK(!watchdog_look());
		delay_us(5000);
	}
	watchdog_skew(-200);
	for (; looks < 10 && !watchdog_look(); looks++) {
		delay_us(5000);
		CHECK(clock_monotonic_ns() > last);
		last = clock_monotonic_ns();
	}
	watchdog_skew(0);
	CHECK(looks == 3); /* one to begin with, then three intervals: the fourth look */
	CHECK(strcmp(clock_source_name(), "tsc") != 0);
	CHECK(clock_page.seq % 2 == 1);
	CHECK(strcmp(clock_source_available(0), "tsc") != 0);
	CHECK(clock_source_choose("tsc") != 0);
	CHECK(clock_source_choose("sundial") != 0);
	for (unsigned i = 0; i < 100; i++) {
		u64 now = clock_monotonic_ns();
		CHECK(now >= last);
		last = now;
		delay_us(100);
	}
	CHECK(clock_monotonic_raw_ns() > raw);
	clock_forgive_tsc();
	CHECK(clock_source_choose("tsc") == 0);
	CHECK(clock_monotonic_ns() >= last);
	CHECK(clock_page.seq % 2 == 0);
}

static u32 in_function, calls; /* atomic */

/* Always starts itself again: only cancelling ends that. */
static void restless(struct timer *t)
{
	atomic_store(&in_function, 1U);
	calls++;
	for (unsigned i = 0; i < 50; i++)
		cpu_relax();
	timer_start(t, clock_monotonic_ns() + 2 * NSEC_PER_USEC);
	for (unsigned i = 0; i < 50; i++)
		cpu_relax();
	atomic_store(&in_function, 0U);
}

static void go_to_cpu(unsigned cpu)
{
	if (!task_set_affinity(current, 1ULL << cpu))
		for (unsigned i = 0; i < 100 && cpu_id() != cpu; i++)
			sched_yield_current();
}

/* timer_cancel_sync: not on a queue and not running when it returns, from whatever CPU. */
SELFTEST(time_timer_cancel_races)
{
	static struct timer t;
	u64 all = current->affinity;
	unsigned wrong = 0;

	timer_init(&t, restless);
	for (unsigned i = 0; i < 200 && !wrong; i++) {
		go_to_cpu(i % cpu_count);
		timer_start(&t, clock_monotonic_ns() + 5 * NSEC_PER_USEC);
		go_to_cpu((i + 1) % cpu_count);
		delay_us(20 + i % 7);
		timer_cancel_sync(&t);
		u32 seen = calls;
		wrong += atomic_load(&in_function) || timer_pending(&t);
		delay_us(20);
		wrong += calls != seen;
	}
	task_set_affinity(current, all);
	CHECK(wrong == 0);
	CHECK(calls > 200);
}
