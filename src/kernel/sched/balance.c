/* SPDX-License-Identifier: MIT */
/*
 * Which CPU a task runs on.
 *
 * At a wake-up (balance_choose_cpu): its last CPU if that idles; the waker's, if
 * the waker is alone there and believed to sleep soon (two that talk over a pipe share a
 * CPU and its caches, and need no interrupt); any idle one; else its last one.  A new
 * task goes to an idle CPU or the one with the fewest.  A real-time task goes to where the
 * least urgent task runs.
 *
 * Later, waiting tasks are moved:
 *	- a CPU that becomes idle takes from the longest queue (balance_idle, by the idle task);
 *	- the tick of a CPU where tasks wait wakes an idle one to do so, should there be any, since an
 *	  idle CPU has no tick;
 *	- every fourth tick a busy CPU compares its load (sum of weights) to the highest one, and
 *	  takes what makes the two more equal.  What makes them change places, as the third of three equal
 *	  tasks on two CPUs, is moved too, but seldom: so in the long run they share alike;
 *	- real-time tasks that wait are pushed to CPUs that run something less urgent, and pulled by
 *	  those that are about to (hooks of the switch).
 *
 * Only waiting tasks are moved.  A running task that has to leave (its affinity has
 * changed) is first switched away from: put into its queue, which nobody lets it run
 * from since that lock is held, and moved as soon as the next task has left its stack (HOOK_LEAVE).
 *
 * Two queues are locked in the order of their CPUs' numbers.  A task's vruntime is only
 * comparable within a queue; what moves is its distance to the queue's virtual time.
 *
 * idle_cpus is a hint, a bit for each CPU without a task; who sends a task there takes the bit
 * away, so that the next one looks for another CPU.
 */
#include <sched/internal.h>

#include <arch/cpu.h>
#include <lib/bits.h>

#define BALANCE_INTERVAL (4 * SCHED_SLICE_NS)
#define ROTATE_INTERVAL (50 * NSEC_PER_MSEC)
#define MOVE_MAX 8 /* tasks moved with two locks held */

static u64 idle_cpus; /* atomic */

static u64 cpus_online(void)
{
	return cpu_count >= 64 ? ~0ULL : (1ULL << cpu_count) - 1;
}

void balance_idle_begin(struct rq *rq)
{
	if (!(READ_ONCE(idle_cpus) & BIT(rq->cpu)))
		atomic_or(&idle_cpus, BIT(rq->cpu));
}

void balance_idle_end(struct rq *rq)
{
	if (READ_ONCE(idle_cpus) & BIT(rq->cpu))
		atomic_and(&idle_cpus, ~BIT(rq->cpu));
}

/* How urgent what it runs, or will next, is: -1 idle, 0 fair, else the real-time priority. */
static int urgency(const struct rq *rq)
{
	int now = READ_ONCE(rq->curr) == rq->idle ? -1 : (int)READ_ONCE(rq->rt_running);

	return max(now, rt_highest(rq));
}

static unsigned choose_for_rt(const struct task *t, u64 allowed)
{
	unsigned best = t->cpu;
	int least = allowed >> best & 1 ? urgency(cpu_rq(best)) : RT_PRIORITIES;

	for (u64 m = allowed; m && least >= 0; m &= m - 1) {
		unsigned c = bit_first(m);
		int u = urgency(cpu_rq(c));
		if (u < least) {
			least = u;
			best = c;
		}
	}
	return best;
}

static unsigned least_running(u64 allowed, unsigned preferred)
{
	unsigned best = allowed >> preferred & 1 ? preferred : bit_first(allowed);

	for (u64 m = allowed; m; m &= m - 1) {
		unsigned c = bit_first(m);
		if (READ_ONCE(cpu_rq(c)->nr_running) < READ_ONCE(cpu_rq(best)->nr_running))
			best = c;
	}
	return best;
}

/* Is the current task about to sleep, leaving its CPU to whom it wakes? */
static bool waker_leaves(void)
{
	const struct task *me = current;

	return !in_interrupt() && me->se.class == SCHED_CLASS_FAIR &&
	       me->se.short_runs >= SCHED_SHORT_RUNS && this_rq()->nr_running == 1;
}

unsigned balance_choose_cpu(struct task *t, enum wake_hint hint)
{
	u64 allowed = t->affinity & cpus_online(), idle = READ_ONCE(idle_cpus) & allowed;
	unsigned last = t->cpu, me = cpu_id();

	ASSERT(allowed);
	if (unlikely(t->se.class == SCHED_CLASS_RT))
		return choose_for_rt(t, allowed);
	if (hint == WAKE_SYNC && (allowed >> me & 1) && waker_leaves())
		return me;
	if (idle) {
		unsigned c = idle >> last & 1 ? last : bit_first(idle);
		atomic_and(&idle_cpus, ~BIT(c));
		return c;
	}
	if (t->se.sum_exec && (allowed >> last & 1))
		return last;
	return least_running(allowed, last);
}

static void lock_two(struct rq *a, struct rq *b)
{
	ASSERT_OP(a->cpu, !=, b->cpu);
	spin_acquire(a->cpu < b->cpu ? &a->lock : &b->lock);
	spin_acquire_nested(a->cpu < b->cpu ? &b->lock : &a->lock, 1);
}

static void unlock_two(struct rq *a, struct rq *b)
{
	spin_release(&a->lock);
	spin_release(&b->lock);
}

/* Moves `t`, which waits in `from`. Both locked. */
static void move_waiting(struct rq *from, struct rq *to, struct task *t)
{
	u64 shift = fair_vtime(to) - fair_vtime(from);

	ASSERT(t->se.on_rq && from->curr != t);
	ASSERT_OP(t->on_cpu, ==, 0);
	ASSERT_OP(t->cpu, ==, from->cpu);
	remove_waiting(from, t);
	from->nr_running--;
	t->se.vruntime += shift;
	t->se.deadline += shift;
	WRITE_ONCE(t->cpu, to->cpu);
	to->nr_running++;
	insert_waiting(to, t);
	if (sched_preempts(to, t))
		sched_resched(to);
}

/* Brings a task that waits where it may not run to a CPU where it may. Interrupts off. */
void balance_leave(struct task *t)
{
	for (;;) {
		struct rq *from = task_rq_lock(t), *to;
		bool stay = !t->se.on_rq || from->curr == t || (t->affinity >> from->cpu & 1);
		to = stay ? from : cpu_rq(t->se.class == SCHED_CLASS_RT ?
					  choose_for_rt(t, t->affinity & cpus_online()) :
					  least_running(t->affinity & cpus_online(), from->cpu));
		spin_release(&from->lock);
		if (stay)
			return;
		lock_two(from, to);
		if (t->cpu == from->cpu && t->se.on_rq && from->curr != t && (t->affinity >> to->cpu & 1))
			move_waiting(from, to, t);
		unlock_two(from, to);
	}
}

/* Real-time tasks that wait here go to CPUs that run something less urgent. */
static void push_rt(struct rq *rq)
{
	for (unsigned c = 0; c < cpu_count && READ_ONCE(rq->rt_waiting); c++) {
		struct rq *to = cpu_rq(c);
		struct task *t;
		if (to == rq || urgency(to) >= rt_highest(rq))
			continue;
		lock_two(rq, to);
		t = to->rt_throttled ? NULL : rt_find_movable(rq, c, urgency(to));
		if (t)
			move_waiting(rq, to, t);
		unlock_two(rq, to);
	}
}

/* The reverse, for a CPU that becomes less urgent. */
static bool pull_rt(struct rq *rq)
{
	bool got = false;

	for (unsigned c = 0; c < cpu_count; c++) {
		struct rq *from = cpu_rq(c);
		struct task *t;
		if (from == rq || !READ_ONCE(from->rt_waiting) || rt_highest(from) <= urgency(rq))
			continue;
		lock_two(from, rq);
		t = rq->rt_throttled ? NULL : rt_find_movable(from, rq->cpu, urgency(rq));
		if (t)
			move_waiting(from, rq, t);
		unlock_two(from, rq);
		got |= t != NULL;
	}
	return got;
}

/* The old task has left its stack, its queue is not locked any more. Interrupts off. */
void balance_after_switch(struct rq *rq, struct task *prev, u8 hooks)
{
	if (hooks & HOOK_BURY)
		task_bury(prev);
	if (hooks & HOOK_LEAVE) {
		balance_leave(prev);
		task_put(prev);
	}
	if (hooks & HOOK_WORKER)
		workqueue_slept(rq->cpu);
	if (hooks & HOOK_PUSH)
		push_rt(rq);
	if ((hooks & HOOK_PULL) && cpu_count > 1)
		(void)pull_rt(rq);
}

/* A waiting fair task of at most `weight` that may run on `cpu`: the one whose turn is last. */
static struct task *find_fair(struct rq *from, unsigned cpu, u64 weight)
{
	struct task *first = from->fair_first;
	struct rb_node *n = rb_last(&from->fair_tree.root);

	for (; n; n = rb_prev(n)) {
		struct task *t = rb_entry(n, struct task, se.node);
		if (t->se.weight <= weight && (t->affinity >> cpu & 1))
			return t;
	}
	return first && first->se.weight <= weight && (first->affinity >> cpu & 1) ? first : NULL;
}

bool balance_idle(struct rq *rq)
{
	struct rq *from = NULL;
	unsigned moved = 0;

	if (pull_rt(rq))
		return true;
	for (unsigned c = 0; c < cpu_count; c++)
		if (READ_ONCE(cpu_rq(c)->nr_running) > max(from ? READ_ONCE(from->nr_running) : 0U, 1U))
			from = cpu_rq(c);
	if (!from || from == rq)
		return false;
	lock_two(from, rq);
	do {
		struct task *t = from->nr_running < 2 ? NULL : find_fair(from, rq->cpu, ~0ULL);
		if (!t)
			break;
		move_waiting(from, rq, t);
	} while (++moved < MOVE_MAX && from->nr_running > rq->nr_running + 1);
	unlock_two(from, rq);
	return moved;
}

/* Sum of the weights of the fair tasks. Queue's lock held. */
static u64 load_of(const struct rq *rq)
{
	return fair_load_waiting(rq) +
	       (rq->curr->se.class == SCHED_CLASS_FAIR ? rq->curr->se.weight : 0);
}

/* About that, from outside: no task may be looked at without the lock, it may be gone. */
static u64 load_hint(const struct rq *rq)
{
	u64 waiting = READ_ONCE(rq->fair_tree.leftmost) ? READ_ONCE(rq->fair_load) :
		      READ_ONCE(rq->fair_first)		? SCHED_WEIGHT_NICE_0 :
							  0;
	return waiting + (READ_ONCE(rq->curr) != rq->idle ? SCHED_WEIGHT_NICE_0 : 0);
}

static void pull_load(struct rq *rq, u64 now)
{
	struct rq *from = NULL;
	u64 most = load_hint(rq);

	for (unsigned c = 0; c < cpu_count; c++)
		if (READ_ONCE(cpu_rq(c)->fair_first) && load_hint(cpu_rq(c)) > most) {
			from = cpu_rq(c);
			most = load_hint(from);
		}
	if (!from || from == rq)
		return;
	lock_two(from, rq);
	for (unsigned i = 0; i < MOVE_MAX; i++) {
		u64 here = load_of(rq), there = load_of(from);
		struct task *t = there > here ? find_fair(from, rq->cpu, (there - here) / 2) : NULL;
		if (!t && i == 0 && there > here && !time_before(now, rq->rotate_at)) {
			t = find_fair(from, rq->cpu, there - here);
			rq->rotate_at = now + ROTATE_INTERVAL;
		}
		if (!t)
			break;
		move_waiting(from, rq, t);
	}
	unlock_two(from, rq);
}

/* By the tick of a busy CPU, nothing locked. */
void balance_tick(struct rq *rq, u64 now)
{
	u64 idle = READ_ONCE(idle_cpus);

	if (idle && READ_ONCE(rq->nr_running) > 1) {
		unsigned c = bit_first(idle);
		atomic_and(&idle_cpus, ~BIT(c));
		ipi_reschedule(c);
	}
	if (READ_ONCE(rq->rt_waiting))
		push_rt(rq);
	if (time_before(now, rq->balance_at))
		return;
	rq->balance_at = now + BALANCE_INTERVAL;
	pull_load(rq, now);
}
