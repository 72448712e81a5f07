/* SPDX-License-Identifier: MIT */
/*
 * Mutexes.  The owner word holds the owning task, and two bits:
 *
 *	MUTEX_WAITERS  somebody is queued: unlock has to look
 *	MUTEX_HANDOFF  the first in the queue was woken once and found the mutex taken
 *	               again: the next unlock gives it to that task directly
 *
 * Free and uncontended is 0, so that locking and unlocking is one
 * compare-and-swap each.  The bits are changed under the queue's lock; a task
 * that holds the mutex (or that finds it free) may change the rest.
 *
 * While the owner runs on another CPU it is likely to be done soon: a newcomer spins until the
 * owner stops running, or this CPU is wanted for something else.  One spins at a time
 * (`spinner`), the others queue.  Newcomers and the spinner may overtake the queue; but a queued
 * task that was woken and found the mutex taken gets it by hand-off, so it is overtaken once at most.
 * The owner may exit at any time and is never looked at: it runs if some CPU has it as `current`.
 */
#include <sched/mutex.h>

#include <linux/errno.h>
#include <sched/internal.h>
#include <sched/task.h>
#include <sync/atomic.h>

#define MUTEX_WAITERS 1UL
#define MUTEX_HANDOFF 2UL
#define MUTEX_BITS (MUTEX_WAITERS | MUTEX_HANDOFF)

bool mutex_held(const struct mutex *m)
{
	return (READ_ONCE(m->owner) & ~MUTEX_BITS) == (u64)current;
}

bool mutex_trylock(struct mutex *m)
{
	u64 old = 0;

	if (!atomic_cas(&m->owner, &old, (u64)current))
		return false;
	lockdep_acquire(LOCKDEP_MAP(m), 0, LOCKDEP_TRY, LOCKDEP_CALLER);
	return true;
}

/* Unlinks `e`; clears the bits with the last one. Queue's lock held. */
static void leave_queue(struct mutex *m, struct wait_entry *e)
{
	if (!list_empty(&e->link))
		list_remove(&e->link);
	if (list_empty(&m->waiters.entries))
		atomic_and(&m->owner, ~MUTEX_BITS);
	else
		atomic_and(&m->owner, ~MUTEX_HANDOFF);
}

/*
 * Takes the mutex if nobody owns it (or if it was handed to us), else makes sure
 * that unlock will look at the queue. Queue's lock held.
 */
static bool take_or_mark(struct mutex *m, u64 mark)
{
	u64 self = (u64)current, old = READ_ONCE(m->owner);

	for (;;) {
		u64 owner = old & ~MUTEX_BITS;
		if (owner == self)
			return true;
		if (atomic_cas(&m->owner, &old, owner ? old | mark : old | self)) {
			if (!owner)
				return true;
			return false;
		}
	}
}

static bool spin_for_mutex(struct mutex *m)
{
	unsigned cpu = 0;
	bool got = false;

	if (READ_ONCE(m->owner) & MUTEX_HANDOFF || atomic_exchange(&m->spinner, 1))
		return false;
	for (;;) {
		u64 old = READ_ONCE(m->owner), owner = old & ~MUTEX_BITS;
		if (old & MUTEX_HANDOFF || need_resched())
			break;
		if (!owner) {
			got = atomic_cas(&m->owner, &old, old | (u64)current);
			if (got)
				break;
			continue;
		}
		if (!task_is_running((struct task *)owner, &cpu))
			break;
		cpu_relax();
	}
	atomic_store(&m->spinner, 0);
	return got;
}

static noinline int lock_slow(struct mutex *m, enum wait_kind kind)
{
	struct wait_entry e;
	u64 mark = MUTEX_WAITERS;
	int err = 0;

	ASSERT(!mutex_held(m));
	if (cpu_count > 1 && spin_for_mutex(m))
		return 0;
	wait_entry_init(&e, NULL);
	e.flags = WAIT_ENTRY_EXCLUSIVE;
	for (;;) {
		u64 flags = spin_lock_irqsave(&m->waiters.lock);
		if (take_or_mark(m, mark) || err) {
			if (mutex_held(m))
				err = 0;
			leave_queue(m, &e);
			WRITE_ONCE(current->state, TASK_RUNNING);
			spin_unlock_irqrestore(&m->waiters.lock, flags);
			return err;
		}
		if (list_empty(&e.link))
			list_push_back(&m->waiters.entries, &e.link);
		WRITE_ONCE(current->state, (u32)kind);
		spin_unlock_irqrestore(&m->waiters.lock, flags);
		err = wait_block(kind, 0);
		mark = m->waiters.entries.next == &e.link ? MUTEX_BITS : MUTEX_WAITERS;
	}
}

static always_inline void lock(struct mutex *m, unsigned subclass)
{
	u64 old = 0;

	might_sleep();
	lockdep_acquire(LOCKDEP_MAP(m), subclass, 0, LOCKDEP_CALLER);
	if (unlikely(!atomic_cas(&m->owner, &old, (u64)current)))
		(void)lock_slow(m, WAIT_UNINTERRUPTIBLE);
}

void mutex_lock(struct mutex *m)
{
	lock(m, 0);
}

void mutex_lock_nested(struct mutex *m, unsigned subclass)
{
	lock(m, subclass);
}

int mutex_lock_killable(struct mutex *m)
{
	u64 old = 0;
	int err;

	might_sleep();
	lockdep_acquire(LOCKDEP_MAP(m), 0, 0, LOCKDEP_CALLER);
	if (likely(atomic_cas(&m->owner, &old, (u64)current)))
		return 0;
	err = lock_slow(m, WAIT_KILLABLE);
	if (err)
		lockdep_release(LOCKDEP_MAP(m));
	return err;
}

static noinline void unlock_slow(struct mutex *m)
{
	IRQSPIN_GUARD(&m->waiters.lock);
	struct wait_entry *e = list_first_or_null(&m->waiters.entries, struct wait_entry, link);
	u64 old = READ_ONCE(m->owner), new;

	do {
		new = old & MUTEX_WAITERS;
		if (e && (old & MUTEX_HANDOFF))
			new |= (u64)e->task;
	} while (!atomic_cas(&m->owner, &old, new));
	if (e)
		task_wake(e->task);
}

void mutex_unlock(struct mutex *m)
{
	u64 old = (u64)current;

	ASSERT(mutex_held(m));
	lockdep_release(LOCKDEP_MAP(m));
	if (unlikely(!atomic_cas(&m->owner, &old, 0)))
		unlock_slow(m);
}

/* Completions. */

/* Lets complete_all() get off the queue, which the caller may free now. */
static void completion_settle(struct completion *c)
{
	IRQSPIN_GUARD(&c->waiters.lock);
}

void completion_wait(struct completion *c)
{
	might_sleep();
	(void)wait_event(&c->waiters, WAIT_UNINTERRUPTIBLE, READ_ONCE(c->done));
	completion_settle(c);
}

int completion_wait_killable(struct completion *c)
{
	int err = wait_event(&c->waiters, WAIT_KILLABLE, READ_ONCE(c->done));

	completion_settle(c);
	return err;
}

void complete_all(struct completion *c)
{
	struct wait_entry *e, *next;
	IRQSPIN_GUARD(&c->waiters.lock);

	WRITE_ONCE(c->done, true);
	list_for_each_safe(e, next, &c->waiters.entries, link)
		e->func(e, 0);
}
