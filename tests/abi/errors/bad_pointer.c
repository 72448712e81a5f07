/* SPDX-License-Identifier: MIT */
/* Every call that takes a pointer says EFAULT for unmapped, kernel and non-canonical ones. */

#include "../abi.h"

/* P marks the arguments that are replaced by the bad pointer, one after another. */
#define P 0x7050505050505050L

struct try {
	const char *name;
	int nr;
	long a[6];
};

static char buf[4096] = "x";
static int fd, pipe_fd[2];

static const struct try tries[] = {
	{ "read", SYS_read, { -2, P, 10 } }, { "write", SYS_write, { -2, P, 10 } },
	{ "open", SYS_open, { P, 0, 0 } }, { "stat", SYS_stat, { P, (long)buf } },
	{ "stat buffer", SYS_stat, { (long)".", P } }, { "lstat", SYS_lstat, { P, (long)buf } },
	{ "fstat", SYS_fstat, { -2, P } }, { "poll", SYS_poll, { P, 1, 0 } },
	{ "rt_sigaction", SYS_rt_sigaction, { 10, P, 0, 8 } }, { "rt_sigaction old", SYS_rt_sigaction, { 10, 0, P, 8 } },
	{ "rt_sigprocmask", SYS_rt_sigprocmask, { 0, P, 0, 8 } },
	{ "readv", SYS_readv, { -2, P, 1 } }, { "writev", SYS_writev, { -2, P, 1 } },
	{ "access", SYS_access, { P, 0 } }, { "pipe", SYS_pipe, { P } }, { "pipe2", SYS_pipe2, { P, 0 } },
	{ "select", SYS_select, { 5, P, 0, 0, 0 } }, { "select time", SYS_select, { 0, 0, 0, 0, P } },
	{ "mincore", SYS_mincore, { -3, 4096, P } }, { "nanosleep", SYS_nanosleep, { P, 0 } },
	{ "getitimer", SYS_getitimer, { 0, P } }, { "setitimer", SYS_setitimer, { 1, P, 0 } },
	{ "uname", SYS_uname, { P } }, { "truncate", SYS_truncate, { P, 0 } },
	{ "getdents64", SYS_getdents64, { -4, P, 4096 } }, { "getcwd", SYS_getcwd, { P, 100 } },
	{ "chdir", SYS_chdir, { P } }, { "rename", SYS_rename, { P, (long)"y" } },
	{ "rename to", SYS_rename, { (long)"x", P } }, { "mkdir", SYS_mkdir, { P, 0755 } },
	{ "rmdir", SYS_rmdir, { P } }, { "link", SYS_link, { P, (long)"y" } }, { "unlink", SYS_unlink, { P } },
	{ "symlink", SYS_symlink, { P, (long)"y" } }, { "symlink to", SYS_symlink, { (long)"y", P } },
	{ "readlink", SYS_readlink, { P, (long)buf, 10 } }, { "readlink buffer", SYS_readlink, { (long)"sl", P, 10 } },
	{ "chmod", SYS_chmod, { P, 0 } }, { "chown", SYS_chown, { P, 1, 1 } },
	{ "gettimeofday", SYS_gettimeofday, { P, 0 } }, { "gettimeofday zone", SYS_gettimeofday, { 0, P } },
	{ "getrlimit", SYS_getrlimit, { 7, P } }, { "setrlimit", SYS_setrlimit, { 7, P } },
	{ "prlimit new", SYS_prlimit64, { 0, 7, P, 0 } }, { "prlimit old", SYS_prlimit64, { 0, 7, 0, P } },
	{ "getrusage", SYS_getrusage, { 0, P } }, { "sysinfo", SYS_sysinfo, { P } }, { "times", SYS_times, { P } },
	{ "getgroups", SYS_getgroups, { 10, P } }, { "setgroups", SYS_setgroups, { 2, P } },
	{ "getresuid", SYS_getresuid, { P, (long)buf, (long)buf } },
	{ "getresgid", SYS_getresgid, { (long)buf, (long)buf, P } },
	{ "rt_sigpending", SYS_rt_sigpending, { P, 8 } }, { "rt_sigtimedwait", SYS_rt_sigtimedwait, { P, 0, 0, 8 } },
	{ "rt_sigsuspend", SYS_rt_sigsuspend, { P, 8 } }, { "sigaltstack", SYS_sigaltstack, { P, 0 } },
	{ "utime", SYS_utime, { P, 0 } }, { "mknod", SYS_mknod, { P, 010644, 0 } },
	{ "statfs", SYS_statfs, { P, (long)buf } }, { "statfs buffer", SYS_statfs, { (long)"/", P } },
	{ "fstatfs", SYS_fstatfs, { -2, P } }, { "sched_getparam", SYS_sched_getparam, { 0, P } },
	{ "sched_getaffinity", SYS_sched_getaffinity, { 0, 1024, P } },
	{ "sched_setaffinity", SYS_sched_setaffinity, { 0, 8, P } },
	{ "prctl name", SYS_prctl, { 15, P } }, { "prctl get name", SYS_prctl, { 16, P } },
	{ "arch_prctl get", SYS_arch_prctl, { 0x1003, P } }, { "chroot", SYS_chroot, { P } },
	{ "sethostname", SYS_sethostname, { P, 5 } },
	{ "futex", SYS_futex, { P, 0, 0, 0, 0, 0 } }, { "clock_gettime", SYS_clock_gettime, { 6, P } },
	{ "clock_settime", SYS_clock_settime, { 0, P } }, { "clock_getres", SYS_clock_getres, { 1, P } },
	{ "clock_nanosleep", SYS_clock_nanosleep, { 1, 0, P, 0 } }, { "openat", SYS_openat, { -100, P, 0 } },
	{ "newfstatat", SYS_newfstatat, { -100, P, (long)buf, 0 } }, { "utimensat", SYS_utimensat, { -100, P, 0, 0 } },
	{ "utimensat times", SYS_utimensat, { -100, (long)".", P, 0 } }, { "statx", SYS_statx, { -100, P, 0, 0, (long)buf } },
	{ "getrandom", SYS_getrandom, { P, 10, 0 } }, { "memfd_create", SYS_memfd_create, { P, 0 } },
	{ "execve", SYS_execve, { P, 0, 0 } }, { "epoll_ctl", SYS_epoll_ctl, { -5, 1, -6, P } },
	{ "wait4", SYS_wait4, { -1, P, 1, 0 } }, { "waitid", SYS_waitid, { 0, 0, P, 5, 0 } },
	{ "getcpu", SYS_getcpu, { P, 0, 0 } }, { "capget", SYS_capget, { P, 0 } },
	{ "clone3", SYS_clone3, { P, 64 } }, { "openat2", SYS_openat2, { -100, (long)".", P, 24 } },
	{ "ioctl TCGETS", SYS_ioctl, { -2, 0x5401, P } }, { "ioctl FIONREAD", SYS_ioctl, { -6, 0x541b, P } },
	{ "sendfile offset", SYS_sendfile, { -7, -2, P, 10 } }, { "mount", SYS_mount, { 0, P, 0, 0, 0 } },
};

static long argument(long a, long bad)
{
	static long page, dir, ep;

	if (!page) {
		page = (long)map_anon(PAGE, PROT_READ);
		dir = MUST(open(".", O_RDONLY));
		ep = syscall(SYS_epoll_create1, 0);
	}
	switch (a) {
	case P:  return bad;
	case -2: return fd;
	case -3: return page;
	case -4: return dir;
	case -5: return ep;
	case -6: return pipe_fd[0];
	case -7: return pipe_fd[1];
	default: return a;
	}
}

TEST
{
	fd = MUST(open("x", O_RDWR | O_CREAT, 0644));
	MUST(ftruncate(fd, PAGE));
	MUST(pipe(pipe_fd));
	MUST(symlink("x", "sl"));
	const long bad[] = { (long)map_anon(PAGE, PROT_NONE), 0xffff888000000000, 0x8000000000000000, 0x7fffffffffff, -1L, 1 };

	for (size_t i = 0; i < COUNT(tries); i++) {
		const struct try *t = &tries[i];
		char line[160];
		int n = snprintf(line, sizeof(line), "%s", t->name);
		for (size_t k = 0; k < COUNT(bad); k++) {
			long a[6];
			for (int j = 0; j < 6; j++)
				a[j] = argument(t->a[j], bad[k]);
			lseek(fd, 0, SEEK_SET);
			long r = syscall(t->nr, a[0], a[1], a[2], a[3], a[4], a[5]);
			n += snprintf(line + n, sizeof(line) - n, " %s", r == -1 ? errname(errno) : "ok");
		}
		say("%s", line);
	}
}
