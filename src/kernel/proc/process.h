/* SPDX-License-Identifier: MIT */
/*
 * A process: what the threads of one thread group share besides the objects
 * that clone(2) shares by flag.  Process groups and sessions are lists on a
 * struct pid.
 *
 * tree_lock (spinlock, interrupts on) protects the tree of processes, group and
 * session membership, and who reaps whom; process->lock (taken with interrupts off,
 * inside tree_lock) protects threads, signals and timers of one process.
 */
#pragma once

#include <sched/mutex.h>
#include <sched/task.h>
#include <sync/rcu.h>
#include <linux/resource.h>
#include <linux/time.h>
#include <time/timer.h>

struct tty;

enum pid_type { PID_TASK, PID_PROCESS, PID_GROUP, PID_SESSION, PID_TYPES };

struct pid {
	refcount_t refs;
	pid_t number;               /* imm */
	struct hlist_node hash;     /* pid table's lock to change; RCU to look */
	struct rcu_head rcu;
	struct task *task;          /* tree_lock: thread with this id */
	struct process *process;    /* tree_lock: process with this id */
	struct list group;          /* tree_lock: processes in the group */
	struct list session;        /* tree_lock: processes in the session */
	struct wait_queue exit_wait; /* pidfd pollers */
	bool looked_up;             /* /proc may have names of it in the cache */
};

enum process_flags { PROC_GROUP_EXIT = 1, PROC_STOPPED = 2, PROC_CONTINUED = 4, PROC_STOP_REPORTED = 8,
		     PROC_SUBREAPER = 16, PROC_EXECED = 32, PROC_ZOMBIE = 64, PROC_STOPPING = 128,
		     PROC_UNKILLABLE = 256, /* init: ignores default actions */
		     PROC_NOTIFY_CONTINUED = 512, /* the parent has to hear of a SIGCONT */
		     PROC_STOP_DEQUEUED = 1024 /* a stop signal was taken, and no SIGCONT came since */ };

struct process {
	refcount_t refs;
	spinlock_t lock;
	struct task *leader;        /* lock (changes in exec) */
	struct list threads;        /* lock: task->thread_link */
	u32 thread_count;           /* lock: threads that have not left (see exit.c) */
	u32 thread_live;            /* lock: those of them that have not begun to exit */
	u32 flags;                  /* lock: enum process_flags */
	s32 exit_code;              /* lock: wait status once GROUP_EXIT or ZOMBIE */
	s32 stop_signal;            /* lock */
	u32 stop_pending;           /* lock: threads that still have to stop */

	struct process *parent;     /* tree_lock */
	pid_t parent_number;        /* tree_lock to write: the parent's pid, for getppid without a lock */
	struct list children;       /* tree_lock */
	struct list sibling;        /* tree_lock */
	struct pid *pid;            /* imm: of the leader (tgid) */
	struct pid *group, *session; /* tree_lock; referenced */
	struct list group_link, session_link; /* tree_lock */
	struct tty *tty;            /* lock: controlling terminal; tty/ holds a reference by tty_get */

	u64 pending_set;            /* lock: shared pending signals */
	struct list pending_list;   /* lock */
	struct wait_queue child_wait; /* wait4 */

	struct rlimit64 limits[16];   /* lock to change; read racily. RLIM_NLIMITS */
	struct timer itimer_real;     /* ITIMER_REAL */
	u64 itimer_interval_ns;       /* lock */
	u64 cpu_timer_at[2];          /* lock: ITIMER_VIRTUAL, _PROF: the CPU time when due, 0: not set */
	u64 cpu_timer_interval_ns[2]; /* lock */
	bool cpu_watched;             /* lock to change: something is due at some CPU time (cpu_timer.c) */
	u32 cpu_timer_count;          /* lock: timers in cpu_timers, and in those of the threads */
	struct rb_root_cached cpu_timers[2]; /* lock: on the process's CPU time, by expiry */
	struct rb_root posix_timers;  /* lock: by id (posix_timer.c) */
	u32 next_timer_id;            /* lock */
	struct mutex timer_mutex;     /* who sets a POSIX timer */

	/* of threads that have gone (lock), and of reaped children (lock) */
	u64 dead_user_ns, dead_system_ns, children_user_ns, children_system_ns;
	u64 dead_minor, dead_major, children_minor, children_major;
	u64 dead_vol, dead_invol, children_vol, children_invol;
	u64 dead_rss_peak, children_rss_peak; /* pages */
	u64 start_boot_ns;
	s16 oom_score_adj;
	u32 personality;              /* inherited; PER_LINUX and flags */
};

extern spinlock_t tree_lock;
extern struct process kernel_process; /* pid 0: kernel threads */
extern struct process *init_process;  /* pid 1 */

/* pid.c.  Look-ups are under RCU or tree_lock inside; results are referenced. */
struct pid *pid_alloc(void); /* NULL: none left or no memory */
void pid_get(struct pid *p);
void pid_put(struct pid *p);
struct pid *pid_find(pid_t n);          /* referenced or NULL */
struct task *task_find(pid_t tid);      /* referenced or NULL */
struct process *process_find(pid_t pid); /* referenced or NULL; zombies, too */
void process_get(struct process *p);
void process_put(struct process *p);
/* For /proc: the process with the smallest pid >= n; referenced or NULL. */
struct process *process_next(pid_t n);
static inline pid_t process_pid(const struct process *p) { return p->pid ? p->pid->number : 0; }
static inline pid_t task_tid(const struct task *t) { return t->pid ? t->pid->number : 0; }
pid_t process_group_number(struct process *p);
pid_t process_session_number(struct process *p);
pid_t process_parent_number(struct process *p);

static inline u64 process_limit(const struct process *p, unsigned which)
{
	return READ_ONCE(p->limits[which].rlim_cur);
}
/* Soft limit of the current process. */
static inline u64 rlimit_current(unsigned which)
{
	return process_limit(current->process, which);
}

/* exit.c */
noreturn void task_exit(int status);       /* one thread: wait status (code << 8 or signal) */
noreturn void process_exit(int status);    /* the whole group */
/* exec and exit: the parent of a vfork may go on. */
void task_vfork_done(void);
/* Kills all other threads of the current process and waits for them (exec). -EAGAIN when exiting already. */
int process_kill_other_threads(void);

/* exec.c */
int exec_kernel(const char *path, const char *const *argv, const char *const *envp);

/* init: starts PID 1 from the command line's init= etc.; runs in a kernel thread that becomes it. */
/* /proc/sys/kernel/sched_*; after procfs_init. */
void sched_settings_init(void);
void proc_init(void);
void proc_start_init(void);
