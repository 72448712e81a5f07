// SPDX-License-Identifier: MIT
// pingpong futex|pipe ROUNDS PAIRS: pairs of processes wake each other, each ROUNDS times, with delays
// of random length in between. A wake-up that is lost stops its pair for good: then the parent,
// which looks once a second, sees no progress for a minute and says so.
#define _GNU_SOURCE
#include <linux/futex.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <signal.h>
#include <unistd.h>

#define PAIRS_MAX 16

struct pair {
	uint32_t ball;			// whose turn it is: 0 or 1
	uint64_t rounds;		// done by side 0
	int there[2], back[2];
} __attribute__((aligned(64)));

static struct pair *pairs;
static uint64_t seed;

static void delay(void)
{
	seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
	if (seed % 4 == 0)
		for (volatile unsigned i = seed >> 8 & 1023; i; i--)
			;
	if (seed >> 20 & 1023)
		return;
	sched_yield();
}

static void futex_turn(struct pair *p, uint32_t me)
{
	uint32_t b;

	while ((b = __atomic_load_n(&p->ball, __ATOMIC_ACQUIRE)) != me) {
		delay();
		syscall(SYS_futex, &p->ball, FUTEX_WAIT, b, NULL, NULL, 0);
	}
	delay();
	__atomic_store_n(&p->ball, !me, __ATOMIC_RELEASE);
	delay();
	syscall(SYS_futex, &p->ball, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static void pipe_turn(struct pair *p, uint32_t me, int first)
{
	char c = 0;

	if (!(first && me == 0) && read(me ? p->there[0] : p->back[0], &c, 1) != 1)
		exit(2);
	delay();
	if (write(me ? p->back[1] : p->there[1], &c, 1) != 1)
		exit(2);
}

static void side(struct pair *p, uint32_t me, int futex, uint64_t rounds)
{
	seed = 88172645463325252ULL * (me + 2 + (p - pairs) * 2);
	for (uint64_t i = 0; i < rounds; i++) {
		if (futex)
			futex_turn(p, me);
		else
			pipe_turn(p, me, i == 0);
		if (!me)
			__atomic_store_n(&p->rounds, i + 1, __ATOMIC_RELAXED);
	}
	exit(0);
}

int main(int argc, char **argv)
{
	int futex = argc > 1 && !strcmp(argv[1], "futex");
	uint64_t rounds = argc > 2 ? strtoull(argv[2], 0, 0) : 1000, last = 0;
	int n = argc > 3 ? atoi(argv[3]) : 1, left = 2 * n, still = 0, status;

	if (n < 1 || n > PAIRS_MAX)
		return 2;
	pairs = mmap(0, sizeof(struct pair) * PAIRS_MAX, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	for (int i = 0; i < n; i++) {
		if (pipe(pairs[i].there) || pipe(pairs[i].back))
			return 2;
		for (uint32_t me = 0; me < 2; me++)
			if (fork() == 0)
				side(&pairs[i], me, futex, rounds);
	}
	while (left) {
		uint64_t sum = 0;
		while (waitpid(-1, &status, WNOHANG) > 0) {
			left--;
			if (status)
				return printf("pingpong: a side failed, status %#x\n", status);
		}
		for (int i = 0; i < n; i++)
			sum += __atomic_load_n(&pairs[i].rounds, __ATOMIC_RELAXED);
		still = sum == last && left ? still + 1 : 0;
		last = sum;
		if (still == 600) {
			printf("pingpong: LOST after %llu rounds\n", (unsigned long long)sum);
			kill(0, SIGKILL);
		}
		usleep(100000);
	}
	printf("pingpong: %llu rounds\n", (unsigned long long)last);
	return 0;
}
