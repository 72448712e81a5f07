/* SPDX-License-Identifier: MIT */
/* After exec a process is dumpable only if its real and effective ids are the same. */
#include <sys/prctl.h>
#include "../abi.h"

static void report_and_exec(uid_t r, uid_t e)
{
	char *argv[] = { self_path, "again", NULL };

	MUST(setresuid(r, e, 0));
	MUST(prctl(PR_SET_DUMPABLE, 1));
	execv(self_path, argv);
	_exit(9);
}

TEST
{
	if (test_argv[1]) {
		say("dumpable: %s", prctl(PR_GET_DUMPABLE) == 1 ? "yes" : "no");
		_exit(0);
	}
	if (getuid())
		exit(SKIP_CODE);
	CHILD("the same") report_and_exec(0, 0);
	CHILD("effective user differs") report_and_exec(0, 1000);
	CHILD("real user differs") report_and_exec(1000, 0);
	CHILD("both changed") report_and_exec(1000, 1000);
}
