/* SPDX-License-Identifier: MIT */
/* timerfd: a timer whose expirations are read from a file. */
#include <fs/files.h>
#include <fs/poll.h>
#include <fs/uio.h>
#include <linux/timerfd.h>
#include <linux/time.h>
#include <mm/slab.h>
#include <proc/internal.h>
#include <syscall/handlers.h>
#include <time/clock.h>

struct timerfd {
	struct timer timer;
	struct wait_queue readers;
	spinlock_t lock;  /* taken with interrupts off */
	u64 next;         /* lock: monotonic ns of the first expiration that is not counted in ticks */
	u64 interval;     /* lock: ns, 0: one shot */
	u64 ticks;        /* lock: expirations not yet read */
	int clock;
};

/* Counts the expirations of a periodic timer up to `now`. Lock held. */
static void count_ticks(struct timerfd *tf, u64 now)
{
	if (!tf->interval || now < tf->next)
		return;
	u64 n = (now - tf->next) / tf->interval + 1;
	tf->ticks += n;
	tf->next += n * tf->interval;
}

static void fired(struct timer *t)
{
	struct timerfd *tf = container_of(t, struct timerfd, timer);
	u64 flags = spin_lock_irqsave(&tf->lock);
	u64 now = clock_monotonic_ns();

	if (tf->interval) {
		/* While nobody reads, more than one interrupt a millisecond would tell nothing new. */
		bool unread = tf->ticks != 0;
		count_ticks(tf, now);
		timer_start(t, unread ? max(tf->next, now + NSEC_PER_MSEC) : tf->next);
	} else {
		tf->ticks++;
	}
	spin_unlock_irqrestore(&tf->lock, flags);
	wait_wake_key(&tf->readers, 0, EPOLLIN);
}

static u64 take_ticks(struct timerfd *tf)
{
	IRQSPIN_GUARD(&tf->lock);
	if (tf->ticks) /* those that the timer has not told of yet, too */
		count_ticks(tf, clock_monotonic_ns());
	u64 n = tf->ticks;
	tf->ticks = 0;
	return n;
}

static ssize_t timerfd_read(struct file *f, struct uio *u, u64 *pos)
{
	struct timerfd *tf = f->priv;
	u64 n;

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
	return uio_put(u, &n, sizeof n) == sizeof n ? (ssize_t)sizeof n : -EFAULT;
}

static unsigned timerfd_poll(struct file *f, struct poll_table *pt)
{
	struct timerfd *tf = f->priv;
	poll_wait(f, &tf->readers, pt);
	return READ_ONCE(tf->ticks) ? EPOLLIN | EPOLLRDNORM : 0;
}

static void timerfd_release(struct file *f)
{
	struct timerfd *tf = f->priv;
	u64 flags = spin_lock_irqsave(&tf->lock);
	tf->interval = 0;
	spin_unlock_irqrestore(&tf->lock, flags);
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
	if (clock != CLOCK_MONOTONIC && clock != CLOCK_REALTIME && clock != CLOCK_BOOTTIME)
		return -EINVAL; /* the alarm clocks wake a sleeping machine: none here */
	struct timerfd *tf = kzalloc(sizeof *tf);
	if (!tf)
		return -ENOMEM;
	timer_init(&tf->timer, fired);
	wait_queue_init(&tf->readers);
	spin_init(&tf->lock);
	tf->clock = clock;
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
	u64 now = clock_monotonic_ns();
	count_ticks(tf, now);
	u64 left = !timer_pending(&tf->timer) ? 0 : tf->next > now ? tf->next - now : 1;
	its->it_value.tv_sec = (s64)(left / NSEC_PER_SEC);
	its->it_value.tv_nsec = (s64)(left % NSEC_PER_SEC);
	its->it_interval.tv_sec = (s64)(tf->interval / NSEC_PER_SEC);
	its->it_interval.tv_nsec = (s64)(tf->interval % NSEC_PER_SEC);
}

static void arm(struct timerfd *tf, u64 value, u64 interval, bool absolute)
{
	u64 now = clock_monotonic_ns();

	timer_cancel_sync(&tf->timer);
	IRQSPIN_GUARD(&tf->lock);
	tf->ticks = 0;
	tf->interval = interval;
	if (!value)
		return;
	if (!absolute) {
		value += now;
	} else if (tf->clock == CLOCK_REALTIME) {
		u64 offset = clock_realtime_offset_ns();
		value = value > offset ? value - offset : 1;
	}
	tf->next = value;
	timer_start(&tf->timer, value);
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
	current_setting(f->priv, &old);
	arm(f->priv, value, value ? interval : 0, flags & TFD_TIMER_ABSTIME);
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
