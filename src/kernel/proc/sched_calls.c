/* SPDX-License-Identifier: MIT */
/* The sched_* calls, nice values, getcpu, and the scheduler's settings in /proc/sys. */
#include <arch/cpu.h>
#include <fs/procfs/procfs.h>
#include <lib/parse.h>
#include <lib/string.h>
#include <linux/sched.h>
#include <linux/sched/types.h>
#include <proc/cmdline.h>
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

/* Is `t` the current user's? */
static bool owns(const struct task *t)
{
	u32 me = current->cred->euid;

	rcu_read_lock();
	const struct cred *it = rcu_load(&t->cred);
	bool mine = me == it->uid || me == it->euid;
	rcu_read_unlock();
	return mine;
}

/* May the current task change how `t` is scheduled? */
static bool may_schedule(const struct task *t)
{
	return owns(t) || capable(CAP_SYS_NICE);
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

/* ---- policies ---- */

/* What the calls that set a policy want, decoded. */
struct wish {
	int policy;   /* -1: as it is */
	int nice;     /* of the policies that have one */
	unsigned priority;
	bool reset_on_fork;
	bool check_only; /* all else stays as it is */
};

static bool is_rt(int policy)
{
	return policy == SCHED_FIFO || policy == SCHED_RR;
}

static bool is_known(int policy)
{
	return is_rt(policy) || policy == SCHED_NORMAL || policy == SCHED_BATCH || policy == SCHED_IDLE;
}

/* Does RLIMIT_NICE allow `nice`? */
static bool nice_allowed(const struct task *t, int nice)
{
	return (u64)(20 - nice) <= process_limit(t->process, RLIMIT_NICE);
}

/* Does it take CAP_SYS_NICE to do this to `t`? */
static bool needs_privilege(const struct task *t, const struct wish *w)
{
	u64 limit = process_limit(t->process, RLIMIT_RTPRIO);
	bool rt = is_rt(w->policy);

	if (rt && w->policy != t->se.own_policy && !limit)
		return true;
	if (rt && w->priority > t->se.own_priority && w->priority > limit)
		return true;
	if (!rt && w->nice < t->se.nice && !nice_allowed(t, w->nice))
		return true;
	if (t->se.own_policy == SCHED_IDLE && w->policy != SCHED_IDLE && !nice_allowed(t, t->se.nice))
		return true;
	return !owns(t) || (t->se.reset_on_fork && !w->reset_on_fork);
}

static s64 fulfil(struct task *t, struct wish *w)
{
	if (w->policy < 0) {
		w->policy = t->se.own_policy;
		w->reset_on_fork = t->se.reset_on_fork;
	} else if (!is_known(w->policy)) {
		return -EINVAL; /* SCHED_DEADLINE, too */
	}
	if (w->priority > 99 || is_rt(w->policy) != (w->priority != 0))
		return -EINVAL;
	if (needs_privilege(t, w) && !capable(CAP_SYS_NICE))
		return -EPERM;
	if (w->check_only) {
		t->se.reset_on_fork = w->reset_on_fork;
		return 0;
	}
	s64 err = task_set_policy(t, (unsigned)w->policy, w->priority);
	if (!err && !is_rt(w->policy) && w->nice != t->se.nice)
		err = task_set_nice(t, w->nice);
	t->se.reset_on_fork = w->reset_on_fork;
	return err;
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
	struct wish w = {
		.policy = policy < 0 ? -1 : policy & ~SCHED_RESET_ON_FORK,
		.nice = t->se.nice,
		.priority = (unsigned)sp.sched_priority,
		.reset_on_fork = policy >= 0 && policy & SCHED_RESET_ON_FORK,
	};
	s64 err = fulfil(t, &w);
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

/* Tells user space how large the struct is that this kernel knows. */
static s64 wrong_size(uptr_t in)
{
	u32 size = sizeof(struct sched_attr);
	int untold = put_user_u32(uptr_add(in, offsetof(struct sched_attr, size)), size);

	(void)untold; /* the error is the same */
	return -E2BIG;
}

/* A struct of another version: longer is good if the rest is 0. */
static s64 read_attr(struct sched_attr *a, uptr_t in)
{
	u32 size;
	u8 byte;

	memset(a, 0, sizeof *a);
	if (get_user_u32(&size, uptr_add(in, offsetof(struct sched_attr, size))))
		return -EFAULT;
	if (!size)
		size = SCHED_ATTR_SIZE_VER0;
	if (size < SCHED_ATTR_SIZE_VER0 || size > PAGE_SIZE)
		return wrong_size(in);
	for (u32 i = sizeof *a; i < size; i++) {
		if (copy_from_user(&byte, uptr_add(in, i), 1))
			return -EFAULT;
		if (byte)
			return wrong_size(in);
	}
	if (copy_from_user(a, in, min((size_t)size, sizeof *a)))
		return -EFAULT;
	return a->sched_flags & SCHED_FLAG_UTIL_CLAMP && size < SCHED_ATTR_SIZE_VER1 ? -EINVAL : 0;
}

s64 sys_sched_setattr(int tid, uptr_t in, uint flags)
{
	struct sched_attr a;

	if (uptr_null(in) || tid < 0 || flags)
		return -EINVAL;
	s64 err = read_attr(&a, in);
	if (err)
		return err;
	if ((int)a.sched_policy < 0)
		return -EINVAL;
	struct task *t = target(tid);
	if (!t)
		return -ESRCH;
	bool keep = a.sched_flags & SCHED_FLAG_KEEP_PARAMS;
	struct wish w = {
		.policy = a.sched_flags & SCHED_FLAG_KEEP_POLICY ? -1 : (int)a.sched_policy,
		.nice = keep ? t->se.nice : max(-20, min(a.sched_nice, 19)),
		.priority = keep ? t->se.own_priority : a.sched_priority,
		.reset_on_fork = a.sched_flags & SCHED_FLAG_RESET_ON_FORK,
		.check_only = keep, /* Linux keeps the policy, too */
	};
	if (w.policy >= 0 && !is_known(w.policy))
		err = -EINVAL;
	else if (a.sched_flags & ~(u64)SCHED_FLAG_ALL)
		err = -EINVAL;
	else if (a.sched_flags & SCHED_FLAG_UTIL_CLAMP)
		err = -EOPNOTSUPP;
	else
		err = fulfil(t, &w);
	task_put(t);
	return err;
}

s64 sys_sched_getattr(int tid, uptr_t out, uint size, uint flags)
{
	struct sched_attr a = { .size = min(size, (uint)sizeof a) };

	if (uptr_null(out) || tid < 0 || size > PAGE_SIZE || size < SCHED_ATTR_SIZE_VER0 || flags)
		return -EINVAL;
	struct task *t = target(tid);
	if (!t)
		return -ESRCH;
	a.sched_policy = t->se.own_policy;
	a.sched_flags = t->se.reset_on_fork ? SCHED_FLAG_RESET_ON_FORK : 0;
	if (is_rt(t->se.own_policy))
		a.sched_priority = t->se.own_priority;
	else
		a.sched_nice = t->se.nice;
	task_put(t);
	return copy_to_user(out, &a, a.size) ? -EFAULT : 0;
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
	if (nice < t->se.nice && !nice_allowed(t, nice) && !capable(CAP_SYS_NICE))
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

/* ---- /proc/sys/kernel/sched_* ---- */

static int show_limit(struct text *text, void *ctx)
{
	u64 ns = *(u64 *)ctx;

	if (ns == ~0ULL)
		text_string(text, "-1\n");
	else
		text_printf(text, "%llu\n", (unsigned long long)(ns / NSEC_PER_USEC));
	return 0;
}

static int parse_setting(char *buf, size_t size, s64 *v)
{
	while (size && (buf[size - 1] == '\n' || buf[size - 1] == ' '))
		buf[--size] = 0;
	return parse_s64(buf, 10, v) || *v != (s32)*v ? -EINVAL : 0;
}

static int write_period(void *ctx, char *buf, size_t size)
{
	s64 us;

	if (parse_setting(buf, size, &us) || us < 1)
		return -EINVAL;
	u64 ns = (u64)us * NSEC_PER_USEC, runtime = READ_ONCE(sched_rt_runtime_ns);
	if (runtime != ~0ULL && runtime > ns)
		return -EINVAL;
	WRITE_ONCE(sched_rt_period_ns, ns);
	return 0;
}

static int write_runtime(void *ctx, char *buf, size_t size)
{
	s64 us;

	if (parse_setting(buf, size, &us) || us < -1 ||
	    (us >= 0 && (u64)us * NSEC_PER_USEC > READ_ONCE(sched_rt_period_ns)))
		return -EINVAL;
	WRITE_ONCE(sched_rt_runtime_ns, us < 0 ? ~0ULL : (u64)us * NSEC_PER_USEC);
	return 0;
}

static int show_slice(struct text *text, void *ctx)
{
	text_printf(text, "%llu\n", (unsigned long long)(sched_rr_slice_ns / NSEC_PER_MSEC));
	return 0;
}

/* 0 or less: the default. */
static int write_slice(void *ctx, char *buf, size_t size)
{
	s64 ms;

	if (parse_setting(buf, size, &ms))
		return -EINVAL;
	WRITE_ONCE(sched_rr_slice_ns, (u64)(ms > 0 ? ms : 100) * NSEC_PER_MSEC);
	return 0;
}

void sched_settings_init(void)
{
	char value[16];
	u64 cycles;

	if (cmdline_get("sched_delay", value, sizeof value) && !parse_u64(value, 10, &cycles))
		sched_delay_max = (u32)min(cycles, 1000000UL);
	tree_add_file(&procfs_tree, "sys/kernel/sched_rt_period_us", 0644, show_limit, write_period,
		      &sched_rt_period_ns);
	tree_add_file(&procfs_tree, "sys/kernel/sched_rt_runtime_us", 0644, show_limit, write_runtime,
		      &sched_rt_runtime_ns);
	tree_add_file(&procfs_tree, "sys/kernel/sched_rr_timeslice_ms", 0644, show_slice, write_slice, NULL);
}
