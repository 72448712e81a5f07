/* SPDX-License-Identifier: MIT */
/*
 * struct task: one thread, of the kernel or of a user process.
 *
 * What threads share (address space, open files, signal handlers, credentials,
 * the process itself) are reference-counted objects that it points to.  The
 * scheduler knows only the first part; vm/, fs/ and proc/ own the rest.
 *
 * Locks: rq = run-queue lock, self = written by the task itself only,
 * sig = process->lock, imm = immutable after creation, atm = atomic.
 */
#pragma once

#include <arch/thread.h>
#include <lib/list.h>
#include <lib/rbtree.h>
#include <sched/task_state.h>
#include <sync/refcount.h>
#include <sync/spinlock.h>
#include <sched/wait.h>

struct mm;
struct process;
struct pid;
struct cred;
struct files;
struct fs_context;
struct sighand;
struct completion;

/* Reasons to go through upcall_user_return before user mode. */
enum task_work {
	WORK_SIGNAL = 1,  /* a deliverable signal may be pending */
	WORK_RESCHED = 2, /* another task should run */
	WORK_STOP = 4,    /* group stop or exit in progress */
	WORK_RESTORE_MASK = 8, /* saved_blocked is to be restored after signal delivery */
	WORK_RSEQ = 16,   /* it was switched away from: restartable sequences (proc/rseq.c) */
};

enum task_flags {
	TASKF_KERNEL = 1,  /* kernel thread: no user context */
	TASKF_EXITING = 2,
	TASKF_VFORK = 4,   /* a parent waits on vfork_done */
	TASKF_IDLE = 8,
	TASKF_FORKED_NOEXEC = 16, /* no exec since fork (setpgid) */
	TASKF_OOM_VICTIM = 32,
	TASKF_SUPER = 64,  /* used privilege (acct) */
	TASKF_WORKER = 256, /* does queued work (sched/workqueue.c) */
	TASKF_BOUND = 128, /* its affinity is not to be changed: a kernel thread of one CPU */
};

enum sched_class { SCHED_CLASS_FAIR, SCHED_CLASS_RT, SCHED_CLASS_IDLE };

struct sched_entity {
	struct rb_node node;   /* rq: in the fair tree */
	u64 vruntime;         /* rq: virtual ns received: ns * 1024 / weight */
	u64 deadline;         /* rq: the vruntime at which its request will be served */
	u64 vslice;           /* rq: a slice in virtual ns at this weight */
	u64 least;            /* rq: the least vruntime in the tree below */
	s64 vlag;             /* rq: virtual ns owed to it when it went to sleep; never negative */
	u64 slice_start;      /* rq: sum_exec when the slice began (RR) */
	u64 exec_start;       /* rq: clock at the last account */
	u64 sum_exec;         /* rq: ns on CPU in all */
	struct list rt_link;  /* rq: SCHED_FIFO/RR queue */
	u32 weight;           /* rq */
	u32 inverse_weight;   /* rq: 2^32 / weight */
	u8 policy, class;     /* rq: SCHED_*, enum sched_class */
	u8 rt_priority;       /* rq: 1..99 */
	u8 own_policy, own_priority; /* rq: as set by the user; the others heed the boost */
	u8 boost;             /* rq: at least this real-time priority, by inheritance; 0: none */
	s8 nice;              /* rq: -20..19 */
	bool on_rq;           /* rq: runnable, the running one included */
	bool reset_on_fork;   /* rq */
	u64 rt_run_ns;        /* rq: ns on CPU as a real-time task since it slept last, as ticks see it */
	u8 short_runs;        /* rq: how often in succession it slept soon after it began to run */
	bool iowait;          /* self: its uninterruptible sleep is for a device (iowait_begin) */
};

struct task {
	struct arch_thread arch; /* first: the entry code knows its offset */
	u32 work;                /* atm: enum task_work; known to the entry code */
	u32 state;               /* atm; see sched.c for who may change it */
	void *stack;             /* imm: top of the kernel stack */
	spinlock_t objects_lock; /* mm, files, fs: the task takes it to change them, others to get a reference */
	struct mm *mm;           /* self, objects_lock; NULL for kernel threads */
	u32 flags;               /* self: enum task_flags */
	u32 on_cpu;              /* atm: 1 while its registers are in use by a CPU */
	u32 cpu;                 /* rq: CPU whose run queue it is or was last on */
	u32 pagefault_off;       /* self */
	struct sched_entity se;
	u64 affinity;            /* rq: CPUs allowed, a bit each */
	refcount_t refs;         /* the first is the scheduler's from task_start to after the last
				  * switch; others for being listed (until reaped), for those who look */
	u64 switches_voluntary, switches_involuntary; /* rq */
	u64 ticks_user, ticks_system; /* ns of ticks that met it in either mode; the tick's CPU writes */
	u64 user_ns, system_ns;  /* racy: what task_times said last (it never goes back) */
	u64 faults_minor, faults_major; /* self */
	u64 start_time_ns;       /* imm: monotonic */
	void (*kthread_fn)(void *arg); /* imm: what a kernel thread does */
	void *kthread_arg;       /* imm */

	/* proc/ */
	char comm[16];              /* self writes, others read racily */
	struct pid *pid;            /* imm: thread id */
	struct process *process;    /* imm; kernel threads share process 0 (struct process kernel_process) */
	struct list thread_link;    /* process->lock: in process->threads */
	struct cred *cred;          /* self; others under RCU or process->lock */
	struct sighand *sighand;    /* sig */
	u64 blocked, saved_blocked; /* self (others read under sig) */
	u64 pending_set;            /* sig: bits of `pending_list` */
	struct list pending_list;   /* sig: struct sigqueue for this thread alone */
	u64 altstack_sp, altstack_size; /* self */
	u32 altstack_flags;         /* self */
	u32 exit_signal;            /* sent to the parent; 0 for threads */
	s32 exit_code;              /* wait status */
	u64 clear_child_tid;        /* self: user address */
	u64 robust_list;            /* self: user address */
	u64 set_child_tid;
	struct completion *vfork_done; /* set by fork, completed by exec/exit */
	u32 pdeath_signal;          /* self */
	u64 timer_slack_ns;         /* self: by how much its sleeps may be late */
	u64 default_slack_ns;       /* imm: what PR_SET_TIMERSLACK 0 sets */
	struct restart_block {
		s64 (*fn)(struct restart_block *rb); /* for restart_syscall */
		u64 args[5];
	} restart;                  /* self */
	u64 last_syscall;           /* self: for panics and traces */
#ifdef CONFIG_LOCKDEP
	struct lockdep_stack locks; /* self: the locks that sleep which it holds */
#endif

	struct rb_root_cached cpu_timers[2]; /* process->lock: on its CPU time (proc/cpu_timer.c) */
	struct list pi_owned;       /* pi_lock (proc/pi.c): mutexes that it owns and others wait for */
	struct pi_waiter *pi_waits; /* pi_lock: how it waits for one; NULL */
	bool futex_exited;          /* pi_lock: it owns none any more, and takes none over */
	u64 rseq;                   /* self: user address of its struct rseq, 0: none (proc/rseq.c) */
	u32 rseq_signature;         /* self */

	/* fs/ */
	struct files *files;        /* self, objects_lock */
	struct fs_context *fs;      /* self, objects_lock */

	/* net/ */
	struct list *rights_dropped; /* self: files of messages that are being closed; NULL: none */
};
BUILD_ASSERT(offsetof(struct task, arch) == 0);

extern struct task *percpu_current; /* PERCPU */
static always_inline struct task *current_task(void)
{
	return this_cpu_read_stable(percpu_current);
}
#define current current_task()

/* Around uninterruptible or killable waiting for a device: an idle CPU counts it as iowait. */
static inline void iowait_begin(void) { current->se.iowait = true; }
static inline void iowait_end(void) { current->se.iowait = false; }

static inline void task_get(struct task *t) { ref_get(&t->refs); }
void task_free(struct task *t);
static inline void task_put(struct task *t)
{
	if (ref_put(&t->refs))
		task_free(t);
}

/*
 * A zeroed task with a stack, default scheduling (SCHED_OTHER, nice 0, all CPUs),
 * state TASK_NEW, reference count 1; NULL. May sleep.
 */
struct task *task_alloc(void) must_check;
/*
 * Called by task_free for what upper layers hang on a task (cred, ...); set by proc/.
 * Task context, or a kernel worker; may sleep.
 */
extern void (*task_free_upper)(struct task *t);
/*
 * First thing that a new user task does, in its own context, before user mode (set_child_tid);
 * set by proc/.
 */
extern void (*task_started_upper)(void);
/*
 * A kernel thread has been made and is about to start, or is about to end (called by itself);
 * set by proc/ to give it a pid and kernel_process. May sleep.
 */
extern void (*kthread_born)(struct task *t);
extern void (*kthread_ended)(struct task *t);

/*
 * Starts a kernel thread; it ends when fn returns. The name is cut to 15 bytes. NULL.
 * The pointer is valid as long as the thread has not ended, unless the thread's fn is known to
 * wait for the caller, who then may task_get it.
 */
struct task *kthread_start(const char *name, void (*fn)(void *), void *arg);
/* The same, bound to `cpu`, which is online or about to be. */
struct task *kthread_start_on(unsigned cpu, const char *name, void (*fn)(void *), void *arg);

/*
 * A new task becomes runnable for the first time.  A user task inherits policy, nice value
 * and affinity from the current one.  The caller's reference passes to the scheduler, which
 * drops it after the last switch.
 */
void task_start(struct task *t);
/*
 * What the waker knows: WAKE_SYNC, it is about to sleep (or may be: the scheduler believes it of tasks
 * that have been doing so), so the woken one had better run on its CPU.
 */
enum wake_hint { WAKE_NORMAL, WAKE_SYNC };
/* Wakes `t` if its state is in `states`; true when it did. Any context. */
bool task_wake_state(struct task *t, u32 states);
/* The same with interrupts off already; the caller sees to it that preemption is checked later. */
bool task_wake_irqs_off(struct task *t, u32 states, enum wake_hint hint);
#define TASK_WAITING (TASK_INTERRUPTIBLE | TASK_UNINTERRUPTIBLE | TASK_KILLABLE)
static inline bool task_wake(struct task *t)
{
	return task_wake_state(t, TASK_WAITING);
}
bool task_wake_sync(struct task *t); /* WAKE_SYNC */
/* Tells `t` to look at its work bits soon: sets them and kicks its CPU if it runs in user mode. Any context. */
void task_set_work(struct task *t, u32 work);

/* Gives the CPU away; state TASK_RUNNING: stays runnable. */
void schedule(void);
void sched_yield_current(void);
/* Last switch of an exited task: never returns; its stack is freed by the successor. */
noreturn void sched_exit(void);
static inline void cond_resched(void)
{
	if (unlikely(need_resched()) && preemptible())
		preempt_reschedule();
}

/*
 * Address spaces.  `struct mm` begins with its struct arch_mm.  A kernel thread runs on the page
 * tables of whoever ran before it.
 *
 * sched_switch_mm: the current task goes over to `mm` (exec), or to none (NULL: in exit, before
 * the task's reference is given up).  The old one is not released.
 * sched_mm_forget: to be called before the page tables of an `mm` that no task has any more are
 * freed: makes CPUs on which a kernel thread still borrows it let go. Interrupts on.
 */
void sched_switch_mm(struct mm *mm);
void sched_mm_forget(struct mm *mm);
/*
 * Calls fn(arg) on every other CPU that has the page tables of `mm` loaded (NULL: on all), interrupts off
 * there, and waits.  A CPU that loads them later does so after a full barrier.  No spinlocks held.
 */
void sched_call_users_of(struct mm *mm, void (*fn)(void *), void *arg);

/* Called by the tick for the task that it met, unless idle: interrupts off. Set by proc/. */
extern void (*sched_tick_upper)(struct task *t);

/* Is a signal pending that ends a wait of this kind? Set by proc/; NULL in early boot. */
extern bool (*task_signal_pending)(struct task *t, enum wait_kind kind);

/* The caller has checked permissions. -EINVAL; task_set_nice cuts to -20..19. */
int task_set_nice(struct task *t, int nice);
/* SCHED_*; rt_priority 1..99 for SCHED_FIFO and SCHED_RR, else 0. nice stays. */
int task_set_policy(struct task *t, unsigned policy, unsigned rt_priority);
/* Priority inheritance: at least SCHED_FIFO with this priority, until told otherwise; 0: as set. */
void task_set_boost(struct task *t, unsigned rt_priority);
/* After task_set_policy; no lock held. Set by proc/. */
extern void (*task_priority_changed)(struct task *t);
/*
 * A bit per CPU. When it returns, `t` does not run where it may not. Interrupts on, no lock held.
 * -EINVAL: none of them is online, or `t` is bound to its CPU.
 */
int task_set_affinity(struct task *t, u64 cpus);
/* ns of a SCHED_RR slice, or of a fair one (sched_rr_get_interval). */
u64 task_slice_ns(const struct task *t);
/* ns of CPU time so far, current slice included. */
u64 task_runtime_ns(struct task *t);
/* User and system ns so far. */
void task_times(struct task *t, u64 *user_ns, u64 *system_ns);

char task_state_char(const struct task *t); /* R S D T t Z X I */

void sched_early_init(void); /* per-CPU state of the boot CPU; `current` becomes valid (the boot task) */
void sched_init(void);       /* caches, idle task; the boot task may sleep from here on */
noreturn void sched_idle_loop(void);
void rcu_worker_start(void); /* the thread that call_rcu may leave work to */

/* nr_running over all CPUs, load averages as fixed point 11 bits (sysinfo's 16 differs), switches since boot. */
unsigned sched_nr_running(void);
void sched_loadavg(u64 avg[3]);
u64 sched_switches(void);
u64 sched_tasks_started(void); /* since boot: /proc/stat's "processes" */
/* ns that CPU `cpu` spent: user, nice, system, idle, iowait, irq, softirq (for /proc/stat). */
struct cpu_times { u64 user, nice, system, idle, iowait, irq, softirq; };
void sched_cpu_times(unsigned cpu, struct cpu_times *t);
/* See sched_delay in sched/internal.h: the longest one, in cycles. */
extern u32 sched_delay_max;
/* Tasks that wait for a device (procs_blocked). */
unsigned sched_nr_iowait(void);
/* ns that this CPU has spent in an interrupt. Interrupts off. */
void sched_account_irq(u64 ns);
/* Real-time tasks may have `runtime` of each `period` (ns) of a CPU that others want; ~0: all of it. */
extern u64 sched_rt_period_ns, sched_rt_runtime_ns, sched_rr_slice_ns;
