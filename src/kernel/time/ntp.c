/* SPDX-License-Identifier: MIT */
/*
 * The discipline of the clock (adjtimex; RFC 5905 and RFC 1589): a program tells how far the clock is off, and
 * the kernel steers.  What steers, added up, is the rate of the clock:
 *
 *	tick       how much longer than 10 ms a hundredth of a second is to be: 100 ppm a microsecond
 *	frequency  the correction that is known to be right in the long run, up to 500 ppm
 *	offset     of the phase-locked loop: a part of what is left of it, each second
 *	adjust     adjtime(3)'s: up to 500 us each second, until it is done
 *
 * The last two, and leap seconds, want to be looked at once a second, at the full second of
 * real time: a timer does that only while there is anything to do.  The estimated error grows
 * with time; that is computed when somebody asks.
 */
#include <time/ntp.h>

#include <sync/spinlock.h>
#include <time/internal.h>
#include <time/timer.h>
#include <linux/errno.h>

#define TICK_USEC 10000L
#define TICK_USEC_MIN 9000L
#define TICK_USEC_MAX 11000L
#define PPM_PER_TICK_USEC 100L
#define RATE(ns) ((s64)(ns) * 65536) /* ns per second as clock_set_rate wants it */
#define FREQ_SHIFT 16
#define FREQ_MAX (500L << FREQ_SHIFT) /* ppm, as in struct timex */
#define ERROR_MAX 16000000L           /* us: from there on the clock counts as not synchronised */
#define ERROR_GROWS 500               /* us each second */
#define OFFSET_MAX (500 * (s64)NSEC_PER_MSEC)
#define ADJUST_STEP 500 /* us each second */
#define TIMECONST_MAX 10
#define TIMECONST_MICRO 4 /* what the old interface in microseconds means is that much more */
#define PLL_SHIFT 2
#define PLL_INTERVAL_MAX 2048 /* s between updates; longer ones are for the frequency loop */
#define TAI_MAX 100000
#define SECONDS_PER_DAY 86400

static struct {
	spinlock_t lock; /* interrupts off; protects all here; the clock's locks are inside */
	s64 freq;        /* ppm << 16 */
	s64 tick;        /* us */
	s64 offset;      /* ns that the loop has still to remove */
	s64 adjust;      /* us that adjtime has still to remove */
	s64 max_error, est_error; /* us */
	s64 constant;
	u64 error_at;    /* monotonic ns: when max_error was true */
	u64 updated_at;  /* monotonic s: last ADJ_OFFSET */
	int status, state;
	u32 tai;
	s64 phase;       /* ns in the second under way that the clock gains */
	struct timer timer;
} ntp = {
	.tick = TICK_USEC, .max_error = ERROR_MAX, .est_error = ERROR_MAX, .constant = 2,
	.status = STA_UNSYNC, .state = TIME_OK,
};

static inline s64 clamp_s64(s64 v, s64 low, s64 high)
{
	return v < low ? low : v > high ? high : v;
}

/* Lock held. */
static void set_rate(void)
{
	/* ppm << 16 is 1000 * 2^-16 ns a second */
	clock_set_rate(ntp.freq * 1000 + RATE((ntp.tick - TICK_USEC) * PPM_PER_TICK_USEC * 1000) +
		       RATE(ntp.phase));
}

static void grow_error(void)
{
	u64 now = clock_monotonic_ns(), seconds = (now - ntp.error_at) / NSEC_PER_SEC;

	ntp.error_at += seconds * NSEC_PER_SEC;
	ntp.max_error += (s64)min(seconds, (u64)ERROR_MAX) * ERROR_GROWS;
	if (ntp.max_error > ERROR_MAX) {
		ntp.max_error = ERROR_MAX;
		ntp.status |= STA_UNSYNC;
	}
}

/*
 * The leap second at the end of a UTC day, `second` being the first of a new one.  What the
 * clock has to be stepped by, in seconds.
 */
static int leap(u64 second)
{
	bool midnight = second % SECONDS_PER_DAY == 0, last = (second + 1) % SECONDS_PER_DAY == 0;

	switch (ntp.state) {
	case TIME_OK:
		ntp.state = ntp.status & STA_INS ? TIME_INS : ntp.status & STA_DEL ? TIME_DEL : TIME_OK;
		return 0;
	case TIME_INS:
		if (!(ntp.status & STA_INS)) {
			ntp.state = TIME_OK;
		} else if (midnight) {
			ntp.state = TIME_OOP;
			ntp.tai++;
			return -1;
		}
		return 0;
	case TIME_DEL:
		if (!(ntp.status & STA_DEL)) {
			ntp.state = TIME_OK;
		} else if (last) {
			ntp.state = TIME_WAIT;
			ntp.tai--;
			return 1;
		}
		return 0;
	case TIME_OOP:
		ntp.state = TIME_WAIT;
		return 0;
	default:
		if (!(ntp.status & (STA_INS | STA_DEL)))
			ntp.state = TIME_OK;
		return 0;
	}
}

/* The share of the second that begins. Lock held. */
static void next_phase(void)
{
	s64 step = clamp_s64(ntp.adjust, -ADJUST_STEP, ADJUST_STEP);
	s64 part = ntp.offset / (1L << (PLL_SHIFT + ntp.constant));

	ntp.adjust -= step;
	if (!part)
		part = ntp.offset;
	ntp.offset -= part;
	ntp.phase = part + step * (s64)NSEC_PER_USEC;
	set_rate();
}

static bool wanted(void)
{
	return ntp.offset || ntp.adjust || ntp.phase || ntp.state != TIME_OK ||
	       ntp.status & (STA_INS | STA_DEL);
}

/* At each full second of real time while anything is to be done. */
static void arm(void)
{
	if (wanted() && !timer_pending(&ntp.timer))
		timer_start_on(&ntp.timer, TIMER_REALTIME,
			       (clock_realtime_ns() / NSEC_PER_SEC + 1) * NSEC_PER_SEC, 0);
}

static void second_over(struct timer *t)
{
	int by;
	u32 tai;

	{
		IRQSPIN_GUARD(&ntp.lock);
		by = leap(clock_realtime_ns() / NSEC_PER_SEC);
		tai = ntp.tai;
		next_phase();
		if (!by)
			arm();
	}
	if (!by)
		return;
	clock_step_realtime(by * (s64)NSEC_PER_SEC);
	clock_set_tai_offset(tai);
	IRQSPIN_GUARD(&ntp.lock);
	arm();
}

static void set_status(int status)
{
	if (ntp.status & STA_PLL && !(status & STA_PLL)) {
		ntp.state = TIME_OK;
		ntp.status = STA_UNSYNC;
	}
	if (!(ntp.status & STA_PLL) && status & STA_PLL)
		ntp.updated_at = clock_monotonic_ns() / NSEC_PER_SEC;
	ntp.status = (ntp.status & STA_RONLY) | (status & ~STA_RONLY);
}

/* A measured offset: RFC 1589's hybrid of a phase-locked and a frequency-locked loop. */
static void set_offset(s64 ns)
{
	u64 now = clock_monotonic_ns() / NSEC_PER_SEC;
	s64 seconds, change = 0;

	if (!(ntp.status & STA_PLL))
		return;
	ns = clamp_s64(ns, -OFFSET_MAX, OFFSET_MAX);
	seconds = ntp.status & STA_FREQHOLD ? 0 : (s64)(now - ntp.updated_at);
	ntp.updated_at = now;
	ntp.status &= ~STA_MODE;
	if (seconds >= 256 && (ntp.status & STA_FLL || seconds > PLL_INTERVAL_MAX)) {
		ntp.status |= STA_MODE;
		/* A quarter of ns/s, in ppm << 16. */
		change = ns * 65536 / 1000 / (4 * seconds);
	}
	seconds = min(seconds, (s64)1 << (PLL_SHIFT + 1 + ntp.constant));
	change += ns * seconds * 65536 / 1000 / (1L << 2 * (PLL_SHIFT + 2 + ntp.constant));
	ntp.freq = clamp_s64(ntp.freq + change, -FREQ_MAX, FREQ_MAX);
	ntp.offset = ns;
}

static void apply(struct __kernel_timex *t)
{
	u32 m = t->modes;

	if (m & ADJ_STATUS)
		set_status(t->status);
	if (m & ADJ_NANO)
		ntp.status |= STA_NANO;
	if (m & ADJ_MICRO)
		ntp.status &= ~STA_NANO;
	if (m & ADJ_FREQUENCY)
		ntp.freq = clamp_s64(t->freq, -FREQ_MAX, FREQ_MAX);
	if (m & ADJ_MAXERROR) {
		ntp.max_error = clamp_s64(t->maxerror, 0, ERROR_MAX);
		ntp.error_at = clock_monotonic_ns();
	}
	if (m & ADJ_ESTERROR)
		ntp.est_error = clamp_s64(t->esterror, 0, ERROR_MAX);
	if (m & ADJ_TIMECONST) {
		ntp.constant = clamp_s64(t->constant, 0, TIMECONST_MAX);
		if (!(ntp.status & STA_NANO))
			ntp.constant = min(ntp.constant + TIMECONST_MICRO, (s64)TIMECONST_MAX);
	}
	if (m & ADJ_TAI && t->constant >= 0 && t->constant <= TAI_MAX)
		ntp.tai = (u32)t->constant;
	if (m & ADJ_OFFSET)
		set_offset(ntp.status & STA_NANO ? t->offset :
			   clamp_s64(t->offset, -OFFSET_MAX, OFFSET_MAX) * (s64)NSEC_PER_USEC);
	if (m & ADJ_TICK)
		ntp.tick = t->tick;
	set_rate();
}

static int report(struct __kernel_timex *t)
{
	bool nano = ntp.status & STA_NANO;
	u64 now = clock_realtime_ns();

	t->freq = ntp.freq;
	t->maxerror = ntp.max_error;
	t->esterror = ntp.est_error;
	t->status = ntp.status;
	t->constant = ntp.constant;
	t->precision = 1;
	t->tolerance = FREQ_MAX;
	t->tick = ntp.tick;
	t->tai = (int)ntp.tai;
	t->ppsfreq = t->jitter = t->stabil = t->jitcnt = t->calcnt = t->errcnt = t->stbcnt = 0;
	t->shift = 0;
	t->time.tv_sec = (s64)(now / NSEC_PER_SEC);
	t->time.tv_usec = (s64)(now % NSEC_PER_SEC / (nano ? 1 : NSEC_PER_USEC));
	return ntp.status & (STA_UNSYNC | STA_CLOCKERR) ? TIME_ERROR : ntp.state;
}

static int adjust_locked(struct __kernel_timex *t)
{
	IRQSPIN_GUARD(&ntp.lock);

	grow_error();
	if (t->modes & NTP_ADJTIME) {
		s64 left = ntp.adjust;
		if (!(t->modes & NTP_ADJTIME_READS))
			ntp.adjust = t->offset;
		t->offset = left;
	} else {
		if (t->modes)
			apply(t);
		t->offset = ntp.status & STA_NANO ? ntp.offset : ntp.offset / (s64)NSEC_PER_USEC;
	}
	arm();
	return report(t);
}

static int check(const struct __kernel_timex *t)
{
	s64 unit = t->modes & ADJ_NANO ? (s64)NSEC_PER_SEC : 1000000;

	if (!(t->modes & NTP_ADJTIME) && t->modes & ADJ_TICK &&
	    (t->tick < TICK_USEC_MIN || t->tick > TICK_USEC_MAX))
		return -EINVAL;
	if (t->modes & ADJ_SETOFFSET && (t->time.tv_usec < 0 || t->time.tv_usec >= unit))
		return -EINVAL;
	if (t->modes & ADJ_FREQUENCY && (t->freq > INT64_MAX / 65536000 || t->freq < INT64_MIN / 65536000))
		return -EINVAL;
	return 0;
}

/* Whole seconds and a fraction, as ADJ_SETOFFSET gives them; the result must be a time that can be set. */
static int step(const struct __kernel_timex *t)
{
	s64 unit = t->modes & ADJ_NANO ? 1 : (s64)NSEC_PER_USEC, seconds = t->time.tv_sec, by;
	s64 limit = INT64_MAX / (s64)NSEC_PER_SEC / 2;

	if (seconds > limit || seconds < -limit)
		return -EINVAL;
	by = seconds * (s64)NSEC_PER_SEC + t->time.tv_usec * unit;
	u64 new = clock_realtime_ns() + (u64)by;
	if ((s64)new < (s64)clock_monotonic_ns())
		return -EINVAL;
	clock_step_realtime(by);
	return 0;
}

int ntp_adjust(struct __kernel_timex *t)
{
	u64 tai = ntp.tai;
	int err = check(t);

	if (!err && t->modes & ADJ_SETOFFSET)
		err = step(t);
	if (err)
		return err;
	int state = adjust_locked(t);
	if (ntp.tai != tai)
		clock_set_tai_offset(ntp.tai);
	return state;
}

void ntp_init(void)
{
	timer_init(&ntp.timer, second_over);
}

void ntp_clear(void)
{
	IRQSPIN_GUARD(&ntp.lock);

	ntp.adjust = ntp.offset = ntp.phase = 0;
	ntp.status |= STA_UNSYNC;
	ntp.max_error = ntp.est_error = ERROR_MAX;
	ntp.error_at = clock_monotonic_ns();
	set_rate();
}
