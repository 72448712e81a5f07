/* SPDX-License-Identifier: MIT */
/* POSIX timers that send a signal. */

#include "../abi.h"

static volatile int got;
static volatile int value;

static void handler(int s, siginfo_t *si, void *ctx)
{
	got++;
	if (si->si_code == SI_TIMER)
		value = si->si_value.sival_int;
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

	NEED(timer_create);
	sigaction(SIGRTMIN, &sa, NULL);
	struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN };
	ev.sigev_value.sival_int = 55;
	timer_t t;
	struct itimerspec ts = { { 0, 10000000 }, { 0, 10000000 } }, was;

	MUST(timer_create(CLOCK_MONOTONIC, &ev, &t));
	CALL("settime", timer_settime(t, 0, &ts, NULL));
	spin_until(3);
	YES("ticks", got >= 3);
	say("value %d", value);
	CALL("gettime", timer_gettime(t, &was));
	say("interval %ld", was.it_interval.tv_nsec);
	YES("overrun", timer_getoverrun(t) >= 0);
	CALL("delete", timer_delete(t));
	CALL("delete raw twice", syscall(SYS_timer_delete, 12345));
	ev.sigev_signo = 99;
	CALL("bad signal", syscall(SYS_timer_create, CLOCK_MONOTONIC, &ev, &t));
	CALL("bad clock", syscall(SYS_timer_create, 99, NULL, &t));
}
