/* SPDX-License-Identifier: MIT */
/*
 * kbench: micro-benchmarks of a kernel with the Linux x86-64 system call ABI.
 *
 * One static program, no dependencies but libc.  Each metric runs in its own
 * forked process group under an alarm, so a crash or hang in one leaves the
 * rest alone.  Iterations scale themselves to the target time; the value is
 * the median of the batches.
 *
 * Output, one line per metric on stdout:
 *     kbench NAME VALUE UNIT            UNIT: ns (lower is better) or MB/s
 *     kbench NAME skip REASON           not available on this kernel
 *     kdetail NAME n=ITER b=BATCHES min=V max=V
 *
 * Usage: kbench [-q] [-n] [-l] [-T ms] [-b batches] [-t timeout_s]
 *               [-d scratch_dir] [-e path_of_self] [NAME | PREFIX* ...]
 *   -q quick (20 ms per metric)   -n do not fork per metric   -l list names
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef KB_SRC
#define KB_SRC "unknown"
#endif

typedef unsigned long long u64;
typedef long long s64;

#define PAGE 4096UL
#define K64 65536UL

static u64 target_ns = 250000000ull;
static int batches = 5;
static unsigned timeout_s = 20;
static const char *dir = "/tmp";
static const char *self = "/proc/self/exe";
static char *noop_argv[] = { (char *)"kbench", (char *)"--noop", NULL };
extern char **environ;

/* raw system call: no libc wrapper in the measured path; returns -errno */
static inline long sc(long nr, long a, long b, long c, long d, long e, long f)
{
	long r;
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	__asm__ volatile("syscall" : "=a"(r)
		: "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
		: "rcx", "r11", "memory");
	return r;
}
#define SC0(n) sc(n, 0, 0, 0, 0, 0, 0)
#define SC1(n, a) sc(n, (long)(a), 0, 0, 0, 0, 0)
#define SC2(n, a, b) sc(n, (long)(a), (long)(b), 0, 0, 0, 0)
#define SC3(n, a, b, c) sc(n, (long)(a), (long)(b), (long)(c), 0, 0, 0)
#define SC4(n, a, b, c, d) sc(n, (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)
#define SC6(n, a, b, c, d, e, f) \
	sc(n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))

static inline u64 now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (u64)t.tv_sec * 1000000000ull + (u64)t.tv_nsec;
}

static s64 fail(long r)
{
	errno = r < 0 ? (int)-r : EIO;
	return -1;
}

static void out(const char *s)
{
	size_t l = strlen(s);
	while (l) {
		ssize_t w = write(1, s, l);
		if (w <= 0)
			return;
		s += w;
		l -= (size_t)w;
	}
}

static void pin(int cpu)
{
	unsigned long m[16] = { 0 };
	m[0] = 1ul << cpu;
	SC3(SYS_sched_setaffinity, 0, sizeof m, m);
}

static int ncpu(void)
{
	unsigned long m[16] = { 0 };
	long r = SC3(SYS_sched_getaffinity, 0, sizeof m, m);
	int n = 0;
	if (r < 0)
		return 1;
	for (unsigned i = 0; i < 16; i++)
		n += __builtin_popcountl(m[i]);
	return n ? n : 1;
}

static const char *path(const char *leaf)
{
	static char b[4][256];
	static int i;
	i = (i + 1) & 3;
	snprintf(b[i], sizeof b[i], "%s/%s", dir, leaf);
	return b[i];
}

/* ------------------------------------------------------------ globals */
static int fd = -1, rfd = -1, wfd = -1;
static char *buf;		/* 64 KiB, page aligned */
static char *buf2;
static const char *fpath;

static int s_buf(void)
{
	static char b1[K64] __attribute__((aligned(4096)));
	static char b2[K64] __attribute__((aligned(4096)));
	memset(b1, 1, sizeof b1);
	memset(b2, 2, sizeof b2);
	buf = b1;
	buf2 = b2;
	return 0;
}

/* Helper processes serve a metric until it ends.  Their ids live in a page
 * shared with the parent, which ends them if the metric crashed, even where
 * process groups are missing. */
#define MAXH 16
static volatile int hbuf[MAXH + 1], *hp = hbuf;	/* [0] count, then ids */
static void helpers_init(void)
{
	void *m = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (m != MAP_FAILED)
		hp = m;
}
static pid_t helper(void)
{
	pid_t p = fork();
	if (p == 0)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	else if (p > 0 && hp[0] < MAXH) {
		hp[hp[0] + 1] = p;
		hp[0]++;
	}
	return p;
}
static void helpers_end(void)
{
	int st;
	for (int i = 1; i <= hp[0]; i++) {
		kill(hp[i], SIGKILL);
		waitpid(hp[i], &st, 0);
	}
	hp[0] = 0;
}

/* ------------------------------------------------------------ controls */
static s64 r_alu(u64 n)
{
	u64 t = now();
	while (n--) {
		u64 c = 1000;
		__asm__ volatile("1: dec %0\n\tjnz 1b" : "+r"(c) : : "cc");
	}
	return (s64)(now() - t);
}
static s64 r_memcpy(u64 n)
{
	u64 t = now();
	while (n--) {
		memcpy(buf2, buf, K64);
		__asm__ volatile("" : : "r"(buf2) : "memory");
	}
	return (s64)(now() - t);
}
static s64 r_movsb(u64 n)
{
	u64 t = now();
	while (n--) {
		void *d = buf2, *s = buf;
		size_t c = K64;
		__asm__ volatile("rep movsb" : "+D"(d), "+S"(s), "+c"(c) : : "memory");
	}
	return (s64)(now() - t);
}
static s64 r_sse(u64 n)
{
	u64 t = now();
	while (n--) {
		char *d = buf2, *s = buf;
		size_t c = K64 / 64;
		__asm__ volatile(
			"1: movups (%1),%%xmm0\n\tmovups 16(%1),%%xmm1\n\t"
			"movups 32(%1),%%xmm2\n\tmovups 48(%1),%%xmm3\n\t"
			"movups %%xmm0,(%0)\n\tmovups %%xmm1,16(%0)\n\t"
			"movups %%xmm2,32(%0)\n\tmovups %%xmm3,48(%0)\n\t"
			"add $64,%0\n\tadd $64,%1\n\tdec %2\n\tjnz 1b"
			: "+r"(d), "+r"(s), "+r"(c) : : "memory", "cc",
			  "xmm0", "xmm1", "xmm2", "xmm3");
	}
	return (s64)(now() - t);
}

/* ------------------------------------------------------------ plain calls */
static s64 r_null(u64 n)
{
	long r = 0;
	u64 t = now();
	while (n--)
		r |= SC0(SYS_getppid);
	t = now() - t;
	return r < 0 ? fail(-ENOSYS) : (s64)t;
}

static int s_zero(void) { return fd = open("/dev/zero", O_RDONLY); }
static int s_null(void) { return fd = open("/dev/null", O_WRONLY); }
static s64 r_read1(u64 n)
{
	char c;
	u64 t = now();
	while (n--) {
		long r = SC3(SYS_read, fd, &c, 1);
		if (r != 1)
			return fail(r);
	}
	return (s64)(now() - t);
}
static s64 r_write1(u64 n)
{
	char c = 0;
	u64 t = now();
	while (n--) {
		long r = SC3(SYS_write, fd, &c, 1);
		if (r != 1)
			return fail(r);
	}
	return (s64)(now() - t);
}

static int s_file(void)
{
	fpath = path("kb_file");
	fd = open(fpath, O_CREAT | O_RDWR, 0600);
	if (fd < 0)
		return -1;
	return write(fd, "kbench", 6) == 6 ? 0 : -1;
}
static void t_file(void) { unlink(fpath); }
static s64 r_openclose(u64 n)
{
	u64 t = now();
	while (n--) {
		long r = SC3(SYS_open, fpath, O_RDONLY, 0);
		if (r < 0)
			return fail(r);
		SC1(SYS_close, r);
	}
	return (s64)(now() - t);
}
static s64 r_stat(u64 n)
{
	struct stat st;
	u64 t = now();
	while (n--) {
		long r = SC2(SYS_stat, fpath, &st);
		if (r < 0)
			return fail(r);
	}
	return (s64)(now() - t);
}
static s64 r_fstat(u64 n)
{
	struct stat st;
	u64 t = now();
	while (n--) {
		long r = SC2(SYS_fstat, fd, &st);
		if (r < 0)
			return fail(r);
	}
	return (s64)(now() - t);
}
static s64 r_gettime(u64 n)
{
	struct timespec ts;
	u64 t = now();
	while (n--)
		if (clock_gettime(CLOCK_MONOTONIC, &ts))
			return -1;
	return (s64)(now() - t);
}
static s64 r_gettime_sys(u64 n)
{
	struct timespec ts;
	u64 t = now();
	while (n--) {
		long r = SC2(SYS_clock_gettime, CLOCK_MONOTONIC, &ts);
		if (r < 0)
			return fail(r);
	}
	return (s64)(now() - t);
}

/* ------------------------------------------------------------ signals */
static volatile u64 hits, hits_stop;
static char *prot_page;
static void h1(int s) { (void)s; hits++; }
static void h2(int s) { (void)s; hits += 2; }
static s64 r_siginst(u64 n)
{
	struct sigaction a, b;
	memset(&a, 0, sizeof a);
	a.sa_handler = h1;
	b = a;
	b.sa_handler = h2;
	u64 t = now();
	while (n--)
		if (sigaction(SIGUSR1, n & 1 ? &a : &b, NULL))
			return -1;
	return (s64)(now() - t);
}
static int s_sig(void)
{
	struct sigaction a;
	memset(&a, 0, sizeof a);
	a.sa_handler = h1;
	return sigaction(SIGUSR1, &a, NULL);
}
static s64 r_sigcatch(u64 n)
{
	long pid = getpid();
	u64 want = hits + n, t = now();
	while (n--) {
		long r = SC2(SYS_kill, pid, SIGUSR1);
		if (r < 0)
			return fail(r);
	}
	t = now() - t;
	return hits == want ? (s64)t : fail(-EIO);
}
static void h_segv(int s)
{
	(void)s;
	if (++hits >= hits_stop)
		SC3(SYS_mprotect, prot_page, PAGE, PROT_READ | PROT_WRITE);
	if (hits > hits_stop + 10)
		_exit(3);
}
static int s_prot(void)
{
	struct sigaction a;
	memset(&a, 0, sizeof a);
	a.sa_handler = h_segv;
	prot_page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (prot_page == MAP_FAILED)
		return -1;
	*prot_page = 1;
	return sigaction(SIGSEGV, &a, NULL);
}
static s64 r_prot(u64 n)
{
	hits = 0;
	hits_stop = n;
	if (mprotect(prot_page, PAGE, PROT_READ))
		return -1;
	u64 t = now();
	*(volatile char *)prot_page = 1;
	t = now() - t;
	return hits == n ? (s64)t : fail(-EIO);
}

/* ------------------------------------------------------------ ping-pong */
static void echo(int r, int w)
{
	char c;
	for (;;) {
		if (SC3(SYS_read, r, &c, 1) != 1)
			_exit(0);
		if (SC3(SYS_write, w, &c, 1) != 1)
			_exit(0);
	}
}
static int pipe_pair(int cpu_a, int cpu_b)
{
	int a[2], b[2];
	if (pipe(a) || pipe(b))
		return -1;
	pid_t p = helper();
	if (p < 0)
		return -1;
	if (p == 0) {
		pin(cpu_b);
		close(a[1]);
		close(b[0]);
		echo(a[0], b[1]);
	}
	pin(cpu_a);
	close(a[0]);
	close(b[1]);
	wfd = a[1];
	rfd = b[0];
	return 0;
}
static int s_pipe_rtt(void) { return pipe_pair(0, 0); }
static int s_pipe_rtt2(void) { return pipe_pair(0, 1); }
static int s_unix_rtt(void)
{
	int s[2];
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, s))
		return -1;
	pid_t p = helper();
	if (p < 0)
		return -1;
	pin(0);
	if (p == 0) {
		close(s[0]);
		echo(s[1], s[1]);
	}
	close(s[1]);
	rfd = wfd = s[0];
	return 0;
}
static s64 r_rtt(u64 n)
{
	char c = 'x';
	u64 t = now();
	while (n--) {
		long r = SC3(SYS_write, wfd, &c, 1);
		if (r != 1)
			return fail(r);
		r = SC3(SYS_read, rfd, &c, 1);
		if (r != 1)
			return fail(r);
	}
	return (s64)(now() - t);
}

/* sched_yield: counts real alternations, so a yield that does not switch
 * earns nothing */
static volatile u64 *ysh;	/* [0] last runner, [1] alternations */
static int s_yield(void)
{
	void *m = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (m == MAP_FAILED)
		return -1;
	ysh = m;
	pin(0);
	pid_t p = helper();
	if (p < 0)
		return -1;
	if (p == 0)
		for (;;) {
			if (ysh[0] != 2) {
				ysh[0] = 2;
				ysh[1]++;
			}
			SC0(SYS_sched_yield);
		}
	return 0;
}
static u64 yield_ops;
static s64 r_yield(u64 n)
{
	u64 c0 = ysh[1], t = now();
	while (n--) {
		if (ysh[0] != 1) {
			ysh[0] = 1;
			ysh[1]++;
		}
		long r = SC0(SYS_sched_yield);
		if (r < 0)
			return fail(r);
	}
	t = now() - t;
	yield_ops = ysh[1] - c0;
	return (s64)t;
}

static volatile int fw[64];	/* [0] and [32]: one word per direction */
static int fcpu;
static int fwait(volatile int *w)
{
	while (!__atomic_exchange_n(w, 0, __ATOMIC_ACQ_REL)) {
		long r = SC4(SYS_futex, w, 128 /* WAIT|PRIVATE */, 0, 0);
		if (r < 0 && r != -EAGAIN && r != -EINTR)
			return (int)r;
	}
	return 0;
}
static int fpost(volatile int *w)
{
	__atomic_store_n(w, 1, __ATOMIC_RELEASE);
	long r = SC3(SYS_futex, w, 129 /* WAKE|PRIVATE */, 1);
	return r < 0 ? (int)r : 0;
}
static void *fthread(void *a)
{
	(void)a;
	pin(fcpu);
	for (;;) {
		if (fwait(&fw[0]) || fpost(&fw[32]))
			return NULL;
	}
}
static int futex_pair(int cpu)
{
	pthread_t th;
	int e;
	fcpu = cpu;
	pin(0);
	e = pthread_create(&th, NULL, fthread, NULL);
	if (e) {
		errno = e;
		return -1;
	}
	return 0;
}
static int s_futex(void) { return futex_pair(0); }
static int s_futex2(void) { return futex_pair(1); }
static s64 r_futex(u64 n)
{
	u64 t = now();
	while (n--) {
		int r = fpost(&fw[0]);
		if (!r)
			r = fwait(&fw[32]);
		if (r)
			return fail(r);
	}
	return (s64)(now() - t);
}

/* ------------------------------------------------------------ processes */
static s64 reap(pid_t p)
{
	int st;
	if (waitpid(p, &st, 0) != p)
		return -1;
	if (!WIFEXITED(st) || WEXITSTATUS(st))
		return fail(-ENOEXEC);
	return 0;
}
static s64 r_fork(u64 n)
{
	u64 t = now();
	while (n--) {
		pid_t p = fork();
		if (p < 0)
			return -1;
		if (p == 0)
			_exit(0);
		if (reap(p))
			return -1;
	}
	return (s64)(now() - t);
}
static s64 r_exec(u64 n)
{
	u64 t = now();
	while (n--) {
		pid_t p = fork();
		if (p < 0)
			return -1;
		if (p == 0) {
			execve(self, noop_argv, environ);
			_exit(127);
		}
		if (reap(p))
			return -1;
	}
	return (s64)(now() - t);
}
static s64 r_spawn(u64 n)
{
	u64 t = now();
	while (n--) {
		pid_t p;
		int e = posix_spawn(&p, self, NULL, NULL, noop_argv, environ);
		if (e)
			return fail(-e);
		if (reap(p))
			return -1;
	}
	return (s64)(now() - t);
}
static void *tnop(void *a) { return a; }
static s64 r_thread(u64 n)
{
	u64 t = now();
	while (n--) {
		pthread_t th;
		int e = pthread_create(&th, NULL, tnop, NULL);
		if (e || (e = pthread_join(th, NULL)))
			return fail(-e);
	}
	return (s64)(now() - t);
}

/* ------------------------------------------------------------ memory */
#define NPG 256UL
#define BIG (32UL << 20)
static inline char *amap(size_t len)
{
	long r = SC6(SYS_mmap, 0, len, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (r < 0 && r > -4096) {
		errno = (int)-r;
		return NULL;
	}
	return (char *)r;
}
static s64 touch(u64 n, size_t len)
{
	u64 t = now();
	while (n--) {
		char *m = amap(len);
		if (!m)
			return -1;
		for (size_t i = 0; i < len; i += PAGE)
			((volatile char *)m)[i] = 1;
		long r = SC2(SYS_munmap, m, len);
		if (r < 0)
			return fail(r);
	}
	return (s64)(now() - t);
}
static s64 r_mapunmap(u64 n)
{
	u64 t = now();
	while (n--) {
		char *m = amap(K64);
		if (!m)
			return -1;
		long r = SC2(SYS_munmap, m, K64);
		if (r < 0)
			return fail(r);
	}
	return (s64)(now() - t);
}
static s64 r_touch(u64 n) { return touch(n, NPG * PAGE); }
static s64 r_touchbig(u64 n) { return touch(n, BIG); }
static char *cow;
static int s_cow(void)
{
	cow = amap(NPG * PAGE);
	if (!cow)
		return -1;
	memset(cow, 1, NPG * PAGE);
	return 0;
}
static s64 r_cow(u64 n)
{
	u64 sum = 0;
	while (n--) {
		int p[2];
		char c;
		if (pipe(p))
			return -1;
		pid_t k = fork();
		if (k < 0)
			return -1;
		if (k == 0) {
			close(p[1]);
			SC3(SYS_read, p[0], &c, 1);	/* until the parent closes */
			_exit(0);
		}
		close(p[0]);
		u64 t = now();
		for (size_t i = 0; i < NPG * PAGE; i += PAGE)
			((volatile char *)cow)[i]++;
		sum += now() - t;
		close(p[1]);
		if (reap(k))
			return -1;
	}
	return (s64)sum;
}
static int s_shm(void)
{
	fpath = path("kb_shm");
	fd = open(fpath, O_CREAT | O_RDWR | O_TRUNC, 0600);
	if (fd < 0)
		return -1;
	s_buf();
	for (size_t i = 0; i < NPG * PAGE; i += K64)
		if (write(fd, buf, K64) != (ssize_t)K64)
			return -1;
	return 0;
}
static s64 r_shm(u64 n)
{
	u64 t = now();
	while (n--) {
		long r = SC6(SYS_mmap, 0, NPG * PAGE, PROT_READ | PROT_WRITE,
			     MAP_SHARED, fd, 0);
		if (r < 0 && r > -4096)
			return fail(r);
		volatile char *m = (char *)r;
		for (size_t i = 0; i < NPG * PAGE; i += PAGE)
			(void)m[i];
		r = SC2(SYS_munmap, m, NPG * PAGE);
		if (r < 0)
			return fail(r);
	}
	return (s64)(now() - t);
}

/* ------------------------------------------------------------ files */
#define FSZ (8UL << 20)
static s64 r_create(u64 n)
{
	const char *p = path("kb_cu");
	u64 t = now();
	while (n--) {
		long r = SC3(SYS_open, p, O_CREAT | O_EXCL | O_WRONLY, 0600);
		if (r < 0)
			return fail(r);
		SC1(SYS_close, r);
		r = SC1(SYS_unlink, p);
		if (r < 0)
			return fail(r);
	}
	return (s64)(now() - t);
}
static int s_fwrite(void)
{
	s_buf();
	fpath = path("kb_rw");
	return fd = open(fpath, O_CREAT | O_RDWR | O_TRUNC, 0600);
}
static int s_fread(void)
{
	if (s_fwrite() < 0)
		return -1;
	for (size_t i = 0; i < FSZ; i += K64)
		if (write(fd, buf, K64) != (ssize_t)K64)
			return -1;
	return 0;
}
static s64 fwr(u64 n, size_t sz)	/* new pages every pass of 8 MiB */
{
	u64 off = FSZ, t = now();
	while (n--) {
		if (off >= FSZ) {
			long r = SC2(SYS_ftruncate, fd, 0);
			if (r < 0)
				return fail(r);
			SC3(SYS_lseek, fd, 0, SEEK_SET);
			off = 0;
		}
		long r = SC3(SYS_write, fd, buf, sz);
		if (r != (long)sz)
			return fail(r);
		off += sz;
	}
	return (s64)(now() - t);
}
static s64 frd(u64 n, size_t sz)
{
	u64 off = FSZ, t = now();
	while (n--) {
		if (off >= FSZ) {
			SC3(SYS_lseek, fd, 0, SEEK_SET);
			off = 0;
		}
		long r = SC3(SYS_read, fd, buf, sz);
		if (r != (long)sz)
			return fail(r);
		off += sz;
	}
	return (s64)(now() - t);
}
static s64 r_fw4(u64 n) { return fwr(n, 4096); }
static s64 r_fw64(u64 n) { return fwr(n, K64); }
static s64 r_fr4(u64 n) { return frd(n, 4096); }
static s64 r_fr64(u64 n) { return frd(n, K64); }

#define NENT 1000
static int s_dents(void)
{
	char p[300];
	s_buf();
	fpath = path("kb_dir");
	if (mkdir(fpath, 0700) && errno != EEXIST)
		return -1;
	for (int i = 0; i < NENT; i++) {
		snprintf(p, sizeof p, "%s/entry%04d", fpath, i);
		int f = open(p, O_CREAT | O_WRONLY, 0600);
		if (f < 0)
			return -1;
		close(f);
	}
	return fd = open(fpath, O_RDONLY | O_DIRECTORY);
}
static void t_dents(void)
{
	char p[300];
	for (int i = 0; i < NENT; i++) {
		snprintf(p, sizeof p, "%s/entry%04d", fpath, i);
		unlink(p);
	}
	rmdir(fpath);
}
static s64 r_dents(u64 n)
{
	u64 t = now();
	while (n--) {
		long r = SC3(SYS_lseek, fd, 0, SEEK_SET), tot = 0;
		if (r < 0)
			return fail(r);
		while ((r = SC3(SYS_getdents64, fd, buf, 32768)) > 0)
			tot += r;
		if (r < 0)
			return fail(r);
		if (tot < NENT * 24)
			return fail(-EIO);
	}
	return (s64)(now() - t);
}

/* ------------------------------------------------------------ streams */
static void pump(int w)
{
	for (;;)
		if (SC3(SYS_write, w, buf, K64) <= 0)
			_exit(0);
}
static int s_pipe_bw(void)
{
	int p[2];
	s_buf();
	if (pipe(p))
		return -1;
	pid_t k = helper();
	if (k < 0)
		return -1;
	if (k == 0) {
		close(p[0]);
		pump(p[1]);
	}
	close(p[1]);
	rfd = p[0];
	return 0;
}
static int s_unix_bw(void)
{
	int s[2];
	s_buf();
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, s))
		return -1;
	pid_t k = helper();
	if (k < 0)
		return -1;
	if (k == 0) {
		close(s[0]);
		pump(s[1]);
	}
	close(s[1]);
	rfd = s[0];
	return 0;
}
static s64 r_bw(u64 n)
{
	u64 left = n * K64, t = now();
	while (left) {
		long r = SC3(SYS_read, rfd, buf, left < K64 ? left : K64);
		if (r <= 0)
			return fail(r);
		left -= (u64)r;
	}
	return (s64)(now() - t);
}

static struct sockaddr_in lo;
static int tcp_listen(void)
{
	socklen_t l = sizeof lo;
	int s = socket(AF_INET, SOCK_STREAM, 0);
	if (s < 0)
		return -1;
	memset(&lo, 0, sizeof lo);
	lo.sin_family = AF_INET;
	lo.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(s, (void *)&lo, sizeof lo) || listen(s, 16) ||
	    getsockname(s, (void *)&lo, &l))
		return -1;
	return s;
}
static void nodelay(int s)
{
	int one = 1;
	setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}
static int tcp_pair(int bw)
{
	s_buf();
	int l = tcp_listen();
	if (l < 0)
		return -1;
	if (!bw)
		pin(0);
	pid_t k = helper();
	if (k < 0)
		return -1;
	if (k == 0) {
		int c = accept(l, NULL, NULL);
		if (c < 0)
			_exit(1);
		nodelay(c);
		if (bw)
			pump(c);
		echo(c, c);
	}
	close(l);
	int s = socket(AF_INET, SOCK_STREAM, 0);
	if (s < 0 || connect(s, (void *)&lo, sizeof lo))
		return -1;
	nodelay(s);
	rfd = wfd = s;
	return 0;
}
static int s_tcp_rtt(void) { return tcp_pair(0); }
static int s_tcp_bw(void) { return tcp_pair(1); }
static int s_tcp_conn(void) { return fd = tcp_listen(); }
static s64 r_tcp_conn(u64 n)
{
	struct linger lg = { 1, 0 };	/* reset on close: leaves no TIME_WAIT */
	u64 t = now();
	while (n--) {
		int s = socket(AF_INET, SOCK_STREAM, 0), c;
		if (s < 0)
			return -1;
		setsockopt(s, SOL_SOCKET, SO_LINGER, &lg, sizeof lg);
		if (connect(s, (void *)&lo, sizeof lo))
			return -1;
		if ((c = accept(fd, NULL, NULL)) < 0)
			return -1;
		close(s);
		close(c);
	}
	return (s64)(now() - t);
}
static int s_udp(void)
{
	struct sockaddr_in a[2];
	int s[2];
	for (int i = 0; i < 2; i++) {
		socklen_t l = sizeof a[i];
		memset(&a[i], 0, sizeof a[i]);
		a[i].sin_family = AF_INET;
		a[i].sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		s[i] = socket(AF_INET, SOCK_DGRAM, 0);
		if (s[i] < 0 || bind(s[i], (void *)&a[i], sizeof a[i]) ||
		    getsockname(s[i], (void *)&a[i], &l))
			return -1;
	}
	if (connect(s[0], (void *)&a[1], sizeof a[1]) ||
	    connect(s[1], (void *)&a[0], sizeof a[0]))
		return -1;
	pin(0);
	pid_t k = helper();
	if (k < 0)
		return -1;
	if (k == 0)
		echo(s[1], s[1]);
	rfd = wfd = s[0];
	return 0;
}

/* ------------------------------------------------------------ waiting */
static struct pollfd pf[64];
static int s_poll(void)
{
	int p[2];
	for (int i = 0; i < 64; i++) {
		if (pipe(p))
			return -1;
		pf[i].fd = p[0];
		pf[i].events = POLLIN;
	}
	return write(p[1], "x", 1) == 1 ? 0 : -1;	/* only the last is ready */
}
static s64 r_poll(u64 n)
{
	u64 t = now();
	while (n--) {
		long r = SC3(SYS_poll, pf, 64, 0);
		if (r != 1)
			return fail(r);
	}
	return (s64)(now() - t);
}
static int s_epoll(void)
{
	if (s_poll())
		return -1;
	fd = epoll_create1(0);
	if (fd < 0)
		return -1;
	for (int i = 0; i < 64; i++) {
		struct epoll_event e = { .events = EPOLLIN, .data.fd = i };
		if (epoll_ctl(fd, EPOLL_CTL_ADD, pf[i].fd, &e))
			return -1;
	}
	return 0;
}
static s64 r_epoll(u64 n)
{
	struct epoll_event ev[64];
	u64 t = now();
	while (n--) {
		long r = SC4(SYS_epoll_wait, fd, ev, 64, 0);
		if (r != 1)
			return fail(r);
	}
	return (s64)(now() - t);
}
static s64 r_sleep(u64 n)
{
	struct timespec ts = { 0, 50000 };
	u64 cnt = n, t = now();
	while (n--) {
		long r = SC2(SYS_nanosleep, &ts, 0);
		if (r < 0)
			return fail(r);
	}
	t = now() - t;
	return t < cnt * 50000 ? fail(-ETIME) : (s64)(t - cnt * 50000);
}
static int s_slack(void) { prctl(PR_SET_TIMERSLACK, 1ul); return 0; }

/* ------------------------------------------------------------ table */
struct metric {
	const char *name;
	s64 (*run)(u64);
	int (*setup)(void);
	void (*teardown)(void);
	u64 bytes;		/* per iteration: unit is MB/s */
	u64 div;		/* operations per iteration */
	int cpus;		/* wants this many */
};
static const struct metric tab[] = {
	/* controls: no kernel in the measured path */
	{ "ctl_alu_1000", r_alu, 0, 0, 0, 1, 1 },
	{ "ctl_memcpy_64k", r_memcpy, s_buf, 0, K64, 1, 1 },
	{ "ctl_repmovsb_64k", r_movsb, s_buf, 0, K64, 1, 1 },
	{ "ctl_sse_64k", r_sse, s_buf, 0, K64, 1, 1 },
	/* system calls */
	{ "syscall_null", r_null, 0, 0, 0, 1, 1 },
	{ "read_zero_1", r_read1, s_zero, 0, 0, 1, 1 },
	{ "write_null_1", r_write1, s_null, 0, 0, 1, 1 },
	{ "open_close", r_openclose, s_file, t_file, 0, 1, 1 },
	{ "stat", r_stat, s_file, t_file, 0, 1, 1 },
	{ "fstat", r_fstat, s_file, t_file, 0, 1, 1 },
	{ "gettime", r_gettime, 0, 0, 0, 1, 1 },
	{ "gettime_syscall", r_gettime_sys, 0, 0, 0, 1, 1 },
	/* signals */
	{ "sig_install", r_siginst, 0, 0, 0, 1, 1 },
	{ "sig_catch", r_sigcatch, s_sig, 0, 0, 1, 1 },
	{ "sig_prot_fault", r_prot, s_prot, 0, 0, 1, 1 },
	/* switching (both sides pinned to CPU 0, or to two for _2cpu) */
	{ "pipe_rtt", r_rtt, s_pipe_rtt, 0, 0, 1, 1 },
	{ "pipe_rtt_2cpu", r_rtt, s_pipe_rtt2, 0, 0, 1, 2 },
	{ "yield_switch", r_yield, s_yield, 0, 0, 1, 1 },
	{ "futex_rtt", r_futex, s_futex, 0, 0, 1, 1 },
	{ "futex_rtt_2cpu", r_futex, s_futex2, 0, 0, 1, 2 },
	/* processes and threads */
	{ "fork_exit_wait", r_fork, 0, 0, 0, 1, 1 },
	{ "fork_exec_wait", r_exec, 0, 0, 0, 1, 1 },
	{ "spawn_wait", r_spawn, 0, 0, 0, 1, 1 },
	{ "thread_create_join", r_thread, 0, 0, 0, 1, 1 },
	/* memory */
	{ "mmap_munmap_64k", r_mapunmap, 0, 0, 0, 1, 1 },
	{ "fault_anon_page", r_touch, 0, 0, 0, NPG, 1 },
	{ "fault_anon_page_32m", r_touchbig, 0, 0, 0, BIG / PAGE, 1 },
	{ "fault_cow_page", r_cow, s_cow, 0, 0, NPG, 1 },
	{ "fault_file_page", r_shm, s_shm, t_file, 0, NPG, 1 },
	/* files */
	{ "file_create_unlink", r_create, 0, 0, 0, 1, 1 },
	{ "file_write_4k", r_fw4, s_fwrite, t_file, 4096, 1, 1 },
	{ "file_write_64k", r_fw64, s_fwrite, t_file, K64, 1, 1 },
	{ "file_read_4k", r_fr4, s_fread, t_file, 4096, 1, 1 },
	{ "file_read_64k", r_fr64, s_fread, t_file, K64, 1, 1 },
	{ "getdents_1000", r_dents, s_dents, t_dents, 0, 1, 1 },
	/* streams and sockets */
	{ "pipe_bw_64k", r_bw, s_pipe_bw, 0, K64, 1, 1 },
	{ "unix_rtt", r_rtt, s_unix_rtt, 0, 0, 1, 1 },
	{ "unix_bw_64k", r_bw, s_unix_bw, 0, K64, 1, 1 },
	{ "udp_rtt", r_rtt, s_udp, 0, 0, 1, 1 },
	{ "tcp_rtt", r_rtt, s_tcp_rtt, 0, 0, 1, 1 },
	{ "tcp_bw_64k", r_bw, s_tcp_bw, 0, K64, 1, 1 },
	{ "tcp_connect", r_tcp_conn, s_tcp_conn, 0, 0, 1, 1 },
	/* waiting */
	{ "poll_64", r_poll, s_poll, 0, 0, 1, 1 },
	{ "epoll_64", r_epoll, s_epoll, 0, 0, 1, 1 },
	{ "sleep_50us_over", r_sleep, 0, 0, 0, 1, 1 },
	{ "sleep_50us_over_slack1", r_sleep, s_slack, 0, 0, 1, 1 },
};
#define NTAB (sizeof tab / sizeof tab[0])

/* ------------------------------------------------------------ harness */
static void skip(const char *name, const char *why, int num)
{
	char b[160];
	snprintf(b, sizeof b, "kbench %s skip %s%d\n", name, why, num);
	out(b);
}

static u64 value(const struct metric *m, u64 n, s64 ns)	/* in thousandths */
{
	u64 ops = n * m->div;
	if (m->run == r_yield)
		ops = yield_ops;
	if (ns <= 0)
		ns = m->bytes ? 1 : 0;
	if (m->bytes)
		return m->bytes * n * 1000000ull / (u64)ns;
	return ops ? (u64)ns * 1000ull / ops : 0;
}

static void measure(const struct metric *m)
{
	u64 n = 1, el, v[32], per;
	s64 r;
	int nb = batches > 32 ? 32 : batches;
	char b[200];

	if (m->cpus > 1 && ncpu() < m->cpus) {
		skip(m->name, "cpus=", ncpu());
		return;
	}
	errno = 0;
	if (m->setup && m->setup() < 0) {
		skip(m->name, "setup_errno=", errno);
		goto done;
	}
	per = target_ns / (u64)nb;
	for (;;) {		/* find n; doubles as warm-up */
		u64 t = now();
		errno = 0;
		r = m->run(n);
		el = now() - t;
		if (r < 0) {
			skip(m->name, "errno=", errno);
			goto done;
		}
		if (el >= per / 4)
			break;
		u64 f = el ? per / 2 / el + 1 : 16;
		if (f > 16)
			f = 16;
		if (f < 2)
			f = 2;
		n *= f;
		if (n > 1ull << 40) {
			skip(m->name, "clock_stuck", 0);
			goto done;
		}
	}
	n = n * per / el;
	if (!n)
		n = 1;
	for (int i = 0; i < nb; i++) {
		r = m->run(n);
		if (r < 0) {
			skip(m->name, "errno=", errno);
			goto done;
		}
		u64 x = value(m, n, r);
		int j = i;
		for (; j && v[j - 1] > x; j--)
			v[j] = v[j - 1];
		v[j] = x;
	}
	if (m->run == r_yield && !yield_ops) {
		skip(m->name, "no_switch", 0);
		goto done;
	}
	u64 med = v[nb / 2];
	snprintf(b, sizeof b, "kbench %s %llu.%03llu %s\n", m->name,
		 med / 1000, med % 1000, m->bytes ? "MB/s" : "ns");
	out(b);
	snprintf(b, sizeof b, "kdetail %s n=%llu b=%d min=%llu.%03llu max=%llu.%03llu\n",
		 m->name, n, nb, v[0] / 1000, v[0] % 1000,
		 v[nb - 1] / 1000, v[nb - 1] % 1000);
	out(b);
done:
	helpers_end();
	if (m->teardown)
		m->teardown();
}

static void on_alarm(int s) { (void)s; }

static void isolated(const struct metric *m)
{
	int st = 0;
	pid_t p = fork();
	if (p < 0) {
		out("kinfo nofork 1\n");
		measure(m);
		return;
	}
	if (p == 0) {
		signal(SIGPIPE, SIG_DFL);
		signal(SIGALRM, SIG_DFL);
		alarm(timeout_s);
		measure(m);
		_exit(0);
	}
	alarm(timeout_s + 2);	/* in case the child's own alarm is lost */
	pid_t w = waitpid(p, &st, 0);
	if (w != p) {
		kill(p, SIGKILL);
		w = waitpid(p, &st, 0);
	}
	alarm(0);
	helpers_end();		/* those a crashed metric left behind */
	if (w != p)
		skip(m->name, "wait_errno=", errno);
	else if (WIFSIGNALED(st))
		skip(m->name, WTERMSIG(st) == SIGALRM || WTERMSIG(st) == SIGKILL ?
		     "timeout signal=" : "crash signal=", WTERMSIG(st));
	else if (WEXITSTATUS(st))
		skip(m->name, "exit=", WEXITSTATUS(st));
}

static int wanted(const char *name, char **pat, int n)
{
	if (!n)
		return 1;
	for (int i = 0; i < n; i++) {
		size_t l = strlen(pat[i]);
		if (l && pat[i][l - 1] == '*' ? !strncmp(name, pat[i], l - 1)
					       : !strcmp(name, pat[i]))
			return 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	int c, nofork = 0;
	char b[160];

	if (argc > 1 && !strcmp(argv[1], "--noop"))
		_exit(0);
	if (argv[0] && argv[0][0] == '/')
		self = argv[0];
	while ((c = getopt(argc, argv, "qnlT:b:t:d:e:")) != -1)
		switch (c) {
		case 'q': target_ns = 20000000ull; batches = 3; break;
		case 'n': nofork = 1; break;
		case 'l':
			for (size_t i = 0; i < NTAB; i++) {
				out(tab[i].name);
				out("\n");
			}
			return 0;
		case 'T': target_ns = strtoull(optarg, 0, 10) * 1000000ull; break;
		case 'b': batches = atoi(optarg); break;
		case 't': timeout_s = (unsigned)atoi(optarg); break;
		case 'd': dir = optarg; break;
		case 'e': self = optarg; break;
		default: return 2;
		}
	if (batches < 1)
		batches = 1;
	noop_argv[0] = (char *)self;
	helpers_init();
	struct sigaction a;
	memset(&a, 0, sizeof a);
	a.sa_handler = on_alarm;
	sigaction(SIGALRM, &a, NULL);
	snprintf(b, sizeof b, "kinfo kbench_src %s\nkinfo target_ms %llu\nkinfo cpus %d\n",
		 KB_SRC, target_ns / 1000000, ncpu());
	out(b);
	for (size_t i = 0; i < NTAB; i++) {
		if (!wanted(tab[i].name, argv + optind, argc - optind))
			continue;
		if (nofork)
			measure(&tab[i]);
		else
			isolated(&tab[i]);
	}
	out("kinfo kbench_end 1\n");
	return 0;
}
