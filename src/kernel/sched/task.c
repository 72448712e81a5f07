/* SPDX-License-Identifier: MIT */
/*
 * The life of a task outside the run queues: made, started for the first time, freed.
 *
 * A task that has ended is still on its stack when it calls sched_exit(); whoever
 * runs next drops the scheduler's reference.  If that was the last one, the task cannot
 * be freed on the spot (interrupts are off): it joins the list of the dead, which the
 * next task_alloc() empties, or a worker once the list is long or a CPU idle.
 */
#include <sched/internal.h>

#include <arch/upcall.h>
#include <lib/string.h>
#include <mm/kmap.h>
#include <mm/slab.h>
#include <sched/workqueue.h>

#define DEAD_MAX 16 /* dead tasks before the worker is called */

void (*task_free_upper)(struct task *t);
void (*task_started_upper)(void);
void (*kthread_born)(struct task *t);
void (*kthread_ended)(struct task *t);

static struct slab_cache *task_cache;
static spinlock_t dead_lock = SPINLOCK_INIT; /* interrupts off */
static struct list dead = LIST_INIT(dead);   /* dead_lock: tasks to be freed, by se.rt_link */
static unsigned dead_count;                  /* dead_lock to change */
static void reap_work_fn(struct work *w);
static struct work reap_work;

static void free_now(struct task *t)
{
	ASSERT_OP(t->on_cpu, ==, 0);
	ASSERT(!t->se.on_rq);
	if (task_free_upper)
		task_free_upper(t);
	thread_free(t);
	kstack_free(t->stack);
	slab_free(task_cache, t);
}

static void free_later(struct task *t)
{
	bool many;
	{
		IRQSPIN_GUARD(&dead_lock);
		list_push_back(&dead, &t->se.rt_link);
		many = ++dead_count >= DEAD_MAX;
	}
	if (many)
		work_queue(&reap_work);
}

static void reap_dead(void)
{
	struct task *t, *next;
	struct list mine;

	list_init(&mine);
	{
		IRQSPIN_GUARD(&dead_lock);
		list_splice_back(&mine, &dead);
		dead_count = 0;
	}
	list_for_each_safe(t, next, &mine, se.rt_link)
		free_now(t);
}

static void reap_work_fn(struct work *w)
{
	reap_dead();
}

bool tasks_dead_waiting(void)
{
	return READ_ONCE(dead_count) != 0;
}

void tasks_reap_later(void)
{
	work_queue(&reap_work);
}

void task_bury(struct task *t)
{
	if (ref_put(&t->refs))
		free_later(t);
}

void task_free(struct task *t)
{
	if (likely(preemptible()))
		free_now(t);
	else
		free_later(t);
}

struct task *task_alloc(void)
{
	struct task *t;

	if (unlikely(tasks_dead_waiting()))
		reap_dead();
	t = slab_alloc(task_cache, ALLOC_ZERO);
	if (!t)
		return NULL;
	t->stack = kstack_alloc();
	if (!t->stack) {
		slab_free(task_cache, t);
		return NULL;
	}
	t->state = TASK_NEW;
	t->arch.stack_top = (u64)t->stack;
	t->arch.fpu_cpu = -1;
	ref_init(&t->refs, 1);
	spin_init(&t->objects_lock);
	list_init(&t->se.rt_link);
	list_init(&t->thread_link);
	list_init(&t->pending_list);
	list_init(&t->pi_owned);
	t->affinity = ~0ULL;
	t->timer_slack_ns = t->default_slack_ns = 50 * NSEC_PER_USEC;
	sched_set_entity(&t->se, SCHED_NORMAL, 0, 0);
	return t;
}

void upcall_thread_started(struct regs *user)
{
	sched_finish_switch();
	irq_enable();
	if (user && task_started_upper)
		task_started_upper();
}

static void kthread_main(void *arg)
{
	struct task *t = arg;

	t->kthread_fn(t->kthread_arg);
	if (!(t->flags & TASKF_KERNEL))
		return; /* it has become a user program: on to user mode */
	if (kthread_ended)
		kthread_ended(t);
	sched_exit();
}

static struct task *start_kthread(u64 affinity, const char *name, void (*fn)(void *), void *arg)
{
	struct task *t = task_alloc();

	if (!t)
		return NULL;
	t->flags = TASKF_KERNEL;
	if (affinity) {
		t->flags |= TASKF_BOUND;
		t->affinity = affinity;
	}
	strlcpy(t->comm, name, sizeof(t->comm));
	t->kthread_fn = fn;
	t->kthread_arg = arg;
	thread_init_kernel(t, kthread_main, t);
	if (kthread_born)
		kthread_born(t);
	task_start(t);
	return t;
}

struct task *kthread_start(const char *name, void (*fn)(void *), void *arg)
{
	return start_kthread(0, name, fn, arg);
}

struct task *kthread_start_on(unsigned cpu, const char *name, void (*fn)(void *), void *arg)
{
	ASSERT_OP(cpu, <, cpu_count);
	return start_kthread(1ULL << cpu, name, fn, arg);
}

char task_state_char(const struct task *t)
{
	u32 state = READ_ONCE(t->state);

	if (state & TASK_INTERRUPTIBLE)
		return 'S';
	if (state & (TASK_UNINTERRUPTIBLE | TASK_KILLABLE))
		return 'D';
	if (state & TASK_STOPPED)
		return 'T';
	if (state & TASK_TRACED)
		return 't';
	if (state & TASK_ZOMBIE)
		return 'Z';
	if (state & TASK_DEAD)
		return 'X';
	return t->flags & TASKF_IDLE ? 'I' : 'R';
}

void tasks_init(void)
{
	task_cache = slab_create("task", sizeof(struct task), 64);
	work_init(&reap_work, reap_work_fn);
}
