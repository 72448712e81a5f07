/* SPDX-License-Identifier: MIT */
/*
 * The scheduler: which task runs on a CPU, and the switch to it.
 *
 * Each CPU has a run queue (struct rq).  A task that can run is either the
 * queue's `curr` or waits in one of its structures: the real-time lists
 * (SCHED_FIFO, SCHED_RR: the highest priority first, rt.c) or the fair
 * class (SCHED_NORMAL, BATCH, IDLE: fair.c).  With none of them left the CPU runs its idle task,
 * which is in no structure.  Which CPU's queue a task is on is balance.c's matter.
 *
 * Three facts about a task, and who may change them:
 *
 *	state	what it wants. It sets a sleeping state itself, without a lock; a waker turns that into
 *		RUNNING by compare-and-swap, under the lock of the task's queue
 *	on_rq	it is curr or waits in a structure. Under the queue's lock: cleared by schedule() of the task
 *		itself, set by the waker that has changed the state
 *	on_cpu	a CPU is on its stack. Set before the switch to it, cleared after the switch away from it, both
 *		with the queue's lock held
 *
 * t->cpu names the queue; it changes under that queue's lock, and if the task is on_rq, under both
 * queues'.  task_rq_lock() therefore looks at it again once it has the lock.
 *
 * The lock of the queue is held from before schedule() looks at the state until the next task has
 * left the old one's stack (the lock passes from one to the other in the switch).  So
 *
 *	on_rq == 0, seen under the lock	   => on_cpu == 0: its registers are saved, it may run anywhere
 *	waits in a structure, under the lock => the same: it may be moved to another CPU
 *
 * and nobody ever waits for on_cpu.
 *
 * Why no wake-up is lost:
 *
 *	sleeper					waker
 *	1 state = sleeping			a condition = true
 *	2 full barrier (atomic exchange)	b full barrier (the queue's lock, or memory_barrier)
 *	3 condition? then state = RUNNING	c lock the task's queue
 *	4 schedule(): lock the queue,		d state sleeping? state = RUNNING;
 *	  state still sleeping? on_rq = 0	  on_rq == 0? put it on a queue, on_rq = 1
 *
 * By the barriers 3 sees a, or d sees 1.  In the second case c and 4 exclude each other: if the waker
 * is first, 4 finds RUNNING and does not sleep; if the sleeper is first, d finds on_rq == 0.  A preempted task
 * stays on its queue whatever its state is, and so may be preempted anywhere between 1 and 4.
 *
 * need_resched.  Who wants the CPU of a queue calls sched_resched() under its lock: `resched` is
 * set, and curr's WORK_RESCHED; then need_resched of this CPU, or an interrupt to the other, which sets
 * need_resched there.  need_resched is seen when preemption is enabled and when an
 * interrupt returns to the kernel, WORK_RESCHED on the way to user mode.  A second request sends nothing, for
 * `resched` stays set until the CPU looks at its queue with the lock held, which is after it has
 * cleared need_resched: a request before that look is served by it, one after it is a new one.
 * An interrupt that comes late is for nothing: without `resched` curr goes on.
 *
 * Idle.  An idle CPU looks, interrupts off, at need_resched and nr_running and then waits
 * with `sti; hlt`, which lets no interrupt slip in between.  A waker raises nr_running under the lock
 * before it sends its interrupt; so the CPU sees the number, or the interrupt ends the hlt.  It has
 * no tick; the tick runs while a task does, since user and system time are sampled by it.
 *
 * Work bits.  task_set_work() sets bits in t->work, then looks at on_cpu to decide on an
 * interrupt; the switch sets on_cpu, then the way to user mode looks at t->work.  Both with a
 * full barrier between, so one of them sees the other.
 *
 * Locks: rq->lock, taken with interrupts off, below every other lock but those of
 * timers and of the log.  Two of them: in the order of the CPUs' numbers.
 */
#include <sched/internal.h>

#include <arch/pagetable.h>
#include <arch/upcall.h>
#include <sync/rcu.h>
#include <time/timer.h>

PERCPU struct task *percpu_current;
PERCPU u32 preempt_state;
PERCPU struct rq run_queue;

bool (*task_signal_pending)(struct task *t, enum wait_kind kind);

enum switch_kind { SWITCH_BLOCK, SWITCH_PREEMPT, SWITCH_YIELD };

/* Returns the ns since the last time. */
static always_inline u64 account(struct task *t, u64 now)
{
	struct sched_entity *se = &t->se;
	u64 delta = now - se->exec_start;

	if (unlikely((s64)delta < 0))
		return 0; /* another CPU has accounted, and its clock is a little ahead */
	se->exec_start = now;
	se->sum_exec += delta;
	se->vruntime += sched_virtual(se, delta);
	return delta;
}

void sched_account(struct rq *rq, struct task *t, u64 now)
{
	account(t, now);
	if (unlikely(t->se.class == SCHED_CLASS_RT) && t == rq->curr)
		rt_charge(rq, t);
}

/*
 * The fair task to run next, taken out of its structure, when no real-time task is to run.
 * `prev` is the current task if it is fair and can go on (it is put into its structure when another is
 * chosen), else NULL.  With one other task the rules of fair.c come down to comparing the two.
 */
static always_inline struct task *pick_fair(struct rq *rq, struct task *prev, bool yield)
{
	struct task *first = rq->fair_first;

	if (!first) {
		if (!prev)
			return rq->idle;
		fair_renew(&prev->se);
		return prev;
	}
	if (!prev) {
		if (unlikely(rq->fair_tree.leftmost))
			return fair_pick_many(rq, NULL, false);
		return fair_take_only(rq);
	}
	fair_renew(&prev->se);
	if (unlikely(rq->fair_tree.leftmost))
		return fair_pick_many(rq, prev, yield);
	if (!yield) {
		s64 ahead = (s64)(prev->se.vruntime - first->se.vruntime);
		if (ahead < 0 || (ahead == 0 && !time_before(first->se.deadline, prev->se.deadline)))
			return prev;
	}
	fair_take_only(rq);
	fair_insert(rq, prev);
	return first;
}

struct task *sched_pick_fair(struct rq *rq, struct task *prev, bool yield)
{
	return pick_fair(rq, prev, yield);
}

static always_inline struct task *pick_next(struct rq *rq, struct task *prev, bool yield)
{
	if (unlikely(rq->rt_any))
		return rt_pick(rq, prev, yield);
	return pick_fair(rq, prev, yield);
}

/* Second half of a switch, on the new task's stack. Interrupts off. */
static always_inline void finish_switch(void)
{
	struct rq *rq = this_rq();
	struct task *prev = rq->switched_from;
	u8 hook = rq->hook;

	sched_delay();
	atomic_store(&prev->on_cpu, 0);
	spin_release(&rq->lock);
	if (unlikely(hook)) {
		rq->hook = 0; /* set by this CPU alone, interrupts off */
		balance_after_switch(rq, prev, hook);
	}
}

void sched_finish_switch(void)
{
	finish_switch();
}

static always_inline void load_mm(struct rq *rq, struct mm *mm)
{
	arch_mm_switch((struct arch_mm *)rq->mm, (struct arch_mm *)mm);
	rq->mm = mm;
}

static always_inline void switch_to(struct rq *rq, struct task *prev, struct task *next)
{
	if (next->mm && next->mm != rq->mm)
		load_mm(rq, next->mm);
	rq->curr = next;
	rq->switches++;
	rq->switched_from = prev;
	/* A full barrier: whoever gives `next` work bits sees this, or `next` them (task_set_work). */
	(void)atomic_exchange(&next->on_cpu, 1);
	this_cpu_write(percpu_current, next);
	thread_switch(prev, next);
	finish_switch();
}

static noinline void rt_leave(struct rq *rq, struct task *prev)
{
	rt_charge(rq, prev);
	prev->se.rt_run_ns = 0;
	rq->rt_running = 0;
	rq->hook |= HOOK_PULL;
}

/* Takes the current task off the queue, as its state says. */
static always_inline void block_current(struct rq *rq, struct task *prev, u64 ran)
{
	prev->se.on_rq = false;
	rq->nr_running--;
	if (unlikely(prev->flags & TASKF_WORKER))
		rq->hook |= HOOK_WORKER;
	if (likely(prev->se.class == SCHED_CLASS_FAIR))
		fair_leave(rq, &prev->se);
	else
		rt_leave(rq, prev);
	if (prev->state & (TASK_UNINTERRUPTIBLE | TASK_KILLABLE)) {
		rq->uninterruptible++;
		rq->iowait += prev->se.iowait;
	}
	if (unlikely(cpu_count > 1))
		balance_note_run(&prev->se, ran);
}

static noinline bool must_leave(struct rq *rq, struct task *t)
{
	atomic_and(&t->work, ~WORK_RESCHED);
	if (t->affinity >> rq->cpu & 1)
		return false;
	if (t->se.class == SCHED_CLASS_RT && t != rq->idle) {
		rt_charge(rq, t);
		rq->rt_running = 0;
		rq->hook |= HOOK_PULL;
	}
	return true;
}

static always_inline void idle_begin(struct rq *rq)
{
	rq->idle_for_io = rq->iowait > 0;
	if (unlikely(cpu_count > 1))
		balance_idle_begin(rq);
}

static always_inline void idle_end(struct rq *rq, u64 ran, u64 now)
{
	if (unlikely(rq->idle_for_io))
		rq->iowait_ns += ran;
	if (unlikely(cpu_count > 1))
		balance_idle_end(rq);
	tlb_idle_leave((struct arch_mm *)rq->mm);
	clock_coarse_update(now);
}

/* The heart. Interrupts off, preemption count 0. */
static always_inline void reschedule(enum switch_kind kind)
{
	struct rq *rq = this_rq();
	struct task *prev = rq->curr, *keep = prev, *next;
	bool leave = false, asked;
	u64 now, ran;

	ASSERT(!irqs_enabled());
	ASSERT_OP(this_cpu_read(preempt_state) & ~PREEMPT_NO_RESCHED, ==, 0);
	ASSERT_OP((u64)prev, ==, (u64)current);

	rcu_note_quiescent();
	sched_delay();
	spin_acquire(&rq->lock);
	now = clock_monotonic_ns();
	need_resched_clear();
	asked = rq->resched;
	rq->resched = false;
	if (unlikely(prev->work & WORK_RESCHED))
		leave = must_leave(rq, prev);
	ran = account(prev, now);
	if (kind == SWITCH_BLOCK && prev->state != TASK_RUNNING) {
		block_current(rq, prev, ran);
		keep = NULL;
		leave = false;
	} else if (unlikely(prev == rq->idle || leave)) {
		keep = NULL;
	} else if (kind != SWITCH_YIELD && !asked) {
		/* An interrupt of no consequence, or a wake-up has overtaken the sleep. */
		spin_release(&rq->lock);
		return;
	}
	next = pick_next(rq, keep, kind == SWITCH_YIELD);
	if (next == prev) {
		spin_release(&rq->lock);
		return;
	}
	if (unlikely(leave)) {
		insert_waiting(rq, prev);
		task_get(prev);
		rq->hook |= HOOK_LEAVE;
		keep = prev;
	}
	ASSERT(next && next->state != TASK_NEW);
	if (keep)
		prev->switches_involuntary++;
	else
		prev->switches_voluntary++;
	if (unlikely(prev->rseq))
		atomic_or(&prev->work, WORK_RSEQ);
	next->se.exec_start = now;
	if (unlikely(next == rq->idle)) {
		idle_begin(rq);
	} else {
		if (unlikely(!rq->tick_armed)) {
			rq->tick_armed = true;
			timer_tick_arm(SCHED_SLICE_NS);
		}
		if (prev == rq->idle)
			idle_end(rq, ran, now);
	}
	switch_to(rq, prev, next);
}

void schedule(void)
{
	u64 flags = irq_save();

	reschedule(SWITCH_BLOCK);
	irq_restore(flags);
}

void sched_yield_current(void)
{
	u64 flags = irq_save();

	if (this_rq()->nr_running > 1)
		reschedule(SWITCH_YIELD);
	irq_restore(flags);
}

/* One copy of the preempting variant, for both ways into it. */
static noinline void preempt_current(void)
{
	reschedule(SWITCH_PREEMPT);
}

void preempt_reschedule(void)
{
	if (!irqs_enabled())
		return;
	do {
		irq_disable();
		preempt_current();
		irq_enable();
	} while (unlikely(need_resched()));
}

void upcall_preempt(void)
{
	do {
		preempt_current();
	} while (unlikely(need_resched()));
}

static void preempt_count_reset(void)
{
	u32 state = this_cpu_read(preempt_state);

	this_cpu_write(preempt_state, state & PREEMPT_NO_RESCHED);
}

noreturn void sched_exit(void)
{
	struct task *t = current;

	lockdep_nothing_held("at the end of a task");
	irq_disable();
	preempt_count_reset(); /* the caller may have kept preemption off while it became a zombie */
	t->flags |= TASKF_EXITING;
	WRITE_ONCE(t->state, t->flags & TASKF_KERNEL ? TASK_DEAD : TASK_ZOMBIE);
	this_rq()->hook |= HOOK_BURY;
	reschedule(SWITCH_BLOCK);
	panic("task %s ran after its end", t->comm);
}

/* Once asked, an interrupt is under way or need_resched is set, until the CPU looks at its queue. */
void sched_resched(struct rq *rq)
{
	struct task *curr = rq->curr;

	if (rq->resched)
		return;
	rq->resched = true;
	if (curr != rq->idle)
		atomic_or(&curr->work, WORK_RESCHED);
	if (likely(rq == this_rq()))
		need_resched_set();
	else
		ipi_reschedule(rq->cpu);
}

/* Does `t`, just made runnable and waiting in rq, come before the running task? */
static always_inline bool preempts(const struct rq *rq, const struct task *t)
{
	const struct task *curr = rq->curr;
	s64 ahead;

	if (curr == rq->idle)
		return true;
	if (unlikely(t->se.class == SCHED_CLASS_RT))
		return curr->se.class == SCHED_CLASS_RT ? curr->se.rt_priority < t->se.rt_priority :
							  !rq->rt_throttled;
	if (curr->se.class == SCHED_CLASS_RT)
		return false;
	if (unlikely(t->se.policy != SCHED_NORMAL))
		return false;
	if (unlikely(curr->se.policy == SCHED_IDLE))
		return true;
	if (unlikely(rq->fair_tree.leftmost))
		return fair_preempts_many(rq, t);
	ahead = (s64)(curr->se.vruntime - t->se.vruntime);
	return ahead > (s64)SCHED_WAKE_MARGIN ||
	       (ahead >= 0 && time_before(t->se.deadline + SCHED_WAKE_MARGIN, curr->se.deadline));
}

bool sched_preempts(const struct rq *rq, const struct task *t)
{
	return preempts(rq, t);
}

static always_inline void activate(struct rq *rq, struct task *t)
{
	t->se.on_rq = true;
	rq->nr_running++;
	if (likely(t->se.class == SCHED_CLASS_FAIR))
		fair_place(rq, &t->se);
	insert_waiting(rq, t);
	if (preempts(rq, t))
		sched_resched(rq);
}

/*
 * Brings `t`, which is on no queue and RUNNING already, to the queue of the CPU that it is to run
 * on; returns that, locked.  `rq` is the locked one that it belongs to.  Between the two locks
 * the affinity may change, which then is looked at again.
 */
static noinline struct rq *place_on_cpu_smp(struct rq *rq, struct task *t, enum wake_hint hint)
{
	unsigned cpu = balance_choose_cpu(t, hint);

	while (cpu != rq->cpu) {
		struct rq *to = cpu_rq(cpu);

		t->se.vruntime -= fair_vtime(rq);
		WRITE_ONCE(t->cpu, cpu);
		spin_release(&rq->lock);
		sched_delay();
		spin_acquire(&to->lock);
		rq = to;
		t->se.vruntime += fair_vtime(rq);
		if (likely(t->affinity >> cpu & 1))
			break;
		cpu = balance_choose_cpu(t, WAKE_NORMAL);
	}
	return rq;
}

static always_inline struct rq *place_on_cpu(struct rq *rq, struct task *t, enum wake_hint hint)
{
	return unlikely(cpu_count > 1) ? place_on_cpu_smp(rq, t, hint) : rq;
}

bool task_wake_irqs_off(struct task *t, u32 states, enum wake_hint hint)
{
	sched_delay();
	struct rq *rq = task_rq_lock(t);
	u32 state = READ_ONCE(t->state);
	bool woke = false;

	while (state & states) {
		if (!atomic_cas(&t->state, &state, TASK_RUNNING))
			continue; /* it runs and has just changed its state */
		woke = true;
		if (t->se.on_rq)
			break; /* on its way to sleep, or preempted there */
		ASSERT_OP(t->on_cpu, ==, 0);
		if (state & (TASK_UNINTERRUPTIBLE | TASK_KILLABLE)) {
			rq->uninterruptible--;
			rq->iowait -= t->se.iowait;
		}
		rq = place_on_cpu(rq, t, hint);
		activate(rq, t);
		break;
	}
	spin_release(&rq->lock);
	return woke;
}

bool task_wake_sync(struct task *t)
{
	u64 flags = irq_save();
	bool woke = task_wake_irqs_off(t, TASK_WAITING, WAKE_SYNC);

	irq_restore(flags);
	preempt_check();
	return woke;
}

bool task_wake_state(struct task *t, u32 states)
{
	u64 flags = irq_save();
	bool woke = task_wake_irqs_off(t, states, WAKE_NORMAL);

	irq_restore(flags);
	preempt_check();
	return woke;
}

static void inherit(struct task *t, const struct task *parent)
{
	unsigned policy = parent->se.own_policy;
	unsigned rt_priority = parent->se.own_priority;
	int nice = parent->se.nice;

	if (parent->se.reset_on_fork) {
		if (rt_priority) {
			policy = SCHED_NORMAL;
			rt_priority = 0;
			nice = 0;
		}
		nice = max(nice, 0);
	}
	sched_set_entity(&t->se, policy, rt_priority, nice);
	t->affinity = parent->affinity;
}

void task_start(struct task *t)
{
	IRQ_GUARD();
	struct rq *rq;

	sched_count_start();
	ASSERT_OP(t->state, ==, TASK_NEW);
	ASSERT(!t->se.on_rq);
	if (!(t->flags & TASKF_KERNEL))
		inherit(t, current);
	t->start_time_ns = clock_monotonic_ns();
	preempt_disable();
	t->cpu = this_rq()->cpu;
	rq = task_rq_lock(t);
	t->se.vruntime = fair_vtime(rq);
	WRITE_ONCE(t->state, TASK_RUNNING);
	rq = place_on_cpu(rq, t, WAKE_NORMAL);
	activate(rq, t);
	spin_release(&rq->lock);
	preempt_enable_no_resched();
}

void task_set_work(struct task *t, u32 work)
{
	atomic_or(&t->work, work);
	if (unlikely(cpu_count > 1) && t != current && READ_ONCE(t->on_cpu))
		ipi_reschedule(READ_ONCE(t->cpu));
}

void sched_switch_mm(struct mm *mm)
{
	IRQ_GUARD();
	struct rq *rq = this_rq();

	current->mm = mm;
	if (rq->mm != mm)
		load_mm(rq, mm);
}

static void forget_here(void *mm)
{
	struct rq *rq = this_rq();

	if (rq->mm == mm)
		load_mm(rq, NULL);
}

void sched_mm_forget(struct mm *mm)
{
	u64 elsewhere = 0;

	preempt_disable();
	u64 flags = irq_save();
	forget_here(mm);
	for (unsigned c = 0; c < cpu_count; c++)
		elsewhere |= (u64)(READ_ONCE(cpu_rq(c)->mm) == mm) << c;
	irq_restore(flags);
	if (elsewhere)
		ipi_call_cpus(elsewhere, forget_here, mm);
	preempt_enable();
}

void sched_call_users_of(struct mm *mm, void (*fn)(void *), void *arg)
{
	u64 users = 0;

	preempt_disable();
	memory_barrier(); /* what the caller has done before the look, on one side or the other of a switch */
	for (unsigned c = 0; c < cpu_count; c++)
		if (c != cpu_id() && (!mm || READ_ONCE(cpu_rq(c)->mm) == mm))
			users |= 1ULL << c;
	if (users)
		ipi_call_cpus(users, fn, arg);
	preempt_enable();
	memory_barrier();
}
