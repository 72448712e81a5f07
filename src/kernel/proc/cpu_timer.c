/* SPDX-License-Identifier: MIT */
/*
 * What is due after an amount of CPU time: ITIMER_VIRTUAL, ITIMER_PROF and RLIMIT_CPU.
 *
 * Each tick of the scheduler looks whether the process that it met has any of them
 * (process->cpu_watched), and then adds up the time of its threads.  So a signal is never
 * early, and late by a tick at most for each CPU that the process runs on.
 */
#include <proc/internal.h>
#include <time/clock.h>

/* process->lock held for all of these. */

static u64 timer_clock(struct process *p, unsigned which)
{
	u64 user, system;

	process_times(p, &user, &system);
	return which == CPU_TIMER_VIRTUAL ? user : user + system;
}

void cpu_timers_update(struct process *p)
{
	WRITE_ONCE(p->cpu_watched, p->limits[RLIMIT_CPU].rlim_cur != RLIM64_INFINITY ||
				   p->limits[RLIMIT_CPU].rlim_max != RLIM64_INFINITY ||
				   p->cpu_timer_at[CPU_TIMER_VIRTUAL] || p->cpu_timer_at[CPU_TIMER_PROF]);
}

static void check_timer(struct process *p, unsigned which, u64 now)
{
	u64 at = p->cpu_timer_at[which], interval = p->cpu_timer_interval_ns[which];

	if (!at || now < at)
		return;
	p->cpu_timer_at[which] = interval ? at + (now - at) / interval * interval + interval : 0;
	signal_send_locked(p, NULL, which == CPU_TIMER_VIRTUAL ? SIGVTALRM : SIGPROF, NULL);
}

static bool used_up(u64 seconds, u64 used)
{
	return seconds != RLIM64_INFINITY && used / NSEC_PER_SEC >= seconds;
}

/* The soft limit is put up by a second each time that the process was told. */
static void check_limit(struct process *p, u64 used)
{
	struct rlimit64 *l = &p->limits[RLIMIT_CPU];

	if (used_up(l->rlim_max, used)) {
		signal_send_locked(p, NULL, SIGKILL, NULL);
	} else if (used_up(l->rlim_cur, used)) {
		WRITE_ONCE(l->rlim_cur, l->rlim_cur + 1);
		signal_send_locked(p, NULL, SIGXCPU, NULL);
	}
}

/* RLIMIT_RTTIME: how long a real-time task may run without sleeping. */
static void check_rt_time(struct task *t, struct process *p)
{
	struct rlimit64 *l = &p->limits[RLIMIT_RTTIME];
	u64 us = t->se.rt_run_ns / NSEC_PER_USEC;
	IRQSPIN_GUARD(&p->lock);

	if (l->rlim_max != RLIM64_INFINITY && us > l->rlim_max) {
		signal_send_locked(p, NULL, SIGKILL, NULL);
	} else if (l->rlim_cur != RLIM64_INFINITY && us > l->rlim_cur) {
		WRITE_ONCE(l->rlim_cur, l->rlim_cur + 1000000);
		signal_send_locked(p, NULL, SIGXCPU, NULL);
	}
}

/* Interrupts off. */
static void tick(struct task *t)
{
	struct process *p = t->process;
	u64 user, system;

	if (unlikely(t->se.class == SCHED_CLASS_RT) && p &&
	    READ_ONCE(p->limits[RLIMIT_RTTIME].rlim_cur) != RLIM64_INFINITY)
		check_rt_time(t, p);
	if (likely(!p || !READ_ONCE(p->cpu_watched)))
		return;
	IRQSPIN_GUARD(&p->lock);
	process_times(p, &user, &system);
	check_timer(p, CPU_TIMER_VIRTUAL, user);
	check_timer(p, CPU_TIMER_PROF, user + system);
	check_limit(p, user + system);
	cpu_timers_update(p);
}

void cpu_timer_get(struct process *p, unsigned which, u64 *left, u64 *interval)
{
	u64 at = p->cpu_timer_at[which], now = at ? timer_clock(p, which) : 0;

	*left = !at ? 0 : at > now ? at - now : 1;
	*interval = p->cpu_timer_interval_ns[which];
}

void cpu_timer_set(struct process *p, unsigned which, u64 left, u64 interval)
{
	p->cpu_timer_at[which] = left ? timer_clock(p, which) + left : 0;
	p->cpu_timer_interval_ns[which] = interval;
	cpu_timers_update(p);
}

void cpu_timers_init(void)
{
	sched_tick_upper = tick;
}
