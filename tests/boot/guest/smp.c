/* SPDX-License-Identifier: MIT */
/*
 * What threads on several CPUs can do to each other's memory and registers:
 *
 *	smp tlb N        N rounds of taking pages away from under readers and writers
 *	smp vector S     S seconds of tasks that keep patterns in all vector registers
 *	smp odd S        S seconds of what the entry code finds hard, for NMIs to hit
 *	smp speed        scaling: the same work on one CPU and on all
 */
#define _GNU_SOURCE
#include <cpuid.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#define PAGE 4096
#define CHECKED(call) ({ __typeof__(call) r_ = (call); if ((long)r_ == -1) { perror(#call); exit(1); } r_; })

static volatile int over;
static int cpus;

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static pthread_t start(void *(*fn)(void *), void *arg)
{
	pthread_t t;

	if (pthread_create(&t, NULL, fn, arg)) {
		perror("pthread_create");
		exit(1);
	}
	return t;
}

static void stay_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof set, &set);
}

/* ---- tlb ---- */

#define TOKEN 0x70ce4170ce4170ceULL
#define POISON 0xbadbadbadbadbad1ULL
#define POOL 8

static volatile uint64_t *page;	   /* taken away and given back */
static volatile uint64_t *written; /* made read-only and writable again */
static volatile int writable = 1;
static volatile uint64_t wrong;

/* An idle CPU keeps its TLB, and the host of an emulator has something for the others. */
static void rest(void)
{
	static _Thread_local unsigned n;

	if (n++ & 1)
		usleep(20);
}

static void *reader(void *arg)
{
	stay_on((int)(long)arg % cpus);
	while (!over) {
		for (int i = 0; i < 1000; i++) {
			uint64_t v = page[i % 512];
			if (v != 0 && v != TOKEN) {
				printf("tlb: read %#lx\n", (unsigned long)v);
				__atomic_fetch_add(&wrong, 1, __ATOMIC_SEQ_CST);
			}
		}
		rest();
	}
	return NULL;
}

static void wait_writable(int s)
{
	while (!writable && !over)
		rest();
}

static void *writer(void *arg)
{
	stay_on((int)(long)arg % cpus);
	while (!over) {
		for (int i = 0; i < 1000; i++)
			__atomic_fetch_add(written, 1, __ATOMIC_RELAXED);
		rest();
	}
	return NULL;
}

static void *map(void *at, size_t n)
{
	return CHECKED(mmap(at, n, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | (at ? MAP_FIXED : 0), -1, 0));
}

static int tlb(long rounds)
{
	pthread_t t[64];
	uint64_t *pool = map(NULL, POOL * PAGE);
	int n = cpus <= 2 ? 2 : cpus > 8 ? 8 : cpus - 1;
	struct sigaction sa = { .sa_handler = wait_writable, .sa_flags = SA_NODEFER };

	sigaction(SIGSEGV, &sa, NULL);
	page = map(NULL, PAGE);
	written = map(NULL, PAGE);
	for (int i = 0; i < n; i++)
		t[i] = start(i & 1 ? writer : reader, (void *)(long)(i + 1));
	for (long k = 0; k < rounds; k++) {
		uint64_t before;

		for (int i = 0; i < 512; i += 64)
			page[i] = TOKEN;
		switch (k % 3) {
		case 0:
			CHECKED(madvise((void *)page, PAGE, MADV_DONTNEED));
			break;
		case 1:
			map((void *)page, PAGE);
			break;
		case 2:
			writable = 0;
			CHECKED(mprotect((void *)written, PAGE, PROT_READ));
			before = *written;
			for (int i = 0; i < 50; i++)
				if (*written != before) {
					printf("tlb: a write after mprotect\n");
					wrong++;
					break;
				}
			CHECKED(mprotect((void *)written, PAGE, PROT_READ | PROT_WRITE));
			writable = 1;
			break;
		}
		/* The frames that were just freed, most likely. */
		CHECKED(madvise(pool, POOL * PAGE, MADV_DONTNEED));
		for (int p = 0; p < POOL; p++)
			for (int i = 0; i < 512; i += 64)
				pool[p * 512 + i] = POISON;
	}
	over = 1;
	for (int i = 0; i < n; i++)
		pthread_join(t[i], NULL);
	printf("tlb: %ld rounds, %lu wrong\n", rounds, (unsigned long)wrong);
	return wrong != 0;
}

/* ---- vector ---- */

static int has_avx, has_avx512;
static volatile uint64_t checks;

static void find_features(void)
{
	unsigned a, b, c, d, low, high;

	__cpuid(1, a, b, c, d);
	if (!(c >> 27 & 1) || !(c >> 28 & 1))
		return;
	__asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	has_avx = (low & 6) == 6;
	__cpuid_count(7, 0, a, b, c, d);
	has_avx512 = has_avx && (low & 0xe0) == 0xe0 && (b >> 16 & 1);
}

struct image {
	uint8_t v[32][64];
	double x[8];
	uint32_t mxcsr;
	uint16_t control;
} __attribute__((aligned(64)));

#define REP8(m) m(0) m(1) m(2) m(3) m(4) m(5) m(6) m(7)
#define REP16(m) REP8(m) m(8) m(9) m(10) m(11) m(12) m(13) m(14) m(15)
#define REP32(m) REP16(m) m(16) m(17) m(18) m(19) m(20) m(21) m(22) m(23) m(24) m(25) m(26) m(27) m(28) m(29) m(30) m(31)
#define LOAD_X(n) "movups " #n "*64(%[i]), %%xmm" #n "\n\t"
#define SAVE_X(n) "movups %%xmm" #n ", " #n "*64(%[o])\n\t"
#define LOAD_Y(n) "vmovdqu " #n "*64(%[i]), %%ymm" #n "\n\t"
#define SAVE_Y(n) "vmovdqu %%ymm" #n ", " #n "*64(%[o])\n\t"
#define LOAD_Z(n) "vmovdqu64 " #n "*64(%[i]), %%zmm" #n "\n\t"
#define SAVE_Z(n) "vmovdqu64 %%zmm" #n ", " #n "*64(%[o])\n\t"
#define LOAD_87(n) "fldl 2048+" #n "*8(%[i])\n\t"
#define SAVE_87 "fstpl 2048+7*8(%[o])\n\tfstpl 2048+6*8(%[o])\n\tfstpl 2048+5*8(%[o])\n\tfstpl 2048+4*8(%[o])\n\t" \
		"fstpl 2048+3*8(%[o])\n\tfstpl 2048+2*8(%[o])\n\tfstpl 2048+1*8(%[o])\n\tfstpl 2048(%[o])\n\t"
#define CONTROL_IN "fninit\n\tfldcw 2116(%[i])\n\tldmxcsr 2112(%[i])\n\t"
#define CONTROL_OUT "fnstcw 2116(%[o])\n\tstmxcsr 2112(%[o])\n\tfninit\n\tldmxcsr %[normal]\n\t"
/* Spin, give the CPU away, spin. */
#define MIDDLE "mov %[spin], %%r8\n1: dec %%r8\n\tjnz 1b\n\t" \
	       "mov $24, %%eax\n\tsyscall\n\t" \
	       "mov %[spin], %%r8\n2: dec %%r8\n\tjnz 2b\n\t"
#define KEEP(load, save) \
	__asm__ volatile(CONTROL_IN load REP8(LOAD_87) MIDDLE SAVE_87 save CONTROL_OUT \
			 : : [i] "r"(in), [o] "r"(out), [spin] "r"(spin), [normal] "m"(normal) \
			 : "rax", "rcx", "r8", "r11", "memory", "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", \
			   "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15")

_Static_assert(__builtin_offsetof(struct image, x) == 2048 && __builtin_offsetof(struct image, mxcsr) == 2112 &&
		       __builtin_offsetof(struct image, control) == 2116, "");

static void fill(struct image *i, uint64_t *seed)
{
	uint8_t *p = (uint8_t *)i->v;
	static const uint32_t rounding[] = { 0x1f80, 0x3f80, 0x5f80, 0x7f80 };

	for (unsigned k = 0; k < sizeof i->v; k++) {
		*seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
		p[k] = (uint8_t)(*seed >> 56);
	}
	for (int k = 0; k < 8; k++)
		i->x[k] = (double)(*seed >> (k + 8));
	i->mxcsr = rounding[*seed >> 40 & 3];
	i->control = (uint16_t)(0x37f | (*seed >> 42 & 3) << 10);
}

static void keep(const struct image *in, struct image *out, uint64_t spin)
{
	static const uint32_t normal = 0x1f80;

	if (has_avx512)
		KEEP(REP32(LOAD_Z), REP32(SAVE_Z));
	else if (has_avx)
		KEEP(REP16(LOAD_Y), REP16(SAVE_Y));
	else
		KEEP(REP16(LOAD_X), REP16(SAVE_X));
}

static void compare(const struct image *in, const struct image *out)
{
	unsigned n = has_avx512 ? 32 : 16, width = has_avx512 ? 64 : has_avx ? 32 : 16, bad = 0;

	for (unsigned k = 0; k < n; k++)
		bad += memcmp(in->v[k], out->v[k], width) != 0;
	bad += memcmp(in->x, out->x, sizeof in->x) != 0;
	bad += in->control != out->control;
	bad += (in->mxcsr ^ out->mxcsr) >> 6 & 0x3ff ? 1 : 0; /* the flags below may be set */
	if (bad) {
		printf("vector: %u registers changed\n", bad);
		__atomic_fetch_add(&wrong, 1, __ATOMIC_SEQ_CST);
	}
	__atomic_fetch_add(&checks, 1, __ATOMIC_RELAXED);
}

/* Interrupts a keeper, and keeps something else itself. */
static void clobber(int s)
{
	static _Thread_local struct image in, out;
	static _Thread_local uint64_t seed = 99;

	fill(&in, &seed);
	keep(&in, &out, 10);
	compare(&in, &out);
}

static volatile pid_t keeper_ids[64];

static void *keeper(void *arg)
{
	static _Thread_local struct image in, out;
	uint64_t seed = (uint64_t)(long)arg * 7919 + 1;

	keeper_ids[(long)arg] = (pid_t)syscall(SYS_gettid);
	for (long k = 0; !over; k++) {
		fill(&in, &seed);
		if (k % 8 == 0)
			stay_on((int)(seed >> 33) % cpus);
		keep(&in, &out, 1 + (seed >> 30) % 20000);
		compare(&in, &out);
	}
	return NULL;
}

static int vector(double seconds)
{
	pthread_t t[64];
	int n = cpus * 2 > 32 ? 32 : cpus * 2 < 4 ? 4 : cpus * 2;
	double end = now() + seconds;
	struct sigaction sa = { .sa_handler = clobber };

	find_features();
	sigaction(SIGUSR1, &sa, NULL);
	for (long i = 0; i < n; i++)
		t[i] = start(keeper, (void *)i);
	for (unsigned k = 0; now() < end; k++) {
		pid_t id = keeper_ids[k % (unsigned)n], child;

		if (id)
			syscall(SYS_tgkill, getpid(), id, SIGUSR1);
		if (k % 64 == 0) { /* a task that begins with another's registers */
			child = CHECKED(fork());
			if (!child) {
				clobber(0);
				_exit(wrong != 0);
			}
			int st;
			waitpid(child, &st, 0);
			wrong += st != 0;
		}
		usleep(200);
	}
	over = 1;
	for (int i = 0; i < n; i++)
		pthread_join(t[i], NULL);
	printf("vector: %s, %lu checks, %lu wrong\n", has_avx512 ? "AVX-512" : has_avx ? "AVX" : "SSE",
	       (unsigned long)checks, (unsigned long)wrong);
	return wrong != 0 || checks == 0;
}

/* ---- odd ---- */

static volatile uint64_t steps;
static int has_fsgsbase;

static void on_trap(int s, siginfo_t *si, void *ctx)
{
	__atomic_fetch_add(&steps, 1, __ATOMIC_RELAXED);
}

/* Single-steps over system calls. */
static void *stepper(void *arg)
{
	while (!over)
		__asm__ volatile("sub $128, %%rsp\n\t"
				 "pushfq\n\torl $0x100, (%%rsp)\n\tpopfq\n\t"
				 "mov $39, %%eax\n\tsyscall\n\tnop\n\t"
				 "mov $39, %%eax\n\tsyscall\n\t"
				 "pushfq\n\tandl $~0x100, (%%rsp)\n\tpopfq\n\t"
				 "add $128, %%rsp"
				 ::: "rax", "rcx", "r11", "memory", "cc");
	return NULL;
}

/* Has the kernel's own kind of address as its GS base. */
static void *gs_writer(void *arg)
{
	static const uint64_t bases[] = { 0, 0xffff800000000000, 0xffff80008a7c0000, ~0ULL, 0x1000, 0x7fffffffffff };
	uint64_t got;

	for (unsigned k = 0; !over && has_fsgsbase; k++) {
		uint64_t base = bases[k % 6];

		__asm__ volatile("wrgsbase %0" ::"r"(base));
		for (int i = 0; i < 20; i++)
			syscall(SYS_getppid);
		__asm__ volatile("rdgsbase %0" : "=r"(got));
		if (got != base) {
			printf("odd: GS base %#lx became %#lx\n", (unsigned long)base, (unsigned long)got);
			__atomic_fetch_add(&wrong, 1, __ATOMIC_SEQ_CST);
		}
	}
	return NULL;
}

static void bend_ip(int s, siginfo_t *si, void *ctx)
{
	((ucontext_t *)ctx)->uc_mcontext.gregs[REG_RIP] = (long)0x8000000000000000 >> (s == SIGUSR2 ? 0 : 16);
}

/* Returns from signal handlers to addresses that there are not. */
static void *returner(void *arg)
{
	for (int k = 0; !over; k++) {
		pid_t child = fork();
		int st;

		if (!child) {
			struct sigaction sa = { .sa_sigaction = bend_ip, .sa_flags = SA_SIGINFO };
			signal(SIGSEGV, SIG_DFL);
			sigaction(SIGUSR1, &sa, NULL);
			sigaction(SIGUSR2, &sa, NULL);
			raise(k & 1 ? SIGUSR1 : SIGUSR2);
			_exit(0);
		}
		if (child < 0)
			continue;
		waitpid(child, &st, 0);
		if (!WIFSIGNALED(st) || WTERMSIG(st) != SIGSEGV) {
			printf("odd: a return to nowhere ended with status %#x\n", st);
			__atomic_fetch_add(&wrong, 1, __ATOMIC_SEQ_CST);
		}
	}
	return NULL;
}

static int odd(double seconds)
{
	struct sigaction sa = { .sa_sigaction = on_trap, .sa_flags = SA_SIGINFO };
	pthread_t t[4];
	unsigned a, b, c, d;

	__cpuid_count(7, 0, a, b, c, d);
	has_fsgsbase = b & 1;
	sigaction(SIGTRAP, &sa, NULL);
	printf("odd: begins\n");
	fflush(stdout);
	t[0] = start(stepper, NULL);
	t[1] = start(gs_writer, NULL);
	t[2] = start(returner, NULL);
	t[3] = start(stepper, NULL);
	for (double end = now() + seconds; now() < end;)
		usleep(10000);
	over = 1;
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	printf("odd: %s, %lu wrong\n", steps > 100 ? "stepped" : "did not step", (unsigned long)wrong);
	return wrong || steps <= 100;
}

/* ---- speed ---- */

static double run_for;

static uint64_t work_switch(void)
{
	uint64_t n = 0;
	int a[2], b[2];
	char c = 0;

	CHECKED(pipe(a));
	CHECKED(pipe(b));
	pid_t child = CHECKED(fork());
	if (!child) {
		while (read(a[0], &c, 1) == 1 && write(b[1], &c, 1) == 1)
			;
		_exit(0);
	}
	for (double end = now() + run_for; now() < end;)
		for (int i = 0; i < 20; i++, n++)
			if (write(a[1], &c, 1) != 1 || read(b[0], &c, 1) != 1)
				exit(1);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	return n;
}

static uint64_t work_fault(void)
{
	uint64_t n = 0;

	for (double end = now() + run_for; now() < end;) {
		char *p = map(NULL, 64 * PAGE);
		for (int i = 0; i < 64; i++, n++)
			p[i * PAGE] = 1;
		munmap(p, 64 * PAGE);
	}
	return n;
}

static uint64_t work_fork(void)
{
	uint64_t n = 0;

	for (double end = now() + run_for; now() < end; n++) {
		pid_t child = CHECKED(fork());
		if (!child)
			_exit(0);
		waitpid(child, NULL, 0);
	}
	return n;
}

static uint64_t work_open(void)
{
	uint64_t n = 0;
	char path[64];

	snprintf(path, sizeof path, "/tmp/smp-%d", getpid());
	close(CHECKED(creat(path, 0600)));
	for (double end = now() + run_for; now() < end;)
		for (int i = 0; i < 20; i++, n++)
			close(open(path, 0));
	unlink(path);
	return n;
}

static uint64_t work_syscall(void)
{
	uint64_t n = 0;

	for (double end = now() + run_for; now() < end; n += 1000)
		for (int i = 0; i < 1000; i++)
			syscall(SYS_getppid);
	return n;
}

/* Runs `work` in `n` processes, each on a CPU of its own; all together, per second. */
static double rate(uint64_t (*work)(void), int n)
{
	uint64_t *counts = CHECKED(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)), sum = 0;

	for (int i = 0; i < n; i++)
		if (!CHECKED(fork())) {
			stay_on(i);
			counts[i * 8] = work();
			_exit(0);
		}
	while (wait(NULL) > 0)
		;
	for (int i = 0; i < n; i++)
		sum += counts[i * 8];
	munmap(counts, PAGE);
	return (double)sum / run_for;
}

static int speed(double seconds)
{
	static const struct {
		const char *name;
		uint64_t (*work)(void);
	} list[] = { { "syscall", work_syscall }, { "switch", work_switch }, { "fault", work_fault },
		     { "fork", work_fork }, { "open", work_open } };

	run_for = seconds;
	for (unsigned i = 0; i < sizeof list / sizeof *list; i++) {
		double one = rate(list[i].work, 1), all = rate(list[i].work, cpus), again = rate(list[i].work, 1);

		one = (one + again) / 2;
		printf("speed %-8s one %9.0f/s all %9.0f/s ratio %.2f of %d\n", list[i].name, one, all, all / one, cpus);
		fflush(stdout);
	}
	return 0;
}

int main(int argc, char **argv)
{
	double n = argc > 2 ? atof(argv[2]) : 1;

	cpus = (int)sysconf(_SC_NPROCESSORS_ONLN);
	if (argc > 1 && !strcmp(argv[1], "tlb"))
		return tlb((long)n);
	if (argc > 1 && !strcmp(argv[1], "vector"))
		return vector(n);
	if (argc > 1 && !strcmp(argv[1], "odd"))
		return odd(n);
	if (argc > 1 && !strcmp(argv[1], "speed"))
		return speed(n);
	fprintf(stderr, "usage: smp tlb|vector|odd|speed N\n");
	return 2;
}
