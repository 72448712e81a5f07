/* SPDX-License-Identifier: MIT */
/*
 * Wait queues: the one mechanism under everything that blocks.
 *
 *   int err = wait_event(&q, KIND, condition);            0, -EINTR/-ERESTARTSYS
 *   int err = wait_event_until(&q, KIND, condition, deadline_ns);   also -ETIMEDOUT
 *   int err = wait_event_exclusive(&q, KIND, condition);  woken one at a time
 *   int err = wait_event_locked(&q, KIND, condition, &spinlock);    condition under the lock
 *
 * KIND names how the wait may end early: WAIT_INTERRUPTIBLE (a signal: -ERESTARTSYS,
 * which becomes a restart or EINTR as SA_RESTART says), WAIT_KILLABLE (a fatal
 * signal only: -EINTR, the task dies anyway), WAIT_UNINTERRUPTIBLE (short by construction).
 *
 * The waker changes the condition first, then calls wait_wake; the macros set the
 * task's state and queue it before they test the condition, so nothing is lost.  The
 * condition is evaluated several times, last when it is true or the wait has failed.
 */
#pragma once

#include <lib/list.h>
#include <sync/spinlock.h>
#include <sched/task_state.h>
#include <time/timer.h>

/* Inside the kernel only; never seen by user space. */
#ifndef ERESTARTSYS
#define ERESTARTSYS 512
#define ERESTARTNOINTR 513
#define ERESTARTNOHAND 514
#define ERESTART_RESTARTBLOCK 516
#endif

struct task;
struct wait_entry;

/*
 * Called by wait_wake with the queue's lock held, interrupts off.  `key` is what the waker
 * passed (poll events, futex key).  Returns true when it woke somebody (for exclusive counts).
 */
typedef bool (*wait_func)(struct wait_entry *e, u64 key);

enum { WAIT_ENTRY_EXCLUSIVE = 1 };

struct wait_entry {
	struct list link; /* queue's lock */
	wait_func func;
	struct task *task;
	u32 flags;
};

struct wait_queue {
	spinlock_t lock; /* taken with interrupts off; leaf but for run-queue locks */
	struct list entries;
};

#define WAIT_QUEUE_INIT(q) { SPINLOCK_INIT, LIST_INIT((q).entries) }

#define wait_queue_init(q)                                                     \
	do {                                                                   \
		spin_init(&(q)->lock);                                         \
		list_init(&(q)->entries);                                      \
	} while (0)

/* Any waiter? Needs a barrier after the condition's change; wait_wake does it itself. */
static inline bool wait_queue_active(const struct wait_queue *q)
{
	return !list_empty(&q->entries);
}

/* Calls all non-exclusive entries and up to `nr_exclusive` exclusive ones (0: all). Any context. */
void wait_wake_key(struct wait_queue *q, unsigned nr_exclusive, u64 key);
static inline void wait_wake(struct wait_queue *q) { wait_wake_key(q, 1, 0); }
static inline void wait_wake_all(struct wait_queue *q) { wait_wake_key(q, 0, 0); }

/* Entry management for those who wait on several queues (poll) or in their own way. */
bool wait_default_func(struct wait_entry *e, u64 key); /* wakes e->task and unlinks the entry */
void wait_entry_init(struct wait_entry *e, struct task *t);
void wait_add(struct wait_queue *q, struct wait_entry *e);    /* exclusive ones at the tail */
void wait_remove(struct wait_queue *q, struct wait_entry *e); /* no-op when unlinked */

/* Steps of the macros: queue (if not queued) and set state; leave the state and unlink. */
void wait_prepare(struct wait_queue *q, struct wait_entry *e, enum wait_kind kind);
void wait_finish(struct wait_queue *q, struct wait_entry *e);
/* Sleeps; 0, or the error when a signal of the kind is pending or the deadline (monotonic ns; 0: none) is past. */
int wait_block(enum wait_kind kind, u64 deadline_ns);
/* The same, the deadline being one of another clock, whose steps it follows. */
int wait_block_on(enum wait_kind kind, enum timer_clock clock, u64 deadline_ns);

/*
 * The loop behind all of them: `unlock` and `lock` are what is done around the sleep.  A condition
 * that has come true wins over a signal or the deadline, so that a wake-up meant for one
 * waiter is never lost with it.
 */
#define wait_event_loop(q, kind, cond, deadline, entry_flags, unlock, lock)    \
	({                                                                     \
		int err_ = 0;                                                  \
		if (!(cond)) {                                                 \
			struct wait_entry we_;                                 \
			wait_entry_init(&we_, NULL);                           \
			we_.flags = (entry_flags);                             \
			for (;;) {                                             \
				wait_prepare(q, &we_, kind);                   \
				if (cond)                                      \
					break;                                 \
				unlock;                                        \
				err_ = wait_block(kind, deadline);             \
				lock;                                          \
				if (cond)                                      \
					err_ = 0;                              \
				else if (!err_)                                \
					continue;                              \
				break;                                         \
			}                                                      \
			wait_finish(q, &we_);                                  \
		}                                                              \
		err_;                                                          \
	})

#define wait_event_until(q, kind, cond, deadline) \
	({                                                                     \
		might_sleep();                                                 \
		wait_event_loop(q, kind, cond, deadline, 0, (void)0, (void)0); \
	})

#define wait_event(q, kind, cond) wait_event_until(q, kind, cond, 0)

/* Woken one at a time: who changes the condition wakes as many as it is good for. */
#define wait_event_exclusive(q, kind, cond) \
	({                                                                     \
		might_sleep();                                                 \
		wait_event_loop(q, kind, cond, 0, WAIT_ENTRY_EXCLUSIVE, (void)0, (void)0); \
	})

/* `cond` is tested with `lock` held (spin_lock); it is held on return. */
#define wait_event_locked(q, kind, cond, lock) \
	wait_event_loop(q, kind, cond, 0, 0, spin_unlock(lock), spin_lock(lock))
