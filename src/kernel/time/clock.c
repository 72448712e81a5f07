/* SPDX-License-Identifier: MIT */
/*
 * The clocks.
 *
 * One counter is the clock: the TSC if it could be calibrated, else the best one
 * that a driver has registered.  Monotonic time is
 *
 *	base_ns + ((counter - base) & mask) * mult >> 32
 *
 * with a product of 128 bits, so that a 64-bit counter never has to be rebased.  The raw clock has
 * the same form with a rate that is never adjusted.  Real time is monotonic time plus an offset.
 *
 * The parameters are never changed in place: a new set is written to the next slot of a
 * ring and published by one store of the pointer.  A reader takes the pointer, computes, and
 * looks whether the pointer is still the same.  So it needs no lock, may be an NMI that struck in the
 * middle of a change, and is misled only if it was interrupted for exactly a round of the
 * ring, in the middle of its ten instructions.
 *
 * Whatever changes (rate, source, base), the new set gives at the moment of the change
 * what the old one gave: monotonic time has no steps.  A source is left for another one when
 * the watchdog or the check between CPUs refutes the TSC, or root writes its name to /sys.
 *
 * clock_page holds the same for user space, under a sequence count.
 */
#include <time/internal.h>

#include <arch/clock.h>
#include <arch/cpu.h>
#include <arch/upcall.h>
#include <debug/log.h>
#include <debug/panic.h>
#include <lib/format.h>
#include <lib/string.h>
#include <linux/errno.h>
#include <sync/atomic.h>
#include <sync/spinlock.h>
#include <time/timer.h>
#include <time/watchdog.h>

struct clock_params {
	u64 (*read)(void); /* NULL: the TSC */
	u64 mask;
	u64 base, mult, base_ns;
	u64 raw_mult, raw_ns; /* the unadjusted rate; the raw clock at `base` */
};

#define SLOTS 64

static struct clock_params slots[SLOTS];
static struct clock_params *params = &slots[0]; /* all zero: the time is 0 until clock_init */
static unsigned next_slot = 1;                  /* update_lock */
static spinlock_t update_lock = SPINLOCK_INIT;  /* interrupts off; one who changes anything here */

static u64 realtime_offset, tai_offset; /* update_lock to write */
static u64 set_count;                   /* the same */
static s64 rate;                        /* the same: see clock_set_rate */
static u64 tsc_hz;
static bool tsc_unstable;               /* update_lock to write; stays so */
static struct clock_source *sources;    /* by rating; the TSC is not among them */
static const struct clock_source *source; /* update_lock to write; NULL: the TSC */
static struct timer rebase_timer;
static u64 rebase_interval;             /* update_lock; 0: none needed */

struct clock_page clock_page = { .seq = 1 };

s64 (*clock_read_rtc)(void);
void (*clock_was_set)(void);

static inline u64 cycles_since(const struct clock_params *p)
{
	return ((p->read ? p->read() : cycles_now()) - p->base) & p->mask;
}

/* Apart from the common case, which so needs no stack. */
static noinline u64 read_other(void)
{
	const struct clock_params *p;
	u64 ns;

	do {
		p = READ_ONCE(params);
		ns = p->base_ns + mul_shift_32(cycles_since(p), p->mult);
		barrier();
	} while (READ_ONCE(params) != p);
	return ns;
}

u64 clock_monotonic_ns(void)
{
	const struct clock_params *p = READ_ONCE(params);
	u64 ns;

	if (unlikely(p->read))
		return read_other();
	ns = p->base_ns + mul_shift_32(cycles_now() - p->base, p->mult);
	barrier();
	return likely(READ_ONCE(params) == p) ? ns : read_other();
}

u64 clock_monotonic_raw_ns(void)
{
	const struct clock_params *p;
	u64 ns;

	do {
		p = READ_ONCE(params);
		ns = p->raw_ns + mul_shift_32(cycles_since(p), p->raw_mult);
		barrier();
	} while (unlikely(READ_ONCE(params) != p));
	return ns;
}

u64 clock_realtime_ns(void)
{
	return clock_monotonic_ns() + READ_ONCE(realtime_offset);
}

u64 clock_realtime_offset_ns(void)
{
	return READ_ONCE(realtime_offset);
}

u64 clock_tai_offset_ns(void)
{
	return READ_ONCE(tai_offset);
}

u64 clock_set_count(void)
{
	return READ_ONCE(set_count);
}

u64 clock_monotonic_coarse_ns(void)
{
	return READ_ONCE(clock_page.coarse_monotonic);
}

u64 clock_realtime_coarse_ns(void)
{
	return READ_ONCE(clock_page.coarse_monotonic) + READ_ONCE(realtime_offset);
}

/* Another CPU may be ahead by an interrupt's length; the clock does not go back for that. */
void clock_coarse_update(u64 now)
{
	u64 old = READ_ONCE(clock_page.coarse_monotonic);

	while (now > old && !__atomic_compare_exchange_n(&clock_page.coarse_monotonic, &old, now, true,
							 __ATOMIC_RELEASE, __ATOMIC_RELAXED))
		;
}

/* ---- changes; update_lock held ---- */

/* From here to page_end user space asks the kernel. */
static void page_begin(void)
{
	WRITE_ONCE(clock_page.seq, clock_page.seq | 1);
	memory_barrier();
}

/* Publishes for user space what is in force, if it can read the counter. */
static void page_end(void)
{
	struct clock_page *p = &clock_page;

	p->base_cycles = params->base;
	p->mult = params->mult;
	p->base_ns = params->base_ns;
	p->raw_mult = params->raw_mult;
	p->raw_ns = params->raw_ns;
	p->realtime_offset = realtime_offset;
	p->tai_offset = tai_offset;
	if (!params->read && params->mult)
		atomic_store(&p->seq, p->seq + 1);
}

static void publish(const struct clock_params *new)
{
	struct clock_params *slot = &slots[next_slot];

	next_slot = (next_slot + 1) % SLOTS;
	*slot = *new;
	page_begin();
	atomic_store(&params, slot);
	page_end();
}

/* The set in force, with its base moved to this moment. */
static struct clock_params rebased(void)
{
	struct clock_params p = *params;
	u64 cycles = cycles_since(&p);

	p.base_ns += mul_shift_32(cycles, p.mult);
	p.raw_ns += mul_shift_32(cycles, p.raw_mult);
	p.base = (p.base + cycles) & p.mask;
	return p;
}

/* 2^-16 ns per second are a part in 10^9 * 2^16: here in 2^-35, for the product's sake. */
static u64 adjusted(u64 mult)
{
	u64 part = ((u64)(rate < 0 ? -rate : rate) << 19) / NSEC_PER_SEC;
	u64 change = (u64)((unsigned __int128)mult * part >> 35);

	return rate < 0 ? mult - change : mult + change;
}

void clock_set_rate(s64 adjustment)
{
	IRQSPIN_GUARD(&update_lock);
	struct clock_params p = rebased();

	ASSERT(adjustment < 1LL << 44 && adjustment > -(1LL << 44));
	if (rate == adjustment)
		return;
	rate = adjustment;
	p.mult = adjusted(p.raw_mult);
	publish(&p);
}

/* A counter that wraps is rebased four times a round. */
static void rebase(struct timer *t)
{
	IRQSPIN_GUARD(&update_lock);
	struct clock_params p = rebased();

	if (!rebase_interval)
		return;
	publish(&p);
	timer_start(t, clock_monotonic_ns() + rebase_interval);
}

/* NSEC_PER_SEC << 32 must fit. */
BUILD_ASSERT(NSEC_PER_SEC < 1ULL << 32);

/* Goes over to `cs` (NULL: the TSC), at the time that it is. */
static void start_source(const struct clock_source *cs)
{
	unsigned bits = cs ? cs->bits : 64;
	struct clock_params p = rebased();

	p.read = cs ? cs->read : NULL;
	p.mask = bits >= 64 ? ~0ULL : (1ULL << bits) - 1;
	p.base = cs ? cs->read() & p.mask : cycles_now();
	p.raw_mult = (NSEC_PER_SEC << 32) / (cs ? cs->hz : tsc_hz);
	p.mult = adjusted(p.raw_mult);
	source = cs;
	publish(&p);
	rebase_interval = bits < 64 ? mul_shift_32((1ULL << bits) / 4, p.mult) : 0;
	if (rebase_interval)
		timer_start(&rebase_timer, p.base_ns + rebase_interval);
}

/* ---- the real-time clock ---- */

static void set_offset(u64 offset)
{
	page_begin();
	WRITE_ONCE(realtime_offset, offset);
	WRITE_ONCE(set_count, set_count + 1);
	page_end();
}

static void tell_of_step(void)
{
	timers_clock_was_set();
	if (clock_was_set)
		clock_was_set();
}

void clock_set_realtime(u64 ns)
{
	{
		IRQSPIN_GUARD(&update_lock);
		set_offset(ns - clock_monotonic_ns());
	}
	tell_of_step();
}

void clock_step_realtime(s64 by_ns)
{
	{
		IRQSPIN_GUARD(&update_lock);
		set_offset(realtime_offset + (u64)by_ns);
	}
	tell_of_step();
}

void clock_set_tai_offset(u64 seconds)
{
	{
		IRQSPIN_GUARD(&update_lock);
		page_begin();
		WRITE_ONCE(tai_offset, seconds * NSEC_PER_SEC);
		page_end();
	}
	timers_clock_was_set();
}

void clock_set_timezone(s32 minutes_west, s32 dst)
{
	IRQSPIN_GUARD(&update_lock);
	page_begin();
	clock_page.minutes_west = minutes_west;
	clock_page.dst = dst;
	page_end();
}

void clock_timezone(s32 *minutes_west, s32 *dst)
{
	IRQSPIN_GUARD(&update_lock);
	*minutes_west = clock_page.minutes_west;
	*dst = clock_page.dst;
}

/* ---- sources ---- */

void clock_source_register(struct clock_source *cs)
{
	struct clock_source **link = &sources;

	while (*link && (*link)->rating >= cs->rating)
		link = &(*link)->next;
	cs->next = *link;
	*link = cs;
	log_debug("clock: %s, %lu Hz, %u bits", cs->name, cs->hz, cs->bits);
}

#define RATING_TO_CHECK_WITH 150 /* the PIT is too slow to read, and needs a lock */

const struct clock_source *clock_reference(void)
{
	return sources && sources->rating > RATING_TO_CHECK_WITH ? sources : NULL;
}

bool clock_is_tsc(void)
{
	return !READ_ONCE(source);
}

static bool tsc_usable(void)
{
	return tsc_hz && !READ_ONCE(tsc_unstable);
}

const char *clock_source_available(unsigned i)
{
	const struct clock_source *cs = sources;

	if (tsc_usable() && i-- == 0)
		return "tsc";
	while (cs && i--)
		cs = cs->next;
	return cs ? cs->name : NULL;
}

static const struct clock_source *find_source(const char *name)
{
	const struct clock_source *cs = sources;

	while (cs && strcmp(cs->name, name))
		cs = cs->next;
	return cs;
}

int clock_source_choose(const char *name)
{
	const struct clock_source *cs = find_source(name);
	bool tsc = !strcmp(name, "tsc");

	{
		IRQSPIN_GUARD(&update_lock);
		if (tsc ? !tsc_usable() : !cs)
			return -EINVAL;
		if (cs == source)
			return 0;
		start_source(cs);
	}
	log_info("clock: %s is the clock now", name);
	return 0;
}

void clock_mark_unstable(const char *reason)
{
	bool changed = false;

	{
		IRQSPIN_GUARD(&update_lock);
		if (tsc_unstable)
			return;
		tsc_unstable = true;
		if (!source && sources) {
			start_source(sources);
			changed = true;
		}
	}
	log_warn("clock: the TSC cannot be trusted (%s); %s%s", reason, clock_source_name(),
		 changed ? " is the clock now" : clock_is_tsc() ? " stays the clock: there is no other" :
							      " is the clock");
}

void clock_forgive_tsc(void)
{
	WRITE_ONCE(tsc_unstable, false);
}

/*
 * What CPUID says of the TSC's frequency is exact, if it is true: a virtual machine may show the host's
 * CPUID and count otherwise. So it has to be near what was measured. 0: it is not.
 */
static u64 believable(u64 told, u64 measured)
{
	u64 apart = told > measured ? told - measured : measured - told;

	if (!told || !measured || apart < measured / 100)
		return told;
	log_warn("clock: the CPU says that its TSC has %lu MHz, but it has %lu", told / 1000000,
		 measured / 1000000);
	return 0;
}

void clock_init(void)
{
	struct clock_source *ref = sources;
	u64 told;

	if (!ref)
		panic("clock: neither HPET nor ACPI timer nor PIT to measure time by");
	timer_init(&rebase_timer, rebase);
	tsc_hz = clock_calibrate(ref->read, ref->hz, ref->bits);
	told = believable(clock_tsc_hz_from_cpu(), tsc_hz);
	if (told)
		tsc_hz = told;
	log_clock_ns = clock_monotonic_ns;
	{
		IRQSPIN_GUARD(&update_lock);
		start_source(tsc_hz ? NULL : ref);
	}
	if (tsc_hz)
		log_info("clock: TSC at %lu.%03lu MHz, %s %s", tsc_hz / 1000000, tsc_hz / 1000 % 1000,
			 told ? "as the CPU says; reference" : "measured by", ref->name);
	else
		log_warn("clock: the TSC does not count; %s is the clock", ref->name);
}

void upcall_tsc_unstable(u64 cycles)
{
	char reason[48];

	snprintf(reason, sizeof reason, "the CPUs differ by %lu cycles", (unsigned long)cycles);
	clock_mark_unstable(reason);
}

const char *clock_source_name(void)
{
	const struct clock_source *cs = READ_ONCE(source);

	return cs ? cs->name : "tsc";
}

u64 clock_tsc_hz(void)
{
	return tsc_hz;
}

void clock_realtime_init(void)
{
	s64 seconds = clock_read_rtc ? clock_read_rtc() : -1;

	if (seconds < 0) {
		log_warn("clock: no date from the machine's clock; it is 1970");
		seconds = 0;
	}
	{
		IRQSPIN_GUARD(&update_lock);
		set_offset((u64)seconds * NSEC_PER_SEC - clock_monotonic_ns());
	}
	clock_coarse_update(clock_monotonic_ns());
	ntp_init();
	clock_watchdog_start();
}

void delay_us(u64 us)
{
	u64 end = clock_monotonic_ns() + us * NSEC_PER_USEC;

	ASSERT(params->mult != 0);
	while (clock_monotonic_ns() < end)
		cpu_relax();
}
