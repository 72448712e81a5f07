/* SPDX-License-Identifier: MIT */
/* The system calls of signals. */
#include <lib/string.h>
#include <proc/cred.h>
#include <proc/internal.h>
#include <syscall/handlers.h>
#include <time/clock.h>

#define MINSIGSTKSZ_MIN 2048

/* ---- kill and its kin ---- */

/* tree_lock held. */
int signal_permission(struct process *p, int signo)
{
	const struct cred *me = current->cred, *it; /* freed under RCU: the lock keeps it */

	if (p == current->process)
		return 0;
	struct task *leader = p->leader;
	if (!leader)
		return -ESRCH;
	it = leader->cred;
	if (me->euid == it->suid || me->euid == it->uid || me->uid == it->suid || me->uid == it->uid ||
	    capable(CAP_KILL))
		return 0;
	if (signo == SIGCONT && p->session == current->process->session)
		return 0;
	return -EPERM;
}

int signal_send_checked(struct process *p, int signo, const siginfo_t *info)
{
	siginfo_t user;

	if (signo < 0 || signo > SIGNAL_MAX)
		return -EINVAL;
	spin_lock(&tree_lock);
	int err = signal_permission(p, signo);
	spin_unlock(&tree_lock);
	if (err || !signo)
		return err;
	if (!info) {
		signal_info_user(&user, signo);
		info = &user;
	}
	return signal_send_process(p, signo, info);
}

/* Sends to each process that `member` names; tree_lock held. Success if one was reached. */
static s64 kill_group(struct pid *g, int signo)
{
	struct process *p;
	siginfo_t info;
	s64 result = -ESRCH;

	signal_info_user(&info, signo);
	list_for_each(p, &g->group, group_link) {
		int err = signo < 0 || signo > SIGNAL_MAX ? -EINVAL : signal_permission(p, signo);
		if (!err && signo)
			err = signal_send_process_locked(p, signo, &info);
		if (!err || result == -ESRCH)
			result = err;
	}
	return result;
}

/* kill(-1): all but init and the caller. */
static s64 kill_all(int signo)
{
	s64 result = -ESRCH;
	struct process *p;
	siginfo_t info;

	signal_info_user(&info, signo);
	for (pid_t n = 2; (p = process_next(n)); ) {
		n = process_pid(p) + 1;
		if (p != current->process && p != init_process) {
			int err = signal_send_checked(p, signo, &info);
			if (err != -EPERM || result == -ESRCH)
				result = err == -EPERM ? 0 : err; /* as Linux has it */
		}
		process_put(p);
	}
	return result;
}

s64 sys_kill(int number, int signo)
{
	if (number > 0) {
		struct process *p = process_find(number);
		if (!p) {
			/* A thread's number stands for its process. */
			struct task *t = task_find(number);
			if (!t)
				return -ESRCH;
			p = t->process;
			process_get(p);
			task_put(t);
		}
		s64 err = signal_send_checked(p, signo, NULL);
		process_put(p);
		return err;
	}
	if (number == -1)
		return kill_all(signo);
	if (number == -2147483647 - 1)
		return -ESRCH;
	struct pid *g = number ? pid_find(-number) : NULL;
	if (number && !g)
		return -ESRCH;
	spin_lock(&tree_lock);
	s64 err = kill_group(g ? g : current->process->group, signo);
	spin_unlock(&tree_lock);
	pid_put(g);
	return err;
}

/* process_number 0: any. */
static s64 send_to_thread(int process_number, int tid, int signo, const siginfo_t *info)
{
	struct task *t = task_find(tid);
	if (!t)
		return -ESRCH;
	s64 err = -ESRCH;
	if (!process_number || process_pid(t->process) == process_number) {
		spin_lock(&tree_lock);
		err = signo < 0 || signo > SIGNAL_MAX ? -EINVAL : signal_permission(t->process, signo);
		if (!err && signo)
			err = signal_send_task(t, signo, info);
		if (!err && signo == SIGCONT)
			notify_parent_continued(t->process);
		spin_unlock(&tree_lock);
	}
	task_put(t);
	return err;
}

s64 sys_tgkill(int process_number, int tid, int signo)
{
	siginfo_t info;
	if (process_number <= 0 || tid <= 0)
		return -EINVAL;
	signal_info_user(&info, signo);
	info.si_code = SI_TKILL;
	return send_to_thread(process_number, tid, signo, &info);
}

s64 sys_tkill(int tid, int signo)
{
	siginfo_t info;
	if (tid <= 0)
		return -EINVAL;
	signal_info_user(&info, signo);
	info.si_code = SI_TKILL;
	return send_to_thread(0, tid, signo, &info);
}

/* Codes that only the kernel may give, unless one tells oneself. */
static s64 queue_info(uptr_t uinfo, int target, int signo, siginfo_t *info)
{
	if (copy_from_user(info, uinfo, sizeof *info))
		return -EFAULT;
	if ((info->si_code >= 0 || info->si_code == SI_TKILL) && target != task_tid(current))
		return -EPERM;
	info->si_signo = signo;
	return 0;
}

s64 sys_rt_sigqueueinfo(int number, int signo, uptr_t uinfo)
{
	siginfo_t info;
	s64 err = queue_info(uinfo, number, signo, &info);
	if (err)
		return err;
	struct process *p = process_find(number);
	if (!p)
		return -ESRCH;
	err = signal_send_checked(p, signo, &info);
	process_put(p);
	return err;
}

s64 sys_rt_tgsigqueueinfo(int process_number, int tid, int signo, uptr_t uinfo)
{
	siginfo_t info;
	if (process_number <= 0 || tid <= 0)
		return -EINVAL;
	s64 err = queue_info(uinfo, tid, signo, &info);
	return err ? err : send_to_thread(process_number, tid, signo, &info);
}

/* ---- actions and masks ---- */

s64 sys_rt_sigaction(int signo, uptr_t unew, uptr_t uold, size_t size)
{
	struct task *t = current;
	struct sigaction new, old, *a;

	if (size != sizeof(u64))
		return -EINVAL;
	if (!uptr_null(unew) && copy_from_user(&new, unew, sizeof new))
		return -EFAULT;
	if (signo < 1 || signo > SIGNAL_MAX ||
	    (!uptr_null(unew) && SIGNAL_BIT(signo) & SIGNALS_UNBLOCKABLE))
		return -EINVAL;
	a = &t->sighand->action[signo - 1];
	u64 flags = spin_lock_irqsave(&t->sighand->lock);
	old = *a;
	if (!uptr_null(unew)) {
		new.sa_mask &= ~SIGNALS_UNBLOCKABLE;
		new.sa_flags &= SA_NOCLDSTOP | SA_NOCLDWAIT | SA_SIGINFO | SA_ONSTACK | SA_RESTART |
				SA_NODEFER | SA_RESETHAND | SA_EXPOSE_TAGBITS | SA_RESTORER;
		*a = new;
	}
	spin_unlock_irqrestore(&t->sighand->lock, flags);
	if (!uptr_null(unew) &&
	    (new.sa_handler == SIG_IGN ||
	     (new.sa_handler == SIG_DFL && SIGNAL_BIT(signo) & SIGNALS_IGNORED_BY_DEFAULT)))
		signal_discard(t->process, SIGNAL_BIT(signo));
	if (!uptr_null(uold) && copy_to_user(uold, &old, sizeof old))
		return -EFAULT;
	return 0;
}

s64 sys_rt_sigprocmask(int how, uptr_t unew, uptr_t uold, size_t size)
{
	struct task *t = current;
	u64 old = t->blocked, set;

	if (size != sizeof(u64))
		return -EINVAL;
	if (!uptr_null(unew)) {
		if (get_user_u64(&set, unew))
			return -EFAULT;
		switch (how) {
		case SIG_BLOCK: signal_set_blocked(old | set); break;
		case SIG_UNBLOCK: signal_set_blocked(old & ~set); break;
		case SIG_SETMASK: signal_set_blocked(set); break;
		default: return -EINVAL;
		}
	}
	return !uptr_null(uold) && put_user_u64(uold, old) ? -EFAULT : 0;
}

s64 sys_rt_sigpending(uptr_t uset, size_t size)
{
	struct task *t = current;
	if (size > sizeof(u64))
		return -EINVAL;
	u64 flags = spin_lock_irqsave(&t->process->lock);
	u64 set = (t->pending_set | t->process->pending_set) & t->blocked;
	spin_unlock_irqrestore(&t->process->lock, flags);
	return copy_to_user(uset, &set, size);
}

/* Puts `mask` in force until the next return to user mode has delivered what it lets through. */
void signal_suspend_mask(u64 mask)
{
	struct task *t = current;
	t->saved_blocked = t->blocked;
	signal_set_blocked(mask);
	task_set_work(t, WORK_RESTORE_MASK);
}

static s64 wait_for_signal(void)
{
	struct task *t = current;
	for (;;) {
		atomic_store(&t->state, TASK_INTERRUPTIBLE);
		memory_barrier();
		if (READ_ONCE(t->work) & (WORK_SIGNAL | WORK_STOP))
			break;
		schedule();
	}
	atomic_store(&t->state, TASK_RUNNING);
	return -ERESTARTNOHAND;
}

s64 sys_rt_sigsuspend(uptr_t uset, size_t size)
{
	u64 mask;
	if (size != sizeof(u64))
		return -EINVAL;
	if (get_user_u64(&mask, uset))
		return -EFAULT;
	signal_suspend_mask(mask);
	return wait_for_signal();
}

s64 sys_pause(void)
{
	return wait_for_signal();
}

/* Takes one of `set` out of the pending ones; 0 when there is none. */
static int take_pending(struct task *t, u64 set, siginfo_t *info)
{
	IRQSPIN_GUARD(&t->process->lock);
	return signal_dequeue(t, set, info);
}

s64 sys_rt_sigtimedwait(uptr_t uset, uptr_t uinfo, uptr_t utimeout, size_t size)
{
	struct task *t = current;
	struct __kernel_timespec ts;
	u64 set, deadline = 0;
	siginfo_t info;
	bool poll = false;

	if (size != sizeof(u64))
		return -EINVAL;
	if (get_user_u64(&set, uset))
		return -EFAULT;
	if (!uptr_null(utimeout)) {
		if (copy_from_user(&ts, utimeout, sizeof ts))
			return -EFAULT;
		if (timespec_to_ns(ts.tv_sec, ts.tv_nsec, &deadline))
			return -EINVAL;
		poll = !deadline;
		deadline += clock_monotonic_ns();
	}
	set &= ~SIGNALS_UNBLOCKABLE;
	int n = take_pending(t, set, &info);
	if (!n && !poll) {
		/* The signals stay blocked meanwhile: they must neither be dropped nor have their action. */
		int err = wait_event_until(signal_takers(t->process), WAIT_INTERRUPTIBLE,
					   (n = take_pending(t, set, &info)) != 0, deadline);
		if (err)
			return err == -ETIMEDOUT ? -EAGAIN : -EINTR;
	}
	if (!n)
		return -EAGAIN;
	if (!uptr_null(uinfo) && copy_to_user(uinfo, &info, sizeof info))
		return -EFAULT;
	return n;
}

static bool on_altstack(const struct task *t)
{
	u64 sp = regs_sp(thread_user_regs(current));
	if (t->altstack_flags & SS_AUTODISARM)
		return false;
	return sp > t->altstack_sp && sp - t->altstack_sp <= t->altstack_size;
}

s64 sys_sigaltstack(uptr_t unew, uptr_t uold)
{
	struct task *t = current;
	stack_t new, old;

	memset(&old, 0, sizeof old); /* its padding, too, goes to the user */
	old.ss_sp = (void *)t->altstack_sp;
	old.ss_size = t->altstack_size;
	old.ss_flags = (int)(t->altstack_size ? (on_altstack(t) ? SS_ONSTACK : 0) | (t->altstack_flags & SS_AUTODISARM) :
				    SS_DISABLE);
	if (!uptr_null(unew)) {
		if (copy_from_user(&new, unew, sizeof new))
			return -EFAULT;
		if (t->altstack_size && on_altstack(t))
			return -EPERM;
		int mode = new.ss_flags & ~(int)SS_AUTODISARM;
		if (mode != SS_DISABLE && mode != SS_ONSTACK && mode != 0)
			return -EINVAL;
		if (mode == SS_DISABLE) {
			new.ss_size = 0;
			new.ss_sp = NULL;
		} else if (new.ss_size < MINSIGSTKSZ_MIN) {
			return -ENOMEM;
		}
		t->altstack_sp = (u64)new.ss_sp;
		t->altstack_size = new.ss_size;
		t->altstack_flags = (u32)new.ss_flags;
	}
	return !uptr_null(uold) && copy_to_user(uold, &old, sizeof old) ? -EFAULT : 0;
}

s64 sys_restart_syscall(void)
{
	struct restart_block *rb = &current->restart;
	return rb->fn ? rb->fn(rb) : -EINTR;
}
