/* SPDX-License-Identifier: MIT */
/* Clocks and sleeping. */
#include <linux/time.h>
#include <proc/cred.h>
#include <proc/internal.h>
#include <syscall/handlers.h>
#include <time/clock.h>

int timespec_to_ns(s64 sec, s64 nsec, u64 *ns)
{
	if (sec < 0 || nsec < 0 || nsec >= (s64)NSEC_PER_SEC)
		return -EINVAL;
	if ((u64)sec >= (u64)INT64_MAX / NSEC_PER_SEC)
		*ns = (u64)INT64_MAX; /* for ever, as good as */
	else
		*ns = (u64)sec * NSEC_PER_SEC + (u64)nsec;
	return 0;
}

static struct __kernel_timespec ns_to_timespec(u64 ns)
{
	return (struct __kernel_timespec){ .tv_sec = (s64)(ns / NSEC_PER_SEC),
					   .tv_nsec = (s64)(ns % NSEC_PER_SEC) };
}

static int put_timespec(uptr_t p, u64 ns)
{
	struct __kernel_timespec ts = ns_to_timespec(ns);
	return copy_to_user(p, &ts, sizeof ts);
}

static int get_timespec(uptr_t p, u64 *ns)
{
	struct __kernel_timespec ts;
	if (copy_from_user(&ts, p, sizeof ts))
		return -EFAULT;
	return timespec_to_ns(ts.tv_sec, ts.tv_nsec, ns);
}

static u64 process_cpu_ns(struct process *p)
{
	struct task *t;
	IRQSPIN_GUARD(&p->lock);
	u64 sum = p->dead_user_ns + p->dead_system_ns;
	list_for_each(t, &p->threads, thread_link)
		if (t->state != TASK_ZOMBIE)
			sum += task_runtime_ns(t);
	return sum;
}

/* Clocks of other processes and threads: the number is in the clock id, negated (clock_getcpuclockid). */
static int cpu_clock_read(int clock, u64 *ns)
{
	pid_t n = ~(clock >> 3);
	bool thread = clock & 4;

	if ((clock & 3) == 3)
		return -EINVAL;
	if (thread) {
		struct task *t = n ? task_find(n) : current;
		if (!t)
			return -EINVAL;
		bool mine = t->process == current->process;
		*ns = task_runtime_ns(t);
		if (n)
			task_put(t);
		return mine ? 0 : -EINVAL;
	}
	struct process *p = n ? process_find(n) : current->process;
	if (!p)
		return -EINVAL;
	*ns = process_cpu_ns(p);
	if (n)
		process_put(p);
	return 0;
}

static int clock_read(int clock, u64 *ns)
{
	switch (clock) {
	case CLOCK_REALTIME: *ns = clock_realtime_ns(); return 0;
	case CLOCK_REALTIME_COARSE: *ns = clock_realtime_coarse_ns(); return 0;
	case CLOCK_TAI: *ns = clock_realtime_ns(); return 0;
	case CLOCK_MONOTONIC:
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_BOOTTIME: *ns = clock_monotonic_ns(); return 0;
	case CLOCK_MONOTONIC_COARSE: *ns = clock_monotonic_coarse_ns(); return 0;
	case CLOCK_PROCESS_CPUTIME_ID: *ns = process_cpu_ns(current->process); return 0;
	case CLOCK_THREAD_CPUTIME_ID: *ns = task_runtime_ns(current); return 0;
	}
	return clock < 0 ? cpu_clock_read(clock, ns) : -EINVAL;
}

s64 sys_clock_gettime(int clock, uptr_t out)
{
	u64 ns;
	int err = clock_read(clock, &ns);
	return err ? err : put_timespec(out, ns);
}

s64 sys_clock_getres(int clock, uptr_t out)
{
	u64 ns;
	int err = clock_read(clock, &ns);
	if (err)
		return err;
	bool coarse = clock == CLOCK_REALTIME_COARSE || clock == CLOCK_MONOTONIC_COARSE;
	return uptr_null(out) ? 0 : put_timespec(out, coarse ? CLOCK_COARSE_NS : 1);
}

/* Not before boot, and with 30 years to go until the nanoseconds overflow. */
static s64 set_realtime(u64 ns)
{
	if (ns < clock_monotonic_ns() || ns >= (u64)INT64_MAX - 30ULL * 365 * 24 * 3600 * NSEC_PER_SEC)
		return -EINVAL;
	clock_set_realtime(ns);
	return 0;
}

s64 sys_clock_settime(int clock, uptr_t in)
{
	u64 ns;
	if (clock != CLOCK_REALTIME)
		return -EINVAL;
	int err = get_timespec(in, &ns);
	if (err)
		return err;
	if (!capable(CAP_SYS_TIME))
		return -EPERM;
	return set_realtime(ns);
}

s64 sys_gettimeofday(uptr_t utv, uptr_t utz)
{
	u64 ns = clock_realtime_ns();
	struct timeval tv = { .tv_sec = (s64)(ns / NSEC_PER_SEC),
			      .tv_usec = (s64)(ns % NSEC_PER_SEC / NSEC_PER_USEC) };
	struct timezone tz = { 0 };

	if (!uptr_null(utv) && copy_to_user(utv, &tv, sizeof tv))
		return -EFAULT;
	if (!uptr_null(utz) && copy_to_user(utz, &tz, sizeof tz))
		return -EFAULT;
	return 0;
}

s64 sys_settimeofday(uptr_t utv, uptr_t utz)
{
	struct timeval tv;
	struct timezone tz;
	u64 ns = 0;

	if (!uptr_null(utv) && copy_from_user(&tv, utv, sizeof tv))
		return -EFAULT;
	if (!uptr_null(utz) && copy_from_user(&tz, utz, sizeof tz))
		return -EFAULT;
	if (!uptr_null(utv) && (tv.tv_usec < 0 || tv.tv_usec >= 1000000 ||
				timespec_to_ns(tv.tv_sec, tv.tv_usec * (s64)NSEC_PER_USEC, &ns)))
		return -EINVAL;
	if (!capable(CAP_SYS_TIME))
		return -EPERM;
	/* A time zone is accepted only as "none": the kernel keeps UTC. */
	if (!uptr_null(utz) && (tz.tz_minuteswest || tz.tz_dsttime))
		return -EINVAL;
	return uptr_null(utv) ? 0 : set_realtime(ns);
}

s64 sys_time(uptr_t out)
{
	s64 now = (s64)(clock_realtime_ns() / NSEC_PER_SEC);
	return !uptr_null(out) && put_user_u64(out, (u64)now) ? -EFAULT : now;
}

/* ---- sleeping ---- */

/* Sleeps to a monotonic time, or to its end by a signal: -ERESTARTSYS. */
static int sleep_until(u64 deadline)
{
	struct task *t = current;
	int err;

	do {
		atomic_store(&t->state, TASK_INTERRUPTIBLE);
		err = wait_block(WAIT_INTERRUPTIBLE, deadline);
	} while (!err && clock_monotonic_ns() < deadline);
	atomic_store(&t->state, TASK_RUNNING);
	return err == -ETIMEDOUT ? 0 : err;
}

static s64 put_remaining(uptr_t out, u64 deadline)
{
	u64 now = clock_monotonic_ns();
	if (uptr_null(out))
		return 0;
	return put_timespec(out, deadline > now ? deadline - now : 0);
}

/* Slack lets timers fire together; the deadline that counts for the caller stays. */
static u64 with_slack(u64 deadline)
{
	return deadline + (current->se.class == SCHED_CLASS_RT ? 0 : current->timer_slack_ns);
}

static s64 restart_sleep(struct restart_block *rb)
{
	s64 err = sleep_until(rb->args[0]);
	if (err && put_remaining(UPTR(rb->args[1]), rb->args[0]))
		return -EFAULT;
	return err ? -ERESTART_RESTARTBLOCK : 0;
}

static s64 sleep_relative(u64 ns, uptr_t remaining)
{
	u64 now = clock_monotonic_ns();
	u64 deadline = ns > (u64)INT64_MAX - now - NSEC_PER_SEC ? (u64)INT64_MAX : with_slack(now + ns);

	if (!sleep_until(deadline))
		return 0;
	if (put_remaining(remaining, deadline))
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

s64 sys_clock_nanosleep(int clock, int flags, uptr_t in, uptr_t remaining)
{
	u64 ns;

	if (clock == CLOCK_THREAD_CPUTIME_ID)
		return -EINVAL;
	if (clock == CLOCK_PROCESS_CPUTIME_ID || clock == CLOCK_REALTIME_COARSE ||
	    clock == CLOCK_MONOTONIC_COARSE || clock == CLOCK_MONOTONIC_RAW)
		return -EOPNOTSUPP;
	if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC && clock != CLOCK_BOOTTIME && clock != CLOCK_TAI)
		return -EINVAL;
	int err = get_timespec(in, &ns);
	if (err)
		return err;
	if (!(flags & TIMER_ABSTIME))
		return sleep_relative(ns, remaining);
	if (clock == CLOCK_REALTIME || clock == CLOCK_TAI) {
		u64 offset = clock_realtime_offset_ns();
		ns = ns > offset ? ns - offset : 0;
	}
	if (ns <= clock_monotonic_ns())
		return 0;
	return sleep_until(ns == (u64)INT64_MAX ? ns : with_slack(ns)) ? -ERESTARTNOHAND : 0;
}
