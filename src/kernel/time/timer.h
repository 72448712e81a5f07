/* SPDX-License-Identifier: MIT */
/*
 * One-shot timers on the monotonic clock, per CPU, in a tree by expiry; the
 * earliest arms the CPU's local timer.  No periodic tick on an idle CPU.
 */
#pragma once

#include <lib/rbtree.h>

struct timer {
	struct rb_node node;
	u64 expires;                 /* monotonic ns */
	void (*fn)(struct timer *t); /* interrupt context, interrupts off, no lock held; may start it again */
	s32 cpu;                     /* whose queue it is on, or -1 */
};

void timer_init(struct timer *t, void (*fn)(struct timer *t));
/*
 * (Re)starts `t` to fire at `expires` on this CPU. A time in the past fires soon. Any context;
 * two starts of the same timer must not race with each other.
 */
void timer_start(struct timer *t, u64 expires);
/* Stops `t`; true when it had been queued. Its fn may still be running on another CPU. */
bool timer_cancel(struct timer *t);
/* The same, and waits until fn has returned. Not from fn. */
bool timer_cancel_sync(struct timer *t);
static inline bool timer_pending(const struct timer *t) { return t->cpu >= 0; }

/* On each CPU; timers that were started before begin to run. */
void timers_init(void);

/* The scheduler's tick on this CPU: wanted in `ns` from now (0: none). sched/ registers sched_tick;
 * user: user code was interrupted. */
extern void (*timer_tick)(bool user);
void timer_tick_arm(u64 ns);

/* Timer interrupts that `cpu` has had. */
u64 timer_interrupts(unsigned cpu);
