/* SPDX-License-Identifier: MIT */
/* ppoll and pselect6 swap the signal mask atomically and put it back. */

#include "../abi.h"
#include <sys/select.h>

static int got;

static void count(int s)
{
	got++;
}

TEST
{
	sigset_t block, none, now;
	struct timespec t50 = { 0, 50000000 }, t20 = { 20, 0 }, bad = { 0, 1000000000 };

	on_signal(SIGUSR1, count, 0);
	sigemptyset(&none);
	sigemptyset(&block);
	sigaddset(&block, SIGUSR1);
	sigprocmask(SIG_BLOCK, &block, NULL);
	raise(SIGUSR1);
	say("held %d", got);
	CALL("ppoll takes it", ppoll(NULL, 0, &t20, &none));
	say("got %d", got);
	sigprocmask(SIG_SETMASK, NULL, &now);
	YES("mask back", sigismember(&now, SIGUSR1));
	raise(SIGUSR1);
	CALL("pselect takes it", pselect(0, NULL, NULL, NULL, &t20, &none));
	say("got %d", got);
	CALL("ppoll times out", ppoll(NULL, 0, &t50, NULL));
	CALL("pselect times out", pselect(0, NULL, NULL, NULL, &t50, NULL));
	CALL("bad nsec", ppoll(NULL, 0, &bad, NULL));
	CALL("bad nsec pselect", syscall(SYS_pselect6, 0, NULL, NULL, NULL, &bad, NULL));
	CALL("bad mask size", syscall(SYS_ppoll, NULL, 0, &t50, &none, 4));
	CALL("bad mask pointer", syscall(SYS_ppoll, NULL, 0, &t50, bad_page(), 8));
	int p[2];
	MUST(pipe(p));
	MUST(write(p[1], "x", 1));
	struct pollfd pf = { p[0], POLLIN, 0 };
	raise(SIGUSR1);
	long r = ppoll(&pf, 1, &t20, &none);
	YES("ready wins or signal interrupts", r == 1 || errno == EINTR);
	sigprocmask(SIG_SETMASK, &none, NULL);
	say("got %d", got);
}
