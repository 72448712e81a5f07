/* SPDX-License-Identifier: MIT */
/*
 * Wait queues.
 *
 * Why no wake-up is lost:
 *
 *	waiter                          waker
 *	queue the entry (queue's lock)  change the condition
 *	state = sleeping                full barrier
 *	full barrier                    is anybody queued? then, under the queue's lock:
 *	test the condition                  task_wake(): state = running
 *	schedule()
 *
 * Either the waiter sees the new condition, or the waker sees the entry; and a
 * wake-up between the test and schedule() resets the state, so that schedule() returns.
 *
 * An entry lives on its waiter's stack.  A waker touches it only under the
 * queue's lock, and unlinks it last: wait_finish() may return without the lock
 * once both its pointers lead to itself.
 */
#include <sched/internal.h>

#include <linux/errno.h>
#include <time/timer.h>

/* The order of the two stores matters to unlinked(). */
static void unlink_last(struct wait_entry *e)
{
	struct list *l = &e->link;

	l->prev->next = l->next;
	l->next->prev = l->prev;
	WRITE_ONCE(l->next, l);
	atomic_store(&l->prev, l);
}

static bool unlinked(const struct wait_entry *e)
{
	return atomic_load(&e->link.prev) == &e->link && READ_ONCE(e->link.next) == &e->link;
}

bool wait_default_func(struct wait_entry *e, u64 key)
{
	bool woke = task_wake_irqs_off(e->task, TASK_WAITING, WAKE_SYNC);

	if (woke)
		unlink_last(e);
	return woke;
}

void wait_entry_init(struct wait_entry *e, struct task *t)
{
	list_init(&e->link);
	e->func = wait_default_func;
	e->task = t ? t : current;
	e->flags = 0;
}

/*
 * The queue's lock is held for a few instructions with interrupts off, which is enough:
 * preemption is not counted, but checked at the end where tasks have been woken.
 */
static always_inline u64 queue_lock(struct wait_queue *q)
{
	u64 flags = irq_save();

	spin_acquire(&q->lock);
	return flags;
}

static always_inline void queue_unlock(struct wait_queue *q, u64 flags)
{
	spin_release(&q->lock);
	irq_restore(flags);
}

static always_inline void link_entry(struct wait_queue *q, struct wait_entry *e)
{
	if (e->flags & WAIT_ENTRY_EXCLUSIVE)
		list_push_back(&q->entries, &e->link);
	else
		list_push_front(&q->entries, &e->link);
}

void wait_add(struct wait_queue *q, struct wait_entry *e)
{
	u64 flags = queue_lock(q);

	link_entry(q, e);
	queue_unlock(q, flags);
	memory_barrier(); /* the condition is tested next */
}

void wait_remove(struct wait_queue *q, struct wait_entry *e)
{
	if (unlinked(e))
		return;
	u64 flags = queue_lock(q);
	if (!list_empty(&e->link))
		list_remove(&e->link);
	queue_unlock(q, flags);
}

void wait_prepare(struct wait_queue *q, struct wait_entry *e, enum wait_kind kind)
{
	u64 flags = queue_lock(q);

	if (list_empty(&e->link))
		link_entry(q, e);
	queue_unlock(q, flags);
	sched_delay();
	atomic_exchange(&current->state, (u32)kind);
	sched_delay();
}

void wait_finish(struct wait_queue *q, struct wait_entry *e)
{
	WRITE_ONCE(current->state, TASK_RUNNING);
	wait_remove(q, e);
}

void wait_wake_key(struct wait_queue *q, unsigned nr_exclusive, u64 key)
{
	struct wait_entry *e, *next;

	memory_barrier(); /* the condition was changed before */
	if (!wait_queue_active(q))
		return;
	u64 flags = queue_lock(q);
	list_for_each_safe(e, next, &q->entries, link) {
		bool exclusive = e->flags & WAIT_ENTRY_EXCLUSIVE;
		if (e->func(e, key) && exclusive && --nr_exclusive == 0)
			break;
	}
	queue_unlock(q, flags);
	preempt_check();
}

static int interrupted(struct task *t, enum wait_kind kind)
{
	if (kind == WAIT_UNINTERRUPTIBLE || !task_signal_pending || !task_signal_pending(t, kind))
		return 0;
	return kind == WAIT_INTERRUPTIBLE ? -ERESTARTSYS : -EINTR;
}

struct sleep_timer {
	struct timer timer;
	struct task *task;
};

static void sleep_over(struct timer *t)
{
	task_wake(container_of(t, struct sleep_timer, timer)->task);
}

static noinline int block_until(struct task *t, enum timer_clock clock, u64 deadline_ns)
{
	struct sleep_timer s = { .task = t };
	u64 slack = t->se.class == SCHED_CLASS_RT || t->flags & TASKF_KERNEL ? 0 : t->timer_slack_ns;

	if (timer_clock_now(clock) >= deadline_ns)
		return -ETIMEDOUT;
	timer_init(&s.timer, sleep_over);
	timer_start_on(&s.timer, clock, deadline_ns, slack);
	schedule();
	if (timer_cancel_sync(&s.timer))
		return 0;
	return timer_clock_now(clock) >= deadline_ns ? -ETIMEDOUT : 0;
}

int wait_block(enum wait_kind kind, u64 deadline_ns)
{
	return wait_block_on(kind, TIMER_MONOTONIC, deadline_ns);
}

int wait_block_on(enum wait_kind kind, enum timer_clock clock, u64 deadline_ns)
{
	struct task *t = current;

	might_sleep();

	/* Every pending signal that counts has set a work bit; the rest is asked only then. */
	if (unlikely(READ_ONCE(t->work) & ~WORK_RESCHED)) {
		int err = interrupted(t, kind);
		if (err)
			return err;
	}
	if (likely(!deadline_ns)) {
		schedule();
		return 0;
	}
	return block_until(t, clock, deadline_ns);
}
