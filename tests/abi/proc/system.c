/* SPDX-License-Identifier: MIT */
/* /proc: meminfo, uptime, loadavg, stat, version, mounts, filesystems, cpuinfo, sys. */

#include "../abi.h"

static long meminfo(const char *name)
{
	const char *at = strstr(file_text("/proc/meminfo"), name);
	return at ? strtol(at + strlen(name) + 1, NULL, 10) : -1;
}

TEST
{
	double up = 0, idle = 0, l1, l2, l3;
	long n;
	int a, b, c;

	static const char *const keys[] = { "MemTotal", "MemFree", "MemAvailable", "Buffers", "Cached" };
	for (size_t i = 0; i < COUNT(keys); i++) {
		n = meminfo(keys[i]);
		say("%s %s", keys[i], n >= 0 ? "present" : "missing");
	}
	YES("free below total", meminfo("MemFree") < meminfo("MemTotal"));
	CALL("uptime fields", sscanf(file_text("/proc/uptime"), "%lf %lf", &up, &idle));
	YES("up", up > 0);
	CALL("loadavg", sscanf(file_text("/proc/loadavg"), "%lf %lf %lf %d/%d %d", &l1, &l2, &l3, &a, &b, &c));
	const char *stat = file_text("/proc/stat");
	YES("stat", !strncmp(stat, "cpu ", 4) && strstr(stat, "\ncpu0 ") && strstr(stat, "\nctxt ") &&
	    strstr(stat, "\nbtime ") && strstr(stat, "\nprocesses "));
	YES("version", !strncmp(file_text("/proc/version"), "Linux version ", 14));
	YES("mounts", strstr(file_text("/proc/mounts"), " /tmp tmpfs ") && strstr(file_text("/proc/mounts"), " /proc proc "));
	YES("filesystems", strstr(file_text("/proc/filesystems"), "nodev\ttmpfs\n"));
	YES("cpuinfo", strstr(file_text("/proc/cpuinfo"), "processor\t: 0\n") && strstr(file_text("/proc/cpuinfo"), "\nflags\t\t: "));
	YES("hostname", strlen(file_text("/proc/sys/kernel/hostname")) > 1);
	YES("pid_max", atoi(file_text("/proc/sys/kernel/pid_max")) >= 32768);
	YES("cmdline", strlen(file_text("/proc/cmdline")) > 0);
	YES("init", strstr(file_text("/proc/1/stat"), "1 ("));
	int pids = 0, me = 0;
	DIR *d = opendir("/proc");
	struct dirent *e;
	while ((e = readdir(d)))
		if (atoi(e->d_name) > 0) {
			pids++;
			me += atoi(e->d_name) == getpid();
		}
	closedir(d);
	YES("lists processes", pids >= 2 && me == 1);
	pid_t pid = MUST(fork());
	if (pid == 0) {
		signal(SIGTERM, SIG_DFL);
		pause();
	}
	char path[64];
	await_state(pid, 'S');
	kill(pid, SIGTERM);
	await_state(pid, 'Z');
	sprintf(path, "/proc/%d/stat", pid);
	say("zombie state %c", task_state(pid));
	waitpid(pid, NULL, 0);
	CALL("gone", access(path, F_OK));
}
