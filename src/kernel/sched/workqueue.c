/* SPDX-License-Identifier: MIT */
/* One kernel thread, "kworker", does all queued work in the order in which it was queued. */
#include <sched/workqueue.h>

#include <debug/panic.h>
#include <sched/mutex.h>
#include <sched/task.h>
#include <sync/atomic.h>

static spinlock_t lock = SPINLOCK_INIT; /* interrupts off; protects the list */
static struct list pending = LIST_INIT(pending);
static struct wait_queue wanted = WAIT_QUEUE_INIT(wanted);
static struct task *worker;

void work_queue(struct work *w)
{
	if (atomic_exchange(&w->queued, 1))
		return;
	u64 flags = spin_lock_irqsave(&lock);
	list_push_back(&pending, &w->link);
	spin_unlock_irqrestore(&lock, flags);
	wait_wake(&wanted);
}

static struct work *next_work(void)
{
	IRQSPIN_GUARD(&lock);
	struct work *w = list_first_or_null(&pending, struct work, link);

	if (w)
		list_remove(&w->link);
	return w;
}

static void worker_main(void *arg)
{
	for (;;) {
		struct work *w = next_work();
		if (!w) {
			(void)wait_event(&wanted, WAIT_INTERRUPTIBLE, !list_empty(&pending));
			continue;
		}
		atomic_store(&w->queued, 0); /* from here on it may be queued again */
		w->fn(w);
	}
}

struct flush {
	struct work work;
	struct completion done;
};

static void flush_reached(struct work *w)
{
	complete_all(&container_of(w, struct flush, work)->done);
}

void work_flush(void)
{
	struct flush f;

	ASSERT(current != worker);
	work_init(&f.work, flush_reached);
	completion_init(&f.done);
	work_queue(&f.work);
	completion_wait(&f.done);
}

void workqueue_init(void)
{
	worker = kthread_start("kworker", worker_main, NULL);
	VERIFY(worker);
}
