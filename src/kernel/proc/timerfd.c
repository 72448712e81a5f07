/* SPDX-License-Identifier: MIT */
/* timerfd: a timer whose expirations are read from a file. */
#include <fs/files.h>
#include <fs/poll.h>
#include <fs/uio.h>
#include <linux/timerfd.h>
#include <linux/time.h>
#include <mm/slab.h>
#include <proc/cred.h>
#include <proc/internal.h>
#include <proc/time.h>
#include <syscall/handlers.h>
#include <time/clock.h>

struct timerfd {
	struct timer timer;
	struct wait_queue readers;
	spinlock_t lock;  /* taken with interrupts off */
	u64 next;         /* lock: the first expiration that is not counted in ticks; ns of the clock */
	u64 interval;     /* lock: ns, 0: one shot */
	u64 ticks;        /* lock: expirations not yet read */
	bool armed;       /* lock: `next` means something */
	bool cancelable;  /* cancel_lock: in cancel_list */
	bool canceled;    /* lock: the clock was set, and who reads is to be told */
	u8 clock;         /* imm: enum timer_clock */
	struct list link; /* cancel_lock */
};

/* Those with TFD_TIMER_CANCEL_ON_SET. */
static struct list cancel_list = LIST_INIT(cancel_list);
static spinlock_t cancel_lock = SPINLOCK_INIT; /* interrupts off; outside timerfd->lock */

/* Counts the expirations of a periodic timer up to `now`. Lock held. */
static void count_ticks(struct timerfd *tf, u64 now)
{
	if (!tf->armed || !tf->interval || now < tf->next)
		return;
	u64 n = (now - tf->next) / tf->interval + 1;
	tf->ticks += n;
	tf->next += n * tf->interval;
}

static u64 now_of(const struct timerfd *tf)
{
	return timer_clock_now((enum timer_clock)tf->clock);
}

static void start(struct timerfd *tf, u64 at)
{
	timer_start_on(&tf->timer, (enum timer_clock)tf->clock, at, 0);
}

static void fired(struct timer *t)
{
	struct timerfd *tf = container_of(t, struct timerfd, timer);
	u64 flags = spin_lock_irqsave(&tf->lock);
	u64 now = now_of(tf);

	if (tf->armed && now < tf->next) { /* set anew while we came here */
		start(tf, tf->next);
	} else if (tf->armed && tf->interval) {
		/* While nobody reads, more than one interrupt a millisecond would tell nothing new. */
		bool unread = tf->ticks != 0;
		count_ticks(tf, now);
		start(tf, unread ? max(tf->next, now + NSEC_PER_MSEC) : tf->next);
	} else if (tf->armed) {
		tf->ticks++;
		tf->armed = false;
	}
	spin_unlock_irqrestore(&tf->lock, flags);
	wait_wake_key(&tf->readers, 0, EPOLLIN);
}

static void clock_set(void)
{
	struct timerfd *tf;
	IRQSPIN_GUARD(&cancel_lock);

	list_for_each(tf, &cancel_list, link) {
		spin_acquire(&tf->lock);
		tf->canceled = true;
		spin_release(&tf->lock);
		wait_wake_key(&tf->readers, 0, EPOLLIN);
	}
}

void timerfd_init(void)
{
	clock_was_set = clock_set;
}

static void set_cancelable(struct timerfd *tf, bool on)
{
	IRQSPIN_GUARD(&cancel_lock);

	if (on && !tf->cancelable)
		list_push_back(&cancel_list, &tf->link);
	else if (!on && tf->cancelable)
		list_remove(&tf->link);
	tf->cancelable = on;
}

/* Ticks to be read, 0: none yet; -ECANCELED. */
static s64 take_ticks(struct timerfd *tf)
{
	IRQSPIN_GUARD(&tf->lock);
	if (tf->canceled) {
		tf->canceled = false;
		tf->ticks = 0;
		return -ECANCELED;
	}
	if (tf->ticks) /* those that the timer has not told of yet, too */
		count_ticks(tf, now_of(tf));
	u64 n = tf->ticks;
	tf->ticks = 0;
	return (s64)n;
}

static ssize_t timerfd_read(struct file *f, struct uio *u, u64 *pos)
{
	struct timerfd *tf = f->priv;
	s64 n;

	if (u->left < sizeof n)
		return -EINVAL;
	n = take_ticks(tf);
	if (!n) {
		if (f->flags & O_NONBLOCK || u->nowait)
			return -EAGAIN;
		int err = wait_event(&tf->readers, WAIT_INTERRUPTIBLE, (n = take_ticks(tf)) != 0);
		if (err)
			return err;
	}
	if (n < 0)
		return n;
	return uio_put(u, &n, sizeof n) == sizeof n ? (ssize_t)sizeof n : -EFAULT;
}

static unsigned timerfd_poll(struct file *f, struct poll_table *pt)
{
	struct timerfd *tf = f->priv;
	poll_wait(f, &tf->readers, pt);
	return READ_ONCE(tf->ticks) || READ_ONCE(tf->canceled) ? EPOLLIN | EPOLLRDNORM : 0;
}

static void timerfd_release(struct file *f)
{
	struct timerfd *tf = f->priv;
	u64 flags = spin_lock_irqsave(&tf->lock);
	tf->armed = false;
	spin_unlock_irqrestore(&tf->lock, flags);
	set_cancelable(tf, false);
	timer_cancel_sync(&tf->timer);
	kfree(tf);
}

static const struct file_ops timerfd_ops = {
	.read = timerfd_read, .poll = timerfd_poll, .release = timerfd_release, .stream = true,
};

s64 sys_timerfd_create(int clock, int flags)
{
	struct file *f;

	if (flags & ~(TFD_CLOEXEC | TFD_NONBLOCK))
		return -EINVAL;
	/* Nothing of ours wakes a sleeping machine, and none of ours sleeps. */
	bool alarm = clock == CLOCK_REALTIME_ALARM || clock == CLOCK_BOOTTIME_ALARM;
	if (alarm)
		clock = clock == CLOCK_REALTIME_ALARM ? CLOCK_REALTIME : CLOCK_BOOTTIME;
	int on = clock == CLOCK_TAI ? -1 : timer_clock_of(clock);
	if (on < 0)
		return -EINVAL;
	if (alarm && !capable(CAP_WAKE_ALARM))
		return -EPERM;
	struct timerfd *tf = kzalloc(sizeof *tf);
	if (!tf)
		return -ENOMEM;
	timer_init(&tf->timer, fired);
	wait_queue_init(&tf->readers);
	spin_init(&tf->lock);
	tf->clock = (u8)on;
	int err = file_open_anon("[timerfd]", &timerfd_ops, tf, O_RDWR | (flags & TFD_NONBLOCK), &f);
	if (err) {
		kfree(tf);
		return err;
	}
	return fd_install_new(f, flags & TFD_CLOEXEC);
}

static void current_setting(struct timerfd *tf, struct __kernel_itimerspec *its)
{
	IRQSPIN_GUARD(&tf->lock);
	u64 now = now_of(tf);
	count_ticks(tf, now);
	its->it_value = ns_to_timespec(!tf->armed ? 0 : tf->next > now ? tf->next - now : 1);
	its->it_interval = ns_to_timespec(tf->interval);
}

/* Before the timer is set anew: no function of it runs any more. */
static void disarm(struct timerfd *tf)
{
	u64 flags = spin_lock_irqsave(&tf->lock);
	tf->armed = false;
	spin_unlock_irqrestore(&tf->lock, flags);
	timer_cancel_sync(&tf->timer);
}

static s64 arm(struct timerfd *tf, u64 value, u64 interval, bool absolute)
{
	disarm(tf);
	IRQSPIN_GUARD(&tf->lock);
	u64 now = now_of(tf);
	tf->ticks = 0;
	tf->interval = interval;
	if (value) {
		tf->next = absolute ? value : value > (u64)INT64_MAX - now ? (u64)INT64_MAX : value + now;
		tf->armed = true;
		start(tf, tf->next);
	}
	/* Who sets it again after the clock was set has to know that what he computed may be wrong. */
	bool canceled = tf->canceled;
	tf->canceled = false;
	return canceled ? -ECANCELED : 0;
}

s64 sys_timerfd_settime(int fd, int flags, uptr_t in, uptr_t out)
{
	struct __kernel_itimerspec new, old;
	u64 value, interval;

	if (copy_from_user(&new, in, sizeof new))
		return -EFAULT;
	if (flags & ~(TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET) ||
	    timespec_to_ns(new.it_value.tv_sec, new.it_value.tv_nsec, &value) ||
	    timespec_to_ns(new.it_interval.tv_sec, new.it_interval.tv_nsec, &interval))
		return -EINVAL;
	FD_GUARD(f, fd);
	if (!f)
		return -EBADF;
	if (f->ops != &timerfd_ops)
		return -EINVAL;
	struct timerfd *tf = f->priv;
	bool absolute = flags & TFD_TIMER_ABSTIME;
	set_cancelable(tf, absolute && flags & TFD_TIMER_CANCEL_ON_SET && tf->clock == TIMER_REALTIME);
	current_setting(tf, &old);
	s64 err = arm(tf, value, interval, absolute);
	if (err)
		return err;
	return !uptr_null(out) && copy_to_user(out, &old, sizeof old) ? -EFAULT : 0;
}

s64 sys_timerfd_gettime(int fd, uptr_t out)
{
	struct __kernel_itimerspec now;
	FD_GUARD(f, fd);
	if (!f)
		return -EBADF;
	if (f->ops != &timerfd_ops)
		return -EINVAL;
	current_setting(f->priv, &now);
	return copy_to_user(out, &now, sizeof now);
}
