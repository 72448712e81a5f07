/* SPDX-License-Identifier: MIT */
/* Two hundred children at once and a thousand one after another, all accounted for. */

#include "../abi.h"

TEST
{
	int st, sum = 0, n = 0, p[2];

	MUST(pipe(p));
	for (int i = 0; i < 200; i++)
		if (MUST(fork()) == 0) {
			char c;
			close(p[1]);
			read(p[0], &c, 1);
			_exit(i % 7);
		}
	close(p[1]);
	while (wait(&st) > 0)
		n++, sum += WEXITSTATUS(st);
	say("at once: %d children, codes %d", n, sum);
	for (n = sum = 0; n < 1000; n++) {
		pid_t pid = MUST(fork());
		if (pid == 0)
			_exit(n % 5);
		waitpid(pid, &st, 0);
		sum += WEXITSTATUS(st);
	}
	say("in turn: %d children, codes %d", n, sum);
}
