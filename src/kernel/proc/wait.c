/* SPDX-License-Identifier: MIT */
/* wait4 and waitid: one scan over the children, under tree_lock, until one fits or none can. */
#include <fs/files.h>
#include <lib/string.h>
#include <linux/resource.h>
#include <linux/wait.h>
#include <proc/cred.h>
#include <proc/internal.h>
#include <proc/pidfd.h>
#include <syscall/handlers.h>

struct wait_request {
	enum { WAIT_ANY, WAIT_PID, WAIT_GROUP } which;
	struct pid *pid; /* WAIT_PID, WAIT_GROUP: referenced; NULL: matches nobody */
	int options;
	/* results */
	pid_t number;
	uid_t uid;
	int status; /* as wait4 encodes it */
	int code, detail; /* as waitid reports it: CLD_*, exit code or signal */
	struct rusage ru;
};

static bool fits(const struct wait_request *w, const struct process *c)
{
	bool clone_child = c->leader && c->leader->exit_signal != SIGCHLD;

	if (!(w->options & __WALL) && clone_child != !!(w->options & __WCLONE))
		return false;
	switch (w->which) {
	case WAIT_ANY: return true;
	case WAIT_PID: return c->pid == w->pid;
	case WAIT_GROUP: return c->group == w->pid;
	}
	return false;
}

/* Takes c->lock: the caller does not hold it. */
static void report(struct wait_request *w, struct process *c, int code, int detail, int status)
{
	w->number = process_pid(c);
	w->uid = c->leader->cred->uid;
	w->code = code;
	w->detail = detail;
	w->status = status;
	process_rusage(c, RUSAGE_BOTH, &w->ru);
}

static bool report_exit(struct wait_request *w, struct process *c)
{
	if (!(w->options & WEXITED) || !(c->flags & PROC_ZOMBIE))
		return false;
	int st = c->exit_code;
	if (st & 0x7f)
		report(w, c, st & 0x80 ? CLD_DUMPED : CLD_KILLED, st & 0x7f, st);
	else
		report(w, c, CLD_EXITED, st >> 8 & 0xff, st);
	return true;
}

static bool report_stop(struct wait_request *w, struct process *c)
{
	if (!(w->options & WUNTRACED))
		return false;
	u64 flags = spin_lock_irqsave(&c->lock);
	bool stopped = c->flags & PROC_STOPPED && !(c->flags & PROC_STOP_REPORTED);
	int signo = c->stop_signal;
	if (stopped && !(w->options & WNOWAIT))
		c->flags |= PROC_STOP_REPORTED;
	spin_unlock_irqrestore(&c->lock, flags);
	if (stopped)
		report(w, c, CLD_STOPPED, signo, signo << 8 | 0x7f);
	return stopped;
}

static bool report_continue(struct wait_request *w, struct process *c)
{
	if (!(w->options & WCONTINUED))
		return false;
	u64 flags = spin_lock_irqsave(&c->lock);
	bool continued = c->flags & PROC_CONTINUED;
	if (continued && !(w->options & WNOWAIT))
		c->flags &= ~(u32)PROC_CONTINUED;
	spin_unlock_irqrestore(&c->lock, flags);
	if (continued)
		report(w, c, CLD_CONTINUED, SIGCONT, 0xffff);
	return continued;
}

/* 1: found; 0: there are children that may still do it; -ECHILD: there is none. */
static int scan(struct wait_request *w)
{
	struct process *me = current->process, *c;
	bool any = false;

	spin_lock(&tree_lock);
	list_for_each(c, &me->children, sibling) {
		if (!fits(w, c))
			continue;
		/* A zombie will do nothing more that one could wait for. */
		if (!(c->flags & PROC_ZOMBIE) || w->options & WEXITED)
			any = true;
		if (report_exit(w, c)) {
			if (w->options & WNOWAIT)
				spin_unlock(&tree_lock);
			else
				process_reap(c); /* unlocks */
			return 1;
		}
		if (report_stop(w, c) || report_continue(w, c)) {
			spin_unlock(&tree_lock);
			return 1;
		}
	}
	spin_unlock(&tree_lock);
	return any ? 0 : -ECHILD;
}

/* 0 with w->number set (0: nothing yet under WNOHANG), or an error. */
static int wait_for_child(struct wait_request *w)
{
	int found = 0;
	int err = 0;

	w->number = 0;
	if (w->options & WNOHANG)
		found = scan(w);
	else
		err = wait_event(&current->process->child_wait, WAIT_INTERRUPTIBLE, (found = scan(w)) != 0);
	return err ? err : found < 0 ? found : 0;
}

s64 sys_wait4(int pid, uptr_t ustatus, int options, uptr_t uusage)
{
	if (options & ~(WNOHANG | WUNTRACED | WCONTINUED | __WNOTHREAD | __WCLONE | __WALL))
		return -EINVAL;
	if (pid == -2147483647 - 1)
		return -ESRCH;
	struct wait_request w = { .options = options | WEXITED };
	if (pid == -1) {
		w.which = WAIT_ANY;
	} else if (pid > 0) {
		w.which = WAIT_PID;
		w.pid = pid_find(pid);
	} else {
		w.which = WAIT_GROUP;
		w.pid = pid_find(pid ? -pid : process_group_number(current->process));
	}
	int err = wait_for_child(&w);
	pid_put(w.pid);
	if (err || !w.number)
		return err;
	if (!uptr_null(ustatus) && put_user_u32(ustatus, (u32)w.status))
		return -EFAULT;
	if (!uptr_null(uusage) && copy_to_user(uusage, &w.ru, sizeof w.ru))
		return -EFAULT;
	return w.number;
}

static int waitid_target(struct wait_request *w, int type, int id)
{
	switch (type) {
	case P_ALL:
		w->which = WAIT_ANY;
		return 0;
	case P_PID:
		if (id <= 0)
			return -EINVAL;
		w->which = WAIT_PID;
		w->pid = pid_find(id);
		return 0;
	case P_PGID:
		if (id < 0)
			return -EINVAL;
		w->which = WAIT_GROUP;
		w->pid = pid_find(id ? id : process_group_number(current->process));
		return 0;
	case P_PIDFD: {
		FD_GUARD(f, id);
		if (id < 0)
			return -EINVAL;
		if (!f)
			return -EBADF;
		w->which = WAIT_PID;
		w->pid = pidfd_pid(f);
		if (w->pid && f->flags & O_NONBLOCK)
			w->options |= WNOHANG;
		return w->pid ? 0 : -EBADF;
	}
	default:
		return -EINVAL;
	}
}

static int do_waitid(struct wait_request *w, int type, int id)
{
	int options = w->options;

	if (options & ~(WNOHANG | WNOWAIT | WEXITED | WSTOPPED | WCONTINUED | __WNOTHREAD | __WCLONE | __WALL))
		return -EINVAL;
	if (!(options & (WEXITED | WSTOPPED | WCONTINUED)))
		return -EINVAL;
	int err = waitid_target(w, type, id);
	if (!err)
		err = wait_for_child(w);
	pid_put(w->pid);
	if (!err && !w->number && w->options != options)
		err = -EAGAIN; /* a pidfd that does not block */
	return err;
}

/* Linux writes these fields in any case, also when it returns an error, and leaves the rest alone. */
static int put_child_info(uptr_t to, const struct wait_request *w)
{
	u32 first[3] = { w->number ? SIGCHLD : 0, 0, (u32)w->code };
	u32 child[3] = { (u32)w->number, w->uid, (u32)w->detail };

	BUILD_ASSERT(offsetof(siginfo_t, si_errno) == 4 && offsetof(siginfo_t, si_code) == 8);
	BUILD_ASSERT(offsetof(siginfo_t, si_uid) == offsetof(siginfo_t, si_pid) + 4 &&
		     offsetof(siginfo_t, si_status) == offsetof(siginfo_t, si_pid) + 8);
	if (copy_to_user(to, first, sizeof first) ||
	    copy_to_user(uptr_add(to, offsetof(siginfo_t, si_pid)), child, sizeof child))
		return -EFAULT;
	return 0;
}

s64 sys_waitid(int type, int id, uptr_t uinfo, int options, uptr_t uusage)
{
	struct wait_request w = { .options = options };
	int err = do_waitid(&w, type, id);

	if (!err && w.number && !uptr_null(uusage) && copy_to_user(uusage, &w.ru, sizeof w.ru))
		return -EFAULT;
	if (!uptr_null(uinfo) && put_child_info(uinfo, &w))
		return -EFAULT;
	return err;
}
