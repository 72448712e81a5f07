/* SPDX-License-Identifier: MIT */
/*
 * nanosleep and clock_nanosleep.  Absolute sleeps follow steps of their clock; relative ones are on the
 * monotonic clock, or on the CPU clock that they name.
 */
#include <linux/time.h>
#include <proc/cpu_timer.h>
#include <proc/internal.h>
#include <proc/time.h>
#include <syscall/handlers.h>
#include <time/clock.h>

int timer_clock_of(int clock)
{
	switch (clock) {
	case CLOCK_REALTIME: return TIMER_REALTIME;
	case CLOCK_MONOTONIC:
	case CLOCK_BOOTTIME: return TIMER_MONOTONIC;
	case CLOCK_TAI: return TIMER_TAI;
	}
	return -1;
}

/* Sleeps to a time, or to its end by a signal: -ERESTARTSYS. */
static int sleep_until(enum timer_clock clock, u64 deadline)
{
	struct task *t = current;
	int err;

	do {
		atomic_store(&t->state, TASK_INTERRUPTIBLE);
		err = wait_block_on(WAIT_INTERRUPTIBLE, clock, deadline);
	} while (!err && timer_clock_now(clock) < deadline);
	atomic_store(&t->state, TASK_RUNNING);
	return err == -ETIMEDOUT ? 0 : err;
}

static s64 put_remaining(uptr_t out, u64 deadline, u64 now)
{
	if (uptr_null(out))
		return 0;
	return put_timespec(out, deadline > now ? deadline - now : 0);
}

static s64 restart_sleep(struct restart_block *rb)
{
	s64 err = sleep_until(TIMER_MONOTONIC, rb->args[0]);
	if (err && put_remaining(UPTR(rb->args[1]), rb->args[0], clock_monotonic_ns()))
		return -EFAULT;
	return err ? -ERESTART_RESTARTBLOCK : 0;
}

static s64 sleep_relative(u64 ns, uptr_t remaining)
{
	u64 now = clock_monotonic_ns();
	u64 deadline = ns > (u64)INT64_MAX - now ? (u64)INT64_MAX : now + ns;

	if (!sleep_until(TIMER_MONOTONIC, deadline))
		return 0;
	if (put_remaining(remaining, deadline, clock_monotonic_ns()))
		return -EFAULT;
	current->restart.fn = restart_sleep;
	current->restart.args[0] = deadline;
	current->restart.args[1] = remaining.raw;
	return -ERESTART_RESTARTBLOCK;
}

s64 sys_nanosleep(uptr_t in, uptr_t remaining)
{
	u64 ns;
	int err = get_timespec(in, &ns);
	return err ? err : sleep_relative(ns, remaining);
}

/* ---- on CPU time ---- */

struct cpu_sleeper {
	struct cpu_timer timer;
	struct task *task;
	bool over; /* atomic */
};

static void cpu_time_came(struct cpu_timer *t)
{
	struct cpu_sleeper *s = container_of(t, struct cpu_sleeper, timer);

	atomic_store(&s->over, true);
	task_wake(s->task);
}

/* *now: what the clock showed at the end. */
static int cpu_sleep_until(const struct cpu_clock *c, u64 deadline, u64 *now)
{
	struct cpu_sleeper s = { .task = current };
	int err = 0;

	cpu_timer_init(&s.timer, c, cpu_time_came);
	cpu_timer_start(&s.timer, deadline);
	while (!atomic_load(&s.over) && !err) {
		atomic_exchange(&s.task->state, (u32)TASK_INTERRUPTIBLE);
		if (!atomic_load(&s.over))
			err = wait_block(WAIT_INTERRUPTIBLE, 0);
	}
	atomic_store(&s.task->state, TASK_RUNNING);
	cpu_timer_cancel(&s.timer);
	*now = cpu_clock_sample(c);
	return s.over ? 0 : err;
}

static s64 restart_cpu_sleep(struct restart_block *rb);

static s64 cpu_sleep(int clock, u64 ns, bool absolute, uptr_t remaining)
{
	struct cpu_clock c;
	int err = cpu_clock_get(clock, &c);
	u64 now, deadline;

	if (err)
		return err;
	if (c.task == current) {
		cpu_clock_put(&c);
		return -EINVAL; /* it would never pass */
	}
	now = cpu_clock_sample(&c);
	deadline = absolute ? ns : ns > (u64)INT64_MAX - now ? (u64)INT64_MAX : now + ns;
	err = now >= deadline ? 0 : cpu_sleep_until(&c, deadline, &now);
	cpu_clock_put(&c);
	if (!err)
		return 0;
	if (absolute)
		return -ERESTARTNOHAND;
	if (put_remaining(remaining, deadline, now))
		return -EFAULT;
	current->restart.fn = restart_cpu_sleep;
	current->restart.args[0] = deadline;
	current->restart.args[1] = remaining.raw;
	current->restart.args[2] = (u64)clock;
	return -ERESTART_RESTARTBLOCK;
}

static s64 restart_cpu_sleep(struct restart_block *rb)
{
	struct cpu_clock c;
	u64 now;
	int err = cpu_clock_get((int)rb->args[2], &c);

	if (err)
		return err;
	err = cpu_sleep_until(&c, rb->args[0], &now);
	cpu_clock_put(&c);
	if (err && put_remaining(UPTR(rb->args[1]), rb->args[0], now))
		return -EFAULT;
	return err ? -ERESTART_RESTARTBLOCK : 0;
}

s64 sys_clock_nanosleep(int clock, int flags, uptr_t in, uptr_t remaining)
{
	bool cpu = clock < 0 || clock == CLOCK_PROCESS_CPUTIME_ID;
	int on = timer_clock_of(clock);
	u64 ns;

	if (clock_is_device(clock))
		return -EOPNOTSUPP;
	if (on < 0 && !cpu) /* the alarm clocks need a machine that wakes up by itself */
		return clock > CLOCK_TAI || clock == CLOCK_SGI_CYCLE ? -EINVAL : -EOPNOTSUPP;
	int err = get_timespec(in, &ns);
	if (err)
		return err;
	if (cpu)
		return cpu_sleep(clock, ns, flags & TIMER_ABSTIME, remaining);
	if (!(flags & TIMER_ABSTIME))
		return sleep_relative(ns, remaining);
	return sleep_until((enum timer_clock)on, ns) ? -ERESTARTNOHAND : 0;
}
