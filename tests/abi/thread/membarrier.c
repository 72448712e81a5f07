/* SPDX-License-Identifier: MIT */
/* membarrier: what has to be registered, flags, what fork and exec do, and that it is a barrier. */
static void after_exec(int argc, char **argv);
#define EXEC_HOOK after_exec
#include "../abi.h"
#include <linux/membarrier.h>
#include <pthread.h>

static long mb(int command, unsigned flags, int cpu)
{
	return syscall(SYS_membarrier, command, flags, cpu);
}

static void after_exec(int argc, char **argv)
{
	CALL("private after exec", mb(MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0));
	_exit(0);
}

/* Dekker's algorithm without a fence on the fast side: both may never see the other's flag down. */
static volatile int x, y, rounds_done;
static int seen_x, seen_y, both;
static pthread_barrier_t start_line;
#define ROUNDS 300

static void *fast_side(void *arg)
{
	for (int i = 0; i < ROUNDS; i++) {
		pthread_barrier_wait(&start_line);
		x = 1;
		__asm__ volatile("" ::: "memory");
		seen_y = y;
		pthread_barrier_wait(&start_line);
	}
	return NULL;
}

TEST
{
	pthread_t th;

	say("commands %#lx", mb(MEMBARRIER_CMD_QUERY, 0, 0) & 0x1ff);
	CALL("query with flags", mb(MEMBARRIER_CMD_QUERY, 1, 0));
	CALL("unknown", mb(1 << 20, 0, 0));
	CALL("two at once", mb(3, 0, 0));
	CALL("negative", mb(-1, 0, 0));
	CALL("global", mb(MEMBARRIER_CMD_GLOBAL, 0, 0));
	CALL("global expedited", mb(MEMBARRIER_CMD_GLOBAL_EXPEDITED, 0, 0));
	CALL("private, not registered", mb(MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0));
	CALL("core, not registered", mb(MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE, 0, 0));
	CALL("rseq, not registered", mb(MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ, 0, 0));
	CALL("register global", mb(MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED, 0, 0));
	CALL("register private", mb(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0));
	CALL("private", mb(MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0));
	CALL("private with flag", mb(MEMBARRIER_CMD_PRIVATE_EXPEDITED, MEMBARRIER_CMD_FLAG_CPU, 0));
	CALL("core is another", mb(MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE, 0, 0));
	CALL("register core", mb(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE, 0, 0));
	CALL("core", mb(MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE, 0, 0));
	CALL("register rseq", mb(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ, 0, 0));
	CALL("rseq", mb(MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ, 0, 0));
	CALL("rseq on CPU 0", mb(MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ, MEMBARRIER_CMD_FLAG_CPU, 0));
	CALL("rseq on no CPU", mb(MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ, MEMBARRIER_CMD_FLAG_CPU, 100000));
	CALL("rseq, bad flag", mb(MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ, 2, 0));
	CALL("register with flag", mb(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, MEMBARRIER_CMD_FLAG_CPU, 0));
	CHILD("fork") { CALL("private", mb(MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0)); }
	CHILD("exec") { execl(self_path, "t", "x", NULL); }

	pthread_barrier_init(&start_line, NULL, 2);
	MUST(-pthread_create(&th, NULL, fast_side, NULL));
	for (int i = 0; i < ROUNDS; i++) {
		x = y = 0;
		pthread_barrier_wait(&start_line);
		y = 1;
		mb(MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
		seen_x = x;
		pthread_barrier_wait(&start_line);
		both += !seen_x && !seen_y;
	}
	pthread_join(th, NULL);
	say("both passed: %d times", both);
}
