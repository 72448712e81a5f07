/* SPDX-License-Identifier: MIT */
/*
 * Queued work and its workers.
 *
 * Each CPU has a pool: a list of what is to be done, and kernel threads bound to the CPU
 * ("kworker/CPU:N").  As a rule one of them does everything in order.  Another is woken when work
 * waits and no worker that has begun something can run: when work is queued (pool_kick), and
 * when a worker goes to sleep in the middle of its work, which the scheduler tells us after it has
 * switched away from it (workqueue_slept).  A worker that sees itself to be the last one
 * with nothing to do makes a new one before it begins, so there is one to wake as long as there is
 * memory and they are fewer than WORKERS_MAX; then work waits until somebody is done.
 *
 * A worker's `doing` names the work that it has begun; it is compared, never followed, as
 * the work's function may free it.
 *
 * Locks: pool->lock with interrupts off, above wait queues and run queues.
 */
#include <sched/workqueue.h>

#include <debug/log.h>
#include <debug/panic.h>
#include <lib/format.h>
#include <sched/internal.h>

#define WORKERS_MAX 16

struct pool;

struct worker {
	struct pool *pool;  /* imm */
	struct task *task;  /* pool->lock; NULL until it has started */
	struct work *doing; /* pool->lock; NULL: nothing */
	u64 seq;            /* pool->lock: of `doing` */
};

struct pool {
	spinlock_t lock; /* interrupts off */
	unsigned cpu;    /* imm */
	struct list pending; /* lock */
	u64 seq;         /* lock: of the newest work */
	unsigned count, idle; /* lock: workers made; those with nothing to do */
	bool making;     /* lock: somebody makes a worker */
	bool wake;       /* lock: an idle worker has been called, and nobody has looked since */
	struct worker workers[WORKERS_MAX]; /* the first `count` */
	struct wait_queue wanted, done;
};

static struct pool pools[MAX_CPUS];

/* Pool's lock held. */
static bool is_being_done(const struct pool *p, const struct work *w)
{
	for (unsigned i = 0; i < p->count; i++)
		if (p->workers[i].doing == w)
			return true;
	return false;
}

/* The first that may be begun. Pool's lock held. */
static struct work *first_pending(const struct pool *p)
{
	struct work *w;

	list_for_each(w, &p->pending, link)
		if (!is_being_done(p, w))
			return w;
	return NULL;
}

/* Is an idle worker to be called? Pool's lock held. */
static bool needs_worker(const struct pool *p)
{
	if (!p->idle || p->wake || !first_pending(p))
		return false;
	for (unsigned i = 0; i < p->count; i++)
		if (p->workers[i].doing && READ_ONCE(p->workers[i].task->state) == TASK_RUNNING)
			return false; /* it will look for more */
	return true;
}

/* Interrupts off, nothing locked. */
static void pool_kick(struct pool *p)
{
	bool wake;

	spin_acquire(&p->lock);
	wake = needs_worker(p);
	p->wake |= wake;
	spin_release(&p->lock);
	if (wake)
		wait_wake(&p->wanted);
}

/* A worker has been switched away from in the middle of its sleep. Interrupts off. */
void workqueue_slept(unsigned cpu)
{
	struct pool *p = &pools[cpu];

	if (!list_empty(&p->pending))
		pool_kick(p);
}

/* The caller has set w->queued. It goes to where it runs now, should it. */
static void queue_on(unsigned cpu, struct work *w)
{
	u64 flags = irq_save();
	struct pool *p = &pools[READ_ONCE(w->cpu)];

	spin_acquire(&p->lock);
	if (p->cpu != cpu && !is_being_done(p, w)) {
		spin_release(&p->lock);
		p = &pools[cpu];
		spin_acquire(&p->lock);
	}
	WRITE_ONCE(w->cpu, p->cpu);
	w->seq = ++p->seq;
	list_push_back(&p->pending, &w->link);
	spin_release(&p->lock);
	pool_kick(p);
	irq_restore(flags);
	preempt_check();
}

void work_queue_on(unsigned cpu, struct work *w)
{
	if (!atomic_exchange(&w->queued, 1))
		queue_on(pools[cpu].count ? cpu : 0, w);
}

void work_queue(struct work *w)
{
	work_queue_on(cpu_id(), w);
}

static void worker_main(void *arg);

/* Interrupts on. False: no memory, or there are enough. */
static bool make_worker(struct pool *p)
{
	struct worker *w;
	char name[16];
	{
		IRQSPIN_GUARD(&p->lock);
		if (p->making || p->count == WORKERS_MAX)
			return false;
		p->making = true;
	}
	w = &p->workers[p->count];
	*w = (struct worker){ .pool = p };
	snprintf(name, sizeof(name), "kworker/%u:%u", p->cpu, p->count);
	struct task *t = kthread_start_on(p->cpu, name, worker_main, w);
	IRQSPIN_GUARD(&p->lock);
	if (t) {
		p->count++;
		p->idle++;
	}
	p->making = false;
	return t != NULL;
}

/* Begins the next work; NULL: there is none, and the worker is idle. */
static struct work *begin(struct worker *me, bool *alone)
{
	struct pool *p = me->pool;
	IRQSPIN_GUARD(&p->lock);
	struct work *w = first_pending(p);

	if (!w)
		return NULL;
	list_remove(&w->link);
	me->doing = w;
	me->seq = w->seq;
	p->idle--;
	p->wake = false;
	*alone = p->idle == 0;
	atomic_store(&w->queued, 0); /* from here on it may be queued again */
	return w;
}

static void end(struct worker *me)
{
	struct pool *p = me->pool;
	{
		IRQSPIN_GUARD(&p->lock);
		me->doing = NULL;
		p->idle++;
	}
	wait_wake_all(&p->done);
}

/* Called: the next one may be called, too. */
static bool take_call(struct pool *p)
{
	IRQSPIN_GUARD(&p->lock);
	p->wake = false;
	return first_pending(p) != NULL;
}

static void wait_for_work(struct pool *p)
{
	struct wait_entry e;

	wait_entry_init(&e, NULL);
	e.flags = WAIT_ENTRY_EXCLUSIVE;
	for (;;) {
		wait_prepare(&p->wanted, &e, WAIT_INTERRUPTIBLE);
		if (take_call(p))
			break;
		schedule();
	}
	wait_finish(&p->wanted, &e);
}

static void worker_main(void *arg)
{
	struct worker *me = arg;
	struct work *w;
	bool alone = false;

	me->task = current;
	current->flags |= TASKF_WORKER;
	for (;;) {
		w = begin(me, &alone);
		if (!w) {
			wait_for_work(me->pool);
			continue;
		}
		if (alone)
			(void)make_worker(me->pool);
		w->fn(w);
		end(me);
	}
}

struct flush_wait {
	struct pool *pool;
	u64 seq;
};

static bool flushed(const struct flush_wait *f)
{
	struct pool *p = f->pool;
	struct work *w;
	IRQSPIN_GUARD(&p->lock);

	list_for_each(w, &p->pending, link)
		if (w->seq <= f->seq)
			return false;
	for (unsigned i = 0; i < p->count; i++)
		if (p->workers[i].doing && p->workers[i].seq <= f->seq)
			return false;
	return true;
}

void work_flush(void)
{
	ASSERT(!(current->flags & TASKF_WORKER));
	for (unsigned c = 0; c < cpu_count; c++) {
		struct flush_wait f = { &pools[c], READ_ONCE(pools[c].seq) };
		if (pools[c].count)
			(void)wait_event(&pools[c].done, WAIT_UNINTERRUPTIBLE, flushed(&f));
	}
}

/* True: it was queued, and is not any more. False: it is not. */
static bool take_back(struct work *w)
{
	while (atomic_load(&w->queued)) {
		struct pool *p = &pools[READ_ONCE(w->cpu)];
		IRQSPIN_GUARD(&p->lock);
		if (w->cpu != p->cpu || list_empty(&w->link))
			continue; /* it is just being queued, or begun */
		list_remove(&w->link);
		atomic_store(&w->queued, 0);
		return true;
	}
	return false;
}

static bool not_being_done(struct work *w)
{
	struct pool *p = &pools[READ_ONCE(w->cpu)];
	IRQSPIN_GUARD(&p->lock);

	return !is_being_done(p, w);
}

bool work_cancel(struct work *w)
{
	bool was_queued = take_back(w);
	struct pool *p = &pools[READ_ONCE(w->cpu)];

	ASSERT(!(current->flags & TASKF_WORKER));
	(void)wait_event(&p->done, WAIT_UNINTERRUPTIBLE, not_being_done(w));
	return was_queued;
}

static void start(unsigned cpu)
{
	if (!make_worker(&pools[cpu]))
		log_err("workqueue: no worker for CPU %u", cpu);
}

void workqueue_init(void)
{
	for (unsigned c = 0; c < MAX_CPUS; c++) {
		pools[c].cpu = c;
		spin_init(&pools[c].lock);
		list_init(&pools[c].pending);
		wait_queue_init(&pools[c].wanted);
		wait_queue_init(&pools[c].done);
	}
	start(0);
}

void workqueue_init_others(void)
{
	for (unsigned c = 1; c < cpu_count; c++)
		start(c);
}
