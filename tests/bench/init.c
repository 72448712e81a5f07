/* SPDX-License-Identifier: MIT */
/*
 * PID 1 of the benchmark, the same on every kernel: mounts what the programs need, says how long the boot
 * took and how much memory is taken, runs the programs named in its environment and powers off.
 *
 *	boot: init reached		first of all, for a clock outside
 *	boot: tsc N			the time-stamp counter at that moment (under icount: ns since reset)
 *	mem: KEY kB			MemTotal, MemFree and MemAvailable, a second after the boot
 *	(the programs' own lines)
 *	bench: done
 *
 * Environment (the kernel's command line): kbench_args=A,B,... or `none`; scale_ms=N, 0 for not at all.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_ARGS 32

/* The output is written by system calls alone: no buffer is lost when a kernel dies. */
__attribute__((format(printf, 1, 2))) static void say(const char *fmt, ...)
{
	char text[256];
	va_list args;

	va_start(args, fmt);
	int n = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (write(1, text, n < (int)sizeof(text) ? n : (int)sizeof(text) - 1) < 0)
		return;
}

static void open_console(void)
{
	if (fcntl(1, F_GETFD) >= 0)
		return;
	int fd = open("/dev/console", O_RDWR);
	for (int i = 0; i < 3; i++)
		if (fd >= 0 && fd != i)
			dup2(fd, i);
}

static void mount_one(const char *type, const char *where)
{
	mkdir(where, 0755);
	mount(type, where, type, 0, NULL);
}

/* A kernel without a network says so in the metrics that need one. */
static void loopback_up(void)
{
	struct ifreq request = { .ifr_name = "lo" };
	struct sockaddr_in *address = (struct sockaddr_in *)&request.ifr_addr;
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0)
		return;
	address->sin_family = AF_INET;
	address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ioctl(fd, SIOCSIFADDR, &request);
	request.ifr_flags = IFF_UP | IFF_RUNNING;
	ioctl(fd, SIOCSIFFLAGS, &request);
	close(fd);
}

static void print_memory(void)
{
	char line[128], key[64];
	unsigned long kib;
	FILE *f = fopen("/proc/meminfo", "re");

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%63[^:]: %lu", key, &kib) == 2 &&
		    (!strcmp(key, "MemTotal") || !strcmp(key, "MemFree") || !strcmp(key, "MemAvailable")))
			say("mem: %s %lu\n", key, kib);
	if (f)
		fclose(f);
}

static void run(char **argv)
{
	pid_t child = fork(), got;

	if (child == 0) {
		execv(argv[0], argv);
		say("%s: cannot be run\n", argv[0]);
		_exit(127);
	}
	do
		got = wait(NULL);
	while (got > 0 && got != child);
}

static void run_kbench(char *list)
{
	char *argv[MAX_ARGS] = { "/bench/kbench" };
	int n = 1;

	if (list && !strcmp(list, "none"))
		return;
	for (char *word = list ? strtok(list, ",") : NULL; word && n < MAX_ARGS - 1; word = strtok(NULL, ","))
		argv[n++] = word;
	run(argv);
}

int main(void)
{
	unsigned long long tsc = __builtin_ia32_rdtsc();
	char *scale_ms = getenv("scale_ms");

	mkdir("/dev", 0755);
	if (fcntl(1, F_GETFD) < 0)
		mount_one("devtmpfs", "/dev");
	open_console();
	say("boot: init reached\nboot: tsc %llu\n", tsc);
	mount_one("devtmpfs", "/dev");
	mount_one("proc", "/proc");
	mount_one("sysfs", "/sys");
	mount_one("tmpfs", "/tmp");
	loopback_up();
	nanosleep(&(struct timespec){ 1, 0 }, NULL);
	print_memory();
	run_kbench(getenv("kbench_args"));
	if (scale_ms && atol(scale_ms) > 0)
		run((char *[]){ "/bench/scale", scale_ms, NULL });
	say("bench: done\n");
	sync();
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}
