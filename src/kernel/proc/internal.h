/* SPDX-License-Identifier: MIT */
/* What the files of proc/ share among themselves. */
#pragma once

#include <proc/process.h>
#include <proc/signal.h>
#include <linux/errno.h>
#include <linux/signal.h>
#include <mm/usercopy.h>
#include <sync/atomic.h>

void processes_init(void);
void signals_init(void);
void limits_init(struct process *p);
void futex_init(void);
void proc_fs_hooks_init(void);
void fork_init(void);

struct process *process_alloc(void);
void process_set_group(struct process *p, struct pid *group);
void process_set_session(struct process *p, struct pid *session);

/*
 * exit.c.  A zombie that has been waited for: adds its account to the parent's, takes it out of the
 * tree and frees its number. tree_lock held on entry, released.
 */
void process_reap(struct process *p);

/* signal.c.  process->lock held, interrupts off. */
int signal_send_locked(struct process *p, struct task *t, int signo, const siginfo_t *info);
/*
 * The same with a sigqueue that was made before, by sigqueue_new; already pending, it counts one more
 * overrun.  False: the signal is ignored.
 */
bool signal_send_prepared(struct process *p, struct task *t, struct sigqueue *q);
/* exec: what timers have sent to the current task or its process and has not been taken is dropped. */
void signal_discard_timers(struct task *t);
/* It is not its timer's any more, and freed, now or when it is taken. */
void sigqueue_disown(struct sigqueue *q);
/* No lock held: one that counts against the current user's RLIMIT_SIGPENDING; NULL. */
struct sigqueue *sigqueue_new(void);
void process_kill_all_threads(struct process *p, struct task *except);
/* Process-wide signals of `set` that were left to the current task must find another thread. */
void signals_retarget(struct process *p, u64 set);
bool signal_ignored(const struct task *t, int signo);

/*
 * Where those wait who take signals out of a process's queues (signalfd, sigtimedwait).  A few
 * queues serve all processes: an epoll may keep its entry after the process is gone.
 */
struct wait_queue *signal_takers(const struct process *p);

/* Takes work bits away from a task; process->lock held. */
static inline void atomic_and_work(struct task *t, u32 mask)
{
	__atomic_and_fetch(&t->work, mask, __ATOMIC_SEQ_CST);
}

/* signal_send_process for those who hold tree_lock. */
int signal_send_process_locked(struct process *p, int signo, const siginfo_t *info);

/* signal_calls.c: permission check of kill(2), then the signal (info NULL: SI_USER). */
int signal_send_checked(struct process *p, int signo, const siginfo_t *info);
int signal_permission(struct process *p, int signo);

/* Tells the parent of a stop or continuation. tree_lock held. */
void notify_parent_stop(struct process *p, int why);
/* Tells the parent of a SIGCONT that took effect and has not been told of. tree_lock held. */
void notify_parent_continued(struct process *p);
/* signal_deliver.c: the current task takes part in its process's stop. */
void signal_stop_current(void);
/* Delivers signals to the current task, or restarts the call that one interrupted. */
void signal_deliver(struct regs *r);

/* exit.c */
void exit_init(void);

/* fork.c */
void fork_thread_gone(void);

/* cred_calls.c: prctl's credential options. */
s64 cred_prctl(int option, u64 arg2, u64 arg3, u64 arg4, u64 arg5);

/* itimer.c */
void itimer_real_fired(struct timer *t);
void itimers_stop(struct process *p);

/*
 * rseq.c.  rseq_leave: the current task is about to go back to user mode, having been switched away from.
 * rseq_interrupt: to a signal handler instead; false: the user's data are wrong, SIGSEGV is due.
 */
void rseq_leave(struct regs *r);
bool rseq_interrupt(struct regs *r);

/* timerfd.c */
void timerfd_init(void);

/* posix_timer.c.  exec and exit: all timers go. */
void posix_timers_delete_all(struct process *p);
/* Its signal is being taken; process->lock held.  Completes the siginfo. */
void posix_timer_delivered(struct posix_timer *t, siginfo_t *info);

/* cpu_timer.c.  process->lock held, but for the first. */
enum { CPU_TIMER_VIRTUAL, CPU_TIMER_PROF };
void cpu_timers_init(void);
/* After a change of RLIMIT_CPU. */
void cpu_timers_update(struct process *p);
/* left: ns of CPU time, 0: not set. */
void cpu_timer_get(struct process *p, unsigned which, u64 *left, u64 *interval);
void cpu_timer_set(struct process *p, unsigned which, u64 left, u64 interval);

/* futex.c: what a dying or exec'ing thread owes to those who wait on its memory. */
void futex_thread_exit(struct task *t);

/* Set by tty/: a session leader dies, or a process leaves its session by setsid. */
extern void (*proc_session_leader_exit)(struct process *p);
extern void (*proc_tty_drop)(struct process *p);
/* Device number (0: none) and foreground group (-1) of the controlling terminal, for /proc/PID/stat. */
extern void (*proc_tty_describe)(struct process *p, u32 *device, pid_t *foreground);
extern void (*proc_tty_inherit)(struct process *child, struct process *parent);

/* The user's monotonic time-out of a call: checked timespec to ns. -EINVAL */
int timespec_to_ns(s64 sec, s64 nsec, u64 *ns);

/* session.c: does the group have no member whose parent is in the same session but another group? tree_lock held. */
bool group_is_orphaned(struct pid *group, struct process *ignore);
bool group_has_stopped(struct pid *group);

/* limits.c */
/* CPU time of all threads, dead ones included. process->lock held. */
void process_times(struct process *p, u64 *user, u64 *system);
void process_rusage(struct process *p, int who, struct rusage *ru);
/* One thread's alone. */
void task_rusage(struct task *t, struct rusage *ru);

/* sched time to clock ticks (USER_HZ 100) */
static inline u64 ns_to_ticks(u64 ns)
{
	return ns / 10000000;
}
