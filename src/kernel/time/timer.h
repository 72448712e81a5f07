/* SPDX-License-Identifier: MIT */
/*
 * One-shot timers, per CPU, in trees by expiry; the earliest arms the CPU's local timer.
 * No periodic tick on an idle CPU.
 */
#pragma once

#include <lib/rbtree.h>
#include <time/clock.h>

/* What an expiry counts on.  The last two follow later steps of the real-time clock. */
enum timer_clock { TIMER_MONOTONIC, TIMER_REALTIME, TIMER_TAI, TIMER_CLOCKS };

struct timer {
	struct rb_node node;
	u64 expires;                 /* ns of its clock: not before */
	u64 latest;                  /* ns of its clock: the hardware is armed for this; the key in the tree */
	void (*fn)(struct timer *t); /* interrupt context, interrupts off, no lock held; may start it again */
	s32 cpu;                     /* whose queue it is on, or -1 */
	u16 last_cpu;                /* whose queue it was put on last */
	u8 clock;                    /* enum timer_clock */
};

void timer_init(struct timer *t, void (*fn)(struct timer *t));
/*
 * (Re)starts `t` to fire at `expires` (monotonic) on this CPU. A time in the past fires soon. Any context;
 * two starts of the same timer must not race with each other.
 */
void timer_start(struct timer *t, u64 expires);
/*
 * The same on any clock, and up to `slack` ns later, if that saves an interrupt: it fires along with
 * the first one that comes between.
 */
void timer_start_on(struct timer *t, enum timer_clock clock, u64 expires, u64 slack);
/* Stops `t`; true when it had been queued. Its fn may still be running on another CPU. */
bool timer_cancel(struct timer *t);
/* The same, and waits until fn has returned and `t` is on no queue. Not from fn. */
bool timer_cancel_sync(struct timer *t);
static inline bool timer_pending(const struct timer *t) { return t->cpu >= 0; }

/* What a clock is ahead of the monotonic one; now, on the clock. */
u64 timer_clock_offset(enum timer_clock clock);
static inline u64 timer_clock_now(enum timer_clock clock)
{
	return clock_monotonic_ns() + (likely(clock == TIMER_MONOTONIC) ? 0 : timer_clock_offset(clock));
}

/* On each CPU; timers that were started before begin to run. */
void timers_init(void);
/* The real-time clock or TAI's offset was set: all CPUs look at their queues again. No locks held. */
void timers_clock_was_set(void);

/* The scheduler's tick on this CPU: wanted in `ns` from now (0: none). sched/ registers sched_tick;
 * user: user code was interrupted. */
extern void (*timer_tick)(bool user);
void timer_tick_arm(u64 ns);

/* Timer interrupts that `cpu` has had. */
u64 timer_interrupts(unsigned cpu);
