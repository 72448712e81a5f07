/* SPDX-License-Identifier: MIT */
/*
 * Read-copy-update: readers without locks, and frees that wait for them.
 *
 *   rcu_read_lock();                     no sleeping until the unlock
 *   p = rcu_load(&shared);
 *   ... use *p ...
 *   rcu_read_unlock();
 *
 *   rcu_store(&shared, new);             the writer excludes other writers
 *   call_rcu(&old->rcu, free_old);       or synchronize_rcu(); free(old);
 *
 * How grace periods are found is in rcu.c.
 */
#pragma once

#include <arch/cpu.h>
#include <debug/lockdep.h>
#include <sync/preempt.h>

struct rcu_head {
	struct rcu_head *next;
	void (*fn)(struct rcu_head *head);
};

static always_inline void rcu_read_lock(void)
{
	preempt_disable();
	lockdep_rcu_enter();
}
static always_inline void rcu_read_unlock(void)
{
	lockdep_rcu_leave();
	preempt_enable();
}

#define rcu_load(p) __atomic_load_n(p, __ATOMIC_CONSUME)
#define rcu_store(p, v) __atomic_store_n(p, v, __ATOMIC_RELEASE)

/*
 * Calls fn(head) when every reader that may have seen the object is done.  A few at a time are
 * called from a CPU's quiescent point in the scheduler, interrupts off; what is more, from a kernel
 * thread: fn must not sleep.  Any context but NMI.
 */
void call_rcu(struct rcu_head *head, void (*fn)(struct rcu_head *head));

/* The rest sleeps (sched/rcu_wait.c), and is not for call-backs of call_rcu. */

/* Waits for the readers there are now. */
void synchronize_rcu(void);
/* The same within microseconds, by interrupting all other CPUs. */
void synchronize_rcu_expedited(void);
/* Waits until all call-backs queued before, by any CPU, have been called. */
void rcu_barrier(void);

/* Does this CPU have anything to do with a grace period? */
extern u32 rcu_pending; /* PERCPU, atomic: others set it */
void rcu_quiescent_slow(void);

/*
 * This CPU holds no reader's section now.  The scheduler calls it at each switch of tasks
 * and whenever it is idle, interrupts off, at a place where freeing memory is allowed.
 */
static always_inline void rcu_note_quiescent(void)
{
	if (unlikely(this_cpu_read(rcu_pending)))
		rcu_quiescent_slow();
}

/*
 * An idle CPU counts as quiescent without being asked.  rcu_idle_enter: from here on, until the
 * next interrupt, this CPU reads nothing under RCU; false: there is something to do first, call
 * rcu_note_quiescent. Interrupts off.
 */
bool rcu_idle_enter(void);
extern u32 rcu_idle; /* PERCPU, atomic: 1 between rcu_idle_enter and the interrupt that ends it */
void rcu_idle_leave(void);
/* First thing in every interrupt. */
static always_inline void rcu_irq_enter(void)
{
	if (unlikely(this_cpu_read(rcu_idle)))
		rcu_idle_leave();
}

/* From the tick, interrupts off: true: this CPU should pass the scheduler soon. */
bool rcu_tick(void);

/* A CPU must pass the scheduler (also if it is idle): sched/ sets it to ipi_reschedule or the like. */
extern void (*rcu_kick_cpu)(unsigned cpu);
/* There is something for rcu_call_done(); set by sched/, interrupts off, none of its locks held. */
extern void (*rcu_wake_worker)(void);

/* For sched/rcu_wait.c. */

/* Calls up to `most` call-backs that are due and were left to the thread; true: there are more. */
bool rcu_call_done(unsigned most);
bool rcu_done_waiting(void);
/* A period that begins from now on; is it over? */
u64 rcu_period_want(void);
bool rcu_period_over(u64 period);
/* Asks all other CPUs to pass a quiescent point at once. Interrupts on. */
void rcu_hurry(void);
/* Calls fn(heads[cpu]) behind all call-backs queued now on each CPU. */
void rcu_queue_on_all(struct rcu_head *heads, void (*fn)(struct rcu_head *head));

/* Ticks (of 3 ms, as seen by one CPU) after which a grace period is reported as stalled. */
extern unsigned rcu_stall_ticks;
/* Called for each CPU that holds it up; set by the watchdog to dump what that CPU does. */
extern void (*rcu_stall_dump)(unsigned cpu);
