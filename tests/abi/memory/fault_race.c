/* SPDX-License-Identifier: MIT */
/*
 * Faults of threads while others change the address space around them: neighbours are mapped, split,
 * protected, moved and unmapped, pages are dropped, children are forked. Every thread knows what its
 * memory must hold, and nobody may see anything else. build: glibc
 */
#include "../abi.h"
#include <pthread.h>

enum { THREADS = 4, ROUNDS = 12, REGION = 64 };

static volatile int wrong_values, failed_calls;
static pthread_barrier_t start;
static char *shared_region;

static void expect(bool ok, volatile int *counter)
{
	if (!ok)
		__sync_fetch_and_add(counter, 1);
}

/* Its own region, made, touched, changed and dropped again and again, right beside the others'. */
static void *own_region(void *arg)
{
	unsigned seed = (unsigned)(uintptr_t)arg;

	pthread_barrier_wait(&start);
	for (int round = 0; round < ROUNDS; round++) {
		char *p = mmap(NULL, REGION * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (p == MAP_FAILED) {
			expect(false, &failed_calls);
			continue;
		}
		for (int i = 0; i < REGION; i++) {
			expect(p[i * PAGE] == 0, &wrong_values);
			p[i * PAGE] = (char)(seed + i);
		}
		expect(!mprotect(p + 16 * PAGE, 16 * PAGE, PROT_READ), &failed_calls);
		expect(!mprotect(p + 16 * PAGE, 16 * PAGE, PROT_READ | PROT_WRITE), &failed_calls);
		expect(!madvise(p + 40 * PAGE, 8 * PAGE, MADV_DONTNEED), &failed_calls);
		p = mremap(p, REGION * PAGE, (REGION + 8) * PAGE, MREMAP_MAYMOVE);
		if (p == MAP_FAILED) {
			expect(false, &failed_calls);
			continue;
		}
		for (int i = 0; i < REGION; i++)
			expect(p[i * PAGE] == (i >= 40 && i < 48 ? 0 : (char)(seed + i)), &wrong_values);
		expect(!munmap(p + 8 * PAGE, 8 * PAGE), &failed_calls);
		expect(!munmap(p, 8 * PAGE), &failed_calls);
		expect(!munmap(p + 16 * PAGE, (REGION - 8) * PAGE), &failed_calls);
	}
	return NULL;
}

/* All write to pages of their own in one area, whose rights another thread changes on and on. */
static void *one_area(void *arg)
{
	int me = (int)(uintptr_t)arg;

	pthread_barrier_wait(&start);
	for (int round = 0; round < ROUNDS * 4; round++)
		for (int page = me; page < REGION; page += THREADS) {
			volatile int *p = (volatile int *)(shared_region + page * PAGE);
			expect(p[0] == round, &wrong_values);
			p[0] = round + 1;
		}
	return NULL;
}

static void *fork_and_split(void *arg)
{
	pthread_barrier_wait(&start);
	for (int round = 0; round < ROUNDS / 5; round++) {
		/* What nobody touches, beside it: splits and joins, all of the same area's neighbours. */
		char *gap = shared_region + REGION * PAGE;
		expect(!mprotect(gap, 4 * PAGE, PROT_NONE), &failed_calls);
		expect(!mprotect(gap + PAGE, 2 * PAGE, PROT_READ), &failed_calls);
		pid_t child = fork();
		if (child == 0) {
			bool ok = true;
			for (int page = 0; page < REGION; page++) {
				int v = *(volatile int *)(shared_region + page * PAGE);
				ok &= v >= 0 && v <= ROUNDS * 4;
			}
			_exit(ok ? 0 : 1);
		}
		int st = -1;
		expect(child > 0 && waitpid(child, &st, 0) == child && st == 0, &wrong_values);
		expect(!mprotect(gap, 4 * PAGE, PROT_READ | PROT_WRITE), &failed_calls);
		expect(!madvise(gap, 4 * PAGE, MADV_DONTNEED), &failed_calls);
	}
	return NULL;
}

static void run(const char *what, void *(*body)(void *), void *(*other)(void *))
{
	pthread_t threads[THREADS + 1];
	int n = THREADS + (other ? 1 : 0);

	wrong_values = failed_calls = 0;
	pthread_barrier_init(&start, NULL, (unsigned)n);
	for (uintptr_t i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, body, (void *)i);
	if (other)
		pthread_create(&threads[THREADS], NULL, other, NULL);
	for (int i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	say("%s: %d wrong values, %d failed calls", what, wrong_values, failed_calls);
}

TEST
{
	shared_region = mmap(NULL, (REGION + 4) * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			     -1, 0);
	run("own regions", own_region, NULL);
	run("one area", one_area, fork_and_split);
	run("both", own_region, fork_and_split);
}
