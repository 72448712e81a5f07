/* SPDX-License-Identifier: MIT */
/* nanosleep and clock_nanosleep: at least as long, remaining time, absolute, zero. */

#include "../abi.h"

static void nothing(int s)
{
}

TEST
{
	struct timespec t = { 0, 30000000 }, rem = { 7, 7 }, abs;
	int64_t a = now_ns();

	CALL("nanosleep", nanosleep(&t, &rem));
	YES("long enough", now_ns() - a >= 30000000);
	say("remaining untouched %ld %ld", (long)rem.tv_sec, rem.tv_nsec);
	CALL("zero", nanosleep(&(struct timespec){ 0, 0 }, NULL));
	clock_gettime(CLOCK_MONOTONIC, &abs);
	a = now_ns();
	abs.tv_sec++;
	CALL("absolute", syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &abs, NULL));
	YES("a second", now_ns() - a >= 990000000);
	CALL("absolute past", syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &abs, NULL));
	CALL("real time", syscall(SYS_clock_nanosleep, CLOCK_REALTIME, 0, &t, NULL));
	on_signal(SIGALRM, nothing, SA_RESTART);
	struct itimerval it = { { 0, 0 }, { 0, 50000 } };
	setitimer(ITIMER_REAL, &it, NULL);
	t.tv_sec = 10;
	CALL("interrupted", syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &t, &rem));
	YES("remaining", rem.tv_sec <= 10 && rem.tv_sec >= 5);
	setitimer(ITIMER_REAL, &it, NULL);
	rem.tv_sec = 77;
	abs.tv_sec += 100;
	CALL("interrupted absolute", syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &abs, &rem));
	say("remaining untouched %ld", (long)rem.tv_sec);
	CHILD("a stop does not shorten the sleep") {
		pid_t pid = fork();
		if (pid == 0) {
			a = now_ns();
			t = (struct timespec){ 0, 200000000 };
			_exit(nanosleep(&t, NULL) == 0 && now_ns() - a >= 200000000 ? 0 : 1);
		}
		await_state(pid, 'S');
		kill(pid, SIGSTOP);
		await_state(pid, 'T');
		kill(pid, SIGCONT);
		int st;
		waitpid(pid, &st, 0);
		say_status("sleeper", st);
	}
	alarm(30);
}
