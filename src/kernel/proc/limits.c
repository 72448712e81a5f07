/* SPDX-License-Identifier: MIT */
/* Resource limits, and accounts of what was used. */
#include <lib/string.h>
#include <linux/times.h>
#include <proc/cred.h>
#include <proc/internal.h>
#include <syscall/handlers.h>
#include <time/clock.h>
#include <vm/vm.h>

BUILD_ASSERT(RLIM_NLIMITS == ARRAY_SIZE(((struct process *)0)->limits));

#define UNLIMITED RLIM64_INFINITY

/* Linux's defaults; NPROC and SIGPENDING are set by fork_init from the size of memory. */
void limits_init(struct process *p)
{
	static const struct {
		u32 which;
		u64 soft, hard;
	} defaults[] = {
		{ RLIMIT_STACK, MIB(8), UNLIMITED }, { RLIMIT_CORE, 0, UNLIMITED },
		{ RLIMIT_NOFILE, 1024, 4096 },       { RLIMIT_MEMLOCK, MIB(8), MIB(8) },
		{ RLIMIT_MSGQUEUE, 819200, 819200 }, { RLIMIT_NICE, 0, 0 },
		{ RLIMIT_RTPRIO, 0, 0 },
	};
	for (unsigned i = 0; i < RLIM_NLIMITS; i++)
		p->limits[i].rlim_cur = p->limits[i].rlim_max = UNLIMITED;
	for (unsigned i = 0; i < ARRAY_SIZE(defaults); i++) {
		p->limits[defaults[i].which].rlim_cur = defaults[i].soft;
		p->limits[defaults[i].which].rlim_max = defaults[i].hard;
	}
}

static int limit_set(struct process *p, uint which, const struct rlimit64 *new)
{
	if (new->rlim_cur > new->rlim_max)
		return -EINVAL;
	if (which == RLIMIT_NOFILE && new->rlim_max > 1024 * 1024)
		return -EPERM;
	bool privileged = capable(CAP_SYS_RESOURCE);
	IRQSPIN_GUARD(&p->lock);
	if (new->rlim_max > p->limits[which].rlim_max && !privileged)
		return -EPERM;
	p->limits[which] = *new;
	if (which == RLIMIT_CPU)
		cpu_timers_update(p);
	return 0;
}

s64 sys_getrlimit(uint which, uptr_t out)
{
	if (which >= RLIM_NLIMITS)
		return -EINVAL;
	struct rlimit64 l = current->process->limits[which];
	return copy_to_user(out, &l, sizeof l);
}

s64 sys_setrlimit(uint which, uptr_t in)
{
	struct rlimit64 l;
	if (copy_from_user(&l, in, sizeof l))
		return -EFAULT;
	return which >= RLIM_NLIMITS ? -EINVAL : limit_set(current->process, which, &l);
}

/* prlimit(2) on another process wants equal ids or CAP_SYS_RESOURCE. */
static int limit_permission(struct process *p)
{
	const struct cred *me = current->cred, *it;

	if (p == current->process)
		return 0;
	SPIN_GUARD(&tree_lock);
	if (!p->leader)
		return -ESRCH;
	it = p->leader->cred;
	if (me->uid == it->euid && me->uid == it->suid && me->uid == it->uid && me->gid == it->egid &&
	    me->gid == it->sgid && me->gid == it->gid)
		return 0;
	return capable(CAP_SYS_RESOURCE) ? 0 : -EPERM;
}

s64 sys_prlimit64(int number, uint which, uptr_t in, uptr_t out)
{
	struct rlimit64 new, old;

	if (which >= RLIM_NLIMITS)
		return -EINVAL;
	if (!uptr_null(in) && copy_from_user(&new, in, sizeof new))
		return -EFAULT;
	struct process *p = number ? process_find(number) : current->process;
	if (!p)
		return -ESRCH;
	int err = limit_permission(p);
	old = p->limits[which];
	if (!err && !uptr_null(in))
		err = limit_set(p, which, &new);
	if (number)
		process_put(p);
	if (err)
		return err;
	return !uptr_null(out) ? copy_to_user(out, &old, sizeof old) : 0;
}

/* ---- use ---- */

static void set_timeval(struct timeval *tv, u64 ns)
{
	tv->tv_sec = (s64)(ns / NSEC_PER_SEC);
	tv->tv_usec = (s64)(ns % NSEC_PER_SEC / NSEC_PER_USEC);
}

struct use {
	u64 user, system, minor, major, voluntary, involuntary, rss_peak;
};

static void add_thread(struct use *u, struct task *t)
{
	u64 user, system;
	task_times(t, &user, &system);
	u->user += user;
	u->system += system;
	u->minor += t->faults_minor;
	u->major += t->faults_major;
	u->voluntary += t->switches_voluntary;
	u->involuntary += t->switches_involuntary;
}

static void add_process(struct use *u, struct process *p)
{
	struct task *t;
	IRQSPIN_GUARD(&p->lock);

	u->user += p->dead_user_ns;
	u->system += p->dead_system_ns;
	u->minor += p->dead_minor;
	u->major += p->dead_major;
	u->voluntary += p->dead_vol;
	u->involuntary += p->dead_invol;
	u->rss_peak = p->dead_rss_peak;
	list_for_each(t, &p->threads, thread_link)
		if (t->state != TASK_ZOMBIE)
			add_thread(u, t);
}

void process_times(struct process *p, u64 *user, u64 *system)
{
	struct task *t;
	u64 u, s;

	*user = p->dead_user_ns;
	*system = p->dead_system_ns;
	list_for_each(t, &p->threads, thread_link) {
		if (t->state == TASK_ZOMBIE)
			continue;
		task_times(t, &u, &s);
		*user += u;
		*system += s;
	}
}

static void add_children(struct use *u, const struct process *p)
{
	u->user += p->children_user_ns;
	u->system += p->children_system_ns;
	u->minor += p->children_minor;
	u->major += p->children_major;
	u->voluntary += p->children_vol;
	u->involuntary += p->children_invol;
	u->rss_peak = max(u->rss_peak, p->children_rss_peak);
}

static void fill_rusage(struct rusage *ru, const struct use *u)
{
	memset(ru, 0, sizeof *ru);
	set_timeval((struct timeval *)&ru->ru_utime, u->user);
	set_timeval((struct timeval *)&ru->ru_stime, u->system);
	ru->ru_minflt = (long)u->minor;
	ru->ru_majflt = (long)u->major;
	ru->ru_nvcsw = (long)u->voluntary;
	ru->ru_nivcsw = (long)u->involuntary;
	ru->ru_maxrss = (long)(u->rss_peak * (PAGE_SIZE / 1024));
}

void task_rusage(struct task *t, struct rusage *ru)
{
	struct use u = { 0 };

	add_thread(&u, t);
	fill_rusage(ru, &u);
}

void process_rusage(struct process *p, int who, struct rusage *ru)
{
	struct use u = { 0 };

	if (who == RUSAGE_THREAD)
		add_thread(&u, current);
	if (who == RUSAGE_SELF || who == RUSAGE_BOTH)
		add_process(&u, p);
	if (who == RUSAGE_CHILDREN || who == RUSAGE_BOTH)
		add_children(&u, p);
	if (p == current->process && current->mm && who != RUSAGE_CHILDREN)
		u.rss_peak = max(u.rss_peak, mm_rss_peak(current->mm));
	fill_rusage(ru, &u);
}

s64 sys_getrusage(int who, uptr_t out)
{
	struct rusage ru;
	if (who != RUSAGE_SELF && who != RUSAGE_CHILDREN && who != RUSAGE_THREAD)
		return -EINVAL;
	process_rusage(current->process, who, &ru);
	return copy_to_user(out, &ru, sizeof ru);
}

s64 sys_times(uptr_t out)
{
	struct process *p = current->process;

	if (!uptr_null(out)) {
		struct use u = { 0 };
		add_process(&u, p);
		struct tms t = {
			.tms_utime = (long)ns_to_ticks(u.user),
			.tms_stime = (long)ns_to_ticks(u.system),
			.tms_cutime = (long)ns_to_ticks(p->children_user_ns),
			.tms_cstime = (long)ns_to_ticks(p->children_system_ns),
		};
		if (copy_to_user(out, &t, sizeof t))
			return -EFAULT;
	}
	return (s64)ns_to_ticks(clock_monotonic_ns());
}
