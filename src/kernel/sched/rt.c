/* SPDX-License-Identifier: MIT */
/*
 * SCHED_FIFO and SCHED_RR: a list for each priority, a bit for each list that
 * is not empty.  A FIFO task runs until it blocks, yields or a higher one
 * comes; then it waits at the head of its list.  A RR task goes to the tail when its slice is over.
 */
#include <sched/internal.h>

#include <lib/bits.h>

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

static int rt_highest(const struct rq *rq)
{
	if (rq->rt_bits[1])
		return 64 + bit_last(rq->rt_bits[1]);
	return rq->rt_bits[0] ? (int)bit_last(rq->rt_bits[0]) : -1;
}

/* Puts the running task back; a real-time one keeps its turn unless it has yielded or used it up. */
static void put_back(struct rq *rq, struct task *prev, bool turn_over)
{
	if (prev->se.class == SCHED_CLASS_RT)
		rt_insert(rq, prev, !turn_over);
	else
		fair_insert(rq, prev);
}

/* As pick_next, when a real-time task waits or is `prev`. */
struct task *rt_pick(struct rq *rq, struct task *prev, bool yield)
{
	bool turn_over = yield || rq->rr_expired;
	int best = rt_highest(rq);
	struct task *next;

	rq->rr_expired = false;
	if (prev && prev->se.class == SCHED_CLASS_RT &&
	    (best < prev->se.rt_priority || (best == prev->se.rt_priority && !turn_over)))
		return prev;
	ASSERT_OP(best, >=, 0);
	next = list_first(&rq->rt_lists[best], struct task, se.rt_link);
	rt_remove(rq, next);
	if (prev)
		put_back(rq, prev, turn_over);
	next->se.slice_start = next->se.sum_exec;
	return next;
}
