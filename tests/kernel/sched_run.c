/* SPDX-License-Identifier: MIT */
/* Running, yielding, preempting, priorities. Helper: threads that are started together and joined. */
#include <debug/selftest.h>
#include <arch/cpu.h>
#include <linux/sched.h>
#include <lib/string.h>
#include <sched/mutex.h>
#include <sched/task.h>
#include <sync/atomic.h>
#include <time/clock.h>

struct crew {
	u32 running;
	struct completion all_done;
};

static struct crew crew;
static u32 go;

static void stay_here(void)
{
	(void)task_set_affinity(current, 1);
}

static void go_anywhere(void)
{
	(void)task_set_affinity(current, ~0ULL);
}

static void crew_join(void)
{
	if (atomic_sub_fetch(&crew.running, 1))
		completion_wait(&crew.all_done);
	go_anywhere();
}

static void crew_begin(void)
{
	stay_here();
	crew.running = 1; /* the test itself, until crew_join */
	go = 0;
	completion_init(&crew.all_done);
}

static void crew_leave(void)
{
	if (atomic_sub_fetch(&crew.running, 1) == 0)
		complete_all(&crew.all_done);
}

/* They run on this CPU, where the test stays too: what is tested is one run queue. */
static struct task *crew_add(void (*fn)(void *), void *arg)
{
	atomic_inc(&crew.running);
	return kthread_start_on(cpu_id(), "selftest", fn, arg);
}

static char trace[64];
static u32 trace_len;

static void note(char c)
{
	u32 at = atomic_fetch_add(&trace_len, 1);

	if (at < sizeof(trace) - 1)
		trace[at] = c;
}

static void trace_begin(void)
{
	memset(trace, 0, sizeof(trace));
	trace_len = 0;
}

static void note_and_yield(void *arg)
{
	while (!atomic_load(&go))
		sched_yield_current();
	for (unsigned i = 0; i < 4; i++) {
		note(*(char *)arg);
		sched_yield_current();
	}
	crew_leave();
}

/* The test runs alone on its CPU, so it yields until the others have come to their end. */
SELFTEST(sched_yield_takes_turns)
{
	crew_begin();
	trace_begin();
	crew_add(note_and_yield, "a");
	crew_add(note_and_yield, "b");
	atomic_store(&go, 1);
	crew_join();
	CHECK(str_eq(trace, "abababab") || str_eq(trace, "babababa"));
}

static void stop_at_flag(void *arg)
{
	while (!atomic_load((u32 *)arg))
		cpu_relax();
	crew_leave();
}

SELFTEST(sched_hog_is_preempted)
{
	struct wait_queue never = WAIT_QUEUE_INIT(never);
	static u32 stop;
	u64 start, late;

	crew_begin();
	stop = 0;
	crew_add(stop_at_flag, &stop);
	start = clock_monotonic_ns();
	(void)wait_event_until(&never, WAIT_UNINTERRUPTIBLE, false, start + 20 * NSEC_PER_MSEC);
	late = clock_monotonic_ns() - start - 20 * NSEC_PER_MSEC;
	atomic_store(&stop, 1);
	crew_join();
	CHECK(cpu_count > 1 || late < 10 * NSEC_PER_MSEC);
}

static u32 hogs_stop;

static void hog_renice(void *arg)
{
	u64 *ns = arg;

	task_set_nice(current, *ns);
	while (!atomic_load(&go))
		sched_yield_current();
	u64 start = task_runtime_ns(current);
	while (!atomic_load(&hogs_stop))
		cpu_relax();
	*ns = task_runtime_ns(current) - start;
	crew_leave();
}

/* Five steps of nice are a factor of 3.05. */
SELFTEST(sched_nice_divides_the_cpu)
{
	struct wait_queue never = WAIT_QUEUE_INIT(never);
	static u64 fast, slow;

	crew_begin();
	fast = 0;
	slow = 5;
	hogs_stop = 0;
	crew_add(hog_renice, &fast);
	crew_add(hog_renice, &slow);
	atomic_store(&go, 1);
	(void)wait_event_until(&never, WAIT_UNINTERRUPTIBLE, false,
			       clock_monotonic_ns() + 150 * NSEC_PER_MSEC);
	atomic_store(&hogs_stop, 1);
	crew_join();
	CHECK(cpu_count > 1 || fast > 2 * slow); /* the host's scheduling is in it then */
	CHECK(cpu_count > 1 || fast < 5 * slow);
}

static void rt_note(void *arg)
{
	note(*(char *)arg);
	crew_leave();
}

/* Higher priorities first, equal ones in order of arrival; the test itself is higher than all. */
SELFTEST(sched_fifo_by_priority)
{
	struct task *low, *mid, *mid2, *high;

	crew_begin();
	trace_begin();
	CHECK(task_set_policy(current, SCHED_FIFO, 90) == 0);
	low = crew_add(rt_note, "1");
	task_set_policy(low, SCHED_FIFO, 10);
	mid = crew_add(rt_note, "2");
	task_set_policy(mid, SCHED_FIFO, 20);
	mid2 = crew_add(rt_note, "3");
	task_set_policy(mid2, SCHED_FIFO, 20);
	high = crew_add(rt_note, "4");
	task_set_policy(high, SCHED_FIFO, 30);
	crew_join();
	task_set_policy(current, SCHED_NORMAL, 0);
	CHECK(str_eq(trace, "4231"));
}

SELFTEST(sched_policy_limits)
{
	CHECK(task_set_policy(current, SCHED_FIFO, 0) < 0);
	CHECK(task_set_policy(current, SCHED_RR, 100) < 0);
	CHECK(task_set_policy(current, SCHED_NORMAL, 1) < 0);
	CHECK(task_set_policy(current, 77, 0) < 0);
	CHECK(task_set_affinity(current, 0) < 0);
	CHECK(task_set_affinity(current, ~0ULL) == 0);
	CHECK(task_set_nice(current, 100) == 0 && current->se.nice == 19);
	CHECK(task_set_nice(current, 0) == 0 && current->se.weight == 1024);
}

static void do_nothing(void *arg)
{
	crew_leave();
}

/* Many short lives: stacks and tasks are freed as fast as they are made. */
SELFTEST(sched_thread_churn)
{
	for (unsigned round = 0; round < 50; round++) {
		crew_begin();
		for (unsigned i = 0; i < 10; i++)
			CHECK(crew_add(do_nothing, NULL));
		crew_join();
	}
}

SELFTEST(sched_times_add_up)
{
	u64 user, system, before, got = 0;

	/* The worker that draws the screen may take the CPU in between: not five times. */
	for (unsigned i = 0; i < 5 && got < 4 * NSEC_PER_MSEC; i++) {
		before = task_runtime_ns(current);
		delay_us(5000);
		got = task_runtime_ns(current) - before;
	}
	task_times(current, &user, &system);
	CHECK(got >= 4 * NSEC_PER_MSEC);
	CHECK(user + system >= before);
}
