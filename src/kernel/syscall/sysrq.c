/* SPDX-License-Identifier: MIT */
/*
 * What must work on a machine that hardly does (b, c, p, the log levels) is done at once, in the keyboard's
 * interrupt; all that takes locks is done by the worker.
 *
 * /proc/sys/kernel/sysrq says what the keyboard may order: 0 nothing, 1 everything, else the sum of GROUP_*.
 * /proc/sysrq-trigger, which is root's, may always.
 */
#include <syscall/sysrq.h>

#include <debug/log.h>
#include <debug/panic.h>
#include <device/power.h>
#include <fs/procfs/procfs.h>
#include <fs/vfs.h>
#include <lib/string.h>
#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/reboot.h>
#include <linux/signal.h>
#include <mm/frame.h>
#include <proc/cred.h>
#include <proc/signal.h>
#include <sched/workqueue.h>
#include <sync/atomic.h>
#include <syscall/system.h>
#include <tty/tty.h>
#include <tty/vt.h>

enum { GROUP_LOG_LEVEL = 2, GROUP_KEYBOARD = 4, GROUP_DUMP = 8, GROUP_SYNC = 16, GROUP_SIGNAL = 64,
       GROUP_BOOT = 128 };

static u64 enabled = 1;             /* atomic */
static u32 pending;                 /* atomic: orders for the worker, by their place in `orders` */
static struct work work;
static void (*keyboard_unraw)(void); /* imm */

/* --- Orders --- */

static void do_reset(void)
{
	power_reset();
}

static void do_panic(void)
{
	panic("SysRq: a panic was asked for");
}

static void do_backtrace(void)
{
	log_notice("SysRq: in %s, process %d", current->comm, process_pid(current->process));
	backtrace_log(NULL);
}

static void do_sync(void)
{
	vfs_sync_all();
	log_notice("SysRq: synchronized");
}

static void do_power_off(void)
{
	system_stop(LINUX_REBOOT_CMD_POWER_OFF);
}

static void do_memory(void)
{
	struct mem_stats m;

	mem_stats_read(&m);
	log_notice("SysRq: pages: total %lu, free %lu, slab %lu, page tables %lu, stacks %lu, anonymous %lu, cache %lu",
		   m.total, m.free, m.slab, m.page_tables, m.kernel_stacks, m.anon, m.cache);
}

static void show_tasks(bool blocked)
{
	struct process *p;

	log_notice("SysRq: state, process, parent, threads, name");
	for (pid_t i = 1; (p = process_next(i)); process_put(p)) {
		i = process_pid(p) + 1;
		u64 flags = spin_lock_irqsave(&p->lock);
		struct task *t = p->leader;
		char state = t ? task_state_char(t) : 'X', name[sizeof(t->comm)] = "";
		if (t)
			memcpy(name, t->comm, sizeof(name));
		unsigned threads = p->thread_count;
		spin_unlock_irqrestore(&p->lock, flags);
		if (!blocked || state == 'D')
			log_notice("  %c %6d %6d %4u  %.15s", state, process_pid(p), process_parent_number(p), threads,
				   name);
	}
}

static void do_tasks(void)
{
	show_tasks(false);
}

static void do_blocked(void)
{
	show_tasks(true);
}

static void signal_all(int signo)
{
	struct process *p;

	for (pid_t i = 2; (p = process_next(i)); process_put(p)) {
		i = process_pid(p) + 1;
		if (p != init_process && p != &kernel_process)
			signal_send_process(p, signo, NULL);
	}
	log_notice("SysRq: signal %d to all processes but init", signo);
}

static void do_terminate(void)
{
	signal_all(SIGTERM);
}

static void do_kill(void)
{
	signal_all(SIGKILL);
}

/* Secure attention: what has the visible terminal is killed, so that the next prompt there is init's. */
static void do_attention(void)
{
	struct tty *t = vt_foreground();
	struct process *p;

	for (pid_t i = 2; t && (p = process_next(i)); process_put(p)) {
		i = process_pid(p) + 1;
		if (READ_ONCE(p->tty) == t && p != init_process) {
			log_notice("SysRq: process %d has the terminal: killed", process_pid(p));
			signal_send_process(p, SIGKILL, NULL);
		}
	}
	tty_put(t);
}

static void do_unraw(void)
{
	keyboard_unraw();
}

static void do_help(void);

/* --- The table --- */

static const struct order {
	char key;
	bool at_once;  /* in the interrupt */
	u8 group;
	const char *what;
	void (*perform)(void);
} orders[] = {
	{ 'b', true, GROUP_BOOT, "reset the machine", do_reset },
	{ 'c', true, GROUP_DUMP, "panic", do_panic },
	{ 'e', false, GROUP_SIGNAL, "SIGTERM to all processes", do_terminate },
	{ 'h', true, 0, "this list", do_help },
	{ 'i', false, GROUP_SIGNAL, "SIGKILL to all processes", do_kill },
	{ 'k', false, GROUP_KEYBOARD, "kill what has this terminal", do_attention },
	{ 'l', true, GROUP_DUMP, "backtrace", do_backtrace },
	{ 'm', false, GROUP_DUMP, "memory", do_memory },
	{ 'o', false, GROUP_BOOT, "switch off", do_power_off },
	{ 'p', true, GROUP_DUMP, "backtrace", do_backtrace },
	{ 'r', true, GROUP_KEYBOARD, "keyboard to text", do_unraw },
	{ 's', false, GROUP_SYNC, "synchronize file systems", do_sync },
	{ 't', false, GROUP_DUMP, "tasks", do_tasks },
	{ 'w', false, GROUP_DUMP, "blocked tasks", do_blocked },
};

static void do_help(void)
{
	log_notice("SysRq: 0 to 9: log level");
	for (unsigned i = 0; i < ARRAY_SIZE(orders); i++)
		log_notice("SysRq: %c: %s", orders[i].key, orders[i].what);
}

static void do_pending(struct work *unused_w)
{
	u32 todo = atomic_exchange(&pending, 0);

	for (unsigned i = 0; i < ARRAY_SIZE(orders); i++)
		if (todo >> i & 1)
			orders[i].perform();
}

static void give_order(unsigned i)
{
	if (orders[i].at_once) {
		orders[i].perform();
		return;
	}
	log_notice("SysRq: %s", orders[i].what);
	atomic_or(&pending, 1U << i);
	work_queue(&work);
}

static bool allowed(u8 group, bool always)
{
	u64 mask = atomic_load(&enabled);

	return always || mask == 1 || !group || mask & group;
}

static void handle(char key, bool always)
{
	if (key >= '0' && key <= '9') {
		if (!allowed(GROUP_LOG_LEVEL, always))
			return;
		log_console_level = key - '0';
		log_notice("SysRq: messages of levels below %c are shown", key);
		return;
	}
	for (unsigned i = 0; i < ARRAY_SIZE(orders); i++) {
		if (orders[i].key != key)
			continue;
		if (allowed(orders[i].group, always))
			give_order(i);
		else
			log_notice("SysRq: %c is disabled", key);
		return;
	}
	do_help();
}

bool sysrq_key(char key)
{
	if (!atomic_load(&enabled))
		return false;
	if (key != '\n')
		handle(key, false);
	return true;
}

/* --- /proc --- */

/* One order a write, as in Linux: the first byte. */
static int write_trigger(void *ctx, char *buf, size_t n)
{
	if (n)
		handle(buf[0], true);
	return 0;
}

static int show_trigger(struct text *t, void *ctx)
{
	return -EIO;
}

void sysrq_init(void (*unraw)(void))
{
	static const struct procfs_number number = { .value = &enabled, .max = 0x1ff };

	keyboard_unraw = unraw;
	work_init(&work, do_pending);
	procfs_add_number("sys/kernel/sysrq", 0644, &number);
	tree_add_file(&procfs_tree, "sysrq-trigger", 0200, show_trigger, write_trigger, NULL);
}
