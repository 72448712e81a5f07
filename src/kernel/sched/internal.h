/* SPDX-License-Identifier: MIT */
/* Run queues, shared by the files of sched/ alone. See sched.c for the theory. */
#pragma once

#include <arch/cpu.h>
#include <arch/irq.h>
#include <debug/panic.h>
#include <sched/task.h>
#include <sync/atomic.h>
#include <time/clock.h>
#include <linux/sched.h>

#define SCHED_SLICE_NS (3 * NSEC_PER_MSEC)     /* what a fair task gets at a time; also the tick */
#define SCHED_RR_SLICE_NS (100 * NSEC_PER_MSEC)
#define SCHED_SLEEPER_CREDIT (SCHED_SLICE_NS / 2)
#define SCHED_WAKE_MARGIN NSEC_PER_MSEC        /* virtual ns by which a woken task must be more urgent */
#define SCHED_WEIGHT_NICE_0 1024U
#define SCHED_WEIGHT_IDLE 3U
#define RT_PRIORITIES 100

/* Everything but `curr` itself waits in one of the structures; `curr` is in none. */
struct rq {
	spinlock_t lock; /* interrupts off; protects all below and the tasks' fields marked rq */
	u32 cpu;         /* imm */
	u32 nr_running;  /* on_rq tasks: waiting ones and curr, idle not counted */
	u32 rt_waiting;
	struct task *curr;
	struct task *idle;       /* imm after sched_init */
	struct mm *mm;           /* whose page tables are loaded; NULL: the kernel's own */
	struct task *fair_first; /* the most urgent waiting fair task ... */
	struct rb_root_cached fair_tree; /* ... and the others, by deadline */
	u64 vtime;               /* virtual time: where newcomers begin; never goes back */
	struct task *switched_from; /* set by the switch for its second half */
	u64 switches;
	s64 uninterruptible;     /* tasks that went to sleep so here, for the load average */
	bool tick_armed;         /* this CPU only */
	bool rr_expired;
	u64 tick_clock, tick_idle_ns; /* at the last tick */
	u64 user_ns, nice_ns, system_ns;
	u64 rt_bits[2];
	struct list rt_lists[RT_PRIORITIES];
};

extern struct rq run_queue; /* PERCPU */

/* Interrupts off. Read anew each time: the task may have moved since. */
static always_inline struct rq *this_rq(void)
{
	return (struct rq *)((u64)&run_queue + this_cpu_read(percpu_self));
}

static always_inline struct rq *cpu_rq(unsigned cpu)
{
	return per_cpu_ptr(run_queue, cpu);
}

/* The run queue that `t` belongs to, locked. Interrupts off. */
static inline struct rq *task_rq_lock(struct task *t)
{
	for (;;) {
		u32 cpu = READ_ONCE(t->cpu);
		struct rq *rq = cpu_rq(cpu);
		spin_acquire(&rq->lock);
		if (likely(READ_ONCE(t->cpu) == cpu))
			return rq;
		spin_release(&rq->lock);
	}
}

/* After something that may have asked for a reschedule. */
static always_inline void preempt_check(void)
{
	if (unlikely(this_cpu_read(preempt_state) == 0))
		preempt_reschedule();
}

static always_inline bool time_before(u64 a, u64 b)
{
	return (s64)(a - b) < 0;
}

/* ns of CPU time as virtual time of `se`. */
static always_inline u64 sched_virtual(const struct sched_entity *se, u64 ns)
{
	if (likely(se->weight == SCHED_WEIGHT_NICE_0))
		return ns;
	return (u64)((unsigned __int128)ns * se->inverse_weight >> 22);
}

/* fair.c: the waiting fair tasks. All with rq->lock held. */
void fair_insert_tree(struct rq *rq, struct task *t);
void fair_refill(struct rq *rq);
void fair_remove(struct rq *rq, struct task *t);

static always_inline void fair_insert(struct rq *rq, struct task *t)
{
	struct task *first = rq->fair_first;

	if (likely(!first)) {
		rq->fair_first = t;
		return;
	}
	if (time_before(t->se.deadline, first->se.deadline)) {
		rq->fair_first = t;
		t = first;
	}
	fair_insert_tree(rq, t);
}

static always_inline struct task *fair_take_first(struct rq *rq)
{
	struct task *t = rq->fair_first;

	if (likely(!rq->fair_tree.leftmost))
		rq->fair_first = NULL;
	else
		fair_refill(rq);
	return t;
}

/* Where in virtual time a task begins that has slept or is new. */
static always_inline void fair_place(struct rq *rq, struct sched_entity *se)
{
	u64 floor = rq->vtime - SCHED_SLEEPER_CREDIT;

	if (time_before(se->vruntime, floor))
		se->vruntime = floor;
	se->deadline = se->vruntime + se->vslice;
}

/* A new slice once the old one has been used up. */
static always_inline void fair_renew(struct sched_entity *se)
{
	if (!time_before(se->vruntime, se->deadline))
		se->deadline = se->vruntime + se->vslice;
}

/* rt.c */
void rt_insert(struct rq *rq, struct task *t, bool front);
void rt_remove(struct rq *rq, struct task *t);
struct task *rt_pick(struct rq *rq, struct task *prev, bool yield);

static always_inline void insert_waiting(struct rq *rq, struct task *t)
{
	if (likely(t->se.class == SCHED_CLASS_FAIR))
		fair_insert(rq, t);
	else
		rt_insert(rq, t, false);
}

static inline void remove_waiting(struct rq *rq, struct task *t)
{
	if (t->se.class == SCHED_CLASS_FAIR)
		fair_remove(rq, t);
	else
		rt_remove(rq, t);
}

/* sched.c */
void sched_resched(struct rq *rq); /* rq->curr is to give way; lock held */
void sched_account(struct rq *rq, struct task *t, u64 now);
void sched_finish_switch(void);

/* mutex.c */
void sched_wait_grace_period(void);

/* policy.c: sets policy, weight and class of a task that is not queued. */
void sched_set_entity(struct sched_entity *se, unsigned policy, unsigned rt_priority, int nice);

/* account.c */
void sched_tick(bool user);
void sched_account_init(void);
void sched_count_start(void);

/* task.c: drops the scheduler's reference of a task that has been switched from for the last time. */
void task_bury(struct task *t);
void tasks_init(void);
bool tasks_dead_waiting(void);
void tasks_reap_later(void);
