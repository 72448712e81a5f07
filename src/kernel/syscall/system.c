/* SPDX-License-Identifier: MIT */
/* Calls about the system as a whole: uname, host name, sysinfo, reboot. */
#include <device/power.h>
#include <debug/log.h>
#include <fs/procfs/procfs.h>
#include <fs/vfs.h>
#include <lib/string.h>
#include <linux/reboot.h>
#include <linux/sysinfo.h>
#include <linux/utsname.h>
#include <mm/frame.h>
#include <proc/cred.h>
#include <proc/cmdline.h>
#include <proc/pid.h>
#include <proc/process.h>
#include <proc/signal.h>
#include <sched/watchdog.h>
#include <syscall/handlers.h>
#include <syscall/system.h>
#include <time/clock.h>

static spinlock_t names_lock = SPINLOCK_INIT; /* node and domain name */
static struct new_utsname names = {
	.sysname = "Linux", /* programs test it */
	.nodename = "skerry",
	.release = SYSTEM_RELEASE,
	.version = SYSTEM_VERSION,
	.machine = "x86_64",
	.domainname = "(none)",
};

static void (*reboot_notify)(void);
bool system_cad_reboots = true;

void system_on_reboot(void (*fn)(void))
{
	reboot_notify = fn;
}

void system_hostname(char *buf, size_t size)
{
	SPIN_GUARD(&names_lock);
	strlcpy(buf, names.nodename, size);
}

void system_set_hostname(const char *name)
{
	SPIN_GUARD(&names_lock);
	strlcpy(names.nodename, name, sizeof names.nodename);
}

s64 sys_uname(uptr_t out)
{
	struct new_utsname n;
	spin_lock(&names_lock);
	n = names;
	spin_unlock(&names_lock);
	return copy_to_user(out, &n, sizeof n);
}

static s64 set_name(char *field, uptr_t in, int length)
{
	char buf[__NEW_UTS_LEN + 1] = { 0 };

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (length < 0 || length > __NEW_UTS_LEN)
		return -EINVAL;
	if (copy_from_user(buf, in, (size_t)length))
		return -EFAULT;
	SPIN_GUARD(&names_lock);
	memcpy(field, buf, sizeof buf);
	return 0;
}

s64 sys_sethostname(uptr_t in, int length)
{
	return set_name(names.nodename, in, length);
}

s64 sys_setdomainname(uptr_t in, int length)
{
	return set_name(names.domainname, in, length);
}

static u16 count_processes(void)
{
	u32 n = 0;
	struct process *p;
	for (pid_t i = 1; (p = process_next(i)); n++) {
		i = process_pid(p) + 1;
		process_put(p);
	}
	return (u16)n;
}

s64 sys_sysinfo(uptr_t out)
{
	struct sysinfo s;
	struct mem_stats m;
	u64 load[3];

	memset(&s, 0, sizeof s); /* its padding, too, goes to the user */
	s.mem_unit = 1;
	mem_stats_read(&m);
	sched_loadavg(load);
	s.uptime = (s64)DIV_ROUND_UP(clock_monotonic_ns(), NSEC_PER_SEC); /* a second begun counts */
	for (int i = 0; i < 3; i++)
		s.loads[i] = load[i] << 5; /* 11 to 16 bits of fraction */
	s.totalram = m.total * PAGE_SIZE;
	s.freeram = m.free * PAGE_SIZE;
	s.sharedram = m.shmem * PAGE_SIZE;
	s.procs = count_processes();
	return copy_to_user(out, &s, sizeof s);
}

s64 sys_reboot(int magic1, int magic2, uint command, uptr_t arg)
{
	if (!capable(CAP_SYS_BOOT))
		return -EPERM;
	if (magic1 != (int)LINUX_REBOOT_MAGIC1 ||
	    (magic2 != LINUX_REBOOT_MAGIC2 && magic2 != LINUX_REBOOT_MAGIC2A &&
	     magic2 != LINUX_REBOOT_MAGIC2B && magic2 != LINUX_REBOOT_MAGIC2C))
		return -EINVAL;
	switch (command) {
	case LINUX_REBOOT_CMD_CAD_ON:
	case LINUX_REBOOT_CMD_CAD_OFF:
		system_cad_reboots = command == LINUX_REBOOT_CMD_CAD_ON;
		return 0;
	case LINUX_REBOOT_CMD_POWER_OFF:
	case LINUX_REBOOT_CMD_HALT:
	case LINUX_REBOOT_CMD_RESTART:
		break;
	case LINUX_REBOOT_CMD_RESTART2: { /* its argument is for firmware that knows it: none here */
		char how[256];
		if (strncpy_from_user(how, arg, sizeof how) == -EFAULT)
			return -EFAULT;
		command = LINUX_REBOOT_CMD_RESTART;
		break;
	}
	default: /* no other kernel to jump to, no sleep states */
		return -EINVAL;
	}
	system_stop(command);
}

void system_stop(unsigned command)
{
	vfs_sync_all();
	log_notice("reboot: %s", command == LINUX_REBOOT_CMD_RESTART ? "restarting" :
		   command == LINUX_REBOOT_CMD_HALT ? "system halted" : "power off");
	if (reboot_notify)
		reboot_notify();
	if (command == LINUX_REBOOT_CMD_RESTART)
		power_reset();
	if (command == LINUX_REBOOT_CMD_HALT)
		power_halt();
	power_off();
}

/* As in Linux, nothing is synchronized: this is the way out when nothing else helps. */
void system_ctrl_alt_del(void)
{
	if (!system_cad_reboots) {
		if (init_process)
			signal_send_process(init_process, SIGINT, NULL);
		return;
	}
	log_notice("reboot: restarting (Ctrl-Alt-Del)");
	if (reboot_notify)
		reboot_notify();
	power_reset();
}

/* ---- /proc ---- */

static int show_version(struct text *t, void *ctx)
{
	text_string(t, "Linux version " SYSTEM_RELEASE " (" SYSTEM_VERSION ")\n");
	return 0;
}

static int show_line(struct text *t, void *ctx)
{
	text_printf(t, "%s\n", (const char *)ctx);
	return 0;
}

static int show_hostname(struct text *t, void *ctx)
{
	char name[__NEW_UTS_LEN + 1];
	system_hostname(name, sizeof name);
	text_printf(t, "%s\n", name);
	return 0;
}

static int write_hostname(void *ctx, char *buf, size_t n)
{
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (n && buf[n - 1] == '\n')
		buf[n - 1] = 0;
	system_set_hostname(buf);
	return 0;
}

static int show_loadavg(struct text *t, void *ctx)
{
	u64 avg[3];

	sched_loadavg(avg);
	for (int i = 0; i < 3; i++)
		text_printf(t, "%llu.%02llu ", (unsigned long long)(avg[i] >> 11),
			    (unsigned long long)((avg[i] & 2047) * 100 >> 11));
	text_printf(t, "%u/%u %d\n", sched_nr_running(), count_processes(), pid_last_number());
	return 0;
}

void system_init(void)
{
	static u64 pid_max = 32768;
	static const struct procfs_number pid_max_number = { .value = &pid_max };
	static const struct procfs_number thresh = { .value = &watchdog_thresh, .max = 60 };
	char word[8];

	procfs_add("version", show_version, NULL);
	procfs_add("cmdline", show_line, kernel_cmdline);
	procfs_add("loadavg", show_loadavg, NULL);
	procfs_add("sys/kernel/ostype", show_line, "Linux");
	procfs_add("sys/kernel/osrelease", show_line, SYSTEM_RELEASE);
	procfs_add("sys/kernel/version", show_line, SYSTEM_VERSION);
	tree_add_file(&procfs_tree, "sys/kernel/hostname", 0644, show_hostname, write_hostname, NULL);
	if (cmdline_get("nowatchdog", word, sizeof word))
		watchdog_thresh = 0;
	procfs_add_number("sys/kernel/watchdog_thresh", 0644, &thresh);
	procfs_add_number("sys/kernel/pid_max", 0444, &pid_max_number);
	sched_settings_init();
}
