/* SPDX-License-Identifier: MIT */
/*
 * Process 1: a task made by hand, which runs in the kernel until its first exec
 * succeeds.  Which program: init= or rdinit= of the command line, else /init,
 * /sbin/init, /etc/init, /bin/init, /bin/sh.  Words of the command line that the
 * kernel does not know become its arguments (plain words, and all behind "--") or
 * its environment (key=value).
 */
#include <debug/log.h>
#include <fs/files.h>
#include <lib/string.h>
#include <mm/slab.h>
#include <proc/cmdline.h>
#include <proc/cred.h>
#include <proc/internal.h>
#include <proc/pi.h>
#include <proc/oom.h>
#include <proc/pid.h>
#include <proc/procfs_pid.h>
#include <proc/user.h>
#include <vm/vm.h>

static struct init_words words;

static void kthread_adopt(struct task *t)
{
	t->process = &kernel_process;
	t->cred = &cred_kernel;
	cred_get(t->cred);
	list_init(&t->pending_list);
	list_init(&t->thread_link);
}

void proc_init(void)
{
	pids_init();
	processes_init();
	signals_init();
	cpu_timers_init();
	futex_init();
	timerfd_init();
	task_priority_changed = pi_priority_changed;
	exit_init();
	fork_init();
	oom_init();
	proc_fs_hooks_init();
	procfs_processes_init();
	kthread_born = kthread_adopt;
	kthread_adopt(current); /* the boot task */
}

/* Descriptors 0, 1 and 2 on the console; init can live without. */
static void open_console(void)
{
	struct file *f;
	int err = vfs_open(AT_FDCWD, "/dev/console", O_RDWR, 0, &f);

	if (err) {
		log_warn("init: no /dev/console (error %d): started without open files", -err);
		return;
	}
	for (int i = 0; i < 3; i++) {
		if (i)
			file_get(f);
		int fd = fd_install_new(f, false);
		ASSERT_OP(fd, ==, i);
		(void)fd;
	}
}

static int try_exec(const char *path, bool named)
{
	words.argv[0] = path;
	int err = exec_kernel(path, words.argv, words.envp);
	if (!err)
		log_info("init: %s is process 1", path);
	else if (named || err != -ENOENT)
		log_err("init: %s cannot be run (error %d)", path, -err);
	return err;
}

/* Returns only in user mode: as process 1, when exec has set up its registers. */
static void init_main(void *unused_arg)
{
	static const char *const usual[] = { "/init", "/sbin/init", "/etc/init", "/bin/init", "/bin/sh" };

	open_console();
	if (words.init) {
		int err = try_exec(words.init, true);
		if (!err)
			return;
		panic("init: %s, named on the command line, cannot be run (error %d)", words.init, -err);
	}
	for (unsigned i = 0; i < ARRAY_SIZE(usual); i++)
		if (!try_exec(usual[i], false))
			return;
	panic("no init found: none of /init /sbin/init /etc/init /bin/init /bin/sh can be run; "
	      "is there an initramfs (module2 in grub.cfg), or an init= option?");
}

static void attach_init(struct task *t, struct process *p)
{
	SPIN_GUARD(&tree_lock);
	t->pid->task = t;
	t->pid->process = p;
	task_get(t); /* the process's */
	list_push_back(&p->threads, &t->thread_link);
	p->thread_count = p->thread_live = 1;
	p->parent = &kernel_process;
	list_push_back(&kernel_process.children, &p->sibling);
	process_set_group(p, p->pid);
	process_set_session(p, p->pid);
	init_process = p;
}

void proc_start_init(void)
{
	cmdline_init_words(&words);
	struct task *t = task_alloc();
	struct process *p = process_alloc();
	VERIFY(t && p);

	t->pid = pid_alloc();
	t->sighand = sighand_new();
	t->files = files_new();
	t->fs = fs_context_new();
	VERIFY(t->pid && t->sighand && t->files && t->fs);
	VERIFY_OP(t->pid->number, ==, 1);
	strlcpy(t->comm, "init", sizeof t->comm);
	t->flags = TASKF_KERNEL; /* until exec */
	t->cred = &cred_kernel;
	cred_get(t->cred);
	list_init(&t->pending_list);
	list_init(&t->thread_link);
	t->altstack_flags = SS_DISABLE;
	t->exit_signal = SIGCHLD;
	t->timer_slack_ns = t->default_slack_ns = 50000;

	t->process = p;
	p->leader = t;
	p->pid = t->pid;
	pid_get(p->pid);
	memcpy(p->limits, kernel_process.limits, sizeof p->limits);
	p->flags = PROC_UNKILLABLE;
	user_get(&user_root);
	user_root.tasks = 1;
	attach_init(t, p);
	thread_init_kernel(t, init_main, NULL);
	task_start(t);
}
