/* SPDX-License-Identifier: MIT */
/* A timer of a microsecond whose signal is ignored: nobody is told anything, so it must not cost the others their CPU. */
#include "../abi.h"

static long rounds(void)
{
	struct timespec begin, now;
	long n = 0;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	do {
		for (volatile int i = 0; i < 1000; i++)
			;
		n++;
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while ((now.tv_sec - begin.tv_sec) * 1000000000L + now.tv_nsec - begin.tv_nsec < 200000000);
	return n;
}

TEST
{
	struct itimerval fast = { { 0, 1 }, { 0, 1 } };
	cpu_set_t one;
	long before, with;
	pid_t pid;

	CPU_ZERO(&one);
	CPU_SET(0, &one);
	MUST(sched_setaffinity(0, sizeof one, &one));
	before = rounds();
	pid = MUST(fork());
	if (pid == 0) {
		signal(SIGALRM, SIG_IGN);
		MUST(setitimer(ITIMER_REAL, &fast, NULL));
		for (;;)
			pause();
	}
	await_state(pid, 'S');
	with = rounds();
	kill(pid, SIGKILL);
	MUST(waitpid(pid, NULL, 0));
	YES("most of the CPU is left", with * 3 > before);
}
