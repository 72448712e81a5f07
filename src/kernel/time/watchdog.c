/* SPDX-License-Identifier: MIT */
/*
 * The watchdog of the TSC.
 *
 * A TSC may stop in deep sleep, change its speed with the CPU's, or be written to by firmware.  So while it
 * is the clock, once in a while it and a reference (HPET, ACPI PM timer) are read at one
 * moment, and what passed on both since the last time is compared.
 *
 * A false alarm costs dearly, and a virtual machine invites it: between two instructions of ours
 * the host may run others for seconds, interrupts may be late by as much, and a machine that was
 * stopped may find that one of its counters went on and the other did not.  Therefore:
 *
 *  - The reference is read between two readings of the TSC.  The distance of these bounds the error,
 *    whatever happened between them.  The best of several is taken, and its error, and the last
 *    one's, are granted to the TSC: only what they cannot explain counts.
 *  - More than half a round of the reference: it may have wrapped unseen, nothing can be said.
 *  - One bad interval may be a jump (a machine stopped and gone on); a bad clock goes on being
 *    bad.  The TSC is given up after BAD_INTERVALS in a row that differ in the same direction.
 *
 * After GOOD_INTERVALS without a complaint the watchdog looks rarely only.
 */
#include <time/watchdog.h>

#include <arch/clock.h>
#include <arch/irqflags.h>
#include <debug/log.h>
#include <time/internal.h>
#include <time/timer.h>

#define INTERVAL_SOON (500 * NSEC_PER_MSEC)
#define INTERVAL_LATER (4 * NSEC_PER_SEC)
#define TOLERANCE_SHIFT 6 /* a 64th: calibration errs by far less, what is broken by far more */
#define TOLERANCE_MIN (10 * NSEC_PER_USEC)
#define READINGS 8
#define ERROR_FINE (20 * NSEC_PER_USEC) /* no need to read again */
#define BAD_INTERVALS 3
#define GOOD_INTERVALS 60

static struct {
	struct timer timer;
	struct watchdog_sample last; /* the timer's function and, in tests, who calls watchdog_look */
	u64 ref_last;                /* the reference's counter then */
	bool has_last;
	unsigned good, bad;
	bool ahead;                  /* the TSC, in the bad intervals so far */
	s64 skew;                    /* permille */
} dog;

static u64 round_ns(const struct clock_source *ref)
{
	return mul_shift_32(1ULL << ref->bits, (NSEC_PER_SEC << 32) / ref->hz);
}

static u64 tsc_ns(u64 cycles)
{
	u64 ns = mul_shift_32(cycles, (NSEC_PER_SEC << 32) / clock_tsc_hz());

	return ns + (u64)((s64)ns / 1000 * dog.skew);
}

/* Both counters at one moment, as close as a few tries get. Interrupts off. */
static struct watchdog_sample read_both(const struct clock_source *ref, u64 *counter)
{
	struct watchdog_sample best = { .error_ns = ~0ULL };

	for (unsigned i = 0; i < READINGS && best.error_ns > ERROR_FINE; i++) {
		u64 before = cycles_now(), value = ref->read(), after = cycles_now();
		u64 error = mul_shift_32(after - before, (NSEC_PER_SEC << 32) / clock_tsc_hz());
		if (error < best.error_ns) {
			best.clock_ns = tsc_ns(before + (after - before) / 2);
			best.error_ns = error;
			*counter = value;
		}
	}
	return best;
}

enum watchdog_verdict watchdog_judge(const struct watchdog_sample *from, const struct watchdog_sample *to,
				     u64 round)
{
	u64 clock = to->clock_ns - from->clock_ns, reference = to->reference_ns - from->reference_ns;
	u64 apart = clock > reference ? clock - reference : reference - clock;
	u64 errors = from->error_ns + to->error_ns;

	if (clock > round / 2 || reference > round / 2)
		return WATCHDOG_UNKNOWN;
	if (errors > max(clock, reference) / 4)
		return WATCHDOG_UNKNOWN; /* a machine too busy to measure anything */
	return apart > errors + TOLERANCE_MIN + (reference >> TOLERANCE_SHIFT) ? WATCHDOG_BAD : WATCHDOG_GOOD;
}

static void judge(const struct clock_source *ref, const struct watchdog_sample *now)
{
	enum watchdog_verdict v = watchdog_judge(&dog.last, now, round_ns(ref));
	u64 clock = now->clock_ns - dog.last.clock_ns, reference = now->reference_ns - dog.last.reference_ns;
	bool ahead = clock > reference;

	if (v == WATCHDOG_UNKNOWN)
		return;
	if (v == WATCHDOG_GOOD) {
		dog.good++;
		dog.bad = 0;
		return;
	}
	dog.good = 0;
	dog.bad = dog.bad && ahead != dog.ahead ? 1 : dog.bad + 1;
	dog.ahead = ahead;
	log_info("clock: in %lu us of %s the TSC counted %lu us", (unsigned long)(reference / NSEC_PER_USEC), ref->name,
		 (unsigned long)(clock / NSEC_PER_USEC));
	if (dog.bad >= BAD_INTERVALS)
		clock_mark_unstable(ahead ? "it gains" : "it loses");
}

bool watchdog_look(void)
{
	const struct clock_source *ref = clock_reference();
	struct watchdog_sample now;
	u64 counter = 0;

	if (!ref || !clock_is_tsc())
		return true;
	{
		IRQ_GUARD();
		now = read_both(ref, &counter);
	}
	u64 mask = (1ULL << ref->bits) - 1;
	now.reference_ns = dog.last.reference_ns +
			   mul_shift_32((counter - dog.ref_last) & mask, (NSEC_PER_SEC << 32) / ref->hz);
	if (dog.has_last)
		judge(ref, &now);
	dog.last = now;
	dog.ref_last = counter;
	dog.has_last = true;
	return !clock_is_tsc();
}

static void look(struct timer *t)
{
	u64 interval = dog.good < GOOD_INTERVALS ? INTERVAL_SOON : INTERVAL_LATER;
	const struct clock_source *ref = clock_reference();

	if (clock_is_tsc())
		watchdog_look();
	else
		dog.has_last = false; /* root may choose it again */
	timer_start(t, clock_monotonic_ns() + min(interval, round_ns(ref) / 4));
}

void watchdog_skew(s64 permille)
{
	dog.skew = permille;
	dog.has_last = false;
	dog.good = dog.bad = 0;
}

void clock_watchdog_start(void)
{
	if (!clock_reference() || !clock_tsc_hz())
		return;
	timer_init(&dog.timer, look);
	timer_start(&dog.timer, clock_monotonic_ns() + INTERVAL_SOON);
}
