/* SPDX-License-Identifier: MIT */
/* What procfs_pid.c (the tree of /proc/PID) and procfs_show.c (its texts) share. */
#pragma once

#include <fs/procfs/procfs.h>
#include <proc/process.h>

struct files;
struct mm;

/* One name in /proc/PID and /proc/PID/task/TID. */
struct pid_entry {
	const char *name;
	u32 mode;                                       /* with the type */
	int (*show)(struct text *t, struct task *task); /* regular files */
	int (*show_thread)(struct text *t, struct task *task); /* the same in task/TID, if it differs */
	int (*write)(struct task *task, char *buf, size_t n);
	int (*link)(struct task *task, struct path *p); /* magic links; *p gets references */
	bool private;                                   /* only for who may inspect the task */
	bool leader_only;                               /* not in task/TID */
};

extern const struct pid_entry pid_entries[];
extern const unsigned pid_entry_count;

/* The task's address space with a reference on its users, NULL when it has none (any more). */
struct mm *task_mm_get(struct task *t);
/* The same for its descriptor table. */
struct files *task_files_get(struct task *t);
/* May the current task look into `t`? ptrace(2)'s rule: same ids and dumpable, or CAP_SYS_PTRACE. */
bool task_may_inspect(struct task *t);

/* The cached names of an ended thread (or of a whole process: pid == process) go. May sleep. */
void procfs_forget_slow(struct pid *pid, struct pid *process);

static inline void procfs_forget(struct pid *pid, struct pid *process)
{
	if (unlikely(READ_ONCE(pid->looked_up)))
		procfs_forget_slow(pid, process);
}

void procfs_processes_init(void);
