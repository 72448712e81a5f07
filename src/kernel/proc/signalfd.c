/* SPDX-License-Identifier: MIT */
/* signalfd: pending signals of the reader, read from a file. */
#include <fs/files.h>
#include <fs/poll.h>
#include <fs/uio.h>
#include <lib/string.h>
#include <linux/signalfd.h>
#include <mm/slab.h>
#include <proc/internal.h>
#include <syscall/handlers.h>

static u64 mask_of(const struct file *f)
{
	return (u64)f->priv;
}

static int take(u64 mask, siginfo_t *info)
{
	struct task *t = current;
	IRQSPIN_GUARD(&t->process->lock);
	return signal_dequeue(t, mask, info);
}

static void translate(struct signalfd_siginfo *s, const siginfo_t *i)
{
	memset(s, 0, sizeof *s);
	s->ssi_signo = (u32)i->si_signo;
	s->ssi_errno = i->si_errno;
	s->ssi_code = i->si_code;
	s->ssi_pid = (u32)i->si_pid;
	s->ssi_uid = i->si_uid;
	if (i->si_signo == SIGCHLD) {
		s->ssi_status = i->si_status;
		s->ssi_utime = (u64)i->si_utime;
		s->ssi_stime = (u64)i->si_stime;
	} else if (SIGNAL_BIT(i->si_signo) & SIGNALS_SYNCHRONOUS && i->si_code > 0) {
		s->ssi_addr = (u64)i->si_addr;
		s->ssi_pid = s->ssi_uid = 0;
	} else if (i->si_code == SI_TIMER) {
		s->ssi_pid = s->ssi_uid = 0;
		s->ssi_tid = (u32)i->si_tid;
		s->ssi_overrun = (u32)i->si_overrun;
		s->ssi_int = i->si_int;
		s->ssi_ptr = (u64)i->si_ptr;
	} else if (i->si_code < 0) {
		s->ssi_int = i->si_int;
		s->ssi_ptr = (u64)i->si_ptr;
	}
}

static ssize_t signalfd_read(struct file *f, struct uio *u, u64 *pos)
{
	struct signalfd_siginfo s;
	siginfo_t info;
	ssize_t done = 0;
	u64 mask = mask_of(f);

	if (u->left < sizeof s)
		return -EINVAL;
	while (u->left >= sizeof s) {
		int n = take(mask, &info);
		if (!n && done)
			break;
		if (!n) {
			if (f->flags & O_NONBLOCK || u->nowait)
				return -EAGAIN;
			int err = wait_event(signal_takers(current->process), WAIT_INTERRUPTIBLE,
					     (n = take(mask, &info)) != 0);
			if (err)
				return err;
		}
		translate(&s, &info);
		if (uio_put(u, &s, sizeof s) != sizeof s)
			return done ? done : -EFAULT;
		done += (ssize_t)sizeof s;
	}
	return done;
}

static unsigned signalfd_poll(struct file *f, struct poll_table *pt)
{
	struct task *t = current;

	poll_wait(f, signal_takers(t->process), pt);
	u64 pending = READ_ONCE(t->pending_set) | READ_ONCE(t->process->pending_set);
	return pending & mask_of(f) ? EPOLLIN | EPOLLRDNORM : 0;
}

static const struct file_ops signalfd_ops = { .read = signalfd_read, .poll = signalfd_poll, .stream = true };

s64 sys_signalfd4(int fd, uptr_t umask, size_t size, int flags)
{
	u64 mask;

	if (size != sizeof mask || flags & ~(SFD_CLOEXEC | SFD_NONBLOCK))
		return -EINVAL;
	if (get_user_u64(&mask, umask))
		return -EFAULT;
	mask &= ~SIGNALS_UNBLOCKABLE;
	if (fd == -1) {
		struct file *f;
		int err = file_open_anon("[signalfd]", &signalfd_ops, (void *)mask,
					 O_RDWR | (flags & SFD_NONBLOCK), &f);
		return err ? err : fd_install_new(f, flags & SFD_CLOEXEC);
	}
	FD_GUARD(f, fd);
	if (!f)
		return -EBADF;
	if (f->ops != &signalfd_ops)
		return -EINVAL;
	WRITE_ONCE(f->priv, (void *)mask);
	wait_wake_all(signal_takers(current->process));
	return fd;
}

s64 sys_signalfd(int fd, uptr_t umask, size_t size)
{
	return sys_signalfd4(fd, umask, size, 0);
}
