/* SPDX-License-Identifier: MIT */
/*
 * PID 1 of the ABI tests: in Skerry (init=/abi/run), and on the host's Linux in a private pid and
 * mount name space (`/abi/run -n`), so that both sides see the same tree and the same parent.
 *
 * It runs the programs named in /abi/list, one after another, each in its own session with its
 * output in a file, and reports them on its own standard output in this form:
 *
 *	=== NAME
 *	| a line of the test's output
 *	=== exit 0			(or: signal N, timeout)
 *	=== end				(after the last one)
 *
 * and powers the machine off, unless told not to by -n.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define OUT_FILE "/abi/out"
#define STEP_MS 4

static long time_limit_ms = 60000;

static void line(const char *fmt, ...)
{
	char text[2048];
	va_list args;

	va_start(args, fmt);
	int n = vsnprintf(text, sizeof(text) - 1, fmt, args);
	va_end(args);
	if (n > (int)sizeof(text) - 2)
		n = sizeof(text) - 2;
	text[n++] = '\n';
	for (int at = 0; at < n;) {
		ssize_t done = write(1, text + at, n - at);
		if (done <= 0)
			break;
		at += done;
	}
}

static void mount_one(const char *type, const char *where, const char *options)
{
	mkdir(where, 0755);
	if (mount(type, where, type, 0, options) < 0 && errno != EBUSY)
		line("(no %s on %s: %s)", type, where, strerror(errno));
}

static void mount_all(void)
{
	mount_one("proc", "/proc", "");
	mount_one("sysfs", "/sys", "");
	if (access("/dev/null", F_OK) != 0)
		mount_one("devtmpfs", "/dev", "mode=755");
	mount_one("devpts", "/dev/pts", "ptmxmode=666,mode=620");
	mount_one("tmpfs", "/tmp", "mode=1777");
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

/*
 * What a program inherits and could show in its output is set here, so that it is the same on both
 * sides and does not depend on who started the tests (nohup ignores SIGHUP, a CI service may limit
 * or block what it likes).
 */
static void set_inherited_state(void)
{
	static const struct {
		int resource;
		struct rlimit limit;
	} limits[] = {
		{ RLIMIT_CORE, { 0, RLIM_INFINITY } },
		{ RLIMIT_CPU, { RLIM_INFINITY, RLIM_INFINITY } },
		{ RLIMIT_DATA, { RLIM_INFINITY, RLIM_INFINITY } },
		{ RLIMIT_AS, { RLIM_INFINITY, RLIM_INFINITY } },
		{ RLIMIT_FSIZE, { RLIM_INFINITY, RLIM_INFINITY } },
		{ RLIMIT_NOFILE, { 1024, 4096 } },
		{ RLIMIT_STACK, { 8 << 20, RLIM_INFINITY } },
		{ RLIMIT_NICE, { 0, 0 } },
		{ RLIMIT_RTPRIO, { 0, 0 } },
	};
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		setrlimit(limits[i].resource, &limits[i].limit);
	setpriority(PRIO_PROCESS, 0, 0);
	umask(022);
	for (int fd = 3; fd < 1024; fd++)
		close(fd);
}

static void run_child(const char *path)
{
	char *argv[] = { (char *)path, NULL };
	char *envp[] = { "PATH=/bin:/usr/bin", "HOME=/", "TERM=dumb", NULL };
	int in = open("/dev/null", O_RDONLY);
	int out = open(OUT_FILE, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0666);

	setsid();
	if (in >= 0)
		dup2(in, 0);
	dup2(out, 1);
	dup2(out, 2);
	set_inherited_state();
	execve(path, argv, envp);
	dprintf(1, "exec %s: %s\n", path, strerror(errno));
	_exit(96);
}

static void print_output(void)
{
	static char text[65536];
	size_t at = 0;
	ssize_t n;
	int fd = open(OUT_FILE, O_RDONLY);

	while (fd >= 0 && at < sizeof(text) - 1 &&
	       (n = read(fd, text + at, sizeof(text) - 1 - at)) > 0)
		at += n;
	if (fd >= 0)
		close(fd);
	text[at] = 0;
	char *save;
	for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save))
		line("| %s", l);
	unlink(OUT_FILE);
}

static void kill_rest(pid_t pid)
{
	kill(-pid, SIGKILL);
	if (getpid() == 1)
		kill(-1, SIGKILL);
	for (int i = 0; i < 250; i++) {
		pid_t got = waitpid(-1, NULL, WNOHANG);
		if (got < 0)
			break;
		if (got == 0)
			nanosleep(&(struct timespec){ 0, STEP_MS * 1000000 }, NULL);
	}
}

static void run_one(const char *name)
{
	char path[512];
	int st = 0;
	long waited = 0;
	pid_t got = 0;

	snprintf(path, sizeof(path), "/abi/bin/%s", name);
	line("=== %s", name);
	pid_t pid = fork();
	if (pid == 0)
		run_child(path);
	if (pid < 0) {
		line("=== fork failed: %s", strerror(errno));
		return;
	}
	while (waited < time_limit_ms) {
		got = waitpid(-1, &st, WNOHANG);
		if (got == pid)
			break;
		if (got > 0)
			continue;
		nanosleep(&(struct timespec){ 0, STEP_MS * 1000000 }, NULL);
		waited += STEP_MS;
	}
	print_output();
	if (got != pid)
		line("=== timeout");
	else if (WIFSIGNALED(st))
		line("=== signal %d", WTERMSIG(st));
	else
		line("=== exit %d", WEXITSTATUS(st));
	kill_rest(pid);
}

int main(int argc, char **argv)
{
	char name[256];
	int power_off = !(argc > 1 && !strcmp(argv[1], "-n"));

	open_console();
	umask(022);
	signal(SIGCHLD, SIG_DFL);
	mount_all();
	FILE *list = fopen("/abi/list", "re");
	while (list && fgets(name, sizeof(name), list)) {
		name[strcspn(name, "\n")] = 0;
		if (name[0])
			run_one(name);
	}
	line(list ? "=== end" : "=== no list");
	if (power_off) {
		sync();
		reboot(RB_POWER_OFF);
		line("=== power-off failed: %s", strerror(errno));
		for (;;)
			pause();
	}
	return 0;
}
