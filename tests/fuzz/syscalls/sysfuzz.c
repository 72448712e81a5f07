/* SPDX-License-Identifier: MIT */
/*
 * Calls every system call with arguments that no sane program passes: kernel and non-canonical
 * addresses, buffers that end at a hole, wild lengths, random flags, descriptors of the wrong
 * kind. It looks for nothing but survival: the kernel under it, built with KASAN and UBSan, finds
 * the faults.
 *
 *	sysfuzz [-s SEED] [-n CALLS] [-b BATCH] [-c]
 *
 * Every second batch makes plausible calls instead (plausible.c): each argument is of the kind
 * that the call expects, most of the time, and a second thread does the same to the same objects.
 *
 * Calls come in batches; each batch is a child process that is seeded by (SEED, batch number)
 * alone, so that `-b BATCH -c` replays that one batch and prints every call before it is made. (What two
 * threads do is not always repeated.)
 * The child may be hurt in any way; the parent watches a shared counter, kills a child that does
 * not get on, and checks after each batch that it is still sane itself. Half of the children are
 * user nobody. Left out is what would end the run from outside the child: reboot, kexec, vhangup,
 * the console's log level, signals and limits for others.
 *
 * As PID 1 it takes its arguments from /fuzz/args and powers the machine off at the end.
 * Never run it as root on a machine that you like.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sysfuzz.h"

#define LAST_CALL 460
#define BATCH_CALLS 100		/* thrice as many if they are plausible */
#define TICK_US 5000			/* a call that blocks is interrupted after this */
#define STUCK_MS 1500			/* a child that makes no call for so long is killed */
#define NOBODY 65534
#define FAR_AWAY ((void *)0x5a5a00000000)	/* from what the children write to */

/* Shared by parent and child. */
struct progress {
	volatile uint64_t calls;
	volatile uint64_t good;		/* in all batches */
	volatile int64_t nr;
	volatile uint64_t arg[6];
};

static _Thread_local uint64_t state;
static struct progress *progress;
struct targets targets;
static int null_fd;			/* opened before a child can take /dev/null away */

uint64_t rnd(void)
{
	state += 0x9e3779b97f4a7c15;
	uint64_t z = state;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

uint64_t pick(uint64_t n)
{
	return rnd() % n;
}

static long raw(long nr, const uint64_t *a)
{
	register uint64_t r10 __asm__("r10") = a[3];
	register uint64_t r8 __asm__("r8") = a[4];
	register uint64_t r9 __asm__("r9") = a[5];
	long ret;

	__asm__ volatile("syscall" : "=a"(ret)
		: "a"(nr), "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(r10), "r"(r8), "r"(r9)
		: "rcx", "r11", "memory");
	return ret;
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

/* --- Arguments --- */

static const uint64_t edges[] = {
	0, 1, 7, 0xffff, 0x10000, PAGE - 1, PAGE, 0x00007fffffffe000, 0x00007fffffffefff,
	0x00007ffffffff000, 0x00007fffffffffff, 0x0000800000000000, 0x8000000000000000,
	0xffff7fffffffffff, 0xffff800000000000, 0xffff888000000000, 0xffffc00000000000,
	0xffffd00000000000, 0xffffe00000000000, 0xffffffff80000000, 0xffffffff80200000,
	0xffffffffbfffffff, 0xffffffffff600000, 0xfffffffffffff000, 0xffffffffffffffff,
};
static const uint64_t lengths[] = {
	0, 1, 2, 3, 4, 7, 8, 16, 24, 64, 128, 144, PAGE - 1, PAGE, PAGE + 1, 2 * PAGE, 65536,
	1 << 20, 0x7ffff000, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, 1UL << 40,
	0x7fffffffffffffff, 0x8000000000000000, -1UL, -2UL, -PAGE, -8UL,
};
static char *const names[] = {
	"f", "d", "d/x", "l", "p", "", ".", "..", "nope", "d/../f", "/proc/self/maps",
	"/proc/self/mem", "/proc/self/status", "/dev/null", "/dev/zero", "/dev/full",
	"f/x", "loop", "/proc/self/exe", "/proc/self/fd/3", "#!x",
};

const char *random_name(void)
{
	return names[pick(sizeof(names) / sizeof(names[0]))];
}

/* A pointer into the valid pool, whose words may themselves be pointers and lengths. */
uint64_t pool_pointer(void)
{
	unsigned char *p = targets.pool + pick(POOL_PAGES - 1) * PAGE + (pick(4) ? 0 : pick(PAGE));
	uint64_t words[8];

	for (int i = 0; i < 8; i++) {
		switch (pick(6)) {
		case 0:  words[i] = (uintptr_t)targets.pool + pick(PAGE * POOL_PAGES); break;
		case 1:  words[i] = lengths[pick(sizeof(lengths) / 8)]; break;
		case 2:  words[i] = edges[pick(sizeof(edges) / 8)]; break;
		case 3:  words[i] = 1ULL << pick(64); break;
		case 4:  words[i] = pick(64); break;
		default: words[i] = 0; break;
		}
	}
	if (pick(3) == 0)
		strcpy((char *)p, random_name());
	else
		memcpy(p, words, sizeof(words));
	return (uintptr_t)p;
}

uint64_t random_flags(void)
{
	uint64_t f = 0;

	for (uint64_t n = pick(4); n; n--)
		f |= 1ULL << pick(pick(8) ? 24 : 64);
	return f;
}

uint64_t argument(void)
{
	switch (pick(20)) {
	case 0:  return 0;
	case 1: case 2:
		return edges[pick(sizeof(edges) / 8)] + (pick(2) ? 0 : pick(16));
	case 3:  return (uintptr_t)targets.write_hole + pick(PAGE);
	case 4:  return (uintptr_t)targets.read_only + pick(PAGE);
	case 5:  return (uintptr_t)targets.pool + POOL_PAGES * PAGE - pick(40);
	case 6: case 7: case 8: case 9:
		return pool_pointer();
	case 10: case 11:
		return lengths[pick(sizeof(lengths) / 8)];
	case 12: return random_flags();
	case 13: case 14: case 15:
		return targets.fds[pick(targets.nfds)];
	case 16: return pick(64);
	case 17: return (uint64_t)(int64_t)(int32_t)rnd();
	case 18: return rnd();
	default: return (uint64_t)-100;	/* AT_FDCWD */
	}
}

static long call_number(void)
{
	switch (pick(200)) {
	case 0:  return (int32_t)rnd();
	case 1:  return 0x40000000 | pick(600);
	case 2:  return rnd();
	case 3:  return LAST_CALL + 1 + pick(100);
	default: return pick(LAST_CALL + 1);
	}
}

/* Whom a child may signal, trace or limit: itself and nobody. */
uint64_t harmless_pid(void)
{
	static const int others[] = { 0, 999999, -999999, INT32_MIN, INT32_MAX };

	return pick(2) ? (uint64_t)getpid() : (uint64_t)(int64_t)others[pick(5)];
}

/* False if the call would end the run; may tame arguments. */
static bool tame(long nr, uint64_t *a)
{
	switch (nr) {
	case SYS_reboot: case SYS_kexec_load: case SYS_kexec_file_load: case SYS_vhangup:
		return false;
	case SYS_syslog:
		return (uint32_t)a[0] < 6 || (uint32_t)a[0] > 8;
	case SYS_kill: case SYS_tkill: case SYS_tgkill: case SYS_rt_sigqueueinfo:
	case SYS_rt_tgsigqueueinfo: case SYS_process_vm_readv: case SYS_process_vm_writev:
	case SYS_prlimit64: case SYS_sched_setscheduler: case SYS_sched_setparam:
	case SYS_sched_setattr: case SYS_sched_setaffinity: case SYS_pidfd_open:
	case SYS_migrate_pages: case SYS_move_pages: case SYS_setpgid:
		a[0] = harmless_pid();
		return true;
	case SYS_setpriority: case SYS_ioprio_set: case SYS_ptrace:
		a[1] = harmless_pid();
		return true;
	case SYS_fcntl:
		if ((uint32_t)a[1] == F_SETOWN)
			a[2] = getpid();
		return true;
	default:
		return true;
	}
}

/* --- The child --- */

static void tick(int sig)
{
}

static void add_fd(int fd)
{
	if (fd >= 0 && targets.nfds < FDS - 3)
		targets.fds[targets.nfds++] = fd;
}

static void open_targets(void)
{
	int p[2];

	targets.nfds = 0;
	add_fd(open("f", O_RDWR | O_CREAT, 0666));
	if (write(targets.fds[0], "some text", 9) != 9)
		_exit(2);
	mkdir("d", 0777);
	mkfifo("p", 0666);
	if (symlink("f", "l") || symlink("loop", "loop"))
		errno = 0;
	add_fd(open("d", O_RDONLY | O_DIRECTORY));
	add_fd(open(".", O_PATH));
	if (pipe2(p, pick(2) ? O_NONBLOCK : 0) == 0) {
		add_fd(p[0]);
		add_fd(p[1]);
	}
	add_fd(open("/dev/zero", O_RDWR));
	add_fd(open("/dev/null", O_RDWR));
	add_fd(open("/proc/self/status", O_RDONLY));
	add_fd(epoll_create1(0));
	add_fd(eventfd(0, 0));
	open_more_targets(add_fd);
	targets.fds[targets.nfds++] = 99;
	targets.fds[targets.nfds++] = -1;
	targets.fds[targets.nfds++] = INT32_MAX;
}

static void *pages(int n, int prot)
{
	void *p = mmap(NULL, n * PAGE, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		_exit(2);
	return p;
}

static void map_targets(void)
{
	targets.pool = pages(POOL_PAGES + 1, PROT_READ | PROT_WRITE);
	munmap(targets.pool + POOL_PAGES * PAGE, PAGE);
	targets.read_only = pages(1, PROT_READ);
	targets.write_hole = pages(1, PROT_NONE);
	munmap(targets.write_hole, PAGE);
	targets.arena = pages(ARENA_PAGES, PROT_READ | PROT_WRITE);
}

static void limit(int what, rlim_t value)
{
	struct rlimit rl = { value, value };

	setrlimit(what, &rl);
}

static void fence_in(void)
{
	struct sigaction sa = { .sa_handler = tick };
	struct itimerval it = { { 0, TICK_US }, { 0, TICK_US } };

	setsid();
	for (int i = 0; i < 3; i++)
		dup2(null_fd, i);
	close(null_fd);
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_AS, 256 << 20);
	limit(RLIMIT_FSIZE, 8 << 20);
	if (pick(2)) {
		setgroups(0, NULL);
		if (setresgid(NOBODY, NOBODY, NOBODY) || setresuid(NOBODY, NOBODY, NOBODY))
			_exit(3);
	}
	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &it, NULL);
}

/* One call: its number and arguments; false if it would end the run. */
static bool choose(bool plausible, long *nr, uint64_t *a)
{
	if (plausible) {
		*nr = plausible_call(a);
	} else {
		*nr = call_number();
		for (int k = 0; k < 6; k++)
			a[k] = argument();
	}
	return tame(*nr, a);
}

static void make_call(long nr, const uint64_t *a)
{
	static const uint64_t none[6];
	long me = raw(SYS_gettid, none);

	progress->calls++;
	long r = raw(nr, a);
	if (raw(SYS_gettid, none) != me)
		raw(SYS_exit, none);	/* a fork, vfork or clone: the copy ends here */
	progress->good += r >= 0;
	if (r > 2 && r < 1024 && makes_descriptor(nr))
		targets.fds[pick(targets.nfds)] = r;
}

static void *second_thread(void *seed)
{
	uint64_t a[6];
	long nr;

	state = (uintptr_t)seed;
	for (int i = 0; i < 3 * BATCH_CALLS; i++)
		if (choose(true, &nr, a))
			make_call(nr, a);
	return NULL;
}

static void run_batch(int trace)
{
	bool plausible = pick(2);
	pthread_t thread;
	uint64_t a[6];
	long nr;

	map_targets();
	open_targets();
	fence_in();
	if (plausible)
		arm_signals();
	if (plausible && pick(2))
		pthread_create(&thread, NULL, second_thread, (void *)rnd());
	for (int i = plausible ? -2 * BATCH_CALLS : 0; i < BATCH_CALLS; i++) {
		if (!choose(plausible, &nr, a))
			continue;
		progress->nr = nr;
		for (int k = 0; k < 6; k++)
			progress->arg[k] = a[k];
		if (trace >= 0)
			dprintf(trace, "  %ld(%#lx, %#lx, %#lx, %#lx, %#lx, %#lx)\n", nr, a[0], a[1],
				a[2], a[3], a[4], a[5]);
		make_call(nr, a);
	}
	_exit(0);
}

/* --- The parent --- */

static void remove_tree(int at, const char *name)
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

static void report_stuck(uint64_t batch)
{
	dprintf(1, "sysfuzz: batch %lu stuck in call %ld(%#lx, %#lx, %#lx, %#lx, %#lx, %#lx)\n",
		batch, progress->nr, progress->arg[0], progress->arg[1], progress->arg[2],
		progress->arg[3], progress->arg[4], progress->arg[5]);
}

/* Waits until the child has ended; kills it when it makes no call for STUCK_MS. */
static void watch(pid_t pid, uint64_t batch)
{
	int64_t last = now_ms(), killed = 0;
	uint64_t seen = progress->calls;

	for (;;) {
		pid_t got = waitpid(-1, NULL, WNOHANG);
		if (got == pid || (got < 0 && errno == ECHILD))
			break;
		if (got > 0)
			continue;
		nanosleep(&(struct timespec){ 0, 500000 }, NULL);
		if (progress->calls != seen) {
			seen = progress->calls;
			last = now_ms();
		} else if (!killed && now_ms() - last > STUCK_MS) {
			kill(pid, SIGKILL);
			killed = now_ms();
		} else if (killed && now_ms() - killed > 20000) {
			report_stuck(batch);	/* SIGKILL has not helped */
			killed = INT64_MAX / 2;
		} else if (killed == INT64_MAX / 2) {
			return;
		}
	}
	kill(-pid, SIGKILL);
}

/* What a child has mounted on its directories would keep them. */
static void undo_mounts(const char *dir)
{
	static const char *const names[] = { "d/x", "d", "f", "l", "p" };
	char path[64];

	for (int i = 0; i < 5; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		while (umount2(path, MNT_DETACH) == 0)
			;
	}
}

/* The parent's own memory, descriptors and identity must be as they were. */
static bool sane(pid_t me, const int p[2])
{
	char c = 0;

	return getpid() == me && getuid() == 0 && write(p[1], "k", 1) == 1 &&
	       read(p[0], &c, 1) == 1 && c == 'k';
}

static int fuzz(uint64_t seed, uint64_t calls, uint64_t batch, bool replay)
{
	uint64_t total = 0, last_said = 0;
	pid_t me = getpid();
	int p[2];

	progress = mmap(FAR_AWAY, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	null_fd = open("/dev/null", O_RDWR);
	if (progress == MAP_FAILED || null_fd < 0 || pipe(p) || chdir("/tmp"))
		return 2;
	dprintf(1, "sysfuzz: seed %lu, %lu calls\n", seed, calls);
	for (; total < calls; batch++) {
		char dir[32];
		snprintf(dir, sizeof(dir), "fuzz%lu", batch % 8);
		mkdir(dir, 0777);
		chmod(dir, 0777);
		progress->calls = 0;
		pid_t pid = fork();
		if (pid < 0) {
			dprintf(1, "sysfuzz: fork: %s\n", strerror(errno));
			return 1;
		}
		if (pid == 0) {
			close(p[0]);
			close(p[1]);
			if (chdir(dir))
				_exit(2);
			state = seed * 0x2545f4914f6cdd1d + batch * 0xd1342543de82ef95;
			run_batch(replay ? fcntl(1, F_DUPFD_CLOEXEC, 200) : -1);
		}
		watch(pid, batch);
		undo_mounts(dir);
		remove_tree(AT_FDCWD, dir);
		total += progress->calls;
		if (!sane(me, p)) {
			dprintf(1, "sysfuzz: batch %lu hurt the parent\n", batch);
			return 1;
		}
		if (total - last_said >= calls / 20 + 1000) {
			dprintf(1, "sysfuzz: batch %lu, %lu calls\n", batch, total);
			last_said = total;
		}
		if (replay)
			break;
	}
	dprintf(1, "sysfuzz: %lu calls, %lu succeeded, seed %lu, done\n", total, progress->good, seed);
	return 0;
}

static unsigned long free_kib(void)
{
	struct sysinfo si;

	return sysinfo(&si) ? 0 : si.freeram * (si.mem_unit ? si.mem_unit : 1) / 1024;
}

/* PID 1: runs itself with the arguments in /fuzz/args, reaps, powers off. */
static void be_init(char *self)
{
	char *argv[16] = { self }, text[200] = "", *save;
	int st = 0, n = 1, fd;

	if (fcntl(1, F_GETFD) < 0 && (fd = open("/dev/console", O_RDWR)) >= 0)
		for (int i = 0; i < 3; i++)
			dup2(fd, i);
	mkdir("/proc", 0755);
	mkdir("/tmp", 01777);
	mkdir("/dev", 0755);
	mount("proc", "/proc", "proc", 0, "");
	mount("tmpfs", "/tmp", "tmpfs", 0, "mode=1777");
	if (access("/dev/null", F_OK))
		mount("devtmpfs", "/dev", "devtmpfs", 0, "mode=755");
	mkdir("/dev/pts", 0755);
	mount("devpts", "/dev/pts", "devpts", 0, "mode=620,ptmxmode=666");
	fd = open("/fuzz/args", O_RDONLY);
	if (fd >= 0 && read(fd, text, sizeof(text) - 1) > 0)
		for (char *w = strtok_r(text, " \n", &save); w && n < 15; w = strtok_r(NULL, " \n", &save))
			argv[n++] = w;
	unsigned long before = free_kib();
	pid_t pid = fork();
	if (pid == 0) {
		setsid();
		execv(self, argv);
		_exit(127);
	}
	while (waitpid(-1, &st, 0) != pid)
		;
	dprintf(1, "sysfuzz: status %d, free memory %lu KiB before, %lu KiB after\n", st, before,
		free_kib());
	sync();
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}

static bool fenced_in(void)
{
	struct rlimit rl;

	return getrlimit(RLIMIT_FSIZE, &rl) == 0 && rl.rlim_max != RLIM_INFINITY;
}

int main(int argc, char **argv)
{
	uint64_t seed = time(NULL), calls = 100000, batch = 0;
	bool replay = false;
	int c;

	if (getpid() == 1)
		be_init(argv[0]);
	if (argc < 2 && fenced_in())
		return 0;		/* a child has started its own program */
	while ((c = getopt(argc, argv, "s:n:b:c")) != -1) {
		switch (c) {
		case 's': seed = strtoul(optarg, NULL, 0); break;
		case 'n': calls = strtoul(optarg, NULL, 0); break;
		case 'b': batch = strtoul(optarg, NULL, 0); break;
		case 'c': replay = true; break;
		default:
			dprintf(2, "usage: sysfuzz [-s SEED] [-n CALLS] [-b BATCH] [-c]\n");
			return 2;
		}
	}
	return fuzz(seed, calls, batch, replay);
}
