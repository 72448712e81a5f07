/* SPDX-License-Identifier: MIT */
/* sigaction: flags one by one, old action, uncatchable signals, errors. */

#include "../abi.h"

static volatile int depth, deepest, count;

static void nest(int s)
{
	depth++;
	count++;
	if (depth > deepest)
		deepest = depth;
	if (depth < 3 && count < 3)
		raise(s);
	depth--;
}

static void plain(int s)
{
	count++;
}

TEST
{
	struct sigaction sa = { .sa_handler = nest }, old;

	CALL("set", sigaction(SIGUSR1, &sa, NULL));
	raise(SIGUSR1);
	say("blocked while handled: deepest %d count %d", deepest, count);
	count = deepest = 0;
	sa.sa_flags = SA_NODEFER;
	CALL("nodefer", sigaction(SIGUSR1, &sa, &old));
	YES("old handler", old.sa_handler == nest && !(old.sa_flags & SA_NODEFER));
	raise(SIGUSR1);
	say("nodefer: deepest %d count %d", deepest, count);
	sa.sa_handler = plain;
	sa.sa_flags = SA_RESETHAND;
	count = 0;
	sigaction(SIGUSR1, &sa, NULL);
	raise(SIGUSR1);
	sigaction(SIGUSR1, NULL, &old);
	say("resethand: count %d now default %d", count, old.sa_handler == SIG_DFL);
	CHILD("second one kills") raise(SIGUSR1);
	CALL("SIGKILL", sigaction(SIGKILL, &sa, NULL));
	CALL("SIGSTOP", sigaction(SIGSTOP, &sa, NULL));
	char raw_sa[32] = "";
	CALL("query SIGKILL", syscall(SYS_rt_sigaction, SIGKILL, NULL, raw_sa, 8));
	CALL("signal 0", syscall(SYS_rt_sigaction, 0, NULL, raw_sa, 8));
	CALL("signal 65", syscall(SYS_rt_sigaction, 65, NULL, raw_sa, 8));
	CALL("signal 64", syscall(SYS_rt_sigaction, 64, NULL, raw_sa, 8));
	CALL("bad set size", syscall(SYS_rt_sigaction, SIGUSR1, NULL, raw_sa, 4));
	CALL("bad pointer", syscall(SYS_rt_sigaction, SIGUSR1, bad_page(), NULL, 8));
	CALL("bad old pointer", syscall(SYS_rt_sigaction, SIGUSR1, NULL, bad_page(), 8));
	signal(SIGUSR2, SIG_IGN);
	raise(SIGUSR2);
	say("ignored");
	sa = (struct sigaction){ .sa_handler = plain };
	sigaddset(&sa.sa_mask, SIGUSR2);
	sigaddset(&sa.sa_mask, SIGKILL);
	sigaction(SIGUSR1, &sa, NULL);
	sigaction(SIGUSR1, NULL, &old);
	YES("mask kept", sigismember(&old.sa_mask, SIGUSR2));
	YES("SIGKILL taken out", !sigismember(&old.sa_mask, SIGKILL));
}
