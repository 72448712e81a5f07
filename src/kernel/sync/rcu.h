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
#include <sync/preempt.h>

struct rcu_head {
	struct rcu_head *next;
	void (*fn)(struct rcu_head *head);
};

static always_inline void rcu_read_lock(void) { preempt_disable(); }
static always_inline void rcu_read_unlock(void) { preempt_enable(); }

#define rcu_load(p) __atomic_load_n(p, __ATOMIC_CONSUME)
#define rcu_store(p, v) __atomic_store_n(p, v, __ATOMIC_RELEASE)

/*
 * Calls fn(head) when every reader that may have seen the object is done: from a CPU's
 * quiescent point (the scheduler), preemption off, interrupts on or off: it must not sleep.
 * Any context.
 */
void call_rcu(struct rcu_head *head, void (*fn)(struct rcu_head *head));
/* Waits for the readers there are now; sleeps through rcu_wait. */
void synchronize_rcu(void);

/* Does this CPU have anything to do with a grace period? */
extern u32 rcu_pending; /* PERCPU: atomic to interrupts of this CPU */
void rcu_quiescent_slow(void);

/*
 * This CPU holds no reader's section now.  The scheduler calls it at each switch of tasks
 * and whenever it is idle, at a place where freeing memory is allowed.
 */
static always_inline void rcu_note_quiescent(void)
{
	if (unlikely(this_cpu_read(rcu_pending)))
		rcu_quiescent_slow();
}

/* How synchronize_rcu sleeps: sched/ sets it to a function that returns after a grace period. */
extern void (*rcu_wait)(void);
/* An idle CPU must be made to pass a quiescent point: sched/ sets it to ipi_reschedule or the like. */
extern void (*rcu_kick_cpu)(unsigned cpu);
