/* SPDX-License-Identifier: MIT */
/* A stopped process group that becomes orphaned gets SIGHUP and SIGCONT. */

#include "../abi.h"

static int out;

static void told(int s)
{
	char c = s == SIGHUP ? 'H' : 'C';
	write(out, &c, 1);
}

TEST
{
	int p[2];
	char buf[8];

	MUST(pipe(p));
	out = p[1];
	CHILD("shell") {
		setsid();
		pid_t job = fork();
		if (job == 0) {
			setpgid(0, 0);
			on_signal(SIGHUP, told, 0);
			on_signal(SIGCONT, told, 0);
			raise(SIGSTOP);
			sleep_ms(20);
			_exit(0);
		}
		await_state(job, 'T');
	}
	close(p[1]);
	int n = 0;
	long r;
	while ((r = read(p[0], buf + n, sizeof(buf) - n)) > 0)
		n += r;
	YES("both came", n == 2 && memchr(buf, 'H', n) && memchr(buf, 'C', n));
	CHILD("SIGTSTP in an orphaned group does nothing") {
		setsid();
		raise(SIGTSTP);
		raise(SIGTTIN);
		say("went on");
	}
}
