/* SPDX-License-Identifier: MIT */
/* Orphans go to init or to the nearest subreaper; the parent's id changes. */

#include "../abi.h"
#include <sys/prctl.h>

TEST
{
	int p[2], st;
	pid_t r[2];

	MUST(pipe(p));
	CHILD("middle") {
		pid_t mid = getpid();
		if (fork() == 0) {
			while (getppid() == mid)
				sleep_ms(5);
			r[0] = getppid();
			r[1] = mid;
			write(p[1], r, sizeof(r));
			_exit(0);
		}
	}
	MUST(read(p[0], r, sizeof(r)));
	YES("new parent is not the middle one", r[0] != r[1]);
	YES("nor us", r[0] != getpid());
	CALL("we have no child", waitpid(-1, &st, WNOHANG));
	CALL("become subreaper", prctl(PR_SET_CHILD_SUBREAPER, 1));
	int is = 0;
	CALL("ask", prctl(PR_GET_CHILD_SUBREAPER, &is));
	say("subreaper %d", is);
	CHILD("middle") {
		pid_t mid = getpid();
		if (fork() == 0) {
			while (getppid() == mid)
				sleep_ms(5);
			r[0] = getppid();
			write(p[1], r, sizeof(r));
			_exit(11);
		}
	}
	MUST(read(p[0], r, sizeof(r)));
	YES("we are the parent", r[0] == getpid());
	CALL("and can wait", waitpid(-1, &st, 0) > 0);
	say_status("grandchild", st);
	CHILD("not inherited") {
		is = 5;
		prctl(PR_GET_CHILD_SUBREAPER, &is);
		say("child's subreaper %d", is);
	}
	CHILD("death signal") {
		pid_t c = fork();
		if (c == 0) {
			prctl(PR_SET_PDEATHSIG, SIGUSR1);
			signal(SIGUSR1, SIG_DFL);
			write(p[1], "r", 1);
			for (;;)
				pause();
		}
		char x;
		read(p[0], &x, 1);
	}
	CALL("orphan killed by the death signal", waitpid(-1, &st, 0) > 0);
	say_status("grandchild", st);
}
