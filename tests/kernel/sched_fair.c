/* SPDX-License-Identifier: MIT */
/*
 * Shares, latency, real-time limits and affinity: properties of the whole scheduler, measured.
 *
 * With one CPU the tests run under icount, so the figures are exact.  With several the host's own
 * scheduling is in them (a CPU of the machine may stand still for long): then only what must hold
 * nevertheless is checked.
 */
#include <debug/selftest.h>
#include <arch/cpu.h>
#include <linux/sched.h>
#include <sched/mutex.h>
#include <sched/task.h>
#include <sync/atomic.h>
#include <time/clock.h>

#define HOGS 8

struct hog {
	struct task *task;
	int nice;
	unsigned policy, priority;
	u64 ran_ns;   /* in all, set at the end */
	u32 steps;    /* atomic: how often it came round */
	u64 longest_ns; /* the longest that it was away from the CPU */
};

static struct hog hogs[HOGS];
static u32 stop, ended;

static void hog_main(void *arg)
{
	struct hog *h = arg;
	u64 last = clock_monotonic_ns(), now;

	while (!atomic_load(&stop)) {
		now = clock_monotonic_ns();
		h->longest_ns = max(h->longest_ns, now - last);
		last = now;
		h->steps++;
	}
	h->ran_ns = task_runtime_ns(current);
	atomic_inc(&ended);
}

static void sleep_ms(u64 ms)
{
	struct wait_queue never = WAIT_QUEUE_INIT(never);

	(void)wait_event_until(&never, WAIT_UNINTERRUPTIBLE, false,
			       clock_monotonic_ns() + ms * NSEC_PER_MSEC);
}

/* Lets hogs[0..n) run for `ms`; on CPU `cpu`, or where they like (-1). The caller is more urgent than all. */
static bool run_hogs(unsigned n, int cpu, u64 ms)
{
	stop = ended = 0;
	if (task_set_policy(current, SCHED_FIFO, 98))
		return false;
	for (unsigned i = 0; i < n; i++) {
		struct hog *h = &hogs[i];
		h->ran_ns = h->steps = h->longest_ns = 0;
		h->task = cpu >= 0 ? kthread_start_on((unsigned)cpu, "hog", hog_main, h) :
				     kthread_start("hog", hog_main, h);
		if (!h->task)
			return false;
		task_get(h->task);
		if (h->policy != SCHED_NORMAL && task_set_policy(h->task, h->policy, h->priority))
			return false;
		task_set_nice(h->task, h->nice);
	}
	sleep_ms(ms);
	atomic_store(&stop, 1);
	while (atomic_load(&ended) < n)
		sleep_ms(1);
	for (unsigned i = 0; i < n; i++)
		task_put(hogs[i].task);
	return task_set_policy(current, SCHED_NORMAL, 0) == 0;
}

static const u32 weights[] = { [0] = 9548, [5] = 3121, [10] = 1024, [15] = 335 }; /* nice -10, -5, 0, 5 */

/* Nice -10, -5, 0 and 5 together: each gets its share to 2 % of the whole. */
SELFTEST(sched_fair_shares)
{
	u64 all = 0, weight = 0;

	for (unsigned i = 0; i < 4; i++) {
		hogs[i] = (struct hog){ .nice = (int)i * 5 - 10 };
		weight += weights[i * 5];
	}
	CHECK(run_hogs(4, 0, 1500));
	for (unsigned i = 0; i < 4; i++)
		all += hogs[i].ran_ns;
	CHECK(all > 500 * NSEC_PER_MSEC);
	for (unsigned i = 0; i < 4; i++) {
		s64 due = (s64)(all * weights[i * 5] / weight);
		s64 off = (s64)hogs[i].ran_ns - due;
		CHECK(cpu_count > 1 || off < (s64)all / 50);
		CHECK(cpu_count > 1 || off > -(s64)all / 50);
	}
}

/* SCHED_IDLE starves nobody and is not starved. */
SELFTEST(sched_fair_idle_policy)
{
	for (unsigned i = 0; i < 3; i++)
		hogs[i] = (struct hog){ .policy = i == 2 ? SCHED_IDLE : SCHED_NORMAL };
	CHECK(run_hogs(3, 0, 1200));
	CHECK(hogs[2].steps > 0);
	CHECK(cpu_count > 1 || hogs[2].ran_ns < (hogs[0].ran_ns + hogs[1].ran_ns) / 50);
}

/* Eight equal ones: none waits much longer than seven slices and their ticks. */
SELFTEST(sched_fair_latency)
{
	for (unsigned i = 0; i < HOGS; i++)
		hogs[i] = (struct hog){ .nice = 0 };
	CHECK(run_hogs(HOGS, 0, 600));
	for (unsigned i = 0; i < HOGS && cpu_count == 1; i++)
		CHECK(hogs[i].longest_ns < 100 * NSEC_PER_MSEC);
}

static struct {
	u64 worst_ns;
	u32 rounds;
} sleeper;

static void sleep_often(void *arg)
{
	struct wait_queue never = WAIT_QUEUE_INIT(never);

	for (unsigned i = 0; i < 50; i++) {
		u64 due = clock_monotonic_ns() + NSEC_PER_MSEC;
		(void)wait_event_until(&never, WAIT_UNINTERRUPTIBLE, false, due);
		sleeper.worst_ns = max(sleeper.worst_ns, clock_monotonic_ns() - due);
		sleeper.rounds++;
	}
	atomic_inc(&ended);
}

/* One that sleeps most of the time gets the CPU from four hogs within two slices and two ticks or so. */
SELFTEST(sched_fair_sleeper_latency)
{
	for (unsigned i = 0; i < 4; i++)
		hogs[i] = (struct hog){ .nice = 0 };
	sleeper.worst_ns = sleeper.rounds = 0;
	CHECK(kthread_start_on(0, "sleeper", sleep_often, NULL));
	CHECK(run_hogs(4, 0, 1000));
	for (unsigned i = 0; i < 200 && sleeper.rounds < 50; i++)
		sleep_ms(10);
	CHECK(sleeper.rounds == 50);
	if (cpu_count > 1)
		return; /* then the host's own scheduling is in the figures: see tools/run-selftest */
	CHECK(sleeper.worst_ns < 40 * NSEC_PER_MSEC);
}

static u64 woken_at, ran_at;
static struct wait_queue alarm_queue = WAIT_QUEUE_INIT(alarm_queue);
static u32 alarm_rung, alarm_ready;

static void wait_for_alarm(void *arg)
{
	(void)wait_event(&alarm_queue, WAIT_UNINTERRUPTIBLE, (atomic_store(&alarm_ready, 1), atomic_load(&alarm_rung)));
	ran_at = clock_monotonic_ns();
	atomic_inc(&ended);
}

/* A real-time task runs before wait_wake() returns on the same CPU, whatever nice value the waker has. */
SELFTEST(sched_rt_preempts_at_once)
{
	struct task *t;

	CHECK(task_set_affinity(current, 1) == 0);
	CHECK(task_set_nice(current, -20) == 0);
	for (unsigned i = 0; i < 20; i++) {
		ended = alarm_rung = alarm_ready = 0;
		t = kthread_start_on(0, "alarm", wait_for_alarm, NULL);
		CHECK(t && task_set_policy(t, SCHED_FIFO, 1) == 0);
		while (!atomic_load(&alarm_ready))
			sched_yield_current();
		sleep_ms(1);
		atomic_store(&alarm_rung, 1);
		woken_at = clock_monotonic_ns();
		wait_wake(&alarm_queue);
		CHECK(atomic_load(&ended) == 1);
		CHECK(ran_at >= woken_at);
	}
	CHECK(task_set_nice(current, 0) == 0);
	CHECK(task_set_affinity(current, ~0ULL) == 0);
}

/* A FIFO hog leaves 5 % of the CPU to others, and no more than that. */
SELFTEST(sched_rt_throttled)
{
	hogs[0] = (struct hog){ .policy = SCHED_FIFO, .priority = 50 };
	hogs[1] = (struct hog){ .policy = SCHED_NORMAL };
	CHECK(run_hogs(2, 0, 2500));
	CHECK(hogs[1].steps > 0);
	CHECK(cpu_count > 1 || hogs[1].ran_ns > hogs[0].ran_ns / 35);
	CHECK(cpu_count > 1 || hogs[1].ran_ns < hogs[0].ran_ns / 12);
}

/* Two RR tasks of one priority share; a lower FIFO one gets nothing of the rest. */
SELFTEST(sched_rt_round_robin)
{
	hogs[0] = (struct hog){ .policy = SCHED_RR, .priority = 10 };
	hogs[1] = (struct hog){ .policy = SCHED_RR, .priority = 10 };
	hogs[2] = (struct hog){ .policy = SCHED_FIFO, .priority = 9 };
	CHECK(run_hogs(3, 0, 850));
	CHECK(cpu_count > 1 || hogs[0].ran_ns > hogs[1].ran_ns / 2);
	CHECK(cpu_count > 1 || hogs[1].ran_ns > hogs[0].ran_ns / 2);
	CHECK(hogs[2].steps < 1000); /* only once the others have been told to stop */
}

/* As many hogs as CPUs and some: all CPUs are used, and all run. */
SELFTEST(sched_balance_uses_all_cpus)
{
	u64 all = 0, start;
	unsigned n = min(cpu_count + 1, (unsigned)HOGS);

	for (unsigned i = 0; i < n; i++)
		hogs[i] = (struct hog){ .nice = 0 };
	start = clock_monotonic_ns();
	CHECK(run_hogs(n, -1, 400));
	start = clock_monotonic_ns() - start;
	for (unsigned i = 0; i < n; i++) {
		CHECK(hogs[i].steps > 0);
		all += hogs[i].ran_ns;
	}
	CHECK(all > start * min(n, cpu_count) / 2);
}

/* More real-time tasks than any one CPU can run: each gets one of its own. */
SELFTEST(sched_balance_spreads_rt)
{
	unsigned n = min(cpu_count, 4U);

	if (n < 2)
		return;
	for (unsigned i = 0; i < n - 1; i++)
		hogs[i] = (struct hog){ .policy = SCHED_FIFO, .priority = 10 + i };
	CHECK(run_hogs(n - 1, -1, 200));
	for (unsigned i = 0; i < n - 1; i++)
		CHECK(hogs[i].steps > 0);
}

static void spin_about(void *arg)
{
	while (!atomic_load(&stop))
		cpu_relax();
	atomic_inc(&ended);
}

static void sleep_about(void *arg)
{
	while (!atomic_load(&stop))
		sleep_ms(1);
	atomic_inc(&ended);
}

/* Running, waiting and sleeping tasks are sent from CPU to CPU; when the call is back they are away. */
SELFTEST(sched_affinity_storm)
{
	struct task *t[6];
	u64 online = (1ULL << cpu_count) - 1, seed = 88172645463325252ULL;

	stop = ended = 0;
	for (unsigned i = 0; i < ARRAY_SIZE(t); i++) {
		t[i] = kthread_start("storm", i < 4 ? spin_about : sleep_about, NULL);
		CHECK(t[i]);
		task_get(t[i]);
	}
	for (unsigned n = 0; n < 300; n++) {
		seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
		struct task *victim = t[seed % ARRAY_SIZE(t)];
		u64 mask = seed >> 8 & online;
		if (!mask)
			continue;
		CHECK(task_set_affinity(victim, mask) == 0);
		CHECK(!atomic_load(&victim->on_cpu) || (mask >> atomic_load(&victim->cpu) & 1));
		if (n % 16 == 0) {
			CHECK(task_set_affinity(current, mask) == 0);
			CHECK(mask >> cpu_id() & 1);
		}
	}
	CHECK(task_set_affinity(current, ~0ULL) == 0);
	atomic_store(&stop, 1);
	while (atomic_load(&ended) < ARRAY_SIZE(t))
		sleep_ms(1);
	for (unsigned i = 0; i < ARRAY_SIZE(t); i++)
		task_put(t[i]);
}
