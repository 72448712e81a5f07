/* SPDX-License-Identifier: MIT */
/* getrlimit, setrlimit, prlimit: values, raising, other processes, inheritance. */

#include "../abi.h"

TEST
{
	struct rlimit rl, old;

	for (int i = 0; i < 16; i++) {
		char name[16];
		sprintf(name, "limit %d", i);
		OK(name, getrlimit(i, &rl));
		YES("soft is not over hard", rl.rlim_cur <= rl.rlim_max);
	}
	CALL("16 is none", syscall(SYS_getrlimit, 16, &rl));
	rl = (struct rlimit){ 100, 200 };
	CALL("set", setrlimit(RLIMIT_NOFILE, &rl));
	CALL("prlimit swaps", prlimit(0, RLIMIT_NOFILE, &(struct rlimit){ 150, 200 }, &old));
	say("old %ld %ld", (long)old.rlim_cur, (long)old.rlim_max);
	CALL("prlimit of the parent", prlimit(getppid(), RLIMIT_NOFILE, NULL, &old));
	CALL("prlimit of nobody", prlimit(999999, RLIMIT_NOFILE, NULL, &old));
	CALL("over nr_open", setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 1 << 30, 1 << 30 }));
	CHILD("as nobody") {
		getrlimit(RLIMIT_NOFILE, &rl);
		say("inherited %ld %ld", (long)rl.rlim_cur, (long)rl.rlim_max);
		become_nobody();
		CALL("lower hard", setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 50, 100 }));
		CALL("raise soft", setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 100, 100 }));
		CALL("raise hard", setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 100, 101 }));
		CALL("root's", prlimit(getppid(), RLIMIT_NOFILE, NULL, &old));
	}
	CHILD("CPU time") {
		struct rlimit cpu = { 1, 3 };
		setrlimit(RLIMIT_CPU, &cpu);
		alarm(25);
		for (;;)
			;
	}
}
