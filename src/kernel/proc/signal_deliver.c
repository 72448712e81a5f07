/* SPDX-License-Identifier: MIT */
/*
 * Signals, the receiving side, on the way to user mode.
 *
 * Calls that a signal interrupts return one of four codes that user space never
 * sees; here they become a restart or EINTR:
 *
 *                           handler runs            no handler runs
 *   ERESTARTSYS             restart if SA_RESTART   restart
 *   ERESTARTNOINTR          restart                 restart
 *   ERESTARTNOHAND          EINTR                   restart
 *   ERESTART_RESTARTBLOCK   EINTR                   restart_syscall(2)
 */
#include <arch/upcall.h>
#include <lib/string.h>
#include <asm/unistd_64.h>
#include <proc/internal.h>
#include <syscall/handlers.h>
#include <vm/vm.h>

/* The last thread that a stop waited for has stopped, or left: tell the parent. */
static void stop_complete(struct process *p)
{
	SPIN_GUARD(&tree_lock);
	if (READ_ONCE(p->flags) & PROC_STOPPED)
		notify_parent_stop(p, CLD_STOPPED);
}

/* Starts a stop of the whole process, unless one goes on already. process->lock held. */
static void stop_begin(struct process *p, int signo)
{
	struct task *t;

	if (p->flags & (PROC_STOPPING | PROC_STOPPED))
		return; /* who has stopped must not be counted again */
	p->stop_signal = signo;
	p->stop_pending = 0;
	p->flags |= PROC_STOPPING;
	p->flags &= ~(u32)(PROC_STOPPED | PROC_STOP_REPORTED | PROC_CONTINUED);
	list_for_each(t, &p->threads, thread_link) {
		if (t->flags & TASKF_EXITING)
			continue;
		p->stop_pending++;
		task_set_work(t, WORK_STOP);
		task_wake_state(t, TASK_INTERRUPTIBLE);
	}
}

void signal_stop_current(void)
{
	struct task *t = current;
	struct process *p = t->process;
	bool last = false;

	u64 flags = spin_lock_irqsave(&p->lock);
	atomic_and_work(t, ~(u32)WORK_STOP);
	if (!(p->flags & (PROC_STOPPING | PROC_STOPPED)) || p->flags & PROC_GROUP_EXIT) {
		spin_unlock_irqrestore(&p->lock, flags);
		return;
	}
	if (p->flags & PROC_STOPPING && --p->stop_pending == 0) {
		p->flags = (p->flags & ~(u32)PROC_STOPPING) | PROC_STOPPED;
		last = true;
	}
	atomic_store(&t->state, TASK_STOPPED);
	spin_unlock_irqrestore(&p->lock, flags);
	if (last) {
		/* Telling may not sleep; a SIGCONT meanwhile sets us running again, which schedule sees. */
		stop_complete(p);
	}
	schedule();
}

/* Should a stop signal be dropped?  Those from the keyboard do not stop an orphaned group. */
static bool stop_refused(struct process *p, int signo)
{
	if (signo == SIGSTOP)
		return false;
	SPIN_GUARD(&tree_lock);
	return group_is_orphaned(p->group, NULL);
}

/* Takes the next signal that has a handler; everything else is dealt with on the way.  0: none left. */
static int next_handled(struct task *t, siginfo_t *info, struct sigaction *action)
{
	struct process *p = t->process;

	for (;;) {
		if (READ_ONCE(t->work) & WORK_STOP)
			signal_stop_current();
		u64 flags = spin_lock_irqsave(&p->lock);
		if (p->flags & PROC_GROUP_EXIT || t->pending_set & SIGNAL_BIT(SIGKILL)) {
			int status = p->flags & PROC_GROUP_EXIT ? p->exit_code : SIGKILL;
			spin_unlock_irqrestore(&p->lock, flags);
			process_exit(status);
		}
		int n = signal_dequeue(t, ~t->blocked, info);
		if (!n) {
			spin_unlock_irqrestore(&p->lock, flags);
			return 0;
		}
		if (SIGNAL_BIT(n) & SIGNALS_STOP)
			p->flags |= PROC_STOP_DEQUEUED;
		struct sigaction *a = &t->sighand->action[n - 1];
		spin_acquire(&t->sighand->lock);
		*action = *a;
		if (a->sa_handler != SIG_DFL && a->sa_handler != SIG_IGN && a->sa_flags & SA_RESETHAND)
			a->sa_handler = SIG_DFL;
		spin_release(&t->sighand->lock);
		spin_unlock_irqrestore(&p->lock, flags);

		if (action->sa_handler == SIG_IGN)
			continue;
		if (action->sa_handler != SIG_DFL)
			return n;
		if (SIGNAL_BIT(n) & SIGNALS_IGNORED_BY_DEFAULT || p->flags & PROC_UNKILLABLE)
			continue;
		if (!(SIGNAL_BIT(n) & SIGNALS_STOP))
			process_exit(n);
		if (stop_refused(p, n))
			continue;
		flags = spin_lock_irqsave(&p->lock);
		/* A SIGCONT that came since the dequeue wins. */
		if (p->flags & PROC_STOP_DEQUEUED && !(p->flags & PROC_GROUP_EXIT))
			stop_begin(p, n);
		spin_unlock_irqrestore(&p->lock, flags);
	}
}

/* true: the call that `r` is in wants to be restarted or made EINTR. */
static bool interrupted_call(const struct regs *r)
{
	if (regs_syscall(r) < 0)
		return false;
	switch (-regs_result(r)) {
	case ERESTARTSYS:
	case ERESTARTNOINTR:
	case ERESTARTNOHAND:
	case ERESTART_RESTARTBLOCK:
		return true;
	}
	return false;
}

static void restart_with_handler(struct regs *r, const struct sigaction *a)
{
	s64 e = -regs_result(r);

	if (!interrupted_call(r))
		return;
	if (e == ERESTARTNOINTR || (e == ERESTARTSYS && a->sa_flags & SA_RESTART))
		regs_restart_syscall(r);
	else
		regs_set_result(r, -EINTR);
}

static void restart_without_handler(struct regs *r)
{
	if (!interrupted_call(r))
		return;
	if (-regs_result(r) == ERESTART_RESTARTBLOCK)
		regs_restart_as(r, __NR_restart_syscall);
	else
		regs_restart_syscall(r);
}

/* The frame could not be written: the task ends, unless SIGSEGV itself can be handled. */
static void frame_failed(int signo)
{
	siginfo_t info = { .si_signo = SIGSEGV, .si_code = SI_KERNEL };
	struct task *t = current;

	if (signo == SIGSEGV) {
		IRQSPIN_GUARD(&t->process->lock);
		t->sighand->action[SIGSEGV - 1].sa_handler = SIG_DFL;
	}
	signal_force(SIGSEGV, &info);
}

static void enter_handler(struct regs *r, int signo, const siginfo_t *info, const struct sigaction *a)
{
	struct task *t = current;
	struct signal_delivery d = {
		.signo = signo,
		.info = info,
		.handler = (u64)a->sa_handler,
		.restorer = (u64)a->sa_restorer,
		.flags = a->sa_flags,
		.saved_mask = t->work & WORK_RESTORE_MASK ? t->saved_blocked : t->blocked,
		.altstack = { .ss_sp = (void *)t->altstack_sp,
			      .ss_size = t->altstack_size,
			      .ss_flags = (int)t->altstack_flags },
	};

	restart_with_handler(r, a);
	if ((t->rseq && !rseq_interrupt(r)) || !(a->sa_flags & SA_RESTORER) || signal_frame_push(r, &d)) {
		frame_failed(signo);
		return;
	}
	regs_forget_syscall(r);
	atomic_and_work(t, ~(u32)WORK_RESTORE_MASK);
	if (t->altstack_flags & SS_AUTODISARM) {
		t->altstack_sp = t->altstack_size = 0;
		t->altstack_flags = SS_DISABLE;
	}
	u64 mask = t->blocked | a->sa_mask;
	if (!(a->sa_flags & SA_NODEFER))
		mask |= SIGNAL_BIT(signo);
	signal_set_blocked(mask);
}

static void restore_mask(struct task *t)
{
	atomic_and_work(t, ~(u32)WORK_RESTORE_MASK);
	signal_set_blocked(t->saved_blocked);
}

void signal_deliver(struct regs *r)
{
	struct task *t = current;
	struct sigaction action;
	siginfo_t info;

	/* A call with a mask of its own that no signal ended: its mask lets nothing through any more. */
	if (t->work & WORK_RESTORE_MASK && !interrupted_call(r) && regs_result(r) != -EINTR)
		restore_mask(t);
	int n = next_handled(t, &info, &action);
	if (n) {
		enter_handler(r, n, &info, &action);
		return;
	}
	restart_without_handler(r);
	regs_forget_syscall(r);
	if (t->work & WORK_RESTORE_MASK)
		restore_mask(t);
}

void upcall_user_exception(struct regs *r, int signo, int code, u64 addr, int trapno, u64 error)
{
	siginfo_t info = { .si_signo = signo, .si_code = code };

	info.si_addr = (void *)addr;
	regs_forget_syscall(r);
	signal_force(signo, &info);
}

s64 sys_rt_sigreturn(struct regs *r)
{
	struct task *t = current;
	stack_t ss;
	u64 mask;

	if (signal_frame_pop(r, &mask, &ss)) {
		frame_failed(SIGSEGV);
		return 0;
	}
	regs_forget_syscall(r);
	t->restart.fn = NULL;
	signal_set_blocked(mask);
	if (!(ss.ss_flags & ~(int)(SS_DISABLE | SS_AUTODISARM | SS_ONSTACK))) {
		t->altstack_sp = (u64)ss.ss_sp;
		t->altstack_size = ss.ss_flags & SS_DISABLE ? 0 : ss.ss_size;
		t->altstack_flags = (u32)ss.ss_flags & ~(u32)SS_ONSTACK;
	}
	return regs_result(r);
}
