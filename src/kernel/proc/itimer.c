/* SPDX-License-Identifier: MIT */
/* alarm, getitimer, setitimer.  Those that count CPU time are in cpu_timer.c. */
#include <linux/time.h>
#include <proc/internal.h>
#include <syscall/handlers.h>
#include <time/clock.h>

void itimer_real_fired(struct timer *t)
{
	struct process *p = container_of(t, struct process, itimer_real);
	u64 flags = spin_lock_irqsave(&p->lock);
	u64 interval = p->itimer_interval_ns;
	bool untaken = p->pending_set & SIGNAL_BIT(SIGALRM);

	signal_send_locked(p, NULL, SIGALRM, NULL);
	bool ignored = !(p->pending_set & SIGNAL_BIT(SIGALRM));
	if (interval && !(p->flags & PROC_ZOMBIE)) {
		u64 now = clock_monotonic_ns(), next = t->expires + interval;
		/*
		 * Who has not taken the last one yet, or takes none, is not told more often than once a millisecond:
		 * nobody's time would be charged for these interrupts.
		 */
		u64 earliest = untaken || ignored ? now + NSEC_PER_MSEC : now;
		if (next <= earliest) /* missed some: keep the phase */
			next += (earliest - next) / interval * interval + interval;
		timer_start(t, next);
	}
	spin_unlock_irqrestore(&p->lock, flags);
}

void itimers_stop(struct process *p)
{
	u64 flags = spin_lock_irqsave(&p->lock);
	p->itimer_interval_ns = 0;
	spin_unlock_irqrestore(&p->lock, flags);
	timer_cancel_sync(&p->itimer_real);
}

/* ns until it fires, at least 1 when armed. */
static u64 real_remaining(struct process *p)
{
	u64 now = clock_monotonic_ns();
	if (!timer_pending(&p->itimer_real))
		return 0;
	return p->itimer_real.expires > now ? p->itimer_real.expires - now : 1;
}

static void real_set(u64 value, u64 interval, u64 *old_value, u64 *old_interval)
{
	struct process *p = current->process;

	*old_value = real_remaining(p);
	timer_cancel_sync(&p->itimer_real);
	IRQSPIN_GUARD(&p->lock);
	*old_interval = p->itimer_interval_ns;
	p->itimer_interval_ns = interval;
	if (value)
		timer_start(&p->itimer_real, clock_monotonic_ns() + value);
}

s64 sys_alarm(uint seconds)
{
	u64 value, interval;
	real_set(seconds * NSEC_PER_SEC, 0, &value, &interval);
	/* Rounded, but never to 0 while armed. */
	u64 s = (value + NSEC_PER_SEC / 2) / NSEC_PER_SEC;
	return value && !s ? 1 : (s64)s;
}

static int read_timeval(const struct timeval *tv, u64 *ns)
{
	if (tv->tv_sec < 0 || tv->tv_usec < 0 || tv->tv_usec >= 1000000)
		return -EINVAL;
	return timespec_to_ns(tv->tv_sec, tv->tv_usec * 1000, ns);
}

static void write_timeval(struct timeval *tv, u64 ns)
{
	ns += NSEC_PER_USEC - 1;
	tv->tv_sec = (s64)(ns / NSEC_PER_SEC);
	tv->tv_usec = (s64)(ns % NSEC_PER_SEC / NSEC_PER_USEC);
}

static void virtual_set(unsigned which, u64 value, u64 interval, u64 *old_value, u64 *old_interval)
{
	struct process *p = current->process;
	IRQSPIN_GUARD(&p->lock);

	cpu_timer_get(p, which, old_value, old_interval);
	cpu_timer_set(p, which, value, interval);
}

static int cpu_timer_of(int which)
{
	return which == ITIMER_VIRTUAL ? CPU_TIMER_VIRTUAL : CPU_TIMER_PROF;
}

static bool known(int which)
{
	return which == ITIMER_REAL || which == ITIMER_VIRTUAL || which == ITIMER_PROF;
}

s64 sys_getitimer(int which, uptr_t out)
{
	struct process *p = current->process;
	u64 value, interval;
	struct itimerval v;

	if (!known(which))
		return -EINVAL;
	u64 flags = spin_lock_irqsave(&p->lock);
	if (which == ITIMER_REAL) {
		value = real_remaining(p);
		interval = p->itimer_interval_ns;
	} else {
		cpu_timer_get(p, cpu_timer_of(which), &value, &interval);
	}
	spin_unlock_irqrestore(&p->lock, flags);
	write_timeval(&v.it_value, value);
	write_timeval(&v.it_interval, interval);
	return copy_to_user(out, &v, sizeof v);
}

s64 sys_setitimer(int which, uptr_t in, uptr_t out)
{
	struct itimerval v = { 0 };
	u64 value, interval, old_value, old_interval;

	if (!uptr_null(in) && copy_from_user(&v, in, sizeof v))
		return -EFAULT;
	if (!known(which) || read_timeval(&v.it_value, &value) || read_timeval(&v.it_interval, &interval))
		return -EINVAL;
	if (which == ITIMER_REAL)
		real_set(value, interval, &old_value, &old_interval);
	else
		virtual_set((unsigned)cpu_timer_of(which), value, interval, &old_value, &old_interval);
	write_timeval(&v.it_value, old_value);
	write_timeval(&v.it_interval, old_interval);
	return !uptr_null(out) && copy_to_user(out, &v, sizeof v) ? -EFAULT : 0;
}
