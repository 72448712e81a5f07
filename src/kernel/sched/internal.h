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

#define SCHED_SLICE_NS (3 * NSEC_PER_MSEC)     /* what a fair task asks for at a time; also the tick */
#define SCHED_RR_SLICE_NS (100 * NSEC_PER_MSEC)
#define SCHED_WAKE_MARGIN (NSEC_PER_MSEC * 7 / 10) /* virtual ns by which a woken task must be ahead */
#define SCHED_WEIGHT_NICE_0 1024U
#define SCHED_WEIGHT_IDLE 3U
#define RT_PRIORITIES 100

/* What is to be done once the next task has left the old one's stack (sched_after_switch). */
enum rq_hook {
	HOOK_BURY = 1,  /* the old task has ended */
	HOOK_LEAVE = 2, /* the old task may not run here any more */
	HOOK_PUSH = 4,  /* real-time tasks wait: does another CPU run something less urgent? */
	HOOK_WORKER = 16, /* the old task is a worker that has gone to sleep */
	HOOK_PULL = 8,  /* this CPU runs less urgent tasks than before: do real-time tasks wait elsewhere? */
};

/* Everything but `curr` itself waits in one of the structures; `curr` is in none. */
struct rq {
	spinlock_t lock; /* interrupts off; protects all below and the tasks' fields marked rq */
	u32 cpu;         /* imm */
	u32 nr_running;  /* on_rq tasks: waiting ones and curr, idle not counted */
	union {
		struct {
			u32 rt_waiting;
			u32 rt_running; /* priority of curr if it is a real-time task that goes on, else 0 */
		};
		u64 rt_any; /* both: 0 if there is nothing but fair tasks */
	};
	u8 hook;         /* enum rq_hook */
	bool resched;    /* curr is to give way: asked for since the last look at the queue */
	bool tick_armed; /* this CPU only */
	bool rr_expired;
	struct task *curr;
	struct task *idle;       /* imm after sched_init */
	struct mm *mm;           /* whose page tables are loaded; NULL: the kernel's own */
	struct task *switched_from; /* set by the switch for its second half */

	struct task *fair_first;    /* the waiting fair task with the earliest deadline ... */
	struct rb_root_cached fair_tree; /* ... and the others, by deadline, with the least vruntime below */
	u64 fair_base;           /* of the waiting fair tasks: vruntimes are taken relative to this, */
	s64 fair_sum;            /* sum of weight * (vruntime - fair_base), */
	u64 fair_load;           /* sum of weights; the three mean nothing while fewer than two wait */
	u64 vtime;               /* virtual time when the last fair task left */

	u64 switches;
	s64 uninterruptible;     /* tasks that went to sleep so here, for the load average */
	s64 iowait;              /* of these, those that wait for a device: may be negative on one CPU */
	bool idle_for_io;        /* some did when this CPU went idle */
	u64 tick_clock, tick_idle_ns, tick_irq_ns; /* at the last tick */
	u64 user_ns, nice_ns, system_ns, iowait_ns;
	u64 irq_ns;              /* this CPU only */
	u64 balance_at, rotate_at; /* this CPU only: when to look at the others again */

	bool rt_throttled;
	u64 rt_time, rt_period_start; /* ns of real-time tasks in this period */
	u64 rt_mark;             /* sum_exec of the running one when it was last charged */
	u64 rt_bits[2];
	struct list rt_lists[RT_PRIORITIES];
};

extern struct rq run_queue; /* PERCPU */

/*
 * In DEBUG builds with sched_delay=N on the command line: waits up to N cycles, now and then, where two
 * CPUs could miss each other.
 */
#ifdef CONFIG_DEBUG
void sched_delay(void);
#else
static always_inline void sched_delay(void) {}
#endif

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

/*
 * Does some CPU run `t`?  A hint, and all that may be asked about a task that may exit meanwhile.
 * *cpu: where it was found, and where the next call looks first.
 */
static inline bool task_is_running(const struct task *t, unsigned *cpu)
{
	if (READ_ONCE(*per_cpu_ptr(percpu_current, *cpu)) == t)
		return true;
	for (unsigned c = 0; c < cpu_count; c++)
		if (READ_ONCE(*per_cpu_ptr(percpu_current, c)) == t) {
			*cpu = c;
			return true;
		}
	return false;
}

#ifdef CONFIG_LOCKDEP
/* Logs the sleeping locks that `t` holds. */
void sched_dump_locks(struct task *t);
#else
static inline void sched_dump_locks(struct task *t) {}
#endif

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

/* fair.c. All with rq->lock held. */
void fair_insert_more(struct rq *rq, struct task *t);
void fair_remove(struct rq *rq, struct task *t);
struct task *fair_pick_many(struct rq *rq, struct task *prev, bool yield);
u64 fair_vtime(const struct rq *rq);
void fair_place_slow(struct rq *rq, struct sched_entity *se);
void fair_leave_slow(struct rq *rq, struct sched_entity *se);
bool fair_preempts_many(const struct rq *rq, const struct task *t);
void fair_rebase(struct rq *rq);

static always_inline void fair_insert(struct rq *rq, struct task *t)
{
	if (unlikely(rq->fair_first)) {
		fair_insert_more(rq, t);
		return;
	}
	rq->fair_first = t;
}

/* Sum of the weights of those that wait. */
static inline u64 fair_load_waiting(const struct rq *rq)
{
	return rq->fair_tree.leftmost ? rq->fair_load : rq->fair_first ? rq->fair_first->se.weight : 0;
}

/* Takes the only waiting one. */
static always_inline struct task *fair_take_only(struct rq *rq)
{
	struct task *t = rq->fair_first;

	rq->fair_first = NULL;
	return t;
}

/* Where in virtual time a task begins that has slept or is new. */
static always_inline void fair_place(struct rq *rq, struct sched_entity *se)
{
	const struct sched_entity *curr = &rq->curr->se;

	if (unlikely(rq->fair_first || se->vlag)) {
		fair_place_slow(rq, se);
	} else {
		u64 now = likely(curr->class == SCHED_CLASS_FAIR) ? curr->vruntime : rq->vtime;
		if (time_before(se->vruntime, now))
			se->vruntime = now;
	}
	se->deadline = se->vruntime + se->vslice;
}

/* The running task, accounted, goes to sleep: what is owed to it is kept. */
static always_inline void fair_leave(struct rq *rq, struct sched_entity *se)
{
	const struct task *first = rq->fair_first;

	if (!first)
		rq->vtime = se->vruntime;
	else if (rq->fair_tree.leftmost || time_before(se->vruntime, first->se.vruntime))
		fair_leave_slow(rq, se);
}

/* A new request once the old one has been served. */
static always_inline void fair_renew(struct sched_entity *se)
{
	if (!time_before(se->vruntime, se->deadline))
		se->deadline = se->vruntime + se->vslice;
}

/* rt.c. All with rq->lock held, but for the limits. */
void rt_insert(struct rq *rq, struct task *t, bool front);
void rt_remove(struct rq *rq, struct task *t);
struct task *rt_pick(struct rq *rq, struct task *prev, bool yield);
void rt_charge(struct rq *rq, const struct task *t);
void rt_tick(struct rq *rq, struct task *curr, u64 now);
int rt_highest(const struct rq *rq);
struct task *rt_find_movable(const struct rq *rq, unsigned cpu, int above);

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
bool sched_preempts(const struct rq *rq, const struct task *t);
struct task *sched_pick_fair(struct rq *rq, struct task *prev, bool yield);

/* A task that often sleeps soon after it has begun to run is believed to do so again. */
#define SCHED_SHORT_RUN (200 * NSEC_PER_USEC)
#define SCHED_SHORT_RUNS 4
static inline void balance_note_run(struct sched_entity *se, u64 ran)
{
	if (ran >= SCHED_SHORT_RUN)
		se->short_runs = 0;
	else if (se->short_runs < SCHED_SHORT_RUNS)
		se->short_runs++;
}

/* balance.c: which CPU a task runs on. Interrupts off; no run queue locked unless said. */
unsigned balance_choose_cpu(struct task *t, enum wake_hint hint); /* t's queue is locked */
void balance_after_switch(struct rq *rq, struct task *prev, u8 hooks);
bool balance_idle(struct rq *rq);  /* an idle CPU looks for work; true when it got some */
void balance_tick(struct rq *rq, u64 now);
void balance_leave(struct task *t);
void balance_idle_begin(struct rq *rq);
void balance_idle_end(struct rq *rq);

/* policy.c: sets policy, weight and class of a task that is not queued. */
void sched_set_entity(struct sched_entity *se, unsigned policy, unsigned rt_priority, int nice);

/* account.c */
void sched_tick(bool user);
void sched_account_init(void);
void sched_count_start(void);

/* workqueue.c: a worker of `cpu` sleeps. Interrupts off. */
void workqueue_slept(unsigned cpu);

/* task.c: drops the scheduler's reference of a task that has been switched from for the last time. */
void task_bury(struct task *t);
void tasks_init(void);
bool tasks_dead_waiting(void);
void tasks_reap_later(void);
