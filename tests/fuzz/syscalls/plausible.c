/* SPDX-License-Identifier: MIT */
/*
 * Calls whose arguments are mostly right, so that they get past the first checks. Each call has a
 * string of letters, one for each argument; the letter says what the argument is (see value()).
 * One argument in twelve is anything at all. Values stay within what the child may do to itself:
 * mappings lie in its arena, mounts on its own directories, and its timer stays on.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <termios.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "sysfuzz.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define ONE_OF(table) ((table)[pick(COUNT(table))])

static const struct shape {
	short nr;
	const char *args;
} shapes[] = {
	{ SYS_read, "fbl" }, { SYS_write, "fbl" }, { SYS_pread64, "fblo" }, { SYS_pwrite64, "fblo" },
	{ SYS_readv, "fvV" }, { SYS_writev, "fvV" }, { SYS_preadv2, "fvVozg" },
	{ SYS_pwritev2, "fvVozg" }, { SYS_open, "pOr" }, { SYS_openat, "dpOr" },
	{ SYS_openat2, "dpb\x18" }, { SYS_creat, "pr" }, { SYS_close, "f" },
	{ SYS_close_range, "ffg" }, { SYS_stat, "pb" }, { SYS_fstat, "fb" }, { SYS_lstat, "pb" },
	{ SYS_newfstatat, "dpbA" }, { SYS_statx, "dpAgb" }, { SYS_lseek, "foh" },
	{ SYS_sendfile, "ffPl" }, { SYS_copy_file_range, "fPfPlz" }, { SYS_access, "pi" },
	{ SYS_faccessat2, "dpiA" }, { SYS_socket, "1kz" }, { SYS_socketpair, "1kzb" },
	{ SYS_bind, "f23" }, { SYS_connect, "f23" }, { SYS_listen, "fi" }, { SYS_accept4, "fbbz" },
	{ SYS_getsockname, "fbb" }, { SYS_getpeername, "fbb" }, { SYS_shutdown, "fk" },
	{ SYS_sendto, "fbl423" }, { SYS_recvfrom, "fbl4bb" }, { SYS_sendmsg, "f54" }, { SYS_sendmsg, "f54" },
	{ SYS_recvmsg, "f54" }, { SYS_recvmsg, "f54" }, { SYS_sendmmsg, "f5k4" }, { SYS_recvmmsg, "f5k4z" },
	{ SYS_setsockopt, "f16b8" }, { SYS_getsockopt, "f16bb" }, { SYS_pipe2, "bO" }, { SYS_dup, "f" }, { SYS_dup2, "ff" },
	{ SYS_dup3, "ffO" }, { SYS_fcntl, "fCb" }, { SYS_fcntl, "fCi" }, { SYS_fcntl, "fLK" },
	{ SYS_ioctl, "fIb" }, { SYS_flock, "fi" }, { SYS_fsync, "f" }, { SYS_fdatasync, "f" },
	{ SYS_sync, "" }, { SYS_sync_file_range, "fooi" }, { SYS_truncate, "po" },
	{ SYS_ftruncate, "fo" }, { SYS_fallocate, "fioo" }, { SYS_fallocate, "fioo" },
	{ SYS_fadvise64, "fooi" }, { SYS_readahead, "fol" }, { SYS_getdents, "fbl" },
	{ SYS_getdents64, "fbl" }, { SYS_getcwd, "bl" }, { SYS_chdir, "p" }, { SYS_fchdir, "f" },
	{ SYS_chroot, "D" }, { SYS_rename, "pp" }, { SYS_renameat2, "dpdpi" },
	{ SYS_mkdir, "pr" }, { SYS_mkdirat, "dpr" }, { SYS_rmdir, "p" }, { SYS_link, "pp" },
	{ SYS_linkat, "dpdpA" }, { SYS_unlink, "p" }, { SYS_unlinkat, "dpA" },
	{ SYS_symlink, "pp" }, { SYS_symlinkat, "pdp" }, { SYS_readlink, "pbl" },
	{ SYS_readlinkat, "dpbl" }, { SYS_chmod, "pr" }, { SYS_fchmod, "fr" },
	{ SYS_chown, "puu" }, { SYS_fchownat, "dpuuA" }, { SYS_mknod, "prZ" },
	{ SYS_utimensat, "dptA" }, { SYS_utimensat, "fztz" }, { SYS_statfs, "pb" },
	{ SYS_fstatfs, "fb" }, { SYS_mount, "pDTBz" }, { SYS_mount, "pDTBz" }, { SYS_umount2, "Di" },
	{ SYS_poll, "FVi" }, { SYS_ppoll, "FVtS8" }, { SYS_select, "Nbbbt" },
	{ SYS_pselect6, "Nbbbtz" }, { SYS_epoll_create1, "O" }, { SYS_epoll_ctl, "fkfe" },
	{ SYS_epoll_ctl, "fkfe" }, { SYS_epoll_wait, "fbii" }, { SYS_epoll_pwait2, "fbitS8" },
	{ SYS_eventfd2, "iO" }, { SYS_memfd_create, "pi" }, { SYS_timerfd_create, "qO" },
	{ SYS_timerfd_settime, "fiyb" }, { SYS_timerfd_gettime, "fb" }, { SYS_signalfd4, "fS8O" },
	{ SYS_mmap, "mMwxfR" }, { SYS_mmap, "mMwxfR" }, { SYS_mmap, "mMwxfR" },
	{ SYS_munmap, "mM" }, { SYS_mprotect, "mMw" }, { SYS_mremap, "mMMEm" },
	{ SYS_madvise, "mMa" }, { SYS_mincore, "mMb" }, { SYS_msync, "mMi" }, { SYS_mlock, "mM" },
	{ SYS_munlock, "mM" }, { SYS_mlockall, "i" }, { SYS_munlockall, "" },
	{ SYS_write, "fml" }, { SYS_read, "fml" }, { SYS_fork, "" }, { SYS_clone, "Gzbbz" },
	{ SYS_clone3, "HX" }, { SYS_execve, "pzz" }, { SYS_execveat, "dpzzA" },
	{ SYS_wait4, "jbib" }, { SYS_waitid, "iibib" }, { SYS_getpgid, "c" }, { SYS_getsid, "c" },
	{ SYS_setpgid, "cz" }, { SYS_setsid, "" }, { SYS_kill, "cs" }, { SYS_tkill, "cs" },
	{ SYS_rt_sigaction, "sbb8" }, { SYS_rt_sigaction, "szb8" }, { SYS_rt_sigprocmask, "iSb8" },
	{ SYS_rt_sigpending, "b8" }, { SYS_rt_sigsuspend, "S8" }, { SYS_rt_sigtimedwait, "Sbt8" },
	{ SYS_rt_sigqueueinfo, "csb" }, { SYS_sigaltstack, "bb" }, { SYS_pause, "" },
	{ SYS_getitimer, "ib" }, { SYS_setitimer, "Jyb" }, { SYS_futex, "UQitUi" },
	{ SYS_futex, "UQitUi" }, { SYS_set_robust_list, "UX" }, { SYS_get_robust_list, "cbb" },
	{ SYS_set_tid_address, "U" }, { SYS_prctl, "ibiii" }, { SYS_prctl, "Wiiii" },
	{ SYS_getgroups, "ib" }, { SYS_setgroups, "ib" }, { SYS_capget, "bb" }, { SYS_capset, "bb" },
	{ SYS_prlimit64, "cizb" }, { SYS_getrusage, "ib" }, { SYS_times, "b" },
	{ SYS_getpriority, "ic" }, { SYS_setpriority, "ici" }, { SYS_sched_yield, "" },
	{ SYS_sched_setscheduler, "ciU" }, { SYS_sched_setparam, "cU" },
	{ SYS_sched_getaffinity, "clb" }, { SYS_sched_rr_get_interval, "cb" },
	{ SYS_pidfd_open, "cz" }, { SYS_pidfd_send_signal, "fszz" }, { SYS_nanosleep, "tb" },
	{ SYS_clock_nanosleep, "qitb" }, { SYS_clock_gettime, "qb" }, { SYS_clock_getres, "qb" },
	{ SYS_sysinfo, "b" }, { SYS_uname, "b" }, { SYS_getrandom, "bli" },
};

/* The child's own files; devices; what the kernel makes up. */
static const char *const own_names[] = {
	"f", "d", "d/x", "l", "p", "n", "d/n", "d/l", ".", "d/..", "loop", "new", "d/new", "d/x/y", "",
};
static const char *const far_names[] = {
	"/dev/ptmx", "/dev/tty", "/dev/zero", "/dev/full", "/dev/random", "/dev/pts", "/dev/pts/0",
	"/proc/self/fd", "/proc/self/fd/3", "/proc/self/fd/7", "/proc/self/maps", "/proc/self/stat",
	"/proc/self/status", "/proc/self/cmdline", "/proc/self/environ", "/proc/self/mem",
	"/proc/self/exe", "/proc/self/cwd", "/proc/self/root", "/proc/self/comm", "/proc/self/task",
	"/proc/self/fdinfo/3", "/proc/self/mountinfo", "/proc/1/status", "/proc", "/proc/sys",
	"/proc/meminfo", "/proc/interrupts", "/proc/self/limits", "/proc/self/smaps", "/sys",
};
static const char *const types[] = { "tmpfs", "proc", "devtmpfs", "devpts", "sysfs", "ext2" };
static const unsigned long ioctls[] = {
	TCGETS, TCSETS, TCSETSW, TCSETSF, TCSBRK, TCXONC, TCFLSH, TIOCSCTTY, TIOCNOTTY, TIOCGPGRP,
	TIOCSPGRP, TIOCOUTQ, TIOCSTI, TIOCGWINSZ, TIOCSWINSZ, FIONREAD, TIOCPKT, FIONBIO, TIOCGSID,
	TIOCGPTN, TIOCSPTLCK, FIOASYNC, FIOCLEX, FIONCLEX, TIOCGPTPEER, TIOCEXCL, TIOCNXCL, TIOCSETD,
	TIOCGETD, FIOQSIZE, TIOCVHANGUP, TIOCGPTLCK,
};
static const unsigned long clone_flags[] = {
	SIGCHLD, CLONE_VFORK | CLONE_VM | SIGCHLD, CLONE_FILES | SIGCHLD, CLONE_FS | SIGCHLD,
	CLONE_PIDFD | SIGCHLD, CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID | SIGCHLD, CLONE_PARENT,
	CLONE_CHILD_SETTID | SIGUSR1, CLONE_SIGHAND, CLONE_THREAD, 0, CLONE_NEWNS, CLONE_NEWPID,
	CLONE_FILES | CLONE_FS | CLONE_PIDFD, CLONE_PTRACE | SIGCHLD,
};
static const unsigned long mount_flags[] = {
	0, MS_BIND, MS_BIND | MS_REC, MS_MOVE, MS_NOSUID | MS_NODEV, MS_PRIVATE, MS_SHARED,
	MS_BIND | MS_REMOUNT | MS_RDONLY, MS_REC | MS_SLAVE, MS_BIND | MS_NOEXEC,
};
static const unsigned long open_flags[] = {
	0, O_WRONLY, O_RDWR, O_CREAT, O_EXCL, O_TRUNC, O_APPEND, O_NONBLOCK, O_DIRECTORY, O_NOFOLLOW,
	O_CLOEXEC, O_PATH, O_TMPFILE, O_NOCTTY, O_DIRECT, O_SYNC, O_NOATIME, O_ASYNC,
};
/* null, zero, full, ptmx, pts/0: not a console, which is the parent's */
static const unsigned long devices[] = { 0, 0x103, 0x105, 0x107, 0x502, 0x8800 };
static const unsigned long at_flags[] = {
	0, AT_SYMLINK_NOFOLLOW, AT_REMOVEDIR, AT_SYMLINK_FOLLOW, AT_EMPTY_PATH, AT_NO_AUTOMOUNT,
};
static const long offsets[] = {
	0, 0, 1, 5, 100, PAGE - 1, PAGE, PAGE + 1, 3 * PAGE, 65536, 1 << 20, (8 << 20) - 1, 8 << 20,
	1L << 31, 1L << 40, INT64_MAX, INT64_MAX - PAGE, -1, INT64_MIN,
};

/* A place of its own in the pool for something of that size. */
static void *room(size_t size)
{
	return targets.pool + pick(POOL_PAGES * PAGE - size) / 8 * 8;
}

static uint64_t put(const void *what, size_t size)
{
	return (uintptr_t)memcpy(room(size), what, size);
}

static uint64_t name(const char *text)
{
	return put(text, strlen(text) + 1);
}

static uint64_t short_time(int times)
{
	struct timespec t[4];

	for (int i = 0; i < 4; i++)
		t[i] = (struct timespec){ 0, pick(2000000) };
	if (pick(30) == 0)
		t[pick(4)] = (struct timespec){ argument(), argument() };
	return pick(8) ? put(t, times * sizeof(t[0])) : 0;
}

static uint64_t vectors(void)
{
	struct iovec v[8];

	for (int i = 0; i < 8; i++)
		v[i] = (struct iovec){ pick(10) ? room(8) : (void *)argument(), pick(3) ? pick(200) : pick(PAGE * 3) };
	return put(v, sizeof(v));
}

static uint64_t polled(void)
{
	struct pollfd p[8];

	for (int i = 0; i < 8; i++)
		p[i] = (struct pollfd){ targets.fds[pick(targets.nfds)], rnd() & 0x3fff, 0 };
	return put(p, sizeof(p));
}

static uint64_t watched(void)
{
	static const uint32_t extra[] = { 0, EPOLLET, EPOLLONESHOT, EPOLLEXCLUSIVE, EPOLLWAKEUP };
	struct epoll_event e = { (rnd() & 0x1f) | ONE_OF(extra), { .u64 = rnd() } };

	return put(&e, sizeof(e));
}

static uint64_t signal_set(void)
{
	uint64_t set = rnd() & rnd() & ~(1UL << (SIGALRM - 1));

	return put(&set, 8);
}

static uint64_t lock(void)
{
	struct flock l = { .l_type = pick(4), .l_whence = pick(3), .l_start = pick(20), .l_len = pick(20) };

	return put(&l, sizeof(l));
}

static uint64_t clone_args(void)
{
	uint64_t words[11] = { ONE_OF(clone_flags) & ~0xffUL, (uintptr_t)room(8), (uintptr_t)room(8),
			       (uintptr_t)room(8), SIGCHLD };

	return put(words, sizeof(words));
}

static uint64_t some_of(const unsigned long *table, size_t count, int most)
{
	uint64_t f = 0;

	for (uint64_t n = pick(most + 1); n; n--)
		f |= table[pick(count)];
	return f;
}

static uint64_t mmap_flags(void)
{
	static const unsigned long extra[] = {
		MAP_ANONYMOUS, MAP_ANONYMOUS, MAP_FIXED, MAP_FIXED_NOREPLACE, MAP_POPULATE, MAP_NORESERVE,
		MAP_LOCKED, MAP_GROWSDOWN, MAP_STACK, MAP_32BIT,
	};

	return (pick(3) ? MAP_PRIVATE : pick(2) ? MAP_SHARED : MAP_SHARED_VALIDATE) |
	       (pick(2) ? MAP_FIXED : 0) | (pick(2) ? MAP_ANONYMOUS : 0) | some_of(extra, COUNT(extra), 1);
}

static int a_signal(void)
{
	static const int signals[] = {
		SIGUSR1, SIGUSR2, SIGCHLD, SIGCONT, SIGWINCH, SIGURG, SIGPIPE, SIGIO, 34, 40, 64, 0,
	};

	return pick(3) ? ONE_OF(signals) : SIGUSR2;	/* see spoil_frame() */
}

/* Of a socket: a path, or an abstract name. */
static uint64_t address(void)
{
	static const char *const abstract[] = { "a", "b", "c", "" };
	struct sockaddr_un a = { .sun_family = pick(10) ? AF_UNIX : pick(3) };

	if (pick(2))
		strcpy(a.sun_path, ONE_OF(own_names));
	else
		strcpy(a.sun_path + 1, ONE_OF(abstract));
	return put(&a, sizeof(a));
}

/* A header for sendmsg, with rights or credentials; where it is received the same room is for the answer. */
static uint64_t message(void)
{
	char control[CMSG_SPACE(4 * sizeof(int)) + CMSG_SPACE(sizeof(struct ucred))] = { 0 };
	struct cmsghdr *c = (struct cmsghdr *)control;
	int fds[4];
	struct msghdr h = {
		.msg_name = pick(3) ? NULL : (void *)address(), .msg_namelen = pick(4) ? 6 : pick(120),
		.msg_iov = (void *)vectors(), .msg_iovlen = pick(4), .msg_controllen = pick(3) ? sizeof(control) : 0,
	};

	for (int i = 0; i < 4; i++)
		fds[i] = targets.fds[pick(targets.nfds)];
	if (pick(3)) {
		*c = (struct cmsghdr){ .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS,
				       .cmsg_len = pick(8) ? CMSG_LEN((1 + pick(4)) * sizeof(int)) : pick(60) };
		memcpy(CMSG_DATA(c), fds, sizeof(fds));
	} else {
		struct ucred who = { getpid(), pick(2), 0 };
		*c = (struct cmsghdr){ .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_CREDENTIALS,
				       .cmsg_len = CMSG_LEN(sizeof(who)) };
		memcpy(CMSG_DATA(c), &who, sizeof(who));
	}
	h.msg_control = (void *)put(control, sizeof(control));
	return put(&h, sizeof(h));
}

static uint64_t message_flags(void)
{
	static const unsigned long flags[] = { MSG_PEEK, MSG_WAITALL, MSG_TRUNC, MSG_NOSIGNAL, MSG_CMSG_CLOEXEC, MSG_OOB };

	return MSG_DONTWAIT | some_of(flags, COUNT(flags), 2);
}

static uint64_t value(char kind)
{
	switch (kind) {
	case '1': return 1;
	case '2': return address();
	case '3': return pick(3) ? 3 + pick(8) : pick(130);
	case '4': return message_flags();
	case '5': return message();
	case '6': return pick(80);
	case 'A': return some_of(at_flags, COUNT(at_flags), 2);
	case 'a': return pick(2) ? pick(26) : 4 + pick(18);
	case 'B': return ONE_OF(mount_flags);
	case 'b': return (uintptr_t)room(8);
	case 'C': return pick(3) ? pick(17) : 1024 + pick(16);
	case 'c': return harmless_pid();
	case 'D': return name(pick(3) ? "d" : own_names[1 + pick(4)]);
	case 'd': return pick(2) ? (uint64_t)AT_FDCWD : (uint64_t)targets.fds[pick(targets.nfds)];
	case 'E': return pick(8);
	case 'e': return watched();
	case 'F': return polled();
	case 'f': return targets.fds[pick(targets.nfds)];
	case 'G': return ONE_OF(clone_flags);
	case 'g': return pick(2) ? 0 : random_flags();
	case 'H': return clone_args();
	case 'h': return pick(6);
	case 'I': return ONE_OF(ioctls);
	case 'i': return pick(pick(4) ? 10 : 40);
	case 'J': return 1 + pick(2);		/* not the real timer */
	case 'j': return pick(2) ? -1UL : harmless_pid();
	case 'K': return lock();
	case 'k': return 1 + pick(3);
	case 'L': return pick(2) ? F_GETLK + pick(3) : F_OFD_GETLK + pick(3);
	case 'l': return pick(3) ? pick(300) : pick(3 * PAGE);
	case 'M': return pick(8) * PAGE + (pick(8) ? 0 : pick(PAGE));
	case 'm': return (uintptr_t)targets.arena + pick(ARENA_PAGES - 8) * PAGE + (pick(12) ? 0 : pick(PAGE));
	case 'N': return pick(100);
	case 'O': return some_of(open_flags, COUNT(open_flags), 3);
	case 'o': return ONE_OF(offsets);
	case 'P': return pick(2) ? 0 : put(&ONE_OF(offsets), 8);
	case 'p': return name(pick(5) ? ONE_OF(own_names) : pick(6) ? ONE_OF(far_names) : random_name());
	case 'Q': return pick(14) | (pick(2) ? FUTEX_PRIVATE_FLAG : 0) | (pick(4) ? 0 : FUTEX_CLOCK_REALTIME);
	case 'q': return pick(12);
	case 'R': return pick(6) * PAGE;
	case 'r': return pick(8) ? pick(010000) : pick(0200000);
	case 'S': return signal_set();
	case 's': return a_signal();
	case 'T': return name(ONE_OF(types));
	case 't': return short_time(2);
	case 'U': return (uintptr_t)targets.pool + pick(8) * 8;
	case 'u': return pick(2) ? 65534 : pick(3) - 1;
	case 'V': return pick(9);
	case 'v': return vectors();
	case 'W': return 1 + pick(60);
	case 'w': return pick(8);
	case 'X': return pick(4) ? 24 + pick(2) * 64 : pick(200);
	case 'x': return mmap_flags();
	case 'y': return short_time(2);
	case 'Z': return ONE_OF(devices);
	case 'z': return 0;
	default:  return (unsigned char)kind == '8' ? 8 : (unsigned char)kind;
	}
}

long plausible_call(uint64_t *a)
{
	const struct shape *s = &ONE_OF(shapes);
	const char *kind = s->args;

	for (int i = 0; i < 6; i++) {
		a[i] = *kind ? value(*kind) : 0;
		if (*kind) {
			if (pick(12) == 0 && !strchr("JDBmMxZ", *kind))
				a[i] = argument();
			kind++;
		}
	}
	if (s->nr == SYS_rt_sigaction && (int)a[0] == SIGALRM)
		a[0] = SIGUSR1;
	return s->nr;
}

/* Its result replaces one of the targets. */
bool makes_descriptor(long nr)
{
	switch (nr) {
	case SYS_open: case SYS_openat: case SYS_openat2: case SYS_creat: case SYS_dup: case SYS_dup2:
	case SYS_epoll_create1: case SYS_eventfd2: case SYS_memfd_create: case SYS_timerfd_create:
	case SYS_signalfd4: case SYS_pidfd_open: case SYS_socket: case SYS_accept4:
		return true;
	default:
		return false;
	}
}

static void open_terminal(void (*add)(int fd))
{
	int zero = 0, master = open("/dev/ptmx", O_RDWR | O_NOCTTY | (pick(2) ? O_NONBLOCK : 0));

	if (master < 0)
		return;
	add(master);
	ioctl(master, TIOCSPTLCK, &zero);
	add(ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY));
}

static void open_sockets(void (*add)(int fd))
{
	static const int kinds[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET };
	int p[2];

	for (int i = 0; i < 2; i++) {
		if (socketpair(AF_UNIX, ONE_OF(kinds) | SOCK_NONBLOCK, 0, p))
			return;
		add(p[0]);
		add(p[1]);
	}
	add(socket(AF_UNIX, ONE_OF(kinds) | SOCK_NONBLOCK, 0));
}

/* A handler that returns through a frame that it has spoilt. Most of the time that ends the child. */
static void spoil_frame(int sig, siginfo_t *si, void *context)
{
	ucontext_t *uc = context;
	unsigned char *fpu = (unsigned char *)uc->uc_mcontext.fpregs;

	for (uint64_t n = 1 + pick(3); n; n--) {
		switch (pick(6)) {
		case 0: case 1:
			uc->uc_mcontext.gregs[pick(sizeof(gregset_t) / 8)] = argument();
			break;
		case 2:
			uc->uc_mcontext.gregs[REG_EFL] ^= 1UL << pick(32);
			break;
		case 3:				/* the legacy area, the magic numbers, the header */
			if (fpu)
				fpu[pick(2) ? pick(64) : 464 + pick(600)] = rnd();
			break;
		case 4:
			uc->uc_mcontext.fpregs = (void *)(pick(2) ? argument() : (uintptr_t)fpu + pick(128));
			break;
		default:
			((uint64_t *)uc)[pick(5)] = argument();
			break;
		}
	}
}

void arm_signals(void)
{
	struct sigaction sa = { .sa_sigaction = spoil_frame, .sa_flags = SA_SIGINFO };

	if (pick(3) == 0)
		sigaction(SIGUSR2, &sa, NULL);
}

void open_more_targets(void (*add)(int fd))
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	add(signalfd(-1, &set, SFD_NONBLOCK));
	add(timerfd_create(CLOCK_MONOTONIC, 0));
	add(memfd_create("fuzz", MFD_ALLOW_SEALING));
	add(syscall(SYS_pidfd_open, getpid(), 0));
	add(open("f", O_RDONLY | O_APPEND));
	add(open("p", O_RDWR | O_NONBLOCK));
	add(open("/proc/self", O_RDONLY | O_DIRECTORY));
	add(epoll_create1(0));
	open_sockets(add);
	open_terminal(add);
}
