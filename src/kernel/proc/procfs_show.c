/* SPDX-License-Identifier: MIT */
/* The texts of /proc/PID: each in Linux's format (proc(5)). */
#include <arch/thread.h>
#include <fs/device_file.h>
#include <fs/files.h>
#include <lib/format.h>
#include <lib/parse.h>
#include <lib/string.h>
#include <mm/slab.h>
#include <proc/cred.h>
#include <proc/internal.h>
#include <proc/oom.h>
#include <proc/procfs_pid.h>
#include <proc/user.h>
#include <sched/task.h>
#include <vm/vm.h>

void (*proc_tty_describe)(struct process *p, u32 *device, pid_t *foreground);

typedef unsigned long long ull;

static u64 kib(u64 pages)
{
	return pages * (PAGE_SIZE / 1024);
}

/* ---- stat, statm, status ---- */

static void signal_sets(struct task *t, u64 *ignored, u64 *caught)
{
	IRQSPIN_GUARD(&t->process->lock); /* exec changes the table */
	*ignored = *caught = 0;
	for (int n = 1; n <= SIGNAL_MAX; n++) {
		__sighandler_t h = READ_ONCE(t->sighand->action[n - 1].sa_handler);
		if (h == SIG_IGN)
			*ignored |= SIGNAL_BIT(n);
		else if (h != SIG_DFL)
			*caught |= SIGNAL_BIT(n);
	}
}

static u64 resident_pages(struct mm *mm)
{
	s64 n = READ_ONCE(mm->rss_anon) + READ_ONCE(mm->rss_file) + READ_ONCE(mm->rss_shmem);
	return n > 0 ? (u64)n : 0;
}

static int stat_text(struct text *text, struct task *t, bool thread)
{
	struct process *p = t->process;
	struct mm *mm = task_may_inspect(t) ? task_mm_get(t) : NULL;
	struct mm *sizes = mm ? mm : task_mm_get(t);
	struct rusage own, children;
	u64 ignored, caught;
	u32 tty = 0;
	pid_t foreground = -1;
	bool rt = t->se.class == SCHED_CLASS_RT;

	if (thread)
		task_rusage(t, &own);
	else
		process_rusage(p, RUSAGE_SELF, &own);
	process_rusage(p, RUSAGE_CHILDREN, &children);
	signal_sets(t, &ignored, &caught);
	if (proc_tty_describe)
		proc_tty_describe(p, &tty, &foreground);
#define TICKS(tv) (ull)((tv).tv_sec * 100 + (tv).tv_usec / 10000)
	text_printf(text, "%d (%s) %c %d %d %d %d %d %u %llu %llu %llu %llu %llu %llu %llu %llu %d %d %u 0 %llu ",
		    task_tid(t), t->comm, task_state_char(t), process_parent_number(p), process_group_number(p),
		    process_session_number(p), (int)tty, foreground, t->flags & TASKF_FORKED_NOEXEC ? 0x40U : 0U,
		    (ull)own.ru_minflt, (ull)children.ru_minflt, (ull)own.ru_majflt, (ull)children.ru_majflt,
		    TICKS(own.ru_utime), TICKS(own.ru_stime), TICKS(children.ru_utime), TICKS(children.ru_stime),
		    rt ? -1 - t->se.rt_priority : 20 + t->se.nice, t->se.nice, p->thread_count,
		    (ull)ns_to_ticks(t->start_time_ns));
	text_printf(text, "%llu %llu %llu %llu %llu %llu 0 0 %llu %llu %llu %llu %d 0 0 %u %u %u %u 0 0 0 ",
		    sizes ? (ull)sizes->pages_total * PAGE_SIZE : 0, sizes ? (ull)resident_pages(sizes) : 0,
		    (ull)process_limit(p, RLIMIT_RSS), mm ? (ull)mm->code_start : 0, mm ? (ull)mm->code_end : 0,
		    mm ? (ull)mm->stack_top : 0, (ull)(t->pending_set & 0x7fffffff), (ull)(t->blocked & 0x7fffffff),
		    (ull)(ignored & 0x7fffffff), (ull)(caught & 0x7fffffff),
		    t->state && t->state != TASK_STOPPED && t->state != TASK_ZOMBIE, t->exit_signal, t->cpu,
		    (u32)t->se.own_priority, (u32)t->se.own_policy);
	text_printf(text, "%llu %llu %llu %llu %llu %llu %llu %d\n", mm ? (ull)mm->data_start : 0,
		    mm ? (ull)mm->data_end : 0, mm ? (ull)mm->brk_start : 0, mm ? (ull)mm->arg_start : 0,
		    mm ? (ull)mm->arg_end : 0, mm ? (ull)mm->env_start : 0, mm ? (ull)mm->env_end : 0,
		    mm ? p->exit_code : 0);
#undef TICKS
	if (sizes)
		mm_put(sizes);
	return 0;
}

static int show_stat(struct text *text, struct task *t)
{
	return stat_text(text, t, false);
}

static int show_stat_thread(struct text *text, struct task *t)
{
	return stat_text(text, t, true);
}

static int show_statm(struct text *text, struct task *t)
{
	struct mm *mm = task_mm_get(t);

	if (!mm) {
		text_string(text, "0 0 0 0 0 0 0\n");
		return 0;
	}
	text_printf(text, "%llu %llu %llu %llu 0 %llu 0\n", (ull)mm->pages_total, (ull)resident_pages(mm),
		    (ull)(READ_ONCE(mm->rss_file) + READ_ONCE(mm->rss_shmem)),
		    (ull)(mm->code_end - mm->code_start + PAGE_SIZE - 1) / PAGE_SIZE,
		    (ull)(mm->pages_data + mm->pages_stack));
	mm_put(mm);
	return 0;
}

static void status_memory(struct text *text, struct mm *mm)
{
	const struct {
		const char *name;
		u64 kb;
	} lines[] = {
		{ "VmPeak", kib(max(mm->total_peak, mm->pages_total)) },
		{ "VmSize", kib(mm->pages_total) },
		{ "VmLck", kib(mm->pages_locked) },
		{ "VmPin", 0 },
		{ "VmHWM", kib(max(mm->rss_peak, resident_pages(mm))) },
		{ "VmRSS", kib(resident_pages(mm)) },
		{ "RssAnon", kib((u64)max(READ_ONCE(mm->rss_anon), (s64)0)) },
		{ "RssFile", kib((u64)max(READ_ONCE(mm->rss_file), (s64)0)) },
		{ "RssShmem", kib((u64)max(READ_ONCE(mm->rss_shmem), (s64)0)) },
		{ "VmData", kib(mm->pages_data) },
		{ "VmStk", kib(mm->pages_stack) },
		{ "VmExe", (mm->code_end - mm->code_start) / 1024 },
		{ "VmLib", kib(mm->pages_exec) },
		{ "VmPTE", 0 },
		{ "VmSwap", 0 },
	};
	for (unsigned i = 0; i < ARRAY_SIZE(lines); i++)
		text_printf(text, "%s:\t%8llu kB\n", lines[i].name, (ull)lines[i].kb);
}

static const char *state_name(char c)
{
	switch (c) {
	case 'R': return "running";
	case 'S': return "sleeping";
	case 'D': return "disk sleep";
	case 'T': return "stopped";
	case 't': return "tracing stop";
	case 'Z': return "zombie";
	case 'I': return "idle";
	default: return "dead";
	}
}

static u32 umask_of(struct task *t)
{
	SPIN_GUARD(&t->objects_lock);
	return t->fs ? t->fs->umask : 0;
}

/* Ranges of set bits: 0-2,5 */
static void show_cpu_list(struct text *text, u64 cpus)
{
	const char *comma = "";

	for (unsigned c = 0; c < 64; c++) {
		unsigned first = c;
		if (!(cpus >> c & 1))
			continue;
		while (c < 63 && (cpus >> (c + 1) & 1))
			c++;
		text_printf(text, first == c ? "%s%u" : "%s%u-%u", comma, first, c);
		comma = ",";
	}
}

static int show_status(struct text *text, struct task *t)
{
	struct process *p = t->process;
	struct cred *c = task_cred_get(t);
	char state = task_state_char(t);
	u64 ignored, caught;

	signal_sets(t, &ignored, &caught);
	text_string(text, "Name:\t");
	text_escaped(text, t->comm, "");
	text_printf(text, "\nUmask:\t%04o\nState:\t%c (%s)\nTgid:\t%d\nNgid:\t0\nPid:\t%d\nPPid:\t%d\nTracerPid:\t0\n",
		    umask_of(t), state, state_name(state), process_pid(p), task_tid(t),
		    process_parent_number(p));
	text_printf(text, "Uid:\t%u\t%u\t%u\t%u\nGid:\t%u\t%u\t%u\t%u\nFDSize:\t256\nGroups:\t", c->uid, c->euid,
		    c->suid, c->fsuid, c->gid, c->egid, c->sgid, c->fsgid);
	for (u32 i = 0; c->groups && i < c->groups->count; i++)
		text_printf(text, "%u ", c->groups->gids[i]);
	text_printf(text, "\nNStgid:\t%d\nNSpid:\t%d\nNSpgid:\t%d\nNSsid:\t%d\n", process_pid(p), task_tid(t),
		    process_group_number(p), process_session_number(p));
	struct mm *mm = task_mm_get(t);
	if (mm) {
		status_memory(text, mm);
		mm_put(mm);
	}
	text_printf(text, "Threads:\t%u\nSigQ:\t%u/%llu\n", p->thread_count, READ_ONCE(c->user->signals),
		    (ull)process_limit(p, RLIMIT_SIGPENDING));
	text_printf(text, "SigPnd:\t%016llx\nShdPnd:\t%016llx\nSigBlk:\t%016llx\nSigIgn:\t%016llx\nSigCgt:\t%016llx\n",
		    (ull)t->pending_set, (ull)p->pending_set, (ull)t->blocked, (ull)ignored, (ull)caught);
	text_printf(text, "CapInh:\t%016llx\nCapPrm:\t%016llx\nCapEff:\t%016llx\nCapBnd:\t%016llx\nCapAmb:\t%016llx\n",
		    (ull)c->cap_inheritable, (ull)c->cap_permitted, (ull)c->cap_effective, (ull)c->cap_bounding,
		    (ull)c->cap_ambient);
	u64 cpus = t->affinity & ((cpu_count >= 64 ? 0 : 1ULL << cpu_count) - 1);
	text_printf(text, "NoNewPrivs:\t%u\nSeccomp:\t0\nCpus_allowed:\t%llx\nCpus_allowed_list:\t", c->no_new_privs, (ull)cpus);
	show_cpu_list(text, cpus);
	text_printf(text, "\nvoluntary_ctxt_switches:\t%llu\nnonvoluntary_ctxt_switches:\t%llu\n",
		    (ull)t->switches_voluntary, (ull)t->switches_involuntary);
	cred_put(c);
	return 0;
}

/* ---- memory of the program ---- */

/* Copies [start, end) of the task's memory, at most a megabyte. */
static int show_memory(struct text *text, struct task *t, bool environment)
{
	struct mm *mm = task_mm_get(t);
	if (!mm)
		return 0;
	u64 at = environment ? mm->env_start : mm->arg_start;
	u64 end = min(environment ? mm->env_end : mm->arg_end, at + MIB(1));
	char buf[256];

	while (at < end) {
		ssize_t n = mm_access(mm, at, buf, min(end - at, (u64)sizeof buf), false);
		if (n <= 0)
			break;
		text_bytes(text, buf, (size_t)n);
		at += (u64)n;
	}
	mm_put(mm);
	return 0;
}

static int show_cmdline(struct text *text, struct task *t)
{
	return show_memory(text, t, false);
}

static int show_environ(struct text *text, struct task *t)
{
	return show_memory(text, t, true);
}

static int show_auxv(struct text *text, struct task *t)
{
	struct mm *mm = task_mm_get(t);
	if (!mm)
		return 0;
	unsigned n = 0;
	while (n + 2 < ARRAY_SIZE(mm->auxv) && mm->auxv[n])
		n += 2;
	text_bytes(text, mm->auxv, (n + 2) * sizeof(u64));
	mm_put(mm);
	return 0;
}

static void show_area(struct text *text, const struct area *a, char *path)
{
	u64 dev = 0, ino = 0, offset = a->file ? a->offset : 0;
	const char *name = area_name(a);
	size_t before = text->length;

	if (a->file) {
		dev = a->file->inode->super->dev;
		ino = a->file->inode->ino;
	}
	text_printf(text, "%08llx-%08llx %c%c%c%c %08llx %02x:%02x %llu ", (ull)a->start, (ull)a->end,
		    a->flags & AREA_READ ? 'r' : '-', a->flags & AREA_WRITE ? 'w' : '-',
		    a->flags & AREA_EXEC ? 'x' : '-', a->flags & AREA_SHARED ? 's' : 'p', (ull)offset,
		    DEVNO_MAJOR(dev), DEVNO_MINOR(dev), (ull)ino);
	if (a->file) {
		int err;
		name = path_to_string(&a->file->path, path, PATH_LENGTH_MAX, &err);
	}
	if (name) {
		while (text->length - before < 73)
			text_string(text, " ");
		text_escaped(text, name, "");
	}
	text_string(text, "\n");
}

static int show_maps(struct text *text, struct task *t)
{
	struct mm *mm = task_mm_get(t);
	if (!mm)
		return 0;
	char *path KFREE_GUARD = kmalloc(PATH_LENGTH_MAX, 0);
	int err = path ? rwsem_read_lock_killable(&mm->lock) : -ENOMEM;
	if (!err) {
		for (struct area *a = area_first(mm); a; a = area_next(a))
			show_area(text, a, path);
		rwsem_read_unlock(&mm->lock);
	}
	mm_put(mm);
	return err;
}

/* ---- the rest ---- */

static int show_comm(struct text *text, struct task *t)
{
	text_printf(text, "%s\n", t->comm);
	return 0;
}

static int write_comm(struct task *t, char *buf, size_t n)
{
	if (t->process != current->process)
		return -EINVAL;
	if (n && buf[n - 1] == '\n')
		buf[n - 1] = 0;
	strlcpy(t->comm, buf, sizeof t->comm);
	return 0;
}

/* Linux's names; what is not kept is left out. */
static int show_sched(struct text *text, struct task *t)
{
	u64 ns = task_runtime_ns(t), v = READ_ONCE(t->se.vruntime);

	text_printf(text, "%s (%d, #threads: %u)\n-------------------------------------------------------------------\n",
		    t->comm, task_tid(t), t->process->thread_count);
	text_printf(text, "se.vruntime                                  : %13llu.%06llu\n"
		    "se.sum_exec_runtime                          : %13llu.%06llu\n"
		    "nr_switches                                  : %20llu\n"
		    "nr_voluntary_switches                        : %20llu\n"
		    "nr_involuntary_switches                      : %20llu\n",
		    (ull)v / 1000000, (ull)v % 1000000, (ull)ns / 1000000, (ull)ns % 1000000,
		    (ull)(t->switches_voluntary + t->switches_involuntary), (ull)t->switches_voluntary,
		    (ull)t->switches_involuntary);
	text_printf(text, "se.load.weight                               : %20llu\n"
		    "policy                                       : %20u\n"
		    "prio                                         : %20d\n"
		    "se.slice                                     : %20llu\n",
		    (ull)t->se.weight << 10, t->se.policy,
		    t->se.class == SCHED_CLASS_RT ? 99 - t->se.rt_priority : 120 + t->se.nice,
		    (ull)task_slice_ns(t));
	return 0;
}

static int show_limits(struct text *text, struct task *t)
{
	static const struct {
		const char *name, *unit;
	} names[RLIM_NLIMITS] = {
		[RLIMIT_CPU] = { "Max cpu time", "seconds" },
		[RLIMIT_FSIZE] = { "Max file size", "bytes" },
		[RLIMIT_DATA] = { "Max data size", "bytes" },
		[RLIMIT_STACK] = { "Max stack size", "bytes" },
		[RLIMIT_CORE] = { "Max core file size", "bytes" },
		[RLIMIT_RSS] = { "Max resident set", "bytes" },
		[RLIMIT_NPROC] = { "Max processes", "processes" },
		[RLIMIT_NOFILE] = { "Max open files", "files" },
		[RLIMIT_MEMLOCK] = { "Max locked memory", "bytes" },
		[RLIMIT_AS] = { "Max address space", "bytes" },
		[RLIMIT_LOCKS] = { "Max file locks", "locks" },
		[RLIMIT_SIGPENDING] = { "Max pending signals", "signals" },
		[RLIMIT_MSGQUEUE] = { "Max msgqueue size", "bytes" },
		[RLIMIT_NICE] = { "Max nice priority", "" },
		[RLIMIT_RTPRIO] = { "Max realtime priority", "" },
		[RLIMIT_RTTIME] = { "Max realtime timeout", "us" },
	};
	char value[2][24];

	text_printf(text, "%-25s %-20s %-20s %-10s\n", "Limit", "Soft Limit", "Hard Limit", "Units");
	for (unsigned i = 0; i < RLIM_NLIMITS; i++) {
		const struct rlimit64 l = t->process->limits[i];
		for (int h = 0; h < 2; h++) {
			u64 v = h ? l.rlim_max : l.rlim_cur;
			if (v == RLIM64_INFINITY)
				strlcpy(value[h], "unlimited", sizeof value[h]);
			else
				snprintf(value[h], sizeof value[h], "%llu", (ull)v);
		}
		text_printf(text, "%-25s %-20s %-20s %-10s\n", names[i].name, value[0], value[1], names[i].unit);
	}
	return 0;
}

static int show_mount_lines(struct text *text, int style)
{
	char *buf KFREE_GUARD = kmalloc(PAGE_SIZE, 0);
	if (!buf)
		return -ENOMEM;
	for (unsigned i = 0; mount_describe(i, buf, PAGE_SIZE, style); i++)
		text_string(text, buf);
	return 0;
}

static int show_mounts(struct text *text, struct task *t)
{
	return show_mount_lines(text, 0);
}

static int show_mountinfo(struct text *text, struct task *t)
{
	return show_mount_lines(text, 1);
}

static int show_oom_score(struct text *text, struct task *t)
{
	struct mem_stats s;
	mem_stats_read(&s);
	spin_lock(&tree_lock);
	u64 points = oom_badness(t->process, s.total);
	spin_unlock(&tree_lock);
	text_printf(text, "%llu\n", (ull)(points * 1000 / (s.total ? s.total : 1)));
	return 0;
}

static int show_oom_score_adj(struct text *text, struct task *t)
{
	text_printf(text, "%d\n", t->process->oom_score_adj);
	return 0;
}

static int write_oom_score_adj(struct task *t, char *buf, size_t n)
{
	s64 v;
	if (n && buf[n - 1] == '\n')
		buf[n - 1] = 0;
	if (parse_s64(buf, 10, &v) || v < -1000 || v > 1000)
		return -EINVAL;
	if (v < t->process->oom_score_adj && !capable(CAP_SYS_RESOURCE))
		return -EACCES;
	t->process->oom_score_adj = (s16)v;
	return 0;
}

static int show_wchan(struct text *text, struct task *t)
{
	text_string(text, "0"); /* no kernel addresses or names for user space */
	return 0;
}

/* ---- magic links ---- */

static int link_exe(struct task *t, struct path *p)
{
	struct mm *mm = task_mm_get(t);
	int err = -ENOENT;

	if (!mm)
		return err;
	rwsem_read_lock(&mm->lock);
	if (mm->exe) {
		*p = mm->exe->path;
		path_get(p);
		err = 0;
	}
	rwsem_read_unlock(&mm->lock);
	mm_put(mm);
	return err;
}

static int link_fs(struct task *t, struct path *p, bool root)
{
	spin_lock(&t->objects_lock);
	struct fs_context *fs = t->fs;
	if (fs)
		ref_get(&fs->refs);
	spin_unlock(&t->objects_lock);
	if (!fs)
		return -ENOENT;
	spin_lock(&fs->lock);
	*p = root ? fs->root : fs->cwd;
	path_get(p);
	spin_unlock(&fs->lock);
	fs_context_put(fs);
	return 0;
}

static int link_cwd(struct task *t, struct path *p)
{
	return link_fs(t, p, false);
}

static int link_root(struct task *t, struct path *p)
{
	return link_fs(t, p, true);
}

const struct pid_entry pid_entries[] = {
	{ "stat", S_IFREG | 0444, .show = show_stat, .show_thread = show_stat_thread },
	{ "statm", S_IFREG | 0444, .show = show_statm },
	{ "status", S_IFREG | 0444, .show = show_status },
	{ "cmdline", S_IFREG | 0444, .show = show_cmdline },
	{ "comm", S_IFREG | 0644, .show = show_comm, .write = write_comm },
	{ "environ", S_IFREG | 0400, .show = show_environ, .private = true },
	{ "auxv", S_IFREG | 0400, .show = show_auxv, .private = true },
	{ "maps", S_IFREG | 0444, .show = show_maps, .private = true },
	{ "sched", S_IFREG | 0444, .show = show_sched },
	{ "limits", S_IFREG | 0444, .show = show_limits },
	{ "mounts", S_IFREG | 0444, .show = show_mounts },
	{ "mountinfo", S_IFREG | 0444, .show = show_mountinfo },
	{ "oom_score", S_IFREG | 0444, .show = show_oom_score },
	{ "oom_score_adj", S_IFREG | 0644, .show = show_oom_score_adj, .write = write_oom_score_adj },
	{ "wchan", S_IFREG | 0444, .show = show_wchan },
	{ "exe", S_IFLNK | 0777, .link = link_exe },
	{ "cwd", S_IFLNK | 0777, .link = link_cwd },
	{ "root", S_IFLNK | 0777, .link = link_root },
};
const unsigned pid_entry_count = ARRAY_SIZE(pid_entries);
