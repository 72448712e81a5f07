/* SPDX-License-Identifier: MIT */
/* pidfds: files that name a process by its struct pid, so that a number used again cannot be mistaken for it. */
#include <proc/pidfd.h>

#include <fs/files.h>
#include <fs/poll.h>
#include <proc/internal.h>
#include <syscall/handlers.h>

static void pidfd_release(struct file *f)
{
	pid_put(f->priv);
}

static unsigned pidfd_poll(struct file *f, struct poll_table *pt)
{
	struct pid *p = f->priv;

	poll_wait(f, &p->exit_wait, pt);
	SPIN_GUARD(&tree_lock);
	struct process *pr = p->process;
	return !pr || READ_ONCE(pr->flags) & PROC_ZOMBIE ? EPOLLIN | EPOLLRDNORM : 0;
}

static const struct file_ops pidfd_ops = { .release = pidfd_release, .poll = pidfd_poll, .stream = true };

int pidfd_file_new(struct pid *p, int flags, struct file **out)
{
	int err = file_open_anon("[pidfd]", &pidfd_ops, p, O_RDWR | flags, out);
	if (!err)
		pid_get(p);
	return err;
}

struct pid *pidfd_pid(struct file *f)
{
	if (f->ops != &pidfd_ops)
		return NULL;
	pid_get(f->priv);
	return f->priv;
}

s64 sys_pidfd_open(int number, uint flags)
{
	if (flags & ~(uint)O_NONBLOCK || number <= 0)
		return -EINVAL;
	struct pid *p = pid_find(number);
	if (!p)
		return -ESRCH;
	struct file *f;
	int err = -EINVAL; /* a thread that leads no process */
	spin_lock(&tree_lock);
	if (p->process)
		err = 0;
	else if (!p->task)
		err = -ESRCH;
	spin_unlock(&tree_lock);
	if (!err)
		err = pidfd_file_new(p, (int)flags, &f);
	pid_put(p);
	return err ? err : fd_install_new(f, true);
}

s64 sys_pidfd_send_signal(int fd, int signo, uptr_t uinfo, uint flags)
{
	siginfo_t info;

	if (flags)
		return -EINVAL;
	FD_GUARD(f, fd);
	if (!f)
		return -EBADF;
	struct pid *pid = pidfd_pid(f);
	if (!pid)
		return -EBADF;
	spin_lock(&tree_lock);
	struct process *p = pid->process;
	if (p)
		process_get(p);
	spin_unlock(&tree_lock);
	pid_put(pid);
	s64 err = 0;
	if (!uptr_null(uinfo)) {
		err = copy_from_user(&info, uinfo, sizeof info);
		if (!err && info.si_signo != signo)
			err = -EINVAL;
		if (!err && p != current->process && (info.si_code >= 0 || info.si_code == SI_TKILL))
			err = -EPERM;
	}
	if (!p)
		return err ? err : -ESRCH;
	if (!err)
		err = signal_send_checked(p, signo, uptr_null(uinfo) ? NULL : &info);
	process_put(p);
	return err;
}
