/* SPDX-License-Identifier: MIT */
/*
 * scale: how the throughput of a kernel grows with its CPUs.
 *
 * For each class of work, 1, 2, 4 ... CPUs are given one process (for `switch`, a pair) each, all
 * start together, repeat the work for a while and are stopped together. What is printed is the sum of what
 * they did in a second:
 *
 *	scale CLASS CPUS OPERATIONS_PER_SECOND
 *
 * A class that cannot run prints `scale CLASS CPUS failed ERRNO`. The processes share nothing but
 * the counters, so what keeps the sum from growing with the CPUs is the kernel (or the emulator).
 *
 * Usage: scale [milliseconds for each point]
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_CPUS 64
#define FAULT_PAGES 256
#define PAGE 4096

/* One cache line for each process, so that counting does not contend. */
struct slot {
	volatile unsigned long count;
	volatile int error;
	char pad[64 - sizeof(unsigned long) - sizeof(int)];
};

struct shared {
	volatile int ready, go, stop;
	struct slot slots[MAX_CPUS];
};

static struct shared *shared;
static int cpus[MAX_CPUS], cpu_count;

static void nap_ms(long ms)
{
	nanosleep(&(struct timespec){ ms / 1000, ms % 1000 * 1000000 }, NULL);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static int fail(struct slot *slot)
{
	slot->error = errno ? errno : EIO;
	return -1;
}

/* --- The classes: each repeats its work until told to stop ------------------------------------ */

static int echo(int in, int out)
{
	char c;

	while (read(in, &c, 1) == 1)
		if (write(out, &c, 1) != 1)
			break;
	return 0;
}

/* Two processes of one CPU pass a byte to and fro: four switches' worth of pipes a round. */
static int work_switch(struct slot *slot, int index)
{
	int to[2], from[2];
	char c = 0;

	(void)index;
	if (pipe(to) < 0 || pipe(from) < 0)
		return fail(slot);
	pid_t child = fork();
	if (child < 0)
		return fail(slot);
	if (child == 0) {
		close(to[1]);
		close(from[0]);
		_exit(echo(to[0], from[1]));
	}
	close(to[0]);
	close(from[1]);
	while (!shared->stop) {
		if (write(to[1], &c, 1) != 1 || read(from[0], &c, 1) != 1)
			return fail(slot);
		slot->count++;
	}
	close(to[1]);
	waitpid(child, NULL, 0);
	return 0;
}

static int work_fault(struct slot *slot, int index)
{
	(void)index;
	while (!shared->stop) {
		char *p = mmap(NULL, FAULT_PAGES * PAGE, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (p == MAP_FAILED)
			return fail(slot);
		for (int i = 0; i < FAULT_PAGES; i++)
			p[i * PAGE] = 1;
		if (munmap(p, FAULT_PAGES * PAGE) < 0)
			return fail(slot);
		slot->count += FAULT_PAGES;
	}
	return 0;
}

static int work_fork(struct slot *slot, int index)
{
	(void)index;
	while (!shared->stop) {
		pid_t child = fork();
		if (child == 0)
			_exit(0);
		if (child < 0 || waitpid(child, NULL, 0) != child)
			return fail(slot);
		slot->count++;
	}
	return 0;
}

static int work_open(struct slot *slot, int index)
{
	char path[64];

	snprintf(path, sizeof(path), "/tmp/scale.%d", index);
	int fd = open(path, O_CREAT | O_RDWR, 0600);
	if (fd < 0)
		return fail(slot);
	close(fd);
	while (!shared->stop) {
		fd = open(path, O_RDONLY);
		if (fd < 0 || close(fd) < 0)
			return fail(slot);
		slot->count++;
	}
	unlink(path);
	return 0;
}

static const struct work {
	const char *name;
	int (*run)(struct slot *slot, int index);
} classes[] = {
	{ "switch", work_switch },
	{ "fault", work_fault },
	{ "fork", work_fork },
	{ "open", work_open },
};

/* --- One point --------------------------------------------------------------------------------- */

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static void worker(const struct work *work, int index)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	pin(cpus[index]);
	__sync_fetch_and_add(&shared->ready, 1);
	while (!shared->go)
		nap_ms(1);
	_exit(work->run(&shared->slots[index], index) < 0);
}

static void measure(const struct work *work, int n, long ms)
{
	unsigned long sum = 0;
	int error = 0;

	memset(shared, 0, sizeof(*shared));
	for (int i = 0; i < n; i++) {
		pid_t child = fork();
		if (child == 0)
			worker(work, i);
		if (child < 0) {
			error = errno;
			n = i;
		}
	}
	while (shared->ready < n)
		nap_ms(1);
	double start = now();
	shared->go = 1;
	nap_ms(ms);
	for (int i = 0; i < n; i++)
		sum += shared->slots[i].count;
	double seconds = now() - start;
	shared->stop = 1;
	while (wait(NULL) > 0 || errno == EINTR)
		;
	for (int i = 0; i < n; i++)
		if (shared->slots[i].error)
			error = shared->slots[i].error;
	if (error)
		printf("scale %s %d failed %d\n", work->name, n, error);
	else
		printf("scale %s %d %.0f\n", work->name, n, sum / seconds);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	long ms = argc > 1 ? atol(argv[1]) : 1000;
	cpu_set_t set;

	signal(SIGPIPE, SIG_IGN);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED || sched_getaffinity(0, sizeof(set), &set) < 0) {
		perror("scale");
		return 1;
	}
	for (int cpu = 0; cpu < CPU_SETSIZE && cpu_count < MAX_CPUS; cpu++)
		if (CPU_ISSET(cpu, &set))
			cpus[cpu_count++] = cpu;
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		for (int n = 1; n <= cpu_count; n = n < cpu_count && n * 2 > cpu_count ? cpu_count : n * 2)
			measure(&classes[i], n, ms);
	return 0;
}
