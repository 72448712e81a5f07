/* SPDX-License-Identifier: MIT */
/* Mutexes with priority inheritance, for user-space locks: see pi.c. */
#pragma once

#include <sched/task.h>

extern spinlock_t pi_lock; /* interrupts off; run-queue locks are inside */

struct pi_mutex {
	struct task *owner;            /* referenced; NULL */
	struct list owned_link;        /* in owner->pi_owned */
	struct rb_root_cached waiters; /* the highest priority first, then who came first */
};

struct pi_waiter {
	struct rb_node node;
	struct pi_mutex *mutex; /* NULL: it waits no more */
	struct task *task;
	unsigned priority;
	bool granted;           /* the mutex is its task's now */
	bool owner_died;        /* since the owner ended without giving it up */
};

/* pi_lock held for all of these. */
void pi_mutex_init(struct pi_mutex *m);
void pi_set_owner(struct pi_mutex *m, struct task *t); /* NULL: none */
/* The current task begins to wait. -EDEADLK: it would wait for itself; nothing has been done. */
int pi_enqueue(struct pi_mutex *m, struct pi_waiter *w);
void pi_dequeue(struct pi_waiter *w);
struct pi_waiter *pi_first(struct pi_mutex *m);
/* Gives the mutex to its first waiter, who is to be woken when the lock has been released. */
void pi_hand_over(struct pi_mutex *m, bool owner_died);

/* Takes the lock. */
void pi_priority_changed(struct task *t);
