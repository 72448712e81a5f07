/* SPDX-License-Identifier: MIT */
/*
 * Signals: generated into a task's own or its process's shared pending set,
 * delivered on the way to user mode.
 */
#pragma once

#include <arch/signal.h>
#include <proc/process.h>

#define SIGNAL_MAX 64
#define SIGNAL_BIT(n) (1ULL << ((n) - 1))
#define SIGNALS_UNBLOCKABLE (SIGNAL_BIT(SIGKILL) | SIGNAL_BIT(SIGSTOP))
#define SIGNALS_STOP (SIGNAL_BIT(SIGSTOP) | SIGNAL_BIT(SIGTSTP) | SIGNAL_BIT(SIGTTIN) | SIGNAL_BIT(SIGTTOU))
#define SIGNALS_SYNCHRONOUS                                                    \
	(SIGNAL_BIT(SIGSEGV) | SIGNAL_BIT(SIGBUS) | SIGNAL_BIT(SIGILL) | SIGNAL_BIT(SIGTRAP) | \
	 SIGNAL_BIT(SIGFPE) | SIGNAL_BIT(SIGSYS))
/* Default action: nothing. */
#define SIGNALS_IGNORED_BY_DEFAULT                                             \
	(SIGNAL_BIT(SIGCHLD) | SIGNAL_BIT(SIGCONT) | SIGNAL_BIT(SIGURG) | SIGNAL_BIT(SIGWINCH))
/* Default action: end, with a core. */
#define SIGNALS_CORE                                                           \
	(SIGNAL_BIT(SIGQUIT) | SIGNAL_BIT(SIGILL) | SIGNAL_BIT(SIGTRAP) | SIGNAL_BIT(SIGABRT) | \
	 SIGNAL_BIT(SIGFPE) | SIGNAL_BIT(SIGSEGV) | SIGNAL_BIT(SIGBUS) | SIGNAL_BIT(SIGSYS) |   \
	 SIGNAL_BIT(SIGXCPU) | SIGNAL_BIT(SIGXFSZ))

struct posix_timer;

struct sigqueue {
	struct list link;          /* process->lock; empty: not pending */
	struct posix_timer *timer; /* process->lock: whose it is, pending or not; NULL: freed when taken */
	siginfo_t info;
	struct user *user; /* whose RLIMIT_SIGPENDING it counts against; referenced */
};

/* Shared by CLONE_SIGHAND.  Senders read handlers without the lock: an action is one of before or after. */
struct sighand {
	refcount_t refs;
	spinlock_t lock;                     /* inside process->lock */
	struct sigaction action[SIGNAL_MAX]; /* lock to change; [signo - 1] */
};

/*
 * To one thread; to a process; to all processes of a group.  info NULL: the kernel's own
 * (si_code SI_KERNEL).  0, or -EAGAIN when a queued signal finds no room.  Any context.
 * signal_send_group takes tree_lock, so it is not for interrupts; nor is SIGCONT by signal_send_process.
 */
int signal_send_task(struct task *t, int signo, const siginfo_t *info);
int signal_send_process(struct process *p, int signo, const siginfo_t *info);
int signal_send_group(struct pid *group, int signo, const siginfo_t *info);
/* Cannot be blocked or ignored by the receiver (the current task): CPU exceptions. */
void signal_force(int signo, const siginfo_t *info);
/* si_code SI_USER from the current task. */
void signal_info_user(siginfo_t *info, int signo);

static inline bool signal_is_pending(struct task *t)
{
	return READ_ONCE(t->work) & WORK_SIGNAL;
}
/* SIGKILL pending or group exit. */
bool signal_fatal_pending(struct task *t);
int signal_send_group_locked(struct pid *group, int signo, const siginfo_t *info); /* tree_lock held */
/* Recomputes WORK_SIGNAL of the current task after a change of its mask; process->lock held. */
void signal_recompute(struct task *t);
void signal_set_blocked(u64 mask);
/* ppoll and the like: `mask` is in force until the next return to user mode has delivered what it lets through. */
void signal_suspend_mask(u64 mask);
/* Drops pending signals of `mask` from the process and its threads. */
void signal_discard(struct process *p, u64 mask);

struct sighand *sighand_new(void);
struct sighand *sighand_copy(struct sighand *from);
void sighand_put(struct sighand *s);
/* exec: handlers back to default, ignored ones stay. */
void sighand_reset_for_exec(struct task *t);
/* Drops all queued signals of a list. */
void sigqueue_flush(struct list *l, u64 *set);
/* Takes the next signal of `wanted` out of the current task's pending sets; its number, or 0. process->lock held. */
int signal_dequeue(struct task *t, u64 wanted, siginfo_t *info);
