/* SPDX-License-Identifier: MIT */
/* Real-time signals queue, keep order and values, lower numbers first. */

#include "../abi.h"

static int seen[64], n;

static void handler(int s, siginfo_t *si, void *ctx)
{
	seen[n++] = (s - SIGRTMIN) * 100 + si->si_value.sival_int;
}

TEST
{
	struct sigaction sa = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };
	sigset_t set;

	sigfillset(&sa.sa_mask);
	sigemptyset(&set);
	for (int i = 0; i < 3; i++) {
		sigaction(SIGRTMIN + i, &sa, NULL);
		sigaddset(&set, SIGRTMIN + i);
	}
	sigprocmask(SIG_BLOCK, &set, NULL);
	for (int i = 0; i < 12; i++)
		sigqueue(getpid(), SIGRTMIN + 2 - i % 3, (union sigval){ .sival_int = i });
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	say("delivered %d", n);
	for (int i = 0; i < n; i++)
		say("  %d", seen[i]);
	CHILD("RLIMIT_SIGPENDING") {
		struct rlimit rl = { 5, 5 };
		setrlimit(RLIMIT_SIGPENDING, &rl);
		sigprocmask(SIG_BLOCK, &set, NULL);
		int ok = 0;
		while (ok < 100 && sigqueue(getpid(), SIGRTMIN, (union sigval){ 0 }) == 0)
			ok++;
		say("queued at most the limit %d, %s", ok <= 5, errname(errno));
	}
}
