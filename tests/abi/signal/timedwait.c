/* SPDX-License-Identifier: MIT */
/* sigtimedwait and sigwaitinfo: taking without a handler, timeout, EINTR. */

#include "../abi.h"

static void nothing(int s)
{
}

TEST
{
	sigset_t set;
	siginfo_t si;
	struct timespec zero = { 0, 0 }, t = { 0, 50000000 }, bad = { 0, -1 }, longer = { 20, 0 };

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	CALL("poll", sigtimedwait(&set, &si, &zero));
	int64_t start = now_ns();
	CALL("timeout", sigtimedwait(&set, &si, &t));
	YES("waited", now_ns() - start >= 50000000);
	kill(getpid(), SIGUSR1);
	CALL("taken", sigtimedwait(&set, &si, &zero));
	say("code %d from %d", si.si_code, si.si_pid == getpid());
	CALL("taken once", sigtimedwait(&set, &si, &zero));
	CALL("bad time", sigtimedwait(&set, &si, &bad));
	pid_t pid = MUST(fork());
	if (pid == 0) {
		sleep_ms(30);
		_exit(3);
	}
	CALL("child", sigtimedwait(&set, &si, &longer));
	YES("whose", si.si_pid == pid && si.si_status == 3);
	waitpid(pid, NULL, 0);
	on_signal(SIGALRM, nothing, SA_RESTART);
	struct itimerval it = { { 0, 0 }, { 0, 40000 } };
	setitimer(ITIMER_REAL, &it, NULL);
	CALL("interrupted", syscall(SYS_rt_sigtimedwait, &set, &si, &longer, 8));
	CALL("bad size", syscall(SYS_rt_sigtimedwait, &set, &si, &zero, 7));
	CALL("bad set", syscall(SYS_rt_sigtimedwait, bad_page(), &si, &zero, 8));
	alarm(30);
}
