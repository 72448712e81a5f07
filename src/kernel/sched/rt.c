/* SPDX-License-Identifier: MIT */
/*
 * SCHED_FIFO and SCHED_RR: a list for each priority, a bit for each list that
 * is not empty.  A FIFO task runs until it blocks, yields or a higher one
 * comes; then it waits at the head of its list.  A RR task goes to the tail when its slice is over;
 * what it has left of its slice it keeps while a higher one runs.
 *
 * Real-time tasks together may use sched_rt_runtime_ns of each sched_rt_period_ns of a CPU (95 % of
 * a second) while fair tasks wait there: then the queue is throttled, and fair tasks come first until the
 * period is over.  If none wants the CPU, real-time tasks run on.
 */
#include <sched/internal.h>

#include <debug/log.h>
#include <lib/bits.h>

u64 sched_rt_period_ns = NSEC_PER_SEC;
u64 sched_rt_runtime_ns = 950 * NSEC_PER_MSEC;
u64 sched_rr_slice_ns = SCHED_RR_SLICE_NS;

void rt_insert(struct rq *rq, struct task *t, bool front)
{
	unsigned p = t->se.rt_priority;

	ASSERT_OP(p, <, RT_PRIORITIES);
	if (front)
		list_push_front(&rq->rt_lists[p], &t->se.rt_link);
	else
		list_push_back(&rq->rt_lists[p], &t->se.rt_link);
	rq->rt_bits[p / 64] |= BIT(p % 64);
	rq->rt_waiting++;
}

void rt_remove(struct rq *rq, struct task *t)
{
	unsigned p = t->se.rt_priority;

	list_remove(&t->se.rt_link);
	if (list_empty(&rq->rt_lists[p]))
		rq->rt_bits[p / 64] &= ~BIT(p % 64);
	rq->rt_waiting--;
}

/* The highest priority that waits; -1: none. */
int rt_highest(const struct rq *rq)
{
	if (rq->rt_bits[1])
		return 64 + (int)bit_last(rq->rt_bits[1]);
	return rq->rt_bits[0] ? (int)bit_last(rq->rt_bits[0]) : -1;
}

/* The most urgent waiting task above priority `above` that may run on `cpu`, or NULL. */
struct task *rt_find_movable(const struct rq *rq, unsigned cpu, int above)
{
	struct task *t;

	for (int p = rt_highest(rq); p > above; p--)
		list_for_each(t, &rq->rt_lists[p], se.rt_link)
			if (t->affinity >> cpu & 1)
				return t;
	return NULL;
}

/* The running real-time task `t` has been accounted: its time counts for the limit. */
void rt_charge(struct rq *rq, const struct task *t)
{
	rq->rt_time += t->se.sum_exec - rq->rt_mark;
	rq->rt_mark = t->se.sum_exec;
}

/* Begins a new period if the old one is over, and forgives what it allows. */
static void period_update(struct rq *rq, u64 now)
{
	u64 period = READ_ONCE(sched_rt_period_ns), runtime = READ_ONCE(sched_rt_runtime_ns);
	u64 n = (now - rq->rt_period_start) / period;

	if (runtime == ~0ULL) {
		rq->rt_time = 0;
		rq->rt_throttled = false;
	} else if (n) {
		rq->rt_period_start += n * period;
		rq->rt_time -= min(rq->rt_time, n > 1000 ? rq->rt_time : n * runtime);
		if (rq->rt_throttled && rq->rt_time < runtime) {
			rq->rt_throttled = false;
			if (rq->rt_waiting)
				sched_resched(rq);
		}
	}
}

/* At each tick of a CPU that is not idle; `curr` has been accounted. */
void rt_tick(struct rq *rq, struct task *curr, u64 now)
{
	struct sched_entity *se = &curr->se;

	if (se->class != SCHED_CLASS_RT) {
		if (unlikely(rq->rt_throttled))
			period_update(rq, now);
		return;
	}
	se->rt_run_ns += SCHED_SLICE_NS;
	period_update(rq, now);
	if (!rq->rt_throttled && rq->rt_time > READ_ONCE(sched_rt_runtime_ns)) {
		rq->rt_throttled = true;
		if (rq->fair_first)
			log_once(LOG_NOTICE, "sched: RT throttling activated on CPU %u", rq->cpu);
	}
	if (rq->rt_throttled && rq->fair_first)
		sched_resched(rq);
	if (se->policy == SCHED_RR && se->sum_exec - se->slice_start >= READ_ONCE(sched_rr_slice_ns)) {
		se->slice_start = se->sum_exec;
		rq->rr_expired = true;
		sched_resched(rq);
	}
}

/* Throttled, with fair tasks to run. `prev` has been accounted. */
static struct task *pick_throttled(struct rq *rq, struct task *prev, bool yield)
{
	if (!prev || prev->se.class == SCHED_CLASS_FAIR)
		return sched_pick_fair(rq, prev, yield);
	rt_charge(rq, prev);
	rq->rt_running = 0;
	rt_insert(rq, prev, !yield && !rq->rr_expired);
	rq->rr_expired = false;
	return sched_pick_fair(rq, NULL, false);
}

/* As sched_pick_fair, when a real-time task waits or is `prev`. */
struct task *rt_pick(struct rq *rq, struct task *prev, bool yield)
{
	bool prev_rt = prev && prev->se.class == SCHED_CLASS_RT;
	bool turn_over = yield || rq->rr_expired;
	int best = rt_highest(rq);
	struct task *next;

	if (unlikely(rq->rt_throttled && (rq->fair_first || (prev && !prev_rt))))
		return pick_throttled(rq, prev, yield);
	rq->rr_expired = false;
	if (prev_rt && (best < prev->se.rt_priority || (best == prev->se.rt_priority && !turn_over)))
		return prev;
	ASSERT_OP(best, >=, 0);
	next = list_first(&rq->rt_lists[best], struct task, se.rt_link);
	rt_remove(rq, next);
	if (prev_rt) {
		rt_charge(rq, prev);
		rt_insert(rq, prev, !turn_over);
	} else if (prev) {
		fair_insert(rq, prev);
	}
	rq->rt_mark = next->se.sum_exec;
	rq->rt_running = next->se.rt_priority;
	if (rq->rt_waiting && cpu_count > 1)
		rq->hook |= HOOK_PUSH;
	return next;
}
