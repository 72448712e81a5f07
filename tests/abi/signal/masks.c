/* SPDX-License-Identifier: MIT */
/* sigprocmask, sigpending, order of delivery, one instance of a plain signal. */

#include "../abi.h"

static char order[64];
static int n;

static void handler(int s)
{
	order[n++] = s == SIGUSR1 ? '1' : s == SIGUSR2 ? '2' : s == SIGTERM ? 'T' : 'R';
}

TEST
{
	sigset_t set, old, pend;

	on_signal(SIGUSR1, handler, 0);
	on_signal(SIGUSR2, handler, 0);
	on_signal(SIGTERM, handler, 0);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	CALL("block", sigprocmask(SIG_BLOCK, &set, &old));
	YES("old empty", !sigismember(&old, SIGUSR1));
	for (int i = 0; i < 5; i++)
		raise(SIGUSR1);
	kill(getpid(), SIGUSR2);
	sigpending(&pend);
	say("pending %d %d %d", sigismember(&pend, SIGUSR1), sigismember(&pend, SIGUSR2),
	    sigismember(&pend, SIGTERM));
	raise(SIGTERM);
	say("before unblocking %s", order);
	CALL("unblock", sigprocmask(SIG_UNBLOCK, &set, NULL));
	YES("one of each", strlen(order) == 3 && strchr(order, '1') && strchr(order, '2'));
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGUSR1);
	signal(SIGUSR1, SIG_IGN);
	sigpending(&pend);
	YES("ignoring drops the pending one", !sigismember(&pend, SIGUSR1));
	sigfillset(&set);
	CALL("block all", syscall(SYS_rt_sigprocmask, SIG_SETMASK, (uint64_t[]){ ~0ULL }, NULL, 8));
	uint64_t now = 0;
	syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &now, 8);
	say("mask %#llx", (unsigned long long)now);
	CHILD("SIGKILL cannot be blocked") raise(SIGKILL);
	CHILD("a fault cannot be blocked") *(volatile int *)16 = 1;
	CALL("bad how", syscall(SYS_rt_sigprocmask, 9, &now, NULL, 8));
	CALL("bad how without a set", syscall(SYS_rt_sigprocmask, 9, NULL, &now, 8));
	CALL("bad size", syscall(SYS_rt_sigprocmask, SIG_BLOCK, &now, NULL, 16));
	CALL("bad pointer", syscall(SYS_rt_sigprocmask, SIG_BLOCK, bad_page(), NULL, 8));
	CALL("bad old pointer", syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, bad_page(), 8));
	CALL("pending size", syscall(SYS_rt_sigpending, &now, 9));
}
