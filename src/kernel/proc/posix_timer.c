/* SPDX-License-Identifier: MIT */
/*
 * POSIX timers: timer_create and its kin.
 *
 * A timer belongs to a process; its id is unique there and not used again soon.  It counts on a
 * clock of time (a struct timer) or on CPU time, of this or another process (a struct
 * cpu_timer).  Its signal's place in the queue is made at creation, so that an expiry never lacks
 * memory, and is there at most once: who is slow gets one signal and is told how many he missed.
 *
 *	            settime                    fires
 *	  disarmed ─────────> armed ──────────────────────────> disarmed       no interval
 *	                        ^ └──> signal pending ──┐
 *	                        └──── signal is taken ──┘                      with an interval
 *
 * So a periodic timer on a clock of time does not run while its signal is pending: when it is taken the
 * expiries since are counted (the overrun), and the timer is started for the next one.
 * With the signal ignored it is started again at once.  A timer on CPU time goes on running, as its
 * expiries cost no interrupt, and counts.  SIGEV_NONE needs neither: who asks computes.
 *
 * Everything here is under the owner's process->lock.  Timer functions take it, so it is not held
 * while a timer is stopped: `armed` tells a function that was late that it is too late.  Who
 * sets a timer holds process->timer_mutex.
 */
#include <lib/string.h>
#include <linux/time.h>
#include <mm/slab.h>
#include <proc/cpu_timer.h>
#include <proc/cred.h>
#include <proc/internal.h>
#include <proc/time.h>
#include <sched/mutex.h>
#include <syscall/handlers.h>
#include <time/clock.h>

#define FASTEST_IGNORED NSEC_PER_MSEC /* nobody is told: no need to be interrupted more often */
#define OVERRUN_MAX 2147483647        /* DELAYTIMER_MAX */

struct posix_timer {
	struct rb_node by_id;
	struct process *owner;  /* imm; it outlives the timer */
	struct sigqueue *queue; /* imm */
	bool silent;            /* imm: SIGEV_NONE: it never runs */
	struct task *target;    /* imm; referenced: SIGEV_THREAD_ID; NULL: the process */
	int id;                 /* imm */
	s8 clock;               /* imm: enum timer_clock, -1: CPU time */
	bool armed;             /* `expires` means something */
	bool waits;             /* armed, and to be started when the signal is taken */
	u32 users;              /* who works on it without the lock; the last one frees when it is out of the tree */
	bool gone;
	u64 expires;            /* on the timer's clock */
	u64 interval;           /* 0: one shot */
	s64 overrun;            /* expiries since the signal was sent */
	int overrun_last;       /* what the signal that was taken last was told */
	struct timer timer;
	struct cpu_clock cpu_clock; /* imm; referenced */
	struct cpu_timer cpu_timer;
};

static u64 now_of(const struct posix_timer *t)
{
	return t->clock < 0 ? cpu_clock_sample(&t->cpu_clock) : timer_clock_now((enum timer_clock)t->clock);
}

/* Expiries up to `now`, all of them counted here; the next one lies ahead then. */
static u64 forward(struct posix_timer *t, u64 now)
{
	if (!t->interval || now < t->expires)
		return 0;
	u64 n = (now - t->expires) / t->interval + 1;
	t->expires += n * t->interval;
	return n;
}

static void count(struct posix_timer *t, u64 n)
{
	t->overrun = (s64)min((u64)t->overrun + n, (u64)OVERRUN_MAX);
}

/* ---- expiry ---- */

static void fired(struct timer *ht)
{
	struct posix_timer *t = container_of(ht, struct posix_timer, timer);
	IRQSPIN_GUARD(&t->owner->lock);

	if (!t->armed)
		return;
	bool heard = signal_send_prepared(t->owner, t->target, t->queue);
	if (!t->interval) {
		t->armed = false;
	} else if (heard) {
		t->waits = true;
	} else {
		u64 now = now_of(t);
		count(t, forward(t, now));
		timer_start_on(ht, (enum timer_clock)t->clock, max(t->expires, now + FASTEST_IGNORED), 0);
	}
}

/* The lock of whose time it counts is inside none of ours, nor the other way round: one after the other. */
static void cpu_fired(struct cpu_timer *ct)
{
	struct posix_timer *t = container_of(ct, struct posix_timer, cpu_timer);
	u64 now = now_of(t), next = 0;

	{
		IRQSPIN_GUARD(&t->owner->lock);
		if (!t->armed)
			return;
		bool pending = !list_empty(&t->queue->link);
		u64 n = forward(t, now);
		count(t, pending ? n : n ? n - 1 : 0);
		if (!pending || !t->interval)
			signal_send_prepared(t->owner, t->target, t->queue);
		t->armed = t->interval != 0;
		next = t->armed ? t->expires : 0;
	}
	if (next)
		cpu_timer_start(ct, next);
}

void posix_timer_delivered(struct posix_timer *t, siginfo_t *info)
{
	if (t->waits) {
		t->waits = false;
		u64 n = forward(t, now_of(t));
		count(t, n ? n - 1 : 0);
		timer_start_on(&t->timer, (enum timer_clock)t->clock, t->expires, 0);
	}
	t->overrun_last = (int)min(t->overrun + info->si_overrun, (s64)OVERRUN_MAX);
	t->overrun = 0;
	t->queue->info.si_overrun = 0;
	info->si_overrun = t->overrun_last;
}

/* ---- life ---- */

/* A timer of the current process, kept from being freed; NULL. */
static struct posix_timer *timer_get(int id)
{
	struct process *p = current->process;
	IRQSPIN_GUARD(&p->lock);

	for (struct rb_node *n = p->posix_timers.node; n; ) {
		struct posix_timer *t = rb_entry(n, struct posix_timer, by_id);
		if (t->id == id) {
			t->users++;
			return t;
		}
		n = id < t->id ? n->left : n->right;
	}
	return NULL;
}

/* At rest, not in the tree, nobody works on it. */
static void timer_free(struct posix_timer *t)
{
	if (t->clock < 0)
		cpu_clock_put(&t->cpu_clock);
	if (t->target)
		task_put(t->target);
	kfree(t);
}

static void stop(struct posix_timer *t)
{
	u64 flags = spin_lock_irqsave(&t->owner->lock);
	t->armed = t->waits = false;
	spin_unlock_irqrestore(&t->owner->lock, flags);
	if (t->clock < 0)
		cpu_timer_cancel(&t->cpu_timer);
	else
		timer_cancel_sync(&t->timer);
}

static void timer_put(struct posix_timer *t)
{
	u64 flags = spin_lock_irqsave(&t->owner->lock);
	bool last = --t->users == 0 && t->gone;
	spin_unlock_irqrestore(&t->owner->lock, flags);
	if (!last)
		return;
	stop(t);
	/* A signal that is pending stays so. */
	flags = spin_lock_irqsave(&t->owner->lock);
	sigqueue_disown(t->queue);
	spin_unlock_irqrestore(&t->owner->lock, flags);
	timer_free(t);
}

static void timer_delete(struct posix_timer *t)
{
	u64 flags = spin_lock_irqsave(&t->owner->lock);
	if (!t->gone) {
		t->gone = true;
		t->armed = t->waits = false;
		rb_erase(&t->by_id, &t->owner->posix_timers);
	}
	spin_unlock_irqrestore(&t->owner->lock, flags);
}

void posix_timers_delete_all(struct process *p)
{
	struct posix_timer *t;

	do {
		u64 flags = spin_lock_irqsave(&p->lock);
		t = rb_entry_safe(rb_first(&p->posix_timers), struct posix_timer, by_id);
		if (t)
			t->users++;
		spin_unlock_irqrestore(&p->lock, flags);
		if (t) {
			timer_delete(t);
			timer_put(t);
		}
	} while (t);
}

static bool taken(struct process *p, int id)
{
	for (struct rb_node *n = p->posix_timers.node; n; ) {
		struct posix_timer *t = rb_entry(n, struct posix_timer, by_id);
		if (t->id == id)
			return true;
		n = id < t->id ? n->left : n->right;
	}
	return false;
}

/* Gives it a number, which the signal tells (as its value, too, if it has no other), and makes it known. */
static void timer_publish(struct posix_timer *t, bool id_is_value)
{
	struct process *p = t->owner;
	struct rb_node **link = &p->posix_timers.node, *parent = NULL;
	IRQSPIN_GUARD(&p->lock);

	do {
		t->id = (int)p->next_timer_id;
		p->next_timer_id = (p->next_timer_id + 1) & 0x7fffffff;
	} while (taken(p, t->id));
	t->queue->info.si_tid = t->id;
	if (id_is_value)
		t->queue->info.si_int = t->id;
	while (*link) {
		parent = *link;
		link = t->id < rb_entry(parent, struct posix_timer, by_id)->id ? &parent->left : &parent->right;
	}
	rb_link(&t->by_id, parent, link);
	rb_insert(&t->by_id, &p->posix_timers);
}

/* ---- timer_create ---- */

static int check_event(const sigevent_t *e, struct task **target)
{
	*target = NULL;
	if (e->sigev_notify == SIGEV_NONE)
		return 0;
	if (e->sigev_notify & ~(SIGEV_THREAD | SIGEV_THREAD_ID) ||
	    e->sigev_notify == (SIGEV_THREAD | SIGEV_THREAD_ID) ||
	    e->sigev_signo < 1 || e->sigev_signo > SIGNAL_MAX)
		return -EINVAL;
	if (!(e->sigev_notify & SIGEV_THREAD_ID))
		return 0;
	struct task *t = task_find(e->sigev_notify_thread_id);
	if (!t || t->process != current->process) {
		if (t)
			task_put(t);
		return -EINVAL;
	}
	*target = t;
	return 0;
}

static int set_clock(struct posix_timer *t, int clock)
{
	if (clock_is_device(clock))
		return -EOPNOTSUPP;
	if (clock < 0 || clock == CLOCK_PROCESS_CPUTIME_ID || clock == CLOCK_THREAD_CPUTIME_ID) {
		t->clock = -1;
		int err = cpu_clock_get(clock, &t->cpu_clock);
		if (!err)
			cpu_timer_init(&t->cpu_timer, &t->cpu_clock, cpu_fired);
		return err;
	}
	int on = timer_clock_of(clock);
	if (on < 0)
		return clock > CLOCK_TAI || clock == CLOCK_SGI_CYCLE ? -EINVAL : -EOPNOTSUPP;
	t->clock = (s8)on;
	timer_init(&t->timer, fired);
	return 0;
}

/* What the signal will say. */
static int make_queue(struct posix_timer *t, const sigevent_t *e)
{
	t->silent = e->sigev_notify == SIGEV_NONE;
	t->queue = sigqueue_new();
	if (!t->queue)
		return -EAGAIN;
	siginfo_t *info = &t->queue->info;
	info->si_signo = e->sigev_signo;
	info->si_code = SI_TIMER;
	info->_sifields._timer._sigval = e->sigev_value;
	t->queue->timer = t;
	return 0;
}

static int timer_new(int clock, const sigevent_t *e, struct posix_timer **out)
{
	struct posix_timer *t = kzalloc(sizeof *t);
	int err;

	if (!t)
		return -EAGAIN;
	t->owner = current->process;
	err = set_clock(t, clock);
	if (err) {
		kfree(t);
		return err;
	}
	if ((err = check_event(e, &t->target)) || (err = make_queue(t, e))) {
		timer_free(t);
		return err;
	}
	*out = t;
	return 0;
}

s64 sys_timer_create(int clock, uptr_t uevent, uptr_t uid)
{
	sigevent_t e = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM };
	bool defaults = uptr_null(uevent);
	struct posix_timer *t;

	if (!defaults && copy_from_user(&e, uevent, sizeof e))
		return -EFAULT;
	int err = timer_new(clock, &e, &t);
	if (err)
		return err;
	t->users = 1;
	timer_publish(t, defaults);
	if (put_user_u32(uid, (u32)t->id)) {
		timer_delete(t);
		err = -EFAULT;
	}
	timer_put(t);
	return err;
}

/* ---- the others ---- */

static void current_setting(struct posix_timer *t, struct __kernel_itimerspec *its)
{
	u64 now = now_of(t), left = 0;
	IRQSPIN_GUARD(&t->owner->lock);

	if (t->armed) {
		if (t->waits || t->silent)
			count(t, forward(t, now));
		/* What is due and has not been told is not 0, which would say disarmed. */
		left = t->expires > now ? t->expires - now : t->silent ? 0 : 1;
	}
	its->it_value = ns_to_timespec(left);
	its->it_interval = ns_to_timespec(t->interval);
}

static void set(struct posix_timer *t, u64 value, u64 interval, bool absolute)
{
	u64 now = now_of(t);

	stop(t);
	{
		IRQSPIN_GUARD(&t->owner->lock);
		t->overrun = t->overrun_last = 0;
		t->interval = value ? interval : 0;
		if (!value)
			return;
		t->expires = absolute ? value : value > (u64)INT64_MAX - now ? (u64)INT64_MAX : now + value;
		t->armed = true;
		if (!t->silent && t->clock >= 0)
			timer_start_on(&t->timer, (enum timer_clock)t->clock, t->expires, 0);
	}
	if (!t->silent && t->clock < 0) {
		if (t->expires <= now)
			cpu_fired(&t->cpu_timer); /* its clock may never go on */
		else
			cpu_timer_start(&t->cpu_timer, t->expires);
	}
}

s64 sys_timer_settime(int id, int flags, uptr_t in, uptr_t out)
{
	struct __kernel_itimerspec new, old;
	u64 value, interval;

	if (uptr_null(in))
		return -EINVAL;
	if (copy_from_user(&new, in, sizeof new))
		return -EFAULT;
	if (timespec_to_ns(new.it_value.tv_sec, new.it_value.tv_nsec, &value) ||
	    timespec_to_ns(new.it_interval.tv_sec, new.it_interval.tv_nsec, &interval))
		return -EINVAL;
	struct posix_timer *t = timer_get(id);
	if (!t)
		return -EINVAL;
	MUTEX_GUARD(&current->process->timer_mutex);
	current_setting(t, &old);
	set(t, value, interval, flags & TIMER_ABSTIME);
	timer_put(t);
	return !uptr_null(out) && copy_to_user(out, &old, sizeof old) ? -EFAULT : 0;
}

s64 sys_timer_gettime(int id, uptr_t out)
{
	struct __kernel_itimerspec now;
	struct posix_timer *t = timer_get(id);

	if (!t)
		return -EINVAL;
	current_setting(t, &now);
	timer_put(t);
	return copy_to_user(out, &now, sizeof now);
}

s64 sys_timer_getoverrun(int id)
{
	struct posix_timer *t = timer_get(id);

	if (!t)
		return -EINVAL;
	int n = READ_ONCE(t->overrun_last);
	timer_put(t);
	return n;
}

s64 sys_timer_delete(int id)
{
	struct posix_timer *t = timer_get(id);

	if (!t)
		return -EINVAL;
	timer_delete(t);
	timer_put(t);
	return 0;
}
