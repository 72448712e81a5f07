/* SPDX-License-Identifier: MIT */
/*
 * The tick, and where the time went.
 *
 * While a CPU is not idle its timer ticks every 3 ms: that ends slices, and
 * samples whether user or kernel code was running.  A task's CPU time as a
 * whole is exact (accounted at each switch); the samples only say how it is
 * divided into user and system time, and likewise for the CPU.  A CPU that goes
 * idle leaves its tick armed; the tick that finds it idle is the last one.
 */
#include <sched/internal.h>

#include <sched/watchdog.h>
#include <sync/rcu.h>
#include <time/timer.h>

#define LOAD_INTERVAL (5 * NSEC_PER_SEC)
#define LOAD_SHIFT 11

void (*sched_tick_upper)(struct task *t);

static struct timer load_timer;
static u64 load[3]; /* fixed point, LOAD_SHIFT bits; written by the timer */

/* How much of the old average stays after 5 s: exp(-5 s / T) for 1, 5 and 15 minutes. */
static const u64 load_decay[3] = { 1884, 2014, 2037 };

static void load_sample(struct timer *t)
{
	u64 active = 0;

	for (unsigned c = 0; c < cpu_count; c++)
		active += READ_ONCE(cpu_rq(c)->nr_running) + READ_ONCE(cpu_rq(c)->uninterruptible);
	active = (s64)active < 0 ? 0 : active << LOAD_SHIFT;
	for (unsigned i = 0; i < 3; i++) {
		u64 sum = load[i] * load_decay[i] + active * ((1 << LOAD_SHIFT) - load_decay[i]);
		if (active >= load[i])
			sum += (1 << LOAD_SHIFT) - 1;
		WRITE_ONCE(load[i], sum >> LOAD_SHIFT);
	}
	timer_start(t, t->expires + LOAD_INTERVAL);
}

void sched_loadavg(u64 avg[3])
{
	for (unsigned i = 0; i < 3; i++)
		avg[i] = READ_ONCE(load[i]);
}

/* Time since the last tick that was not idle goes to the kind of code that this one met. */
static void sample_cpu(struct rq *rq, const struct task *curr, u64 now, bool user)
{
	u64 idle = rq->idle->se.sum_exec;
	u64 busy = (now - rq->tick_clock) - (idle - rq->tick_idle_ns) - (rq->irq_ns - rq->tick_irq_ns);

	rq->tick_clock = now;
	rq->tick_idle_ns = idle;
	rq->tick_irq_ns = rq->irq_ns;
	if ((s64)busy <= 0)
		return;
	if (!user && curr != rq->idle)
		rq->system_ns += busy;
	else if (curr->se.nice > 0)
		rq->nice_ns += busy;
	else
		rq->user_ns += busy;
}

static void tick_task(struct rq *rq, struct task *curr, u64 now, bool user)
{
	struct sched_entity *se = &curr->se;

	if (user)
		curr->ticks_user += SCHED_SLICE_NS;
	else
		curr->ticks_system += SCHED_SLICE_NS;
	if (se->class == SCHED_CLASS_FAIR && !time_before(se->vruntime, se->deadline)) {
		if (rq->fair_first)
			sched_resched(rq); /* which renews the request */
		else
			fair_renew(se);
	}
	rt_tick(rq, curr, now);
}

/* Timer interrupt, interrupts off. */
void sched_tick(bool user)
{
	struct rq *rq = this_rq();
	u64 now = clock_monotonic_ns();
	struct task *curr;

	spin_acquire(&rq->lock);
	curr = rq->curr;
	sched_account(rq, curr, now);
	sample_cpu(rq, curr, now, user);
	rq->tick_armed = curr != rq->idle;
	if (rq->tick_armed) {
		timer_tick_arm(SCHED_SLICE_NS);
		fair_rebase(rq);
		tick_task(rq, curr, now, user);
	}
	spin_release(&rq->lock);
	watchdog_tick(user, curr == rq->idle);
	if (curr == rq->idle)
		return;
	if (unlikely(rcu_tick()))
		sched_resched(rq);
	if (cpu_count > 1)
		balance_tick(rq, now);
	if (sched_tick_upper)
		sched_tick_upper(curr);
}

unsigned sched_nr_running(void)
{
	unsigned n = 0;

	for (unsigned c = 0; c < cpu_count; c++)
		n += READ_ONCE(cpu_rq(c)->nr_running);
	return n;
}

static u64 started; /* atomic */

void sched_count_start(void)
{
	__atomic_add_fetch(&started, 1, __ATOMIC_RELAXED);
}

u64 sched_tasks_started(void)
{
	return __atomic_load_n(&started, __ATOMIC_RELAXED);
}

u64 sched_switches(void)
{
	u64 n = 0;

	for (unsigned c = 0; c < cpu_count; c++)
		n += READ_ONCE(cpu_rq(c)->switches);
	return n;
}

void sched_cpu_times(unsigned cpu, struct cpu_times *t)
{
	struct rq *rq = cpu_rq(cpu);

	u64 idle = task_runtime_ns(rq->idle), iowait = READ_ONCE(rq->iowait_ns);

	*t = (struct cpu_times){
		.user = READ_ONCE(rq->user_ns),
		.nice = READ_ONCE(rq->nice_ns),
		.system = READ_ONCE(rq->system_ns),
		.idle = idle - min(idle, iowait),
		.iowait = iowait,
		.irq = READ_ONCE(rq->irq_ns),
	};
}

unsigned sched_nr_iowait(void)
{
	s64 n = 0;

	for (unsigned c = 0; c < cpu_count; c++)
		n += READ_ONCE(cpu_rq(c)->iowait);
	return n > 0 ? (unsigned)n : 0;
}

void sched_account_irq(u64 ns)
{
	this_rq()->irq_ns += ns;
}

u64 task_runtime_ns(struct task *t)
{
	IRQ_GUARD();
	struct rq *rq = task_rq_lock(t);
	u64 ns;

	if (rq->curr == t)
		sched_account(rq, t, clock_monotonic_ns());
	ns = t->se.sum_exec;
	spin_release(&rq->lock);
	return ns;
}

/* total * part / whole without overflow; part <= whole. */
static u64 scale(u64 total, u64 part, u64 whole)
{
	while (whole >> 32) {
		whole >>= 1;
		part >>= 1;
	}
	return total / whole * part + total % whole * part / whole;
}

void task_times(struct task *t, u64 *user_ns, u64 *system_ns)
{
	u64 total = task_runtime_ns(t);
	u64 user = READ_ONCE(t->ticks_user), all = user + READ_ONCE(t->ticks_system);
	u64 old_user = READ_ONCE(t->user_ns), old_system = READ_ONCE(t->system_ns);

	user = all ? scale(total, user, all) : total;
	if (user < old_user)
		user = old_user;
	if (total - user < old_system)
		user = total - old_system;
	WRITE_ONCE(t->user_ns, user);
	WRITE_ONCE(t->system_ns, total - user);
	*user_ns = user;
	*system_ns = total - user;
}

void sched_account_init(void)
{
	timer_tick = sched_tick;
	timer_init(&load_timer, load_sample);
	timer_start(&load_timer, clock_monotonic_ns() + LOAD_INTERVAL);
}
