/* SPDX-License-Identifier: MIT */
/* Pending signals of a process that never runs: queues, limits, what drops what, order. */
#include <debug/selftest.h>
#include <lib/string.h>
#include <mm/slab.h>
#include <proc/cred.h>
#include <proc/internal.h>
#include <proc/user.h>

struct fake {
	struct process *p;
	struct task *t[2]; /* the leader and another thread */
	struct sighand *h;
	struct cred cred;
};

static void fake_end(struct fake *f)
{
	u64 set;

	if (f->p) {
		sigqueue_flush(&f->p->pending_list, &set);
		list_init(&f->p->threads);
		process_put(f->p);
	}
	for (int i = 0; i < 2; i++) {
		if (f->t[i])
			sigqueue_flush(&f->t[i]->pending_list, &set);
		kfree(f->t[i]);
	}
	sighand_put(f->h);
	if (f->cred.user)
		user_put(f->cred.user);
}

static bool fake_begin(struct fake *f)
{
	memset(f, 0, sizeof *f);
	f->p = process_alloc();
	f->h = sighand_new();
	f->cred.user = user_find(54400);
	bool ok = f->p && f->h && f->cred.user;
	for (int i = 0; i < 2; i++) {
		struct task *t = f->t[i] = kzalloc(sizeof *t);
		if (!(ok &= t != NULL))
			continue;
		t->state = TASK_NEW;
		t->process = f->p;
		t->sighand = f->h;
		t->cred = &f->cred;
		list_init(&t->pending_list);
		list_init(&t->thread_link);
		if (f->p)
			list_push_back(&f->p->threads, &t->thread_link);
	}
	if (!ok) {
		fake_end(f);
		return false;
	}
	f->p->leader = f->t[0];
	f->p->limits[RLIMIT_SIGPENDING].rlim_cur = 100;
	return true;
}

static int send(struct fake *f, int signo, int code)
{
	siginfo_t info = { .si_signo = signo, .si_code = code };
	IRQSPIN_GUARD(&f->p->lock);
	return signal_send_locked(f->p, NULL, signo, &info);
}

static int take(struct fake *f, u64 wanted, siginfo_t *info)
{
	IRQSPIN_GUARD(&f->p->lock);
	return signal_dequeue(f->t[0], wanted, info);
}

static void block(struct fake *f, u64 mask)
{
	f->t[0]->blocked = f->t[1]->blocked = mask;
}

#define CHECK_F(cond)                                                          \
	do {                                                                   \
		if (!(cond)) {                                                 \
			fake_end(&f);                                          \
			CHECK(cond);                                           \
			return;                                                \
		}                                                              \
	} while (0)

SELFTEST(proc_signal_pending_once)
{
	struct fake f;
	siginfo_t info;

	CHECK(fake_begin(&f));
	block(&f, ~0ULL);
	CHECK_F(!send(&f, SIGUSR1, SI_USER) && !send(&f, SIGUSR1, SI_USER));
	CHECK_F(f.cred.user->signals == 1);
	CHECK_F(take(&f, ~0ULL, &info) == SIGUSR1 && info.si_code == SI_USER);
	CHECK_F(take(&f, ~0ULL, &info) == 0);
	CHECK_F(f.cred.user->signals == 0 && f.p->pending_set == 0);
	fake_end(&f);
}

SELFTEST(proc_signal_realtime_queue)
{
	struct fake f;
	siginfo_t info;
	int n = SIGRTMIN + 2;

	CHECK(fake_begin(&f));
	block(&f, ~0ULL);
	f.p->limits[RLIMIT_SIGPENDING].rlim_cur = 2;
	CHECK_F(!send(&f, n, SI_QUEUE) && !send(&f, n, SI_QUEUE));
	CHECK_F(send(&f, n, SI_QUEUE) == -EAGAIN);
	CHECK_F(!send(&f, n, SI_USER));        /* kill(2): by its bit alone */
	CHECK_F(!send(&f, SIGCHLD, CLD_EXITED)); /* the kernel's do not heed the limit */
	CHECK_F(f.cred.user->signals == 3);
	CHECK_F(take(&f, SIGNAL_BIT(n), &info) == n && take(&f, SIGNAL_BIT(n), &info) == n);
	CHECK_F(take(&f, SIGNAL_BIT(n), &info) == 0);
	CHECK_F(take(&f, ~0ULL, &info) == SIGCHLD && info.si_code == CLD_EXITED);
	CHECK_F(f.cred.user->signals == 0);
	fake_end(&f);
}

SELFTEST(proc_signal_order)
{
	struct fake f;
	siginfo_t info;

	CHECK(fake_begin(&f));
	block(&f, ~0ULL);
	CHECK_F(!send(&f, SIGTERM, SI_USER) && !send(&f, SIGHUP, SI_USER) && !send(&f, SIGSEGV, SI_USER));
	CHECK_F(take(&f, ~0ULL, &info) == SIGSEGV); /* faults of the CPU first, then by number */
	CHECK_F(take(&f, ~0ULL, &info) == SIGHUP);
	CHECK_F(take(&f, ~0ULL, &info) == SIGTERM);
	fake_end(&f);
}

SELFTEST(proc_signal_ignored)
{
	struct fake f;

	CHECK(fake_begin(&f));
	CHECK_F(!send(&f, SIGCHLD, CLD_EXITED) && !(f.p->pending_set & SIGNAL_BIT(SIGCHLD)));
	block(&f, SIGNAL_BIT(SIGCHLD)); /* a handler may come before it is unblocked */
	CHECK_F(!send(&f, SIGCHLD, CLD_EXITED) && f.p->pending_set & SIGNAL_BIT(SIGCHLD));
	f.h->action[SIGUSR1 - 1].sa_handler = SIG_IGN;
	CHECK_F(!send(&f, SIGUSR1, SI_USER) && !(f.p->pending_set & SIGNAL_BIT(SIGUSR1)));
	fake_end(&f);
}

SELFTEST(proc_signal_stop_and_continue)
{
	struct fake f;

	CHECK(fake_begin(&f));
	block(&f, ~SIGNALS_UNBLOCKABLE);
	CHECK_F(!send(&f, SIGTSTP, SI_USER) && f.p->pending_set & SIGNAL_BIT(SIGTSTP));
	f.p->flags |= PROC_STOP_DEQUEUED;
	CHECK_F(!send(&f, SIGCONT, SI_USER));
	CHECK_F(!(f.p->pending_set & SIGNALS_STOP) && !(f.p->flags & PROC_STOP_DEQUEUED));
	CHECK_F(!(f.p->flags & PROC_CONTINUED)); /* it was not stopped */
	CHECK_F(!send(&f, SIGTTIN, SI_USER) && !(f.p->pending_set & SIGNAL_BIT(SIGCONT)));
	f.p->flags |= PROC_STOPPED;
	CHECK_F(!send(&f, SIGCONT, SI_USER));
	CHECK_F(!(f.p->flags & PROC_STOPPED) && f.p->flags & PROC_CONTINUED);
	fake_end(&f);
}

SELFTEST(proc_signal_kills_all_threads)
{
	struct fake f;

	CHECK(fake_begin(&f));
	CHECK_F(!send(&f, SIGTERM, SI_USER));
	CHECK_F(f.p->flags & PROC_GROUP_EXIT && f.p->exit_code == SIGTERM);
	CHECK_F(signal_fatal_pending(f.t[0]) && signal_fatal_pending(f.t[1]));
	fake_end(&f);
}

SELFTEST(proc_signal_init_survives)
{
	struct fake f;

	CHECK(fake_begin(&f));
	f.p->flags |= PROC_UNKILLABLE;
	CHECK_F(!send(&f, SIGTERM, SI_USER) && !send(&f, SIGKILL, SI_USER) && !send(&f, SIGSTOP, SI_USER));
	CHECK_F(!(f.p->flags & PROC_GROUP_EXIT) && !f.p->pending_set && !signal_fatal_pending(f.t[0]));
	fake_end(&f);
}

SELFTEST(proc_signal_goes_to_who_lets_it_through)
{
	struct fake f;

	CHECK(fake_begin(&f));
	f.h->action[SIGUSR1 - 1].sa_handler = (__sighandler_t)0x1000;
	f.t[0]->blocked = SIGNAL_BIT(SIGUSR1);
	CHECK_F(!send(&f, SIGUSR1, SI_USER));
	CHECK_F(!(f.t[0]->work & WORK_SIGNAL) && f.t[1]->work & WORK_SIGNAL);
	/* Its taker blocks it: the other one, who does not any more, is told. */
	f.t[0]->blocked = 0;
	f.t[1]->flags |= TASKF_EXITING;
	u64 flags = spin_lock_irqsave(&f.p->lock);
	signals_retarget(f.p, ~0ULL);
	spin_unlock_irqrestore(&f.p->lock, flags);
	CHECK_F(f.t[0]->work & WORK_SIGNAL);
	fake_end(&f);
}
