/* SPDX-License-Identifier: MIT */
/*
 * What every ABI test includes. A test is one static C program that prints facts about the
 * system-call interface; its output on Linux is the oracle, Skerry's must be equal. So nothing
 * that varies (a pid, an address, a time) is ever printed: print the comparison, not the value.
 *
 *	#include "../abi.h"
 *	TEST
 *	{
 *		CALL("open missing", open("nope", O_RDONLY));	// open missing: -1 ENOENT
 *		YES("pid is positive", getpid() > 0);		// pid is positive: yes
 *		CHILD("dies") { raise(SIGKILL); }		// dies: signal SIGKILL
 *	}
 *
 * The test runs in a fresh directory of its own under /tmp, umask 022, with an alarm of 40 s.
 * Lines are written by one write(2) each, so that a fork never duplicates buffered text.
 */
#ifndef ABI_H
#define ABI_H
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAYBE __attribute__((unused)) static
#define PAGE 4096UL
#define SKIP_CODE 77
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

MAYBE char self_path[PATH_MAX];		/* this program, absolute */
MAYBE char scratch[64];			/* the test's own directory */
MAYBE char **test_argv;

#define ERRNO_LIST(X) \
	X(EPERM) X(ENOENT) X(ESRCH) X(EINTR) X(EIO) X(ENXIO) X(E2BIG) X(ENOEXEC) X(EBADF) \
	X(ECHILD) X(EAGAIN) X(ENOMEM) X(EACCES) X(EFAULT) X(ENOTBLK) X(EBUSY) X(EEXIST) X(EXDEV) \
	X(ENODEV) X(ENOTDIR) X(EISDIR) X(EINVAL) X(ENFILE) X(EMFILE) X(ENOTTY) X(ETXTBSY) X(EFBIG) \
	X(ENOSPC) X(ESPIPE) X(EROFS) X(EMLINK) X(EPIPE) X(EDOM) X(ERANGE) X(EDEADLK) \
	X(ENAMETOOLONG) X(ENOLCK) X(ENOSYS) X(ENOTEMPTY) X(ELOOP) X(ENODATA) X(EOVERFLOW) \
	X(ENOTSOCK) X(EDESTADDRREQ) X(EMSGSIZE) X(EPROTOTYPE) X(ENOPROTOOPT) X(EPROTONOSUPPORT) \
	X(EOPNOTSUPP) X(EAFNOSUPPORT) X(EADDRINUSE) X(ENOTCONN) X(ETIMEDOUT) X(ECONNREFUSED) \
	X(EALREADY) X(EINPROGRESS) X(ECANCELED) X(EOWNERDEAD) X(ENOTUNIQ) X(ENOKEY) \
	X(ECONNRESET) X(ECONNABORTED) X(EISCONN) X(EADDRNOTAVAIL) X(ESOCKTNOSUPPORT) X(ENOBUFS) \
	X(ETOOMANYREFS) X(ENETUNREACH)

MAYBE const char *errname(int e)
{
	static char number[24];
#define X(n) if (e == n) return #n;
	ERRNO_LIST(X)
#undef X
	snprintf(number, sizeof(number), "errno %d", e);
	return number;
}

#define SIGNAL_LIST(X) \
	X(SIGHUP) X(SIGINT) X(SIGQUIT) X(SIGILL) X(SIGTRAP) X(SIGABRT) X(SIGBUS) X(SIGFPE) \
	X(SIGKILL) X(SIGUSR1) X(SIGSEGV) X(SIGUSR2) X(SIGPIPE) X(SIGALRM) X(SIGTERM) X(SIGSTKFLT) \
	X(SIGCHLD) X(SIGCONT) X(SIGSTOP) X(SIGTSTP) X(SIGTTIN) X(SIGTTOU) X(SIGURG) X(SIGXCPU) \
	X(SIGXFSZ) X(SIGVTALRM) X(SIGPROF) X(SIGWINCH) X(SIGIO) X(SIGPWR) X(SIGSYS)

MAYBE const char *signame(int s)
{
	static char number[24];
#define X(n) if (s == n) return #n;
	SIGNAL_LIST(X)
#undef X
	snprintf(number, sizeof(number), "signal %d", s);
	return number;
}

/* One line of the test's output. Keeps errno. */
__attribute__((unused, format(printf, 1, 2)))
static void say(const char *fmt, ...)
{
	char line[1024];
	int keep = errno;
	va_list args;

	va_start(args, fmt);
	int n = vsnprintf(line, sizeof(line) - 1, fmt, args);
	va_end(args);
	if (n > (int)sizeof(line) - 2)
		n = sizeof(line) - 2;
	line[n++] = '\n';
	if (write(1, line, n) != n)
		_exit(99);
	errno = keep;
}

/* A step that the test itself needs and that is not under test. */
#define MUST(expr) ({ \
	errno = 0; \
	__typeof__(expr) must_ = (expr); \
	if ((long)must_ == -1) { \
		say("cannot go on: %s: %s", #expr, errname(errno)); \
		_exit(98); \
	} \
	must_; })

__attribute__((noreturn, unused, format(printf, 1, 2)))
static void skip(const char *fmt, ...)
{
	char why[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(why, sizeof(why), fmt, args);
	va_end(args);
	say("skipped: %s", why);
	if (scratch[0] && chdir("/") == 0)
		rmdir(scratch);
	_exit(SKIP_CODE);
}

/*
 * NEED(splice) skips the test when the kernel has no such call: ENOSYS, nothing else. The
 * arguments are -1, for which every call that is probed this way does nothing.
 */
#define NEED(call) need(#call, SYS_##call)

MAYBE void need(const char *name, long nr)
{
	if (syscall(nr, -1L, -1L, -1L, -1L, -1L, -1L) == -1 && errno == ENOSYS)
		skip("%s: ENOSYS", name);
}

MAYBE long say_result(const char *name, long r, int e, bool show)
{
	if (r == -1)
		say("%s: -1 %s", name, errname(e));
	else if (show)
		say("%s: %ld", name, r);
	else
		say("%s: ok", name);
	return r;
}

/* The value as it is, or -1 and the errno; OK hides a value that varies (a pid, an address). */
#define CALL(name, expr) ({ errno = 0; long r_ = (long)(expr); say_result(name, r_, errno, true); })
#define OK(name, expr) ({ errno = 0; long r_ = (long)(expr); say_result(name, r_, errno, false); })
#define YES(name, cond) say("%s: %s", name, (cond) ? "yes" : "no")

MAYBE void say_status(const char *name, int st)
{
	if (WIFEXITED(st))
		say("%s: exit %d", name, WEXITSTATUS(st));
	else if (WIFSIGNALED(st))
		say("%s: signal %s", name, signame(WTERMSIG(st)));
	else if (WIFSTOPPED(st))
		say("%s: stopped %s", name, signame(WSTOPSIG(st)));
	else if (WIFCONTINUED(st))
		say("%s: continued", name);
	else
		say("%s: odd status %#x", name, st);
}

MAYBE pid_t child_start(void)
{
	struct rlimit no_core = { 0, 0 };
	pid_t pid = MUST(fork());

	if (pid == 0) {
		setrlimit(RLIMIT_CORE, &no_core);
		alarm(30);
	}
	return pid;
}

MAYBE pid_t child_end(const char *name, pid_t pid)
{
	int st, r;

	if (pid == 0)
		_exit(0);
	do
		r = waitpid(pid, &st, 0);
	while (r == -1 && errno == EINTR);
	if (r == pid)
		say_status(name, st);
	else
		say("%s: wait: %s", name, errname(errno));
	return -1;
}

/* CHILD("name") { ... }: the block runs in a child; how that ended is then printed. */
#define CHILD(name) \
	for (pid_t child_ = child_start(); child_ >= 0; child_ = child_end(name, child_)) \
		if (child_ == 0)

/* Sleeps on despite signals. */
MAYBE void sleep_ms(long ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000 };

	while (nanosleep(&ts, &ts) == -1 && errno == EINTR)
		;
}

MAYBE int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

/* The state letter of /proc/PID/stat, 0 if there is none. */
MAYBE char task_state(pid_t pid)
{
	char path[64], text[512];

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	int fd = open(path, O_RDONLY);
	if (fd < 0)
		return 0;
	ssize_t n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n > 0 ? n : 0] = 0;
	char *paren = strrchr(text, ')');
	return paren ? paren[2] : 0;
}

/* Waits (up to 10 s) until the task is in that state: 'S' asleep, 'T' stopped, 'Z' ended. */
MAYBE bool await_state(pid_t pid, char state)
{
	for (int i = 0; i < 1000; i++) {
		if (task_state(pid) == state)
			return true;
		sleep_ms(10);
	}
	return false;
}

MAYBE void make_file(const char *path, const char *text)
{
	int fd = MUST(open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644));

	MUST(write(fd, text, strlen(text)));
	close(fd);
}

/* What is in a (small) file, as a string; "" when it cannot be read. */
MAYBE const char *file_text(const char *path)
{
	static char text[16384];
	ssize_t n, at = 0;
	int fd = open(path, O_RDONLY);

	if (fd < 0)
		return "";
	while (at < (ssize_t)sizeof(text) - 1 &&
	       (n = read(fd, text + at, sizeof(text) - 1 - at)) > 0)
		at += n;
	close(fd);
	text[at] = 0;
	return text;
}

MAYBE off_t file_size(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? st.st_size : -1;
}

MAYBE void *map_anon(size_t size, int prot)
{
	return MUST(mmap(NULL, size, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}

/* The start of a page that is certainly not mapped. */
MAYBE void *bad_page(void)
{
	char *p = map_anon(PAGE, PROT_NONE);

	munmap(p, PAGE);
	return p;
}

/* A pointer of which SIZE bytes are good, followed by a page that is not mapped. */
MAYBE char *before_hole(size_t size)
{
	char *p = map_anon(2 * PAGE, PROT_READ | PROT_WRITE);

	munmap(p + PAGE, PAGE);
	return p + PAGE - size;
}

MAYBE void on_signal(int sig, void (*fn)(int), int flags)
{
	struct sigaction sa = { .sa_handler = fn, .sa_flags = flags };

	MUST(sigaction(sig, &sa, NULL));
}

MAYBE void become_nobody(void)
{
	MUST(syscall(SYS_setgroups, 0, NULL));
	MUST(syscall(SYS_setresgid, 65534, 65534, 65534));
	MUST(syscall(SYS_setresuid, 65534, 65534, 65534));
}

MAYBE void remove_tree(int at, const char *name)
{
	if (unlinkat(at, name, 0) == 0)
		return;
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	while (dir && (e = readdir(dir)))
		if (strcmp(e->d_name, ".") && strcmp(e->d_name, ".."))
			remove_tree(fd, e->d_name);
	if (dir)
		closedir(dir);
	unlinkat(at, name, AT_REMOVEDIR);
}

static void test(void);
#define TEST static void test(void)

int main(int argc, char **argv)
{
	test_argv = argv;
	if (argc > 0 && !realpath(argv[0], self_path))
		strcpy(self_path, argv[0]);
#ifdef EXEC_HOOK
	if (argc > 1)			/* the test has started itself with arguments */
		EXEC_HOOK(argc, argv);
#endif
	umask(022);
	alarm(40);
	strcpy(scratch, "/tmp/abi.XXXXXX");
	if (!mkdtemp(scratch) || chdir(scratch) != 0) {
		say("no scratch directory: %s", errname(errno));
		return 97;
	}
	chmod(scratch, 0755);
	test();
	if (chdir("/tmp") == 0)
		remove_tree(AT_FDCWD, scratch);
	return 0;
}
#endif
