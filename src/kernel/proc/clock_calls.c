/* SPDX-License-Identifier: MIT */
/* The system calls that read and set clocks. */
#include <lib/string.h>
#include <linux/time.h>
#include <proc/cpu_timer.h>
#include <proc/cred.h>
#include <proc/internal.h>
#include <proc/time.h>
#include <syscall/handlers.h>
#include <time/clock.h>
#include <time/ntp.h>

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

int get_timespec(uptr_t p, u64 *ns)
{
	struct __kernel_timespec ts;
	if (copy_from_user(&ts, p, sizeof ts))
		return -EFAULT;
	return timespec_to_ns(ts.tv_sec, ts.tv_nsec, ns);
}

static int cpu_clock_read(int clock, u64 *ns)
{
	struct cpu_clock c;
	int err = cpu_clock_get(clock, &c);

	if (err)
		return err;
	*ns = cpu_clock_sample(&c);
	cpu_clock_put(&c);
	return 0;
}

static int clock_read(int clock, u64 *ns)
{
	switch (clock) {
	case CLOCK_REALTIME_ALARM:
	case CLOCK_REALTIME: *ns = clock_realtime_ns(); return 0;
	case CLOCK_REALTIME_COARSE: *ns = clock_realtime_coarse_ns(); return 0;
	case CLOCK_TAI: *ns = clock_realtime_ns() + clock_tai_offset_ns(); return 0;
	case CLOCK_BOOTTIME_ALARM:
	case CLOCK_MONOTONIC:
	case CLOCK_BOOTTIME: *ns = clock_monotonic_ns(); return 0;
	case CLOCK_MONOTONIC_RAW: *ns = clock_monotonic_raw_ns(); return 0;
	case CLOCK_MONOTONIC_COARSE: *ns = clock_monotonic_coarse_ns(); return 0;
	case CLOCK_THREAD_CPUTIME_ID: *ns = task_runtime_ns(current); return 0;
	case CLOCK_PROCESS_CPUTIME_ID:
		*ns = cpu_clock_sample(&(struct cpu_clock){ .process = current->process, .which = CPU_TIMER_PROF });
		return 0;
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
	/* Nothing of ours wakes a sleeping machine. */
	int err = clock == CLOCK_REALTIME_ALARM || clock == CLOCK_BOOTTIME_ALARM ? -EINVAL : clock_read(clock, &ns);
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
	ntp_clear();
	clock_set_realtime(ns);
	return 0;
}

s64 sys_clock_settime(int clock, uptr_t in)
{
	struct cpu_clock c;
	u64 ns;

	if (clock != CLOCK_REALTIME && clock >= 0)
		return -EINVAL;
	int err = get_timespec(in, &ns);
	if (err == -EFAULT)
		return err;
	if (clock < 0) { /* CPU time cannot be set, by nobody */
		err = cpu_clock_get(clock, &c);
		if (!err)
			cpu_clock_put(&c);
		return err ? err : -EPERM;
	}
	if (err)
		return err;
	if (!capable(CAP_SYS_TIME))
		return -EPERM;
	return set_realtime(ns);
}

static s64 adjust(uptr_t utimex, bool allowed_clock)
{
	struct __kernel_timex t;

	if (copy_from_user(&t, utimex, sizeof t))
		return -EFAULT;
	if (!allowed_clock)
		return -EOPNOTSUPP;
	if (t.modes & NTP_ADJTIME && !(t.modes & ADJ_OFFSET))
		return -EINVAL;
	bool reads = t.modes & NTP_ADJTIME ? t.modes & NTP_ADJTIME_READS : !t.modes;
	if ((!reads || t.modes & ADJ_SETOFFSET) && !capable(CAP_SYS_TIME))
		return -EPERM;
	int state = ntp_adjust(&t);
	if (state < 0)
		return state;
	return copy_to_user(utimex, &t, sizeof t) ? -EFAULT : state;
}

s64 sys_adjtimex(uptr_t utimex)
{
	return adjust(utimex, true);
}

s64 sys_clock_adjtime(int clock, uptr_t utimex)
{
	struct __kernel_timex t;

	if (copy_from_user(&t, utimex, sizeof t))
		return -EFAULT;
	if (clock > CLOCK_TAI || clock == CLOCK_SGI_CYCLE || clock_is_device(clock))
		return -EINVAL;
	return adjust(utimex, clock == CLOCK_REALTIME);
}

s64 sys_gettimeofday(uptr_t utv, uptr_t utz)
{
	u64 ns = clock_realtime_ns();
	struct timeval tv = { .tv_sec = (s64)(ns / NSEC_PER_SEC),
			      .tv_usec = (s64)(ns % NSEC_PER_SEC / NSEC_PER_USEC) };
	struct timezone tz;

	clock_timezone(&tz.tz_minuteswest, &tz.tz_dsttime);
	if (!uptr_null(utv) && copy_to_user(utv, &tv, sizeof tv))
		return -EFAULT;
	if (!uptr_null(utz) && copy_to_user(utz, &tz, sizeof tz))
		return -EFAULT;
	return 0;
}

/*
 * Minutes west of Greenwich, kept for those who ask.  The first call that gives only that is said by
 * a start script whose hardware clock runs in local time: the clock was read as if that were
 * UTC, and is put right.
 */
static void set_timezone(const struct timezone *tz, bool alone)
{
	static u32 told; /* atomic */

	clock_set_timezone(tz->tz_minuteswest, tz->tz_dsttime);
	if (!atomic_exchange(&told, 1U) && alone && tz->tz_minuteswest)
		clock_step_realtime(tz->tz_minuteswest * 60 * (s64)NSEC_PER_SEC);
}

s64 sys_settimeofday(uptr_t utv, uptr_t utz)
{
	struct timeval tv;
	struct timezone tz;
	u64 ns = 0;

	if (!uptr_null(utv) && copy_from_user(&tv, utv, sizeof tv))
		return -EFAULT;
	if (!uptr_null(utv) && (tv.tv_usec < 0 || tv.tv_usec > 1000000))
		return -EINVAL;
	if (!uptr_null(utz) && copy_from_user(&tz, utz, sizeof tz))
		return -EFAULT;
	if (!uptr_null(utv) && timespec_to_ns(tv.tv_sec, tv.tv_usec * (s64)NSEC_PER_USEC, &ns))
		return -EINVAL;
	if (!capable(CAP_SYS_TIME))
		return -EPERM;
	if (!uptr_null(utz)) {
		if (tz.tz_minuteswest > 15 * 60 || tz.tz_minuteswest < -15 * 60)
			return -EINVAL;
		set_timezone(&tz, uptr_null(utv));
	}
	return uptr_null(utv) ? 0 : set_realtime(ns);
}

s64 sys_time(uptr_t out)
{
	s64 now = (s64)(clock_realtime_ns() / NSEC_PER_SEC);
	return !uptr_null(out) && put_user_u64(out, (u64)now) ? -EFAULT : now;
}
