/* SPDX-License-Identifier: MIT */
/*
 * The end of threads and processes.
 *
 * A thread gives back what it holds while it can still sleep (memory, files),
 * then, under tree_lock, leaves its process.  The last thread to leave makes the
 * process a zombie: its children go to the nearest sub-reaper or to init, its
 * parent is told, and the parent's wait4 (or nobody's interest) reaps it.
 *
 *   who holds what of a thread:      given up
 *   address space, files, fs         by the thread in task_exit
 *   its place in process->threads    by the thread (non-leaders), at reaping (leader)
 *   cred, sighand, process, pid      with the last reference on the task
 *   kernel stack                     after its last switch, by the scheduler
 */
#include <fs/files.h>
#include <lib/string.h>
#include <linux/wait.h>
#include <proc/cred.h>
#include <proc/internal.h>
#include <proc/procfs_pid.h>
#include <proc/user.h>
#include <syscall/handlers.h>
#include <vm/vm.h>

void (*proc_session_leader_exit)(struct process *p);

void task_vfork_done(void)
{
	struct completion *c = __atomic_exchange_n(&current->vfork_done, NULL, __ATOMIC_ACQ_REL);
	if (c)
		complete_all(c);
}

/* task_free's last call: what proc/ hung on the task. */
static void free_upper(struct task *t)
{
	if (!t->cred)
		return;
	u64 set;
	if (t->process) {
		IRQSPIN_GUARD(&t->process->lock);
		sigqueue_flush(&t->pending_list, &set);
	}
	sighand_put(t->sighand);
	if (t->process && t->process != &kernel_process)
		process_put(t->process);
	pid_put(t->pid);
	cred_put(t->cred);
}

void exit_init(void)
{
	task_free_upper = free_upper;
}

/* Adds the thread's use of the machine to its process's account. process->lock held. */
static void account_thread(struct process *p, struct task *t)
{
	u64 user, system;
	task_times(t, &user, &system);
	p->dead_user_ns += user;
	p->dead_system_ns += system;
	p->dead_minor += t->faults_minor;
	p->dead_major += t->faults_major;
	p->dead_vol += t->switches_voluntary;
	p->dead_invol += t->switches_involuntary;
}

/* Takes a dead thread out of its process. tree_lock and process->lock held; the caller puts the task. */
static void thread_detach(struct process *p, struct task *t)
{
	list_remove(&t->thread_link);
	t->pid->task = NULL;
	__atomic_sub_fetch(&t->cred->user->tasks, 1, __ATOMIC_RELAXED);
	fork_thread_gone();
}

/* Adds a child's use of the machine to its parent's account. tree_lock held. */
static void account_child(struct process *parent, const struct process *p)
{
	parent->children_user_ns += p->dead_user_ns + p->children_user_ns;
	parent->children_system_ns += p->dead_system_ns + p->children_system_ns;
	parent->children_minor += p->dead_minor + p->children_minor;
	parent->children_major += p->dead_major + p->children_major;
	parent->children_vol += p->dead_vol + p->children_vol;
	parent->children_invol += p->dead_invol + p->children_invol;
	parent->children_rss_peak = max(parent->children_rss_peak, max(p->children_rss_peak, p->dead_rss_peak));
}

/* Takes a zombie out of the tree.  Returns the leader with the process's reference. tree_lock held. */
static struct task *zombie_remove(struct process *p)
{
	struct task *leader = p->leader;
	u64 set;

	ASSERT(p->flags & PROC_ZOMBIE);
	list_remove(&p->sibling);
	list_remove(&p->group_link);
	list_remove(&p->session_link);
	IRQSPIN_GUARD(&p->lock);
	thread_detach(p, leader);
	p->pid->process = NULL;
	p->leader = NULL;
	p->tty = NULL; /* out of the session: nobody tells us when the terminal goes */
	sigqueue_flush(&p->pending_list, &set);
	return leader;
}

void process_reap(struct process *p)
{
	account_child(p->parent, p);
	struct task *leader = zombie_remove(p);
	spin_unlock(&tree_lock);
	procfs_forget(p->pid, p->pid); /* who looked at the zombie */
	task_put(leader); /* often the last one */
}

/* ---- children of the dead ---- */

static struct process *find_reaper(struct process *p)
{
	for (struct process *a = p->parent; a && a != init_process; a = a->parent)
		if (a->flags & PROC_SUBREAPER && !(a->flags & PROC_ZOMBIE))
			return a;
	return init_process;
}

bool group_is_orphaned(struct pid *group, struct process *ignore)
{
	struct process *p;
	list_for_each(p, &group->group, group_link) {
		if (p == ignore || p->flags & PROC_ZOMBIE || !p->parent || p->parent == init_process)
			continue;
		if (p->parent->group != group && p->parent->session == p->session)
			return false;
	}
	return true;
}

bool group_has_stopped(struct pid *group)
{
	struct process *p;
	list_for_each(p, &group->group, group_link)
		if (p->flags & PROC_STOPPED)
			return true;
	return false;
}

/* POSIX: a group that becomes orphaned with stopped members gets SIGHUP and SIGCONT. */
static void hang_up_if_orphaned(struct process *member, struct process *parent, struct process *ignore)
{
	struct pid *g = member->group;

	if (!parent || parent->group == g || parent->session != member->session)
		return; /* the parent was not what kept it from being orphaned */
	if (group_is_orphaned(g, ignore) && group_has_stopped(g)) {
		signal_send_group_locked(g, SIGHUP, NULL);
		signal_send_group_locked(g, SIGCONT, NULL);
	}
}

/* ---- telling the parent ---- */

static void child_info(siginfo_t *info, struct process *p, int status)
{
	memset(info, 0, sizeof *info);
	info->si_signo = SIGCHLD;
	info->si_pid = process_pid(p);
	info->si_uid = p->leader->cred->uid;
	info->si_utime = (long)ns_to_ticks(p->dead_user_ns);
	info->si_stime = (long)ns_to_ticks(p->dead_system_ns);
	if (status & 0x7f) {
		info->si_code = status & 0x80 ? CLD_DUMPED : CLD_KILLED;
		info->si_status = status & 0x7f;
	} else {
		info->si_code = CLD_EXITED;
		info->si_status = status >> 8 & 0xff;
	}
}

/* What the parent does on SIGCHLD; the default where there is none to ask. tree_lock held. */
static struct sigaction parent_action(struct process *parent)
{
	IRQSPIN_GUARD(&parent->lock);
	if (!parent->leader || !parent->leader->sighand)
		return (struct sigaction){ 0 };
	return parent->leader->sighand->action[SIGCHLD - 1];
}

/* true: the parent's SIGCHLD action says that it will not wait: reap at once. tree_lock held. */
static bool notify_parent_exit(struct process *p)
{
	struct process *parent = p->parent;
	u32 signo = p->leader->exit_signal;
	bool ignored = false, disowned = false;
	siginfo_t info;

	if (signo == SIGCHLD) {
		struct sigaction a = parent_action(parent);
		ignored = a.sa_handler == SIG_IGN;
		disowned = ignored || a.sa_flags & SA_NOCLDWAIT;
	}
	if (signo && signo <= SIGNAL_MAX && !ignored) { /* clone takes any number below 256 */
		child_info(&info, p, p->exit_code);
		info.si_signo = (int)signo;
		signal_send_process_locked(parent, (int)signo, &info);
	}
	wait_wake_all(&parent->child_wait);
	wait_wake_all(&p->pid->exit_wait);
	return disowned;
}

void notify_parent_stop(struct process *p, int why)
{
	struct process *parent = p->parent;
	siginfo_t info;

	if (!parent || !p->leader)
		return;
	struct sigaction a = parent_action(parent);
	if (a.sa_handler != SIG_IGN && !(a.sa_flags & SA_NOCLDSTOP)) {
		child_info(&info, p, 0);
		info.si_code = why;
		info.si_status = why == CLD_CONTINUED ? SIGCONT : p->stop_signal;
		signal_send_process_locked(parent, SIGCHLD, &info);
	}
	wait_wake_all(&parent->child_wait);
}

void notify_parent_continued(struct process *p)
{
	u64 flags = spin_lock_irqsave(&p->lock);
	bool due = p->flags & PROC_NOTIFY_CONTINUED;
	p->flags &= ~(u32)PROC_NOTIFY_CONTINUED;
	spin_unlock_irqrestore(&p->lock, flags);
	if (due)
		notify_parent_stop(p, CLD_CONTINUED);
}

/* ---- children of the dead, handed on ---- */

/* Hands all children to a reaper, which may disown those that are dead already. tree_lock held. */
static void reparent_children(struct process *p)
{
	struct process *reaper = find_reaper(p), *c, *tmp;

	list_for_each_safe(c, tmp, &p->children, sibling) {
		c->parent = reaper;
		c->parent_number = process_pid(reaper);
		list_remove(&c->sibling);
		list_push_back(&reaper->children, &c->sibling);
		if (c->leader->pdeath_signal)
			signal_send_process_locked(c, (int)c->leader->pdeath_signal, NULL);
		c->leader->exit_signal = SIGCHLD;
		bool disowned = c->flags & PROC_ZOMBIE && notify_parent_exit(c);
		hang_up_if_orphaned(c, p, NULL);
		if (disowned)
			task_put(zombie_remove(c));
	}
}

/* ---- the end ---- */

static noreturn void init_died(int status)
{
	if (status & 0x7f)
		panic("init (%s) died of signal %d", current->comm, status & 0x7f);
	panic("init (%s) exited with status %d", current->comm, status >> 8 & 0xff);
}

/* Gives back memory and files: may sleep. */
static void release_resources(struct task *t)
{
	futex_thread_exit(t);
	if (t->mm) {
		struct process *p = t->process;
		u64 peak = mm_rss_peak(t->mm);
		u64 flags = spin_lock_irqsave(&p->lock);
		p->dead_rss_peak = max(p->dead_rss_peak, peak);
		spin_unlock_irqrestore(&p->lock, flags);
		mm_activate(NULL);
	}
	task_vfork_done();
	struct files *files = t->files;
	struct fs_context *fs = t->fs;
	spin_lock(&t->objects_lock);
	t->files = NULL;
	t->fs = NULL;
	spin_unlock(&t->objects_lock);
	files_put(files);
	fs_context_put(fs);
}

/* Threads of a stop that still have to stop: one less. True: that was the last one. process->lock held. */
static bool leave_stop(struct process *p, struct task *t)
{
	if (!(t->work & WORK_STOP) || !(p->flags & PROC_STOPPING) || --p->stop_pending)
		return false;
	p->flags = (p->flags & ~(u32)PROC_STOPPING) | PROC_STOPPED;
	return true;
}

static noreturn void leave(struct task *t, struct process *p)
{
	spin_lock(&tree_lock);
	u64 flags = spin_lock_irqsave(&p->lock);
	bool last = --p->thread_count == 0;
	bool leader = p->leader == t;
	bool stopped = !last && leave_stop(p, t);
	t->state = TASK_ZOMBIE;
	account_thread(p, t);
	if (!leader)
		thread_detach(p, t);
	if (last) {
		p->flags &= ~(u32)(PROC_STOPPED | PROC_STOPPING | PROC_CONTINUED | PROC_NOTIFY_CONTINUED);
		p->flags |= PROC_ZOMBIE;
	}
	spin_unlock_irqrestore(&p->lock, flags);
	wait_wake_all(&p->child_wait); /* exec waits for its threads here */
	if (stopped)
		notify_parent_stop(p, CLD_STOPPED);

	preempt_disable(); /* from reaping on, nothing may bring this task back to a run queue */
	struct task *unwanted = leader ? NULL : t;
	if (last) {
		reparent_children(p);
		hang_up_if_orphaned(p, p->parent, p);
		if (notify_parent_exit(p)) {
			if (unwanted)
				task_put(unwanted);
			unwanted = zombie_remove(p);
		}
	}
	spin_unlock(&tree_lock);
	if (unwanted)
		task_put(unwanted);
	sched_exit();
}

noreturn void task_exit(int status)
{
	struct task *t = current;
	struct process *p = t->process;

	VERIFY(!in_interrupt());
	VERIFY(!(t->flags & TASKF_KERNEL));
	u64 flags = spin_lock_irqsave(&p->lock);
	t->flags |= TASKF_EXITING;
	bool last = --p->thread_live == 0;
	if (!last) {
		signals_retarget(p, ~t->blocked);
	} else if (!(p->flags & PROC_GROUP_EXIT)) {
		/* The process ends as its last thread does. */
		p->flags |= PROC_GROUP_EXIT;
		p->exit_code = status;
	}
	spin_unlock_irqrestore(&p->lock, flags);
	if (last && p == init_process)
		init_died(p->exit_code);

	t->exit_code = status;
	if (last) {
		itimers_stop(p);
		posix_timers_delete_all(p);
		if (p->session == p->pid && proc_session_leader_exit)
			proc_session_leader_exit(p);
	}
	release_resources(t);
	procfs_forget(t->pid, p->pid);
	if (last)
		procfs_forget(p->pid, p->pid);
	leave(t, p);
}

noreturn void process_exit(int status)
{
	struct process *p = current->process;
	u64 flags = spin_lock_irqsave(&p->lock);

	if (p->flags & PROC_GROUP_EXIT) {
		status = p->exit_code;
	} else if (!(current->pending_set & SIGNAL_BIT(SIGKILL))) {
		/* (Killed without GROUP_EXIT: another thread execs, and the process lives on.) */
		p->flags |= PROC_GROUP_EXIT;
		p->exit_code = status;
		process_kill_all_threads(p, current);
	}
	spin_unlock_irqrestore(&p->lock, flags);
	task_exit(status);
}

/* The one thread left takes over the leader's number and place. tree_lock held; returns the old leader. */
static struct task *become_leader(struct process *p, struct task *t)
{
	struct task *old = p->leader;
	struct pid *mine = t->pid;
	IRQSPIN_GUARD(&p->lock);

	thread_detach(p, old);
	t->pid = old->pid;
	t->pid->task = t;
	old->pid = mine;
	mine->task = NULL;
	t->exit_signal = old->exit_signal;
	t->start_time_ns = old->start_time_ns;
	p->leader = t;
	return old;
}

int process_kill_other_threads(void)
{
	struct task *t = current;
	struct process *p = t->process;
	struct task *old = NULL;

	u64 flags = spin_lock_irqsave(&p->lock);
	if (p->flags & PROC_GROUP_EXIT || t->pending_set & SIGNAL_BIT(SIGKILL)) {
		spin_unlock_irqrestore(&p->lock, flags);
		return -EAGAIN; /* the process exits, or another thread execs already */
	}
	process_kill_all_threads(p, t);
	spin_unlock_irqrestore(&p->lock, flags);

	int err = wait_event(&p->child_wait, WAIT_KILLABLE, READ_ONCE(p->thread_count) == 1);
	if (err)
		return -EAGAIN;
	spin_lock(&tree_lock);
	if (p->leader != t)
		old = become_leader(p, t);
	spin_unlock(&tree_lock);
	flags = spin_lock_irqsave(&p->lock);
	signal_recompute(t); /* what was left to the threads that are gone */
	spin_unlock_irqrestore(&p->lock, flags);
	if (old)
		task_put(old);
	return 0;
}

s64 sys_exit(int code)
{
	task_exit((code & 0xff) << 8);
}

s64 sys_exit_group(int code)
{
	process_exit((code & 0xff) << 8);
}
