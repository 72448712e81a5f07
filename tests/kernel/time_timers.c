/* SPDX-License-Identifier: MIT */
/* Clocks and timers. */
#include <debug/selftest.h>
#include <lib/string.h>
#include <sync/atomic.h>
#include <time/clock.h>
#include <time/timer.h>

SELFTEST(time_monotonic)
{
	u64 last = clock_monotonic_ns();

	for (unsigned i = 0; i < 100000; i++) {
		u64 now = clock_monotonic_ns();
		CHECK(now >= last);
		last = now;
	}
	CHECK(clock_monotonic_coarse_ns() <= clock_monotonic_ns());
}

SELFTEST(time_delay)
{
	u64 start = clock_monotonic_ns(), took;

	delay_us(2000);
	took = clock_monotonic_ns() - start;
	CHECK(took >= 2 * NSEC_PER_MSEC);
	CHECK(took < 50 * NSEC_PER_MSEC);
}

SELFTEST(time_realtime_steps)
{
	u64 before = clock_realtime_ns(), mono = clock_monotonic_ns(), after;

	clock_set_realtime(before + 1000 * NSEC_PER_SEC);
	after = clock_realtime_ns();
	CHECK(after - before >= 1000 * NSEC_PER_SEC);
	CHECK(after - before < 1001 * NSEC_PER_SEC);
	CHECK(clock_monotonic_ns() - mono < NSEC_PER_SEC);
	clock_set_realtime(clock_realtime_ns() - 1000 * NSEC_PER_SEC);
	CHECK(clock_page.seq % 2 == (strcmp(clock_source_name(), "tsc") ? 1 : 0));
	CHECK(clock_page.realtime_offset == clock_realtime_offset_ns());
}

/* The machine's own clock says that it is after the writing of this test. */
SELFTEST(time_date_is_plausible)
{
	if (!clock_read_rtc)
		return;
	s64 seconds = clock_read_rtc();
	CHECK(seconds > 1735689600);  /* 2025 */
	CHECK(seconds < 4102444800LL); /* 2100 */
}

struct mark {
	struct timer timer;
	char name;
	u64 fired_at;
};

static char fired[16];
static u32 fired_count;

static void mark_fired(struct timer *t)
{
	struct mark *m = container_of(t, struct mark, timer);

	m->fired_at = clock_monotonic_ns();
	fired[fired_count++ % sizeof(fired)] = m->name;
}

static void begin(void)
{
	memset(fired, 0, sizeof(fired));
	fired_count = 0;
}

static void wait_for(u32 count)
{
	for (unsigned ms = 0; ms < 1000 && READ_ONCE(fired_count) < count; ms++)
		delay_us(1000);
}

SELFTEST(time_timers_fire_in_order)
{
	static struct mark a = { .name = 'a' }, b = { .name = 'b' }, c = { .name = 'c' };
	u64 now = clock_monotonic_ns();

	begin();
	timer_init(&a.timer, mark_fired);
	timer_init(&b.timer, mark_fired);
	timer_init(&c.timer, mark_fired);
	timer_start(&b.timer, now + 4 * NSEC_PER_MSEC);
	timer_start(&c.timer, now + 6 * NSEC_PER_MSEC);
	timer_start(&a.timer, now + 2 * NSEC_PER_MSEC);
	wait_for(3);
	CHECK(str_eq(fired, "abc"));
	CHECK(a.fired_at >= now + 2 * NSEC_PER_MSEC);
	CHECK(c.fired_at >= now + 6 * NSEC_PER_MSEC);
	CHECK(!timer_pending(&a.timer));
}

SELFTEST(time_timer_past_fires)
{
	static struct mark a = { .name = 'a' };

	begin();
	timer_init(&a.timer, mark_fired);
	timer_start(&a.timer, 1);
	wait_for(1);
	CHECK(fired_count == 1);
}

SELFTEST(time_timer_cancel)
{
	static struct mark a = { .name = 'a' };

	begin();
	timer_init(&a.timer, mark_fired);
	CHECK(!timer_cancel(&a.timer));
	timer_start(&a.timer, clock_monotonic_ns() + 3 * NSEC_PER_MSEC);
	CHECK(timer_pending(&a.timer));
	CHECK(timer_cancel(&a.timer));
	CHECK(!timer_cancel_sync(&a.timer));
	timer_start(&a.timer, clock_monotonic_ns() + 3 * NSEC_PER_MSEC);
	timer_start(&a.timer, clock_monotonic_ns() + 500 * NSEC_PER_SEC); /* moved */
	delay_us(6000);
	CHECK(fired_count == 0);
	CHECK(timer_cancel_sync(&a.timer));
}

static u32 repeats;

static void repeat(struct timer *t)
{
	if (++repeats < 5)
		timer_start(t, t->expires + NSEC_PER_MSEC);
}

SELFTEST(time_timer_restarts_itself)
{
	static struct timer t;

	repeats = 0;
	timer_init(&t, repeat);
	timer_start(&t, clock_monotonic_ns() + NSEC_PER_MSEC);
	for (unsigned ms = 0; ms < 1000 && READ_ONCE(repeats) < 5; ms++)
		delay_us(1000);
	CHECK(repeats == 5);
	CHECK(!timer_cancel_sync(&t));
}
