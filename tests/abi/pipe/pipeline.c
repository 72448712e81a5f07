/* SPDX-License-Identifier: MIT */
/* A shell-like pipeline of three processes by fork, dup2 and close. */

#include "../abi.h"

static void stage(int in, int out, int kind)
{
	char c;
	int n = 0;
	while (read(in, &c, 1) == 1) {
		n++;
		if (kind == 1)
			c = c >= 'a' && c <= 'z' ? c - 32 : c;
		if (kind < 2 && write(out, &c, 1) != 1)
			_exit(1);
	}
	if (kind == 2)
		dprintf(out, "%d bytes\n", n);
	_exit(kind);
}

TEST
{
	int in = -1, p[2], q[2];
	char buf[64] = "";

	MUST(pipe(q));
	for (int i = 0; i < 3; i++) {
		MUST(pipe(p));
		int out = i == 2 ? q[1] : p[1];
		if (MUST(fork()) == 0) {
			if (i == 0) {
				for (int k = 0; k < 1000; k++)
					dprintf(out, "line %d\n", k);
				_exit(0);
			}
			close(p[0]);
			stage(in, out, i);
		}
		if (in >= 0)
			close(in);
		close(p[1]);
		in = p[0];
	}
	close(q[1]);
	CALL("read", read(q[0], buf, 63));
	say("result %s", strtok(buf, "\n"));
	int st, sum = 0, n = 0;
	while (wait(&st) > 0)
		n++, sum += WEXITSTATUS(st);
	say("children %d codes %d", n, sum);
}
