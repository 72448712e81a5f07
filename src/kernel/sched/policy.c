/* SPDX-License-Identifier: MIT */
/* What a user can set: policy, priority, nice value, the CPUs allowed. */
#include <sched/internal.h>

#include <linux/errno.h>

/* 1024 / 1.25^nice, nice -20..19: a step of nice is worth about 10 % of a CPU that two tasks share. */
static const u32 nice_weights[40] = {
	88818, 71054, 56843, 45475, 36380, 29104, 23283, 18626, 14901, 11921,
	9537, 7629, 6104, 4883, 3906, 3125, 2500, 2000, 1600, 1280,
	1024, 819, 655, 524, 419, 336, 268, 215, 172, 137,
	110, 88, 70, 56, 45, 36, 29, 23, 18, 15,
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
	bool waiting = t->se.on_rq && rq->curr != t;
	bool was_fair = t->se.class == SCHED_CLASS_FAIR;

	if (waiting)
		remove_waiting(rq, t);
	else if (rq->curr == t)
		sched_account(rq, t, clock_monotonic_ns());
	sched_set_entity(&t->se, policy, rt_priority, nice);
	if (!was_fair)
		t->se.vruntime = rq->vtime;
	t->se.deadline = t->se.vruntime + t->se.vslice;
	t->se.slice_start = t->se.sum_exec;
	if (waiting)
		insert_waiting(rq, t);
	if (t->se.on_rq)
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

/* Takes effect at the task's next wake-up where it runs or waits now on a CPU that is ruled out. */
int task_set_affinity(struct task *t, u64 cpus)
{
	u64 online = cpu_count >= 64 ? ~0ULL : (1ULL << cpu_count) - 1;

	if (!(cpus & online))
		return -EINVAL;
	IRQ_GUARD();
	struct rq *rq = task_rq_lock(t);
	t->affinity = cpus;
	spin_release(&rq->lock);
	return 0;
}

u64 task_slice_ns(const struct task *t)
{
	if (t->se.own_policy == SCHED_RR)
		return SCHED_RR_SLICE_NS;
	return t->se.own_policy == SCHED_FIFO ? 0 : SCHED_SLICE_NS;
}
