/* SPDX-License-Identifier: MIT */
/* alarm and setitimer of all kinds. */

#include "../abi.h"

static volatile int got;

static void handler(int s, siginfo_t *si, void *ctx)
{
	got++;
}

static void spin_until(int n)
{
	int64_t end = now_ns() + 10000000000;
	while (got < n && now_ns() < end)
		;
}

TEST
{
	struct sigaction sa = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };
	struct itimerval it = { { 0, 10000 }, { 0, 10000 } }, off = { { 0, 0 }, { 0, 0 } }, old;

	sigaction(SIGALRM, &sa, NULL);
	sigaction(SIGVTALRM, &sa, NULL);
	sigaction(SIGPROF, &sa, NULL);
	alarm(100);
	int left = alarm(0);
	YES("alarm returns what was left", left == 100 || left == 99);
	CALL("none left", alarm(0));
	CALL("real", setitimer(ITIMER_REAL, &it, NULL));
	spin_until(3);
	YES("repeats", got >= 3);
	CALL("off", setitimer(ITIMER_REAL, &off, &old));
	say("old interval %ld", (long)old.it_interval.tv_usec);
	got = 0;
	CALL("virtual", setitimer(ITIMER_VIRTUAL, &it, NULL));
	spin_until(2);
	YES("counts user time", got >= 2);
	setitimer(ITIMER_VIRTUAL, &off, NULL);
	got = 0;
	CALL("profiling", setitimer(ITIMER_PROF, &it, NULL));
	spin_until(2);
	YES("counts both", got >= 2);
	setitimer(ITIMER_PROF, &off, NULL);
	CALL("bad which", setitimer(9, &it, NULL));
	it.it_value.tv_usec = 1000000;
	CALL("bad usec", setitimer(ITIMER_REAL, &it, NULL));
	CALL("get bad pointer", syscall(SYS_getitimer, ITIMER_REAL, bad_page()));
	alarm(30);
}
