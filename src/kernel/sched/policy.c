/* SPDX-License-Identifier: MIT */
/* What a user can set: policy, priority, nice value, the CPUs allowed. */
#include <sched/internal.h>

#include <linux/errno.h>

/*
 * Linux's weights of the nice values -20..19: about 1024 / 1.25^nice, so that a step is worth
 * about 10 % of a CPU that two tasks share.
 */
static const u32 nice_weights[40] = {
	88761, 71755, 56483, 46273, 36291, 29154, 23254, 18705, 14949, 11916,
	9548, 7620, 6100, 4904, 3906, 3121, 2501, 1991, 1586, 1277,
	1024, 820, 655, 526, 423, 335, 272, 215, 172, 137,
	110, 87, 70, 56, 45, 36, 29, 23, 18, 15,
};

void (*task_priority_changed)(struct task *t);

void sched_set_entity(struct sched_entity *se, unsigned policy, unsigned rt_priority, int nice)
{
	se->own_policy = policy;
	se->own_priority = rt_priority;
	if (se->boost > rt_priority) {
		policy = SCHED_FIFO;
		rt_priority = se->boost;
	}
	se->policy = policy;
	se->nice = nice;
	se->rt_priority = rt_priority;
	se->class = policy == SCHED_FIFO || policy == SCHED_RR ? SCHED_CLASS_RT : SCHED_CLASS_FAIR;
	se->weight = policy == SCHED_IDLE ? SCHED_WEIGHT_IDLE : nice_weights[nice + 20];
	se->inverse_weight = (u32)((1ULL << 32) / se->weight);
	se->vslice = SCHED_SLICE_NS * SCHED_WEIGHT_NICE_0 / se->weight;
}

/* Changes the entity of a task in any state; the run queue decides anew afterwards. */
static void change(struct task *t, unsigned policy, unsigned rt_priority, int nice)
{
	IRQ_GUARD();
	struct rq *rq = task_rq_lock(t);
	struct sched_entity *se = &t->se;
	bool waiting = se->on_rq && rq->curr != t;
	bool was_fair = se->class == SCHED_CLASS_FAIR;
	u64 now;

	if (rq->curr == t)
		sched_account(rq, t, clock_monotonic_ns());
	now = fair_vtime(rq);
	if (waiting)
		remove_waiting(rq, t);
	sched_set_entity(se, policy, rt_priority, nice);
	if (!was_fair) {
		se->vruntime = now;
		se->vlag = 0;
	}
	se->deadline = se->vruntime + se->vslice;
	se->slice_start = se->sum_exec;
	if (rq->curr == t) {
		rq->rt_mark = se->sum_exec;
		rq->rt_running = se->class == SCHED_CLASS_RT ? se->rt_priority : 0;
	}
	if (waiting)
		insert_waiting(rq, t);
	if (se->on_rq)
		sched_resched(rq);
	spin_release(&rq->lock);
}

int task_set_nice(struct task *t, int nice)
{
	nice = max(-20, min(nice, 19));
	change(t, t->se.own_policy, t->se.own_priority, nice);
	return 0;
}

void task_set_boost(struct task *t, unsigned rt_priority)
{
	ASSERT_OP(rt_priority, <, RT_PRIORITIES);
	t->se.boost = (u8)rt_priority; /* who boosts is one at a time; it counts from change() on */
	change(t, t->se.own_policy, t->se.own_priority, t->se.nice);
}

int task_set_policy(struct task *t, unsigned policy, unsigned rt_priority)
{
	switch (policy) {
	case SCHED_FIFO:
	case SCHED_RR:
		if (rt_priority < 1 || rt_priority >= RT_PRIORITIES)
			return -EINVAL;
		break;
	case SCHED_NORMAL:
	case SCHED_BATCH:
	case SCHED_IDLE:
		if (rt_priority != 0)
			return -EINVAL;
		break;
	default:
		return -EINVAL;
	}
	change(t, policy, rt_priority, t->se.nice);
	if (task_priority_changed)
		task_priority_changed(t);
	return 0;
}

/* Makes a task leave a CPU that it may not use; true when it is not there any more. */
static bool send_away(struct task *t)
{
	u64 flags = irq_save();
	struct rq *rq = task_rq_lock(t);
	bool here = t->se.on_rq && !(t->affinity >> rq->cpu & 1), runs = here && rq->curr == t;

	if (runs)
		sched_resched(rq); /* which makes it go: reschedule() looks at the affinity */
	spin_release(&rq->lock);
	if (here && !runs)
		balance_leave(t);
	irq_restore(flags);
	preempt_check();
	return !here;
}

int task_set_affinity(struct task *t, u64 cpus)
{
	u64 online = cpu_count >= 64 ? ~0ULL : (1ULL << cpu_count) - 1;

	ASSERT(preemptible());
	if (!(cpus & online) || (t->flags & TASKF_BOUND))
		return -EINVAL;
	u64 flags = irq_save();
	struct rq *rq = task_rq_lock(t);
	t->affinity = cpus;
	spin_release(&rq->lock);
	irq_restore(flags);
	while (!send_away(t))
		cond_resched();
	return 0;
}

u64 task_slice_ns(const struct task *t)
{
	if (t->se.own_policy == SCHED_RR)
		return READ_ONCE(sched_rr_slice_ns);
	return t->se.own_policy == SCHED_FIFO ? 0 : SCHED_SLICE_NS;
}
