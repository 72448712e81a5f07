/* SPDX-License-Identifier: MIT */
/*
 * Signals, the sending side.
 *
 * A signal is pending either for one thread (task->pending_*) or for the process
 * (process->pending_*): a bit in a set, and a struct sigqueue with its siginfo.
 * Standard signals are pending once; real-time ones queue.  When memory for the
 * siginfo lacks, a standard signal is pending by its bit alone.
 *
 * process->lock, taken with interrupts off, protects all of it, so that timers
 * can send from interrupts.  WORK_SIGNAL on a task means: a signal that it does
 * not block may be pending; only the task itself clears it, under the lock.
 *
 * Sending: drop what is ignored, undo stop by SIGCONT and the other way round,
 * queue, then choose a thread.  A signal that will end the process does so here:
 * SIGKILL becomes pending for every thread, so that none has to be scheduled twice.
 */
#include <proc/signal.h>

#include <lib/hash.h>
#include <lib/string.h>
#include <mm/slab.h>
#include <proc/cred.h>
#include <proc/internal.h>
#include <proc/user.h>

#define TAKERS_BITS 5

static struct slab_cache *sigqueue_cache, *sighand_cache;
static struct wait_queue takers[1 << TAKERS_BITS];

struct wait_queue *signal_takers(const struct process *p)
{
	return &takers[hash_u64((u64)p, TAKERS_BITS)];
}

static bool task_signal_check(struct task *t, enum wait_kind kind)
{
	if (kind == WAIT_INTERRUPTIBLE)
		return READ_ONCE(t->work) & (WORK_SIGNAL | WORK_STOP);
	return kind == WAIT_KILLABLE && signal_fatal_pending(t);
}

void signals_init(void)
{
	sigqueue_cache = slab_create("sigqueue", sizeof(struct sigqueue), 0);
	sighand_cache = slab_create("sighand", sizeof(struct sighand), 64);
	task_signal_pending = task_signal_check;
	for (unsigned i = 0; i < ARRAY_SIZE(takers); i++)
		wait_queue_init(&takers[i]);
}

/* ---- handler tables ---- */

struct sighand *sighand_new(void)
{
	struct sighand *s = slab_alloc(sighand_cache, ALLOC_ZERO);
	if (!s)
		return NULL;
	ref_init(&s->refs, 1);
	spin_init(&s->lock);
	return s;
}

struct sighand *sighand_copy(struct sighand *from)
{
	struct sighand *s = slab_alloc(sighand_cache, 0);
	if (!s)
		return NULL;
	ref_init(&s->refs, 1);
	spin_init(&s->lock);
	IRQSPIN_GUARD(&from->lock);
	memcpy(s->action, from->action, sizeof s->action);
	return s;
}

void sighand_put(struct sighand *s)
{
	if (s && ref_put(&s->refs))
		slab_free(sighand_cache, s);
}

void sighand_reset_for_exec(struct task *t)
{
	IRQSPIN_GUARD(&t->process->lock);
	for (int i = 0; i < SIGNAL_MAX; i++) {
		struct sigaction *a = &t->sighand->action[i];
		if (a->sa_handler != SIG_IGN)
			a->sa_handler = SIG_DFL;
		a->sa_flags = 0;
		a->sa_restorer = NULL;
		a->sa_mask = 0;
	}
	t->altstack_sp = t->altstack_size = 0;
	t->altstack_flags = SS_DISABLE;
}

/* ---- queues ---- */

/* Its place in the queue is given up; a timer keeps its own. */
static void sigqueue_free(struct sigqueue *q)
{
	if (q->timer) {
		list_init(&q->link);
		return;
	}
	__atomic_sub_fetch(&q->user->signals, 1, __ATOMIC_RELAXED);
	user_put(q->user);
	slab_free(sigqueue_cache, q);
}

void sigqueue_flush(struct list *l, u64 *set)
{
	struct sigqueue *q, *tmp;
	list_for_each_safe(q, tmp, l, link) {
		list_remove(&q->link);
		sigqueue_free(q);
	}
	*set = 0;
}

/* Removes all pending signals of `mask` from one queue. */
static void sigqueue_discard(struct list *l, u64 *set, u64 mask)
{
	struct sigqueue *q, *tmp;

	if (!(*set & mask))
		return;
	*set &= ~mask;
	list_for_each_safe(q, tmp, l, link) {
		if (!(SIGNAL_BIT(q->info.si_signo) & mask))
			continue;
		list_remove(&q->link);
		sigqueue_free(q);
	}
}

/* The same with those that timers have sent. */
static void sigqueue_discard_timers(struct list *l, u64 *set)
{
	struct sigqueue *q, *tmp;
	u64 left = 0;

	list_for_each_safe(q, tmp, l, link) {
		if (q->info.si_code == SI_TIMER) {
			*set &= ~SIGNAL_BIT(q->info.si_signo);
			list_remove(&q->link);
			sigqueue_free(q);
		} else {
			left |= SIGNAL_BIT(q->info.si_signo);
		}
	}
	*set |= left;
}

void signal_discard_timers(struct task *t)
{
	IRQSPIN_GUARD(&t->process->lock);
	sigqueue_discard_timers(&t->pending_list, &t->pending_set);
	sigqueue_discard_timers(&t->process->pending_list, &t->process->pending_set);
	signal_recompute(t);
}

static void process_discard(struct process *p, u64 mask)
{
	struct task *t;
	sigqueue_discard(&p->pending_list, &p->pending_set, mask);
	list_for_each(t, &p->threads, thread_link)
		sigqueue_discard(&t->pending_list, &t->pending_set, mask);
}

void signal_discard(struct process *p, u64 mask)
{
	IRQSPIN_GUARD(&p->lock);
	process_discard(p, mask);
}

struct sigqueue *sigqueue_new(void)
{
	struct user *u = current->cred->user;
	struct sigqueue *q;

	if (READ_ONCE(u->signals) >= rlimit_current(RLIMIT_SIGPENDING) ||
	    !(q = slab_alloc(sigqueue_cache, ALLOC_ZERO)))
		return NULL;
	list_init(&q->link);
	q->user = u;
	user_get(u);
	__atomic_add_fetch(&u->signals, 1, __ATOMIC_RELAXED);
	return q;
}

void sigqueue_disown(struct sigqueue *q)
{
	q->timer = NULL;
	if (list_empty(&q->link))
		sigqueue_free(q);
}

/* -EAGAIN when a siginfo that must not be lost finds no room. */
static int sigqueue_add(struct process *p, struct task *t, struct list *l, int signo,
			const siginfo_t *info)
{
	struct user *u = t->cred->user;
	bool must = signo >= SIGRTMIN && info && info->si_code != SI_USER;
	bool over = READ_ONCE(u->signals) >= process_limit(p, RLIMIT_SIGPENDING);

	/* Standard signals of the kernel and of kill(2) do not heed the limit. */
	struct sigqueue *q = over && (signo >= SIGRTMIN || (info && info->si_code < 0)) ?
			     NULL : slab_alloc(sigqueue_cache, ALLOC_ATOMIC);
	if (!q)
		return must ? -EAGAIN : 0;
	q->timer = NULL;
	q->user = u;
	user_get(u);
	__atomic_add_fetch(&u->signals, 1, __ATOMIC_RELAXED);
	if (info) {
		q->info = *info;
	} else {
		memset(&q->info, 0, sizeof q->info);
		q->info.si_code = SI_KERNEL;
	}
	q->info.si_signo = signo;
	list_push_back(l, &q->link);
	return 0;
}

void signal_info_user(siginfo_t *info, int signo)
{
	memset(info, 0, sizeof *info);
	info->si_signo = signo;
	info->si_code = SI_USER;
	info->si_pid = process_pid(current->process);
	info->si_uid = current->cred->uid;
}

/* ---- sending ---- */

/* Would `t` do nothing on `signo`?  A blocked signal is kept: the handler may change before it is unblocked. */
bool signal_ignored(const struct task *t, int signo)
{
	if (t->blocked & SIGNAL_BIT(signo))
		return false;
	__sighandler_t h = READ_ONCE(t->sighand->action[signo - 1].sa_handler);
	if (h == SIG_IGN)
		return true;
	if (h != SIG_DFL)
		return false;
	if (t->process->flags & PROC_UNKILLABLE)
		return true;
	return SIGNAL_BIT(signo) & SIGNALS_IGNORED_BY_DEFAULT;
}

static void kick(struct task *t, bool fatal)
{
	task_set_work(t, WORK_SIGNAL);
	task_wake_state(t, fatal ? TASK_INTERRUPTIBLE | TASK_KILLABLE | TASK_STOPPED | TASK_TRACED :
				   TASK_INTERRUPTIBLE);
}

void process_kill_all_threads(struct process *p, struct task *except)
{
	struct task *t;
	list_for_each(t, &p->threads, thread_link) {
		if (t == except || t->flags & TASKF_EXITING)
			continue;
		t->pending_set |= SIGNAL_BIT(SIGKILL);
		kick(t, true);
	}
}

/* SIGCONT ends a stop; a stop signal takes back a SIGCONT. */
static void stop_and_continue(struct process *p, int signo)
{
	struct task *t;

	if (SIGNAL_BIT(signo) & SIGNALS_STOP) {
		process_discard(p, SIGNAL_BIT(SIGCONT));
		return;
	}
	if (signo != SIGCONT)
		return;
	process_discard(p, SIGNALS_STOP);
	p->flags &= ~(u32)PROC_STOP_DEQUEUED;
	if (p->flags & (PROC_STOPPED | PROC_STOPPING)) {
		p->flags &= ~(PROC_STOPPED | PROC_STOPPING | PROC_STOP_REPORTED);
		p->flags |= PROC_CONTINUED | PROC_NOTIFY_CONTINUED;
		p->stop_pending = 0;
	}
	list_for_each(t, &p->threads, thread_link) {
		atomic_and_work(t, ~(u32)WORK_STOP);
		task_wake_state(t, TASK_STOPPED);
	}
}

static bool wants(const struct task *t, int signo)
{
	if (t->flags & TASKF_EXITING)
		return false;
	if (signo == SIGKILL)
		return true;
	/* Who has stopped looks at what is pending when it goes on, and not before. */
	return !(t->blocked & SIGNAL_BIT(signo)) && READ_ONCE(t->state) != TASK_STOPPED;
}

/* The thread that is to take a process-wide signal: the leader if it can, else any; NULL when all block it. */
static struct task *choose_thread(struct process *p, int signo)
{
	struct task *t;

	if (p->leader && wants(p->leader, signo))
		return p->leader;
	list_for_each(t, &p->threads, thread_link)
		if (wants(t, signo))
			return t;
	return NULL;
}

/* Does `signo` end the process at once when `t` takes it? */
static bool is_fatal(const struct task *t, int signo)
{
	if (signo == SIGKILL)
		return true;
	if (t->process->flags & PROC_UNKILLABLE)
		return false;
	return READ_ONCE(t->sighand->action[signo - 1].sa_handler) == SIG_DFL &&
	       !(SIGNAL_BIT(signo) & (SIGNALS_IGNORED_BY_DEFAULT | SIGNALS_STOP | SIGNALS_CORE));
}

/* Would sending do nothing?  Undoes stops and the like on the way. */
static always_inline bool refused(struct process *p, struct task *judge, int signo)
{
	ASSERT(spin_is_locked(&p->lock));
	if (p->flags & (PROC_ZOMBIE | PROC_GROUP_EXIT) || p == &kernel_process || !judge)
		return true;
	stop_and_continue(p, signo);
	if (signo == SIGKILL || signo == SIGSTOP)
		return p->flags & PROC_UNKILLABLE;
	return signal_ignored(judge, signo);
}

/* The signal is pending: who is to act on it? */
static always_inline void tell(struct process *p, struct task *t, int signo)
{
	wait_wake_all(signal_takers(p));
	struct task *taker = t ? (wants(t, signo) ? t : NULL) : choose_thread(p, signo);
	if (!taker)
		return;
	if (is_fatal(taker, signo)) {
		p->flags |= PROC_GROUP_EXIT;
		p->flags &= ~(PROC_STOPPED | PROC_STOPPING);
		p->exit_code = signo;
		process_kill_all_threads(p, NULL);
		return;
	}
	kick(taker, false);
}

int signal_send_locked(struct process *p, struct task *t, int signo, const siginfo_t *info)
{
	struct task *judge = t ? t : p->leader;
	u64 *set = t ? &t->pending_set : &p->pending_set;
	struct list *list = t ? &t->pending_list : &p->pending_list;

	if (refused(p, judge, signo))
		return 0;
	if (signo < SIGRTMIN && *set & SIGNAL_BIT(signo))
		return 0;
	int err = sigqueue_add(p, judge, list, signo, info);
	if (err)
		return err;
	*set |= SIGNAL_BIT(signo);
	tell(p, t, signo);
	return 0;
}

bool signal_send_prepared(struct process *p, struct task *t, struct sigqueue *q)
{
	int signo = q->info.si_signo;

	if (t && t->flags & TASKF_EXITING)
		return true; /* nobody will take it */
	if (refused(p, t ? t : p->leader, signo))
		return false;
	if (!list_empty(&q->link)) {
		q->info.si_overrun++;
		return true;
	}
	list_push_back(t ? &t->pending_list : &p->pending_list, &q->link);
	*(t ? &t->pending_set : &p->pending_set) |= SIGNAL_BIT(signo);
	tell(p, t, signo);
	return true;
}

int signal_send_task(struct task *t, int signo, const siginfo_t *info)
{
	struct process *p = t->process;
	if (!p)
		return 0;
	IRQSPIN_GUARD(&p->lock);
	return t->flags & TASKF_EXITING ? 0 : signal_send_locked(p, t, signo, info);
}

int signal_send_process(struct process *p, int signo, const siginfo_t *info)
{
	u64 flags = spin_lock_irqsave(&p->lock);
	int err = signal_send_locked(p, NULL, signo, info);
	spin_unlock_irqrestore(&p->lock, flags);
	if (signo == SIGCONT && READ_ONCE(p->flags) & PROC_NOTIFY_CONTINUED) {
		SPIN_GUARD(&tree_lock);
		notify_parent_continued(p);
	}
	return err;
}

int signal_send_process_locked(struct process *p, int signo, const siginfo_t *info)
{
	u64 flags = spin_lock_irqsave(&p->lock);
	int err = signal_send_locked(p, NULL, signo, info);
	spin_unlock_irqrestore(&p->lock, flags);
	if (signo == SIGCONT)
		notify_parent_continued(p);
	return err;
}

int signal_send_group_locked(struct pid *group, int signo, const siginfo_t *info)
{
	struct process *p;
	int err = -ESRCH;

	list_for_each(p, &group->group, group_link) {
		int e = signal_send_process_locked(p, signo, info);
		if (err)
			err = e;
	}
	return err;
}

int signal_send_group(struct pid *group, int signo, const siginfo_t *info)
{
	SPIN_GUARD(&tree_lock);
	return signal_send_group_locked(group, signo, info);
}

void signal_force(int signo, const siginfo_t *info)
{
	struct task *t = current;
	struct process *p = t->process;

	ASSERT(signo >= 1 && signo <= SIGNAL_MAX);
	IRQSPIN_GUARD(&p->lock);
	struct sigaction *a = &t->sighand->action[signo - 1];

	if (t->blocked & SIGNAL_BIT(signo) || a->sa_handler == SIG_IGN) {
		a->sa_handler = SIG_DFL;
		t->blocked &= ~SIGNAL_BIT(signo);
	}
	/* Not even init survives its own fault. */
	if (a->sa_handler == SIG_DFL)
		p->flags &= ~(u32)PROC_UNKILLABLE;
	if (p->flags & PROC_GROUP_EXIT)
		return;
	if (!(t->pending_set & SIGNAL_BIT(signo)))
		sigqueue_add(p, t, &t->pending_list, signo, info);
	t->pending_set |= SIGNAL_BIT(signo);
	task_set_work(t, WORK_SIGNAL);
}

/* ---- state of the receiver ---- */

bool signal_fatal_pending(struct task *t)
{
	return READ_ONCE(t->pending_set) & SIGNAL_BIT(SIGKILL);
}

void signal_recompute(struct task *t)
{
	if ((t->pending_set | t->process->pending_set) & ~(t->blocked & ~SIGNAL_BIT(SIGKILL)))
		task_set_work(t, WORK_SIGNAL);
	else
		atomic_and_work(t, ~(u32)WORK_SIGNAL);
}

void signals_retarget(struct process *p, u64 set)
{
	for (set &= p->pending_set; set; set &= set - 1) {
		struct task *other = choose_thread(p, __builtin_ctzll(set) + 1);
		if (other && other != current)
			kick(other, false);
	}
}

void signal_set_blocked(u64 mask)
{
	struct task *t = current;

	mask &= ~SIGNALS_UNBLOCKABLE;
	if (t->blocked == mask)
		return;
	IRQSPIN_GUARD(&t->process->lock);
	u64 newly = mask & ~t->blocked;
	t->blocked = mask;
	signal_recompute(t);
	signals_retarget(t->process, newly);
}

/* The signal of `set` & wanted that goes first: faults of the CPU, then by number. */
static int first_signal(u64 set)
{
	if (set & SIGNALS_SYNCHRONOUS)
		set &= SIGNALS_SYNCHRONOUS;
	return set ? __builtin_ctzll(set) + 1 : 0;
}

static int dequeue_from(struct list *l, u64 *set, int signo, siginfo_t *info)
{
	struct sigqueue *q, *found = NULL;
	bool more = false;

	list_for_each(q, l, link) {
		if (q->info.si_signo != signo)
			continue;
		if (found) {
			more = true;
			break;
		}
		found = q;
	}
	if (!more)
		*set &= ~SIGNAL_BIT(signo);
	if (found) {
		*info = found->info;
		list_remove(&found->link);
		if (found->timer)
			posix_timer_delivered(found->timer, info);
		sigqueue_free(found);
	} else {
		memset(info, 0, sizeof *info);
		info->si_signo = signo;
		info->si_code = SI_USER;
	}
	return signo;
}

int signal_dequeue(struct task *t, u64 wanted, siginfo_t *info)
{
	struct process *p = t->process;
	int n;

	if ((n = first_signal(t->pending_set & wanted)))
		dequeue_from(&t->pending_list, &t->pending_set, n, info);
	else if ((n = first_signal(p->pending_set & wanted)))
		dequeue_from(&p->pending_list, &p->pending_set, n, info);
	signal_recompute(t);
	return n;
}
