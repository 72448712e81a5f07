/* SPDX-License-Identifier: MIT */
/*
 * fork, vfork, clone and clone3: one path, clone_task(), in three parts.
 *
 *   1. check the flags and limits (nothing has happened yet);
 *   2. make the new thread's objects, each shared or copied by its flag
 *      (any failure unwinds them in reverse order);
 *   3. under tree_lock, join the tree and the process: cannot fail but for a
 *      signal that arrived meanwhile, which restarts the call so that a
 *      fork bomb can be killed.
 */
#include <arch/thread.h>
#include <fs/files.h>
#include <fs/vfs.h>
#include <lib/string.h>
#include <linux/sched.h>
#include <mm/slab.h>
#include <proc/cred.h>
#include <proc/internal.h>
#include <proc/pidfd.h>
#include <proc/user.h>
#include <sched/mutex.h>
#include <syscall/handlers.h>
#include <time/clock.h>
#include <vm/vm.h>

struct clone_request {
	u64 flags;
	u32 exit_signal;
	u64 stack_pointer; /* 0: the parent's */
	u64 tls;
	uptr_t parent_tid, child_tid, pidfd;
};

void (*proc_tty_inherit)(struct process *child, struct process *parent);

static u32 thread_total; /* atomic */
static u32 thread_limit;

#define CLONE_NAMESPACES                                                       \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | \
	 CLONE_NEWPID | CLONE_NEWNET)

/* The child's side, before its first user instruction. */
static void child_started(void)
{
	struct task *t = current;

	if (t->set_child_tid && put_user_u32(UPTR(t->set_child_tid), (u32)task_tid(t)))
		return; /* Linux ignores it, too */
}

void fork_init(void)
{
	struct mem_stats s;
	mem_stats_read(&s);
	/* Stacks of all threads may take an eighth of memory. */
	thread_limit = (u32)(s.total * PAGE_SIZE / KSTACK_SIZE / 8);
	kernel_process.limits[RLIMIT_NPROC].rlim_cur = thread_limit / 2;
	kernel_process.limits[RLIMIT_NPROC].rlim_max = thread_limit / 2;
	kernel_process.limits[RLIMIT_SIGPENDING] = kernel_process.limits[RLIMIT_NPROC];
	task_started_upper = child_started;
}

static int clone_check(const struct clone_request *c)
{
	u64 f = c->flags;

	if (f & CLONE_NAMESPACES)
		return capable(CAP_SYS_ADMIN) || (f & CLONE_NEWUSER) ? -EINVAL : -EPERM;
	if ((f & CLONE_THREAD) && !(f & CLONE_SIGHAND))
		return -EINVAL;
	if ((f & CLONE_SIGHAND) && !(f & CLONE_VM))
		return -EINVAL;
	if ((f & CLONE_SIGHAND) && (f & CLONE_CLEAR_SIGHAND))
		return -EINVAL;
	if ((f & CLONE_PARENT) && (current->process->flags & PROC_UNKILLABLE))
		return -EINVAL;
	if ((f & CLONE_PIDFD) && (f & (CLONE_DETACHED | CLONE_THREAD)))
		return -EINVAL;
	if (f & CLONE_INTO_CGROUP)
		return -EBADF;
	return 0;
}

static int clone_check_limits(void)
{
	const struct cred *c = current->cred;
	u64 limit = rlimit_current(RLIMIT_NPROC);

	if (READ_ONCE(c->user->tasks) >= limit && c->user != &user_root &&
	    !capable(CAP_SYS_RESOURCE) && !capable(CAP_SYS_ADMIN))
		return -EAGAIN;
	return READ_ONCE(thread_total) >= thread_limit ? -EAGAIN : 0;
}

static int share_files(struct task *t, u64 flags)
{
	if (flags & CLONE_FILES) {
		ref_get(&current->files->refs);
		t->files = current->files;
		return 0;
	}
	return files_copy(current->files, &t->files);
}

static int share_fs(struct task *t, u64 flags)
{
	if (flags & CLONE_FS) {
		ref_get(&current->fs->refs);
		t->fs = current->fs;
		return 0;
	}
	t->fs = fs_context_copy(current->fs);
	return t->fs ? 0 : -ENOMEM;
}

static int share_sighand(struct task *t, u64 flags)
{
	if (flags & CLONE_SIGHAND) {
		ref_get(&current->sighand->refs);
		t->sighand = current->sighand;
		return 0;
	}
	t->sighand = sighand_copy(current->sighand);
	if (!t->sighand)
		return -ENOMEM;
	if (flags & CLONE_CLEAR_SIGHAND)
		for (int i = 0; i < SIGNAL_MAX; i++)
			if (t->sighand->action[i].sa_handler != SIG_IGN)
				t->sighand->action[i].sa_handler = SIG_DFL;
	return 0;
}

static int share_mm(struct task *t, u64 flags)
{
	if (flags & CLONE_VM) {
		mm_get(current->mm);
		t->mm = current->mm;
		return 0;
	}
	return mm_fork(current->mm, &t->mm);
}

static int make_process(struct task *t, u64 flags)
{
	struct process *parent = current->process;

	if (flags & CLONE_THREAD) {
		process_get(parent);
		t->process = parent;
		return 0;
	}
	struct process *p = process_alloc();
	if (!p)
		return -ENOMEM;
	memcpy(p->limits, parent->limits, sizeof p->limits);
	cpu_timers_update(p);
	p->oom_score_adj = parent->oom_score_adj;
	p->personality = parent->personality;
	p->start_boot_ns = clock_monotonic_ns();
	p->leader = t;
	p->pid = t->pid;
	pid_get(t->pid);
	t->process = p;
	return 0;
}

/* Undoes share_* and make_process for a task that never ran; each part may be missing. */
static void clone_abandon(struct task *t)
{
	thread_free(t);
	if (t->mm)
		mm_put(t->mm);
	if (t->sighand)
		sighand_put(t->sighand);
	if (t->fs)
		fs_context_put(t->fs);
	if (t->files)
		files_put(t->files);
	if (t->process)
		process_put(t->process);
	if (t->pid)
		pid_put(t->pid);
	t->mm = NULL;
	t->process = NULL;
	t->pid = NULL;
	__atomic_sub_fetch(&t->cred->user->tasks, 1, __ATOMIC_RELAXED);
	__atomic_sub_fetch(&thread_total, 1, __ATOMIC_RELAXED);
	cred_put(t->cred);
	t->cred = NULL;
	task_put(t);
}

static void inherit_task(struct task *t, const struct clone_request *c)
{
	const struct task *p = current;

	memcpy(t->comm, p->comm, sizeof t->comm);
	t->cred = p->cred;
	cred_get(t->cred);
	__atomic_add_fetch(&t->cred->user->tasks, 1, __ATOMIC_RELAXED);
	__atomic_add_fetch(&thread_total, 1, __ATOMIC_RELAXED);
	t->flags = TASKF_FORKED_NOEXEC;
	t->blocked = p->blocked;
	list_init(&t->pending_list);
	list_init(&t->thread_link);
	t->exit_signal = c->flags & CLONE_THREAD ? 0 :
			 c->flags & CLONE_PARENT ? p->process->leader->exit_signal : c->exit_signal;
	t->timer_slack_ns = t->default_slack_ns = p->timer_slack_ns;
	t->start_time_ns = clock_monotonic_ns();
	if (!(c->flags & CLONE_VM) || (c->flags & CLONE_VFORK)) {
		t->altstack_sp = p->altstack_sp;
		t->altstack_size = p->altstack_size;
		t->altstack_flags = p->altstack_flags;
	} else {
		t->altstack_flags = SS_DISABLE;
	}
	if (!(c->flags & CLONE_VM)) {
		t->rseq = p->rseq;
		t->rseq_signature = p->rseq_signature;
		t->work |= p->rseq ? WORK_RSEQ : 0;
	}
	if (c->flags & CLONE_CHILD_CLEARTID)
		t->clear_child_tid = c->child_tid.raw;
	if (c->flags & CLONE_CHILD_SETTID)
		t->set_child_tid = c->child_tid.raw;
}

static int clone_objects(struct task *t, const struct regs *r, const struct clone_request *c)
{
	int err;

	t->pid = pid_alloc();
	if (!t->pid)
		return -EAGAIN;
	if ((err = share_files(t, c->flags)) || (err = share_fs(t, c->flags)) ||
	    (err = share_sighand(t, c->flags)) || (err = make_process(t, c->flags)) ||
	    (err = share_mm(t, c->flags)))
		return err;
	return thread_init_user(t, r, c->stack_pointer, c->flags & CLONE_SETTLS, c->tls);
}

/* Joins the tree.  -ERESTARTNOINTR when a signal came first, -EAGAIN when the process is exiting. */
static int clone_attach(struct task *t, const struct clone_request *c)
{
	struct process *p = t->process, *me = current->process;
	SPIN_GUARD(&tree_lock);
	IRQSPIN_GUARD(&me->lock);

	if (me->flags & PROC_GROUP_EXIT)
		return -EAGAIN;
	if (READ_ONCE(current->work) & (WORK_SIGNAL | WORK_STOP))
		return -ERESTARTNOINTR; /* a stop, too: the new thread would not be counted in it */

	task_get(t); /* the process's, until the thread is reaped */
	list_push_back(&p->threads, &t->thread_link);
	p->thread_count++;
	p->thread_live++;
	t->pid->task = t;
	if (c->flags & CLONE_THREAD)
		return 0;

	t->pid->process = p;
	p->parent = c->flags & CLONE_PARENT ? me->parent : me;
	p->parent_number = process_pid(p->parent);
	list_push_back(&p->parent->children, &p->sibling);
	process_set_group(p, me->group);
	process_set_session(p, me->session);
	if (proc_tty_inherit)
		proc_tty_inherit(p, me);
	return 0;
}

/* Waits for the child's exec or exit; killed meanwhile, sees to it that it does not touch our stack any more. */
static void vfork_wait(struct task *child, struct completion *done)
{
	struct completion *mine = done;

	if (completion_wait_killable(done) &&
	    !__atomic_compare_exchange_n(&child->vfork_done, &mine, NULL, false, __ATOMIC_ACQ_REL,
					 __ATOMIC_ACQUIRE))
		completion_wait(done);
}

static s64 clone_task(struct regs *r, const struct clone_request *c)
{
	int err, pidfd = -1;
	struct file *pidfd_file = NULL;
	struct completion vfork_done;

	if ((err = clone_check(c)) || (err = clone_check_limits()))
		return err;
	struct task *t = task_alloc();
	if (!t)
		return -ENOMEM;
	inherit_task(t, c);
	if ((err = clone_objects(t, r, c)))
		goto abandon;

	pid_t number = t->pid->number;
	if (c->flags & CLONE_PIDFD) {
		if ((err = pidfd_file_new(t->pid, 0, &pidfd_file)))
			goto abandon;
		if ((err = pidfd = fd_reserve(0, true)) < 0)
			goto put_file;
		if ((err = put_user_u32(c->pidfd, (u32)pidfd)))
			goto unreserve;
	}
	if (c->flags & CLONE_PARENT_SETTID && put_user_u32(c->parent_tid, (u32)number)) {
		/* Linux makes the child all the same */
	}
	if (c->flags & CLONE_VFORK) {
		completion_init(&vfork_done);
		t->vfork_done = &vfork_done;
	}
	if ((err = clone_attach(t, c)))
		goto unreserve;

	if (pidfd_file)
		fd_install(pidfd, pidfd_file);
	if (c->flags & CLONE_VFORK) {
		task_get(t);
		task_start(t); /* the first reference is the scheduler's now */
		vfork_wait(t, &vfork_done);
		task_put(t);
	} else {
		task_start(t);
	}
	return number;

unreserve:
	if (pidfd >= 0)
		fd_unreserve(pidfd);
put_file:
	if (pidfd_file)
		file_put(pidfd_file);
abandon:
	clone_abandon(t);
	return err;
}

/* Called once a thread is gone for good. */
void fork_thread_gone(void)
{
	__atomic_sub_fetch(&thread_total, 1, __ATOMIC_RELAXED);
}

s64 sys_fork(struct regs *r)
{
	return clone_task(r, &(struct clone_request){ .exit_signal = SIGCHLD });
}

s64 sys_vfork(struct regs *r)
{
	return clone_task(r, &(struct clone_request){ .flags = CLONE_VFORK | CLONE_VM,
						      .exit_signal = SIGCHLD });
}

s64 sys_clone(struct regs *r)
{
	struct clone_request c = {
		.flags = regs_arg0(r) & 0xffffff00,
		.exit_signal = regs_arg0(r) & CSIGNAL,
		.stack_pointer = regs_arg1(r),
		.parent_tid = UPTR(regs_arg2(r)),
		.pidfd = UPTR(regs_arg2(r)),
		.child_tid = UPTR(regs_arg3(r)),
		.tls = regs_arg4(r),
	};
	if ((c.flags & CLONE_PIDFD) && (c.flags & CLONE_PARENT_SETTID))
		return -EINVAL;
	c.flags &= ~(u64)CLONE_DETACHED | (c.flags & CLONE_PIDFD ? CLONE_DETACHED : 0);
	return clone_task(r, &c);
}

/* The bytes of the user's struct behind what we know must be zero. */
static int check_tail_zero(uptr_t p, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		u8 b;
		if (get_user_u8(&b, uptr_add(p, i)))
			return -EFAULT;
		if (b)
			return -E2BIG;
	}
	return 0;
}

s64 sys_clone3(struct regs *r)
{
	struct clone_args a = { 0 };
	uptr_t p = UPTR(regs_arg0(r));
	size_t size = regs_arg1(r);

	if (size > PAGE_SIZE)
		return -E2BIG;
	if (size < CLONE_ARGS_SIZE_VER0)
		return -EINVAL;
	int err = size > sizeof a ? check_tail_zero(p, sizeof a, size) : 0;
	if (err)
		return err;
	if (copy_from_user(&a, p, min(size, sizeof a)))
		return -EFAULT;
	if (a.set_tid_size || a.set_tid)
		return a.set_tid_size > 32 || !a.set_tid != !a.set_tid_size ? -EINVAL : -EPERM;
	if ((a.exit_signal & ~(u64)CSIGNAL) || a.exit_signal > SIGNAL_MAX)
		return -EINVAL;
	if (a.flags & (CLONE_DETACHED | (CSIGNAL & ~CLONE_NEWTIME)) || a.flags >> 34)
		return -EINVAL;
	if (a.flags & CLONE_NEWTIME)
		return -EINVAL;
	if ((a.flags & (CLONE_THREAD | CLONE_PARENT)) && a.exit_signal)
		return -EINVAL;
	if (!a.stack != !a.stack_size || !user_range_ok(UPTR(a.stack), a.stack_size))
		return -EINVAL;
	struct clone_request c = {
		.flags = a.flags,
		.exit_signal = (u32)a.exit_signal,
		.stack_pointer = a.stack ? a.stack + a.stack_size : 0,
		.parent_tid = UPTR(a.parent_tid),
		.child_tid = UPTR(a.child_tid),
		.pidfd = UPTR(a.pidfd),
		.tls = a.tls,
	};
	return clone_task(r, &c);
}

s64 sys_set_tid_address(uptr_t p)
{
	current->clear_child_tid = p.raw;
	return task_tid(current);
}
