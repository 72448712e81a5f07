/* SPDX-License-Identifier: MIT */
/*
 * The fair class: earliest eligible virtual deadline first (EEVDF, Stoica and
 * Abdel-Wahab, 1995), over the tasks of one run queue.
 *
 *	vruntime v	CPU time had, in virtual ns: ns * 1024 / weight
 *	virtual time V	the average of all v, weighted: what each would have had of an ideal CPU
 *	lag		V - v: what the queue owes to the task (positive) or it to the queue
 *	eligible	lag >= 0
 *	deadline d	v at which the request in service will be served: v + slice / weight
 *
 * Of those that are eligible the one with the earliest deadline runs.  A request is a slice of
 * 3 ms, so a heavier task has earlier deadlines, and nobody is ever further from its share than by
 * a slice and a tick.  The lags of all sum up to 0, so somebody is always eligible.
 *
 * V needs no division to compare with: with the sums over all tasks, the running one
 * included, of w and of w * (v - base),
 *
 *	v_i <= V   <=>   (v_i - base) * sum(w) <= sum(w * (v - base))
 *
 * The queue keeps both sums for the waiting tasks; the running one, whose v moves, is added when it
 * is asked for.  `base` follows v now and then (fair_rebase) to keep the products small.
 *
 * The waiting task with the earliest deadline is kept outside the tree: two tasks that take turns
 * touch neither tree nor sums, for with two, eligible is who has had less, whatever the weights
 * (internal.h has these cases inline).  The others are in a tree by deadline; each node knows the
 * least v below it, so the first eligible one is found in one descent:
 *
 *	          d=5 v=9 least 2               left's least is eligible: go left;
 *	         /               \              else this node, if it is;
 *	d=3 v=7 least 2      d=8 v=1 least 1    else right.
 *	  /
 *	d=2 v=2
 *
 * Sleepers keep their lag.  Who sleeps with something owed to it gets it back when it wakes
 * (vlag, at most two slices): v is put as far behind V as makes the lag the same once it is counted
 * in, which moves V.  Who sleeps with a debt keeps its v, and has paid when V has passed it.
 *
 * On a wake-up the running task is not accounted (that costs a look at the clock), so V is old by a
 * tick at most; in favour of who wakes, and once only, as v never goes back for it.
 */
#include <sched/internal.h>

#define node_task(n) rb_entry(n, struct task, se.node)

static bool update_least(struct rb_node *n)
{
	struct sched_entity *se = &node_task(n)->se;
	u64 least = se->vruntime;

	if (n->left && time_before(node_task(n->left)->se.least, least))
		least = node_task(n->left)->se.least;
	if (n->right && time_before(node_task(n->right)->se.least, least))
		least = node_task(n->right)->se.least;
	if (least == se->least)
		return false;
	se->least = least;
	return true;
}

static void tree_insert(struct rq *rq, struct task *t)
{
	struct rb_node **link = &rq->fair_tree.root.node, *parent = NULL;
	u64 deadline = t->se.deadline;
	bool leftmost = true;

	while (*link) {
		parent = *link;
		if (time_before(deadline, node_task(parent)->se.deadline)) {
			link = &parent->left;
		} else {
			link = &parent->right;
			leftmost = false;
		}
	}
	rb_link(&t->se.node, parent, link);
	if (leftmost)
		rq->fair_tree.leftmost = &t->se.node;
	rb_insert_augmented(&t->se.node, &rq->fair_tree.root, update_least);
}

static void tree_erase(struct rq *rq, struct task *t)
{
	if (rq->fair_tree.leftmost == &t->se.node)
		rq->fair_tree.leftmost = rb_next(&t->se.node);
	rb_erase_augmented(&t->se.node, &rq->fair_tree.root, update_least);
}

static s64 distance(const struct rq *rq, u64 vruntime)
{
	return (s64)(vruntime - rq->fair_base);
}

/* One more waiting task, where there is one already. */
void fair_insert_more(struct rq *rq, struct task *t)
{
	struct task *first = rq->fair_first;

	if (!rq->fair_tree.leftmost) {
		rq->fair_base = first->se.vruntime;
		rq->fair_sum = 0;
		rq->fair_load = first->se.weight;
	}
	rq->fair_sum += distance(rq, t->se.vruntime) * (s64)t->se.weight;
	rq->fair_load += t->se.weight;
	if (time_before(t->se.deadline, first->se.deadline)) {
		rq->fair_first = t;
		t = first;
	}
	tree_insert(rq, t);
}

void fair_remove(struct rq *rq, struct task *t)
{
	struct rb_node *leftmost = rq->fair_tree.leftmost;

	if (!leftmost) {
		rq->fair_first = NULL;
		return;
	}
	rq->fair_sum -= distance(rq, t->se.vruntime) * (s64)t->se.weight;
	rq->fair_load -= t->se.weight;
	if (rq->fair_first == t)
		t = rq->fair_first = node_task(leftmost);
	tree_erase(rq, t);
}

struct sums {
	u64 base;
	s64 sum, load;
};

static struct sums sums_waiting(const struct rq *rq)
{
	if (!rq->fair_tree.leftmost)
		return (struct sums){ rq->fair_first->se.vruntime, 0, rq->fair_first->se.weight };
	return (struct sums){ rq->fair_base, rq->fair_sum, (s64)rq->fair_load };
}

/* Those of the waiting tasks and, if it is a fair one that goes on, of `curr`. */
static struct sums sums_with(const struct rq *rq, const struct task *curr)
{
	struct sums s = sums_waiting(rq);

	if (curr && curr->se.class == SCHED_CLASS_FAIR) {
		s.sum += (s64)(curr->se.vruntime - s.base) * (s64)curr->se.weight;
		s.load += curr->se.weight;
	}
	return s;
}

static bool eligible(struct sums s, u64 vruntime)
{
	return (s64)(vruntime - s.base) * s.load <= s.sum;
}

/* The eligible waiting task with the earliest deadline, or NULL. */
static struct task *first_eligible(const struct rq *rq, struct sums s)
{
	struct rb_node *n = rq->fair_tree.root.node;

	if (eligible(s, rq->fair_first->se.vruntime))
		return rq->fair_first;
	while (n) {
		struct task *t = node_task(n);
		if (!eligible(s, t->se.least))
			return NULL;
		if (n->left && eligible(s, node_task(n->left)->se.least))
			n = n->left;
		else if (eligible(s, t->se.vruntime))
			return t;
		else
			n = n->right;
	}
	return NULL;
}

/*
 * As sched_pick_fair, with at least one waiting. One who yields comes after all others that
 * are eligible, or after the one that is next if none is.
 */
struct task *fair_pick_many(struct rq *rq, struct task *prev, bool yield)
{
	struct sums s = sums_with(rq, prev);
	struct task *best = first_eligible(rq, s);

	if (!best && (yield || !prev))
		best = rq->fair_first; /* none: rounding, or what yielded has pulled V down */
	if (prev && !yield &&
	    (!best || (eligible(s, prev->se.vruntime) &&
		       !time_before(best->se.deadline, prev->se.deadline))))
		return prev;
	fair_remove(rq, best);
	if (prev)
		fair_insert(rq, prev);
	return best;
}

static u64 average(struct sums s)
{
	return s.base + (u64)(s.sum / s.load);
}

/* V now; where there is no fair task, when the last one left. */
u64 fair_vtime(const struct rq *rq)
{
	const struct task *curr = rq->curr;

	if (rq->fair_first)
		return average(sums_with(rq, curr));
	return curr->se.class == SCHED_CLASS_FAIR ? curr->se.vruntime : rq->vtime;
}

static s64 lag_limit(const struct sched_entity *se)
{
	return (s64)(2 * se->vslice);
}

/*
 * Joining with weight w moves V by -lag' * w / (W + w), if lag' is the distance that v is put
 * behind; so lag' = lag * (W + w) / W.
 */
void fair_place_slow(struct rq *rq, struct sched_entity *se)
{
	bool running = rq->curr->se.class == SCHED_CLASS_FAIR;
	u64 now = fair_vtime(rq);
	s64 others = (s64)fair_load_waiting(rq) + (running ? rq->curr->se.weight : 0);

	if (se->vlag) {
		s64 lag = min(se->vlag, lag_limit(se));
		if (others)
			lag += lag * (s64)se->weight / others;
		se->vruntime = now - (u64)min(lag, 2 * lag_limit(se));
		se->vlag = 0;
	} else if (time_before(se->vruntime, now)) {
		se->vruntime = now;
	}
}

/* As fair_leave, when others wait. Their V without the leaving task is what goes on. */
void fair_leave_slow(struct rq *rq, struct sched_entity *se)
{
	struct sums others = sums_waiting(rq);
	s64 ahead = (s64)(se->vruntime - average(others));

	/* V - v is the distance to the others' V, times W / (W + w). */
	if (ahead < 0) {
		s64 behind = min(-ahead, 2 * lag_limit(se));
		se->vlag = min(behind * others.load / (others.load + se->weight), lag_limit(se));
	} else if (ahead > lag_limit(se)) {
		se->vruntime -= (u64)(ahead - lag_limit(se));
	}
}

/*
 * Does `t`, just made runnable and one of several that wait, come before the running task? Only if it is the
 * most urgent, eligible, and clearly ahead: switches cost something.
 */
bool fair_preempts_many(const struct rq *rq, const struct task *t)
{
	const struct sched_entity *curr = &rq->curr->se;
	struct sums s = sums_with(rq, rq->curr);

	if (rq->fair_first != t || !eligible(s, t->se.vruntime))
		return false;
	return time_before(t->se.deadline + SCHED_WAKE_MARGIN, curr->deadline) ||
	       !eligible(s, curr->vruntime - SCHED_WAKE_MARGIN);
}

/* Brings the base near the tasks, by the tick. */
void fair_rebase(struct rq *rq)
{
	s64 step;

	if (!rq->fair_tree.leftmost)
		return;
	step = rq->fair_sum / (s64)rq->fair_load;
	rq->fair_base += (u64)step;
	rq->fair_sum -= step * (s64)rq->fair_load;
}
