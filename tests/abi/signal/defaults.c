/* SPDX-License-Identifier: MIT */
/* What every signal does by default. */

#include "../abi.h"

TEST
{
	for (int s = 1; s <= 64; s++) {
		if (s == SIGSTOP || s == SIGTSTP || s == SIGTTIN || s == SIGTTOU || (s >= 32 && s <= 34))
			continue;
		char name[16];
		sprintf(name, "%d", s);
		CHILD(name) {
			signal(SIGALRM, SIG_DFL);
			kill(getpid(), s);
			alarm(0);
		}
	}
}
