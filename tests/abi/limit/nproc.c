/* SPDX-License-Identifier: MIT */
/* RLIMIT_NPROC: fork fails with EAGAIN for a user, not for root. */

#include "../abi.h"

TEST
{
	CHILD("as a user") {
		struct rlimit rl = { 5, 5 };
		MUST(syscall(SYS_setresuid, 4242, 4242, 4242));
		setrlimit(RLIMIT_NPROC, &rl);
		int n = 0;
		pid_t pid;
		while (n < 50 && (pid = fork()) > 0)
			n++;
		if (n < 50 && pid == 0) {
			pause();
			_exit(0);
		}
		say("children %d then %s", n, errname(errno));
		signal(SIGTERM, SIG_IGN);
		kill(0, 0);
		kill(-1, SIGKILL);
		int got = 0;
		while (wait(NULL) > 0)
			got++;
		say("reaped %d", got);
		pid = fork();
		if (pid == 0)
			_exit(0);
		YES("room again", pid > 0);
	}
	CHILD("as root") {
		struct rlimit rl = { 0, 0 };
		setrlimit(RLIMIT_NPROC, &rl);
		pid_t pid = fork();
		if (pid == 0)
			_exit(0);
		YES("root may", pid > 0);
	}
}
