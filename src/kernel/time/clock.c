/* SPDX-License-Identifier: MIT */
/*
 * The clocks.
 *
 * One counter is the clock: the TSC if it could be calibrated, else the best one
 * that a driver has registered.  Monotonic time is
 *
 *	base_ns + ((counter - base) & mask) * mult >> 32
 *
 * with a product of 128 bits, so that a 64-bit counter never has to be rebased.  The
 * parameters are never changed in place: a new set is written to the next slot of a
 * small ring and published by one store of the pointer, so a reader needs no lock and no retry
 * (it would have to be interrupted for as long as several changes take).
 * Real time is monotonic time plus an offset.
 *
 * clock_page holds the same for user space, under a sequence count.
 */
#include <time/clock.h>

#include <arch/clock.h>
#include <arch/cpu.h>
#include <arch/upcall.h>
#include <debug/log.h>
#include <debug/panic.h>
#include <sync/atomic.h>
#include <sync/spinlock.h>
#include <time/timer.h>

struct clock_params {
	u64 (*read)(void); /* NULL: the TSC */
	u64 mask;
	u64 base, mult, base_ns;
};

#define SLOTS 8

static struct clock_params slots[SLOTS];
static struct clock_params *params = &slots[0]; /* all zero: the time is 0 until clock_init */
static unsigned next_slot = 1;                  /* update_lock */
static spinlock_t update_lock = SPINLOCK_INIT;  /* interrupts off; one who changes params or the offset */

static u64 realtime_offset;
static u64 tsc_hz;
static const char *source_name = "none";
static struct clock_source *sources;
static struct timer rebase_timer;
static u64 rebase_interval;

struct clock_page clock_page = { .seq = 1 };

s64 (*clock_read_rtc)(void);

static inline u64 mul_shift_32(u64 a, u64 b)
{
	return (u64)((unsigned __int128)a * b >> 32);
}

static noinline u64 read_other(const struct clock_params *p)
{
	return p->base_ns + mul_shift_32((p->read() - p->base) & p->mask, p->mult);
}

u64 clock_monotonic_ns(void)
{
	const struct clock_params *p = READ_ONCE(params);

	if (unlikely(p->read))
		return read_other(p);
	return p->base_ns + mul_shift_32(cycles_now() - p->base, p->mult);
}

u64 clock_realtime_ns(void)
{
	return clock_monotonic_ns() + READ_ONCE(realtime_offset);
}

u64 clock_realtime_offset_ns(void)
{
	return READ_ONCE(realtime_offset);
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

/* From here to page_end user space asks the kernel. update_lock held. */
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
	p->realtime_offset = realtime_offset;
	if (!params->read && params->mult)
		atomic_store(&p->seq, p->seq + 1);
}

/* update_lock held. */
static void publish(const struct clock_params *new)
{
	struct clock_params *slot = &slots[next_slot];

	next_slot = (next_slot + 1) % SLOTS;
	*slot = *new;
	page_begin();
	atomic_store(&params, slot);
	page_end();
}

void clock_set_realtime(u64 ns)
{
	IRQSPIN_GUARD(&update_lock);
	page_begin();
	WRITE_ONCE(realtime_offset, ns - clock_monotonic_ns());
	page_end();
}

void clock_source_register(struct clock_source *cs)
{
	struct clock_source **link = &sources;

	while (*link && (*link)->rating >= cs->rating)
		link = &(*link)->next;
	cs->next = *link;
	*link = cs;
	log_debug("clock: %s, %lu Hz, %u bits", cs->name, cs->hz, cs->bits);
}

/* A counter that wraps is rebased four times a round. */
static void rebase(struct timer *t)
{
	{
		IRQSPIN_GUARD(&update_lock);
		struct clock_params p = *params;
		u64 cycles = (p.read() - p.base) & p.mask;
		p.base_ns += mul_shift_32(cycles, p.mult);
		p.base = (p.base + cycles) & p.mask;
		publish(&p);
	}
	timer_start(t, t->expires + rebase_interval);
}

static void start(u64 (*read)(void), u64 hz, unsigned bits)
{
	struct clock_params p = {
		.read = read,
		.mask = bits >= 64 ? ~0ULL : (1ULL << bits) - 1,
		.mult = (NSEC_PER_SEC << 32) / hz,
		.base_ns = clock_monotonic_ns(),
	};

	p.base = read ? read() & p.mask : cycles_now();
	IRQSPIN_GUARD(&update_lock);
	publish(&p);
}

/* NSEC_PER_SEC << 32 must fit. */
BUILD_ASSERT(NSEC_PER_SEC < 1ULL << 32);

static void start_source(struct clock_source *cs)
{
	source_name = cs->name;
	start(cs->read, cs->hz, cs->bits);
	if (cs->bits >= 64)
		return;
	rebase_interval = mul_shift_32((1ULL << cs->bits) / 4, params->mult);
	timer_init(&rebase_timer, rebase);
	timer_start(&rebase_timer, clock_monotonic_ns() + rebase_interval);
}

void clock_init(void)
{
	struct clock_source *ref = sources;
	u64 told = clock_tsc_hz_from_cpu();

	if (!ref)
		panic("clock: neither HPET nor ACPI timer nor PIT to measure time by");
	tsc_hz = clock_calibrate(ref->read, ref->hz, ref->bits);
	if (told)
		tsc_hz = told;
	log_clock_ns = clock_monotonic_ns;
	if (tsc_hz) {
		source_name = "tsc";
		start(NULL, tsc_hz, 64);
		log_info("clock: TSC at %lu.%03lu MHz, %s %s", tsc_hz / 1000000, tsc_hz / 1000 % 1000,
			 told ? "as the CPU says; reference" : "measured by", ref->name);
		return;
	}
	log_warn("clock: the TSC does not count; %s is the clock", ref->name);
	start_source(ref);
}

/* Thread context. */
void upcall_tsc_unstable(u64 cycles)
{
	struct clock_source *cs = sources;

	if (params->read)
		return;
	if (!cs) {
		log_err("clock: the TSCs of the CPUs differ by %lu cycles, but there is no other clock", cycles);
		return;
	}
	log_warn("clock: the TSCs of the CPUs differ by %lu cycles; %s is the clock", cycles, cs->name);
	start_source(cs);
}

const char *clock_source_name(void)
{
	return source_name;
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
	clock_set_realtime((u64)seconds * NSEC_PER_SEC);
	clock_coarse_update(clock_monotonic_ns());
}

void delay_us(u64 us)
{
	u64 end = clock_monotonic_ns() + us * NSEC_PER_USEC;

	ASSERT(params->mult != 0);
	while (clock_monotonic_ns() < end)
		cpu_relax();
}
