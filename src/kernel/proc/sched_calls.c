/* SPDX-License-Identifier: MIT */
/* The sched_* calls, nice values, getcpu. */
#include <arch/cpu.h>
#include <linux/sched.h>
#include <linux/sched/types.h>
#include <proc/cred.h>
#include <proc/internal.h>
#include <proc/user.h>
#include <syscall/handlers.h>
#include <time/clock.h>

s64 sys_sched_yield(void)
{
	sched_yield_current();
	return 0;
}

/* The task with number `tid` (0: the current one), referenced. */
static struct task *target(int tid)
{
	if (tid)
		return task_find(tid);
	task_get(current);
	return current;
}

/* May the current task change how `t` is scheduled? */
static bool may_schedule(const struct task *t)
{
	u32 me = current->cred->euid;

	rcu_read_lock();
	const struct cred *it = rcu_load(&t->cred);
	bool mine = me == it->uid || me == it->euid;
	rcu_read_unlock();
	return mine || capable(CAP_SYS_NICE);
}

static u64 cpus_online(void)
{
	return cpu_count >= 64 ? ~0ULL : (1ULL << cpu_count) - 1;
}

s64 sys_sched_setaffinity(int tid, uint size, uptr_t in)
{
	u64 cpus = 0;

	if (copy_from_user(&cpus, in, min(size, (uint)sizeof cpus)))
		return -EFAULT;
	struct task *t = target(tid);
	if (!t)
		return -ESRCH;
	s64 err = !may_schedule(t) ? -EPERM :
		  !(cpus & cpus_online()) ? -EINVAL : task_set_affinity(t, cpus);
	task_put(t);
	return err;
}

s64 sys_sched_getaffinity(int tid, uint size, uptr_t out)
{
	if (size < sizeof(u64) || size % sizeof(u64))
		return -EINVAL;
	struct task *t = target(tid);
	if (!t)
		return -ESRCH;
	u64 cpus = t->affinity & cpus_online();
	task_put(t);
	return copy_to_user(out, &cpus, sizeof cpus) ? -EFAULT : (s64)sizeof cpus;
}

static int check_policy(const struct task *t, int policy, int priority)
{
	bool rt = policy == SCHED_FIFO || policy == SCHED_RR;

	if (!rt && policy != SCHED_NORMAL && policy != SCHED_BATCH && policy != SCHED_IDLE)
		return -EINVAL;
	if (rt ? priority < 1 || priority > 99 : priority != 0)
		return -EINVAL;
	if (capable(CAP_SYS_NICE))
		return 0;
	if (!may_schedule(t))
		return -EPERM;
	u64 limit = process_limit(t->process, RLIMIT_RTPRIO);
	if (rt && ((policy != t->se.own_policy && !limit) ||
		   (priority > t->se.own_priority && (u64)priority > limit)))
		return -EPERM;
	return t->se.own_policy == SCHED_IDLE && policy != SCHED_IDLE ? -EPERM : 0;
}

static s64 set_scheduler(int tid, int policy, uptr_t param)
{
	struct sched_param sp;

	if (tid < 0 || uptr_null(param))
		return -EINVAL;
	if (copy_from_user(&sp, param, sizeof sp))
		return -EFAULT;
	struct task *t = target(tid);
	if (!t)
		return -ESRCH;
	bool keep = policy < 0;
	bool reset = !keep && policy & SCHED_RESET_ON_FORK;
	int p = keep ? t->se.own_policy : policy & ~SCHED_RESET_ON_FORK;
	s64 err = check_policy(t, p, sp.sched_priority);
	if (!err)
		err = task_set_policy(t, (unsigned)p, (unsigned)sp.sched_priority);
	if (!err && !keep)
		t->se.reset_on_fork = reset;
	task_put(t);
	return err;
}

s64 sys_sched_setscheduler(int tid, int policy, uptr_t param)
{
	return policy < 0 ? -EINVAL : set_scheduler(tid, policy, param);
}

s64 sys_sched_setparam(int tid, uptr_t param)
{
	return set_scheduler(tid, -1, param);
}

s64 sys_sched_getscheduler(int tid)
{
	if (tid < 0)
		return -EINVAL;
	struct task *t = target(tid);
	if (!t)
		return -ESRCH;
	s64 p = t->se.own_policy | (t->se.reset_on_fork ? SCHED_RESET_ON_FORK : 0);
	task_put(t);
	return p;
}

s64 sys_sched_getparam(int tid, uptr_t out)
{
	if (tid < 0 || uptr_null(out))
		return -EINVAL;
	struct task *t = target(tid);
	if (!t)
		return -ESRCH;
	struct sched_param sp = { .sched_priority = t->se.own_priority };
	task_put(t);
	return copy_to_user(out, &sp, sizeof sp);
}

s64 sys_sched_get_priority_max(int policy)
{
	if (policy == SCHED_FIFO || policy == SCHED_RR)
		return 99;
	return policy == SCHED_NORMAL || policy == SCHED_BATCH || policy == SCHED_IDLE ? 0 : -EINVAL;
}

s64 sys_sched_get_priority_min(int policy)
{
	if (policy == SCHED_FIFO || policy == SCHED_RR)
		return 1;
	return policy == SCHED_NORMAL || policy == SCHED_BATCH || policy == SCHED_IDLE ? 0 : -EINVAL;
}

s64 sys_sched_rr_get_interval(int tid, uptr_t out)
{
	if (tid < 0)
		return -EINVAL;
	struct task *t = target(tid);
	if (!t)
		return -ESRCH;
	u64 ns = t->se.own_policy == SCHED_FIFO ? 0 : task_slice_ns(t);
	task_put(t);
	struct __kernel_timespec ts = { .tv_sec = (s64)(ns / NSEC_PER_SEC), .tv_nsec = (s64)(ns % NSEC_PER_SEC) };
	return copy_to_user(out, &ts, sizeof ts);
}

s64 sys_getcpu(uptr_t cpu, uptr_t node, uptr_t unused_cache)
{
	if (!uptr_null(cpu) && put_user_u32(cpu, cpu_id()))
		return -EFAULT;
	return !uptr_null(node) && put_user_u32(node, 0) ? -EFAULT : 0;
}

/* ---- nice values of processes, groups and users ---- */

/* What a walk over processes does to each of their threads. */
struct nice_walk {
	bool set;
	int nice;
	s64 result; /* getpriority: best 20 - nice; setpriority: error */
};

static s64 set_nice(struct task *t, int nice)
{
	if (!may_schedule(t))
		return -EPERM;
	if (nice < t->se.nice && (u64)(20 - nice) > process_limit(t->process, RLIMIT_NICE) &&
	    !capable(CAP_SYS_NICE))
		return -EACCES;
	return task_set_nice(t, nice);
}

static void nice_visit(struct nice_walk *w, struct process *p)
{
	struct task *t;

	list_for_each(t, &p->threads, thread_link) {
		if (!w->set) {
			w->result = max(w->result, (s64)(20 - t->se.nice));
			continue;
		}
		s64 err = set_nice(t, w->nice);
		if (w->result == -ESRCH || err)
			w->result = err;
	}
}

static s64 nice_of_all(struct nice_walk *w, int which, int who)
{
	struct process *p;
	struct task *t;

	switch (which) {
	case PRIO_PROCESS: /* one thread */
		t = who >= 0 ? target(who) : NULL;
		if (!t)
			return -ESRCH;
		w->result = w->set ? set_nice(t, w->nice) : 20 - t->se.nice;
		task_put(t);
		return w->result;
	case PRIO_PGRP: {
		struct pid *g = who ? pid_find(who) : NULL;
		spin_lock(&tree_lock);
		if (g || !who)
			list_for_each(p, g ? &g->group : &current->process->group->group, group_link)
				nice_visit(w, p);
		spin_unlock(&tree_lock);
		pid_put(g);
		return w->result;
	}
	case PRIO_USER: {
		uid_t uid = who ? (uid_t)who : current->cred->uid;
		for (pid_t n = 1; (p = process_next(n)); ) {
			n = process_pid(p) + 1;
			spin_lock(&tree_lock);
			if (p->leader && p->leader->cred->uid == uid)
				nice_visit(w, p);
			spin_unlock(&tree_lock);
			process_put(p);
		}
		return w->result;
	}
	default:
		return -EINVAL;
	}
}

s64 sys_getpriority(int which, int who)
{
	struct nice_walk w = { .result = -ESRCH };
	return nice_of_all(&w, which, who);
}

s64 sys_setpriority(int which, int who, int nice)
{
	struct nice_walk w = { .set = true, .nice = max(-20, min(19, nice)), .result = -ESRCH };
	return nice_of_all(&w, which, who);
}
