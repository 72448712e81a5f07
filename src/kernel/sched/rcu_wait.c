/* SPDX-License-Identifier: MIT */
/* The side of RCU that sleeps: who waits for a grace period, and the thread that calls back. */
#include <sched/internal.h>

#include <sched/mutex.h>
#include <sched/watchdog.h>
#include <sync/rcu.h>

/* Call-backs between two points at which the thread may be preempted. */
enum { BATCH = 32 };

static struct wait_queue wanted = WAIT_QUEUE_INIT(wanted);
static struct mutex barrier_lock = MUTEX_INIT(barrier_lock); /* one rcu_barrier at a time */

static void wake_worker(void)
{
	wait_wake(&wanted);
}

static void worker_main(void *arg)
{
	for (;;) {
		(void)wait_event(&wanted, WAIT_INTERRUPTIBLE, rcu_done_waiting());
		while (rcu_call_done(BATCH))
			cond_resched();
	}
}

struct rcu_waiter {
	struct rcu_head head;
	struct completion done;
};

static void period_over(struct rcu_head *h)
{
	complete_all(&container_of(h, struct rcu_waiter, head)->done);
}

void synchronize_rcu(void)
{
	struct rcu_waiter w;

	might_sleep();
	if (cpu_count == 1) /* the caller itself is outside of any section, and nobody else runs */
		return;
	completion_init(&w.done);
	call_rcu(&w.head, period_over);
	completion_wait(&w.done);
}

void synchronize_rcu_expedited(void)
{
	u64 gp;

	might_sleep();
	if (cpu_count == 1)
		return;
	gp = rcu_period_want();
	for (unsigned tries = 0; !rcu_period_over(gp); tries++) {
		rcu_hurry();
		rcu_note_quiescent();
		if (tries)
			sched_yield_current();
	}
}

static struct rcu_head barrier_heads[MAX_CPUS]; /* barrier_lock, as all of these */
static struct completion *barrier_done;
static u32 barrier_left; /* atomic */

static void barrier_passed(struct rcu_head *h)
{
	if (atomic_sub_fetch(&barrier_left, 1) == 0)
		complete_all(barrier_done);
}

void rcu_barrier(void)
{
	struct completion c;
	MUTEX_GUARD(&barrier_lock);

	completion_init(&c);
	barrier_done = &c;
	atomic_store(&barrier_left, cpu_count);
	rcu_queue_on_all(barrier_heads, barrier_passed);
	for (unsigned cpu = 0; cpu < cpu_count; cpu++)
		ipi_reschedule(cpu); /* an idle one must look at its list */
	completion_wait(&c);
}

void rcu_worker_start(void)
{
	rcu_kick_cpu = ipi_reschedule;
	VERIFY(kthread_start("rcu", worker_main, NULL));
	rcu_wake_worker = wake_worker;
	rcu_stall_dump = watchdog_dump_cpu;
}
