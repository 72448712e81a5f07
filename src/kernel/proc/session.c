/* SPDX-License-Identifier: MIT */
/* Process groups and sessions. */
#include <linux/errno.h>
#include <proc/internal.h>
#include <syscall/handlers.h>

void (*proc_tty_drop)(struct process *p);

s64 sys_getpid(void)
{
	return process_pid(current->process);
}

s64 sys_gettid(void)
{
	return task_tid(current);
}

s64 sys_getppid(void)
{
	return READ_ONCE(current->process->parent_number);
}

s64 sys_getpgrp(void)
{
	return process_group_number(current->process);
}

/* Runs `get` on process `number` (0: the current one). */
static s64 of_process(int number, pid_t (*get)(struct process *))
{
	if (!number)
		return get(current->process);
	struct process *p = process_find(number);
	if (!p)
		return -ESRCH;
	s64 r = get(p);
	process_put(p);
	return r;
}

s64 sys_getpgid(int number)
{
	return of_process(number, process_group_number);
}

s64 sys_getsid(int number)
{
	return of_process(number, process_session_number);
}

s64 sys_setsid(void)
{
	struct process *me = current->process;
	SPIN_GUARD(&tree_lock);

	if (me->session == me->pid || !list_empty(&me->pid->group))
		return -EPERM; /* leads a group already */
	process_set_session(me, me->pid);
	process_set_group(me, me->pid);
	if (proc_tty_drop)
		proc_tty_drop(me);
	return me->pid->number;
}

/* The group `number` that `p` is to join must be its own new one or one of its session. tree_lock held. */
static int group_to_join(struct process *p, int number, struct pid *found)
{
	struct process *q;

	if (number == process_pid(p))
		return 0;
	if (!found)
		return -EPERM;
	list_for_each(q, &found->group, group_link)
		if (q->session == p->session)
			return 0;
	return -EPERM;
}

static s64 setpgid_locked(struct process *p, int pgid, struct pid *group)
{
	struct process *me = current->process;

	if (p != me) {
		if (p->parent != me)
			return -ESRCH;
		if (p->session != me->session)
			return -EPERM;
		if (!p->leader || !(p->leader->flags & TASKF_FORKED_NOEXEC))
			return -EACCES;
	}
	if (p->session == p->pid)
		return -EPERM;
	int err = group_to_join(p, pgid, group);
	if (err)
		return err;
	struct pid *g = pgid == process_pid(p) ? p->pid : group;
	if (p->group != g)
		process_set_group(p, g);
	return 0;
}

s64 sys_setpgid(int number, int pgid)
{
	if (!number)
		number = process_pid(current->process);
	if (!pgid)
		pgid = number;
	if (pgid < 0)
		return -EINVAL;
	struct process *p = process_find(number);
	if (!p) {
		struct task *thread = task_find(number);
		if (!thread)
			return -ESRCH;
		task_put(thread);
		return -EINVAL; /* it leads no process */
	}
	struct pid *group = pid_find(pgid);
	spin_lock(&tree_lock);
	s64 err = setpgid_locked(p, pgid, group);
	spin_unlock(&tree_lock);
	pid_put(group);
	process_put(p);
	return err;
}
