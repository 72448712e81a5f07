/* SPDX-License-Identifier: MIT */
/* vfork: the parent waits for exec or exit; memory is shared. */

static void exec_hook(int argc, char **argv);
#define EXEC_HOOK exec_hook
#include "../abi.h"

static void exec_hook(int argc, char **argv)
{
	sleep_ms(30);
	_exit(atoi(argv[1]));
}

TEST
{
	volatile int shared = 1;
	int st;
	pid_t pid = vfork();

	if (pid == 0) {
		shared = 5;
		_exit(3);
	}
	say("memory shared %d", shared);
	waitpid(pid, &st, 0);
	say_status("exit", st);
	char *args[] = { self_path, "9", NULL };
	pid = vfork();
	if (pid == 0) {
		execv(self_path, args);
		_exit(127);
	}
	waitpid(pid, &st, 0);
	say_status("exec", st);
	pid = vfork();
	if (pid == 0) {
		execv("/nope", args);
		shared = errno;
		_exit(127);
	}
	say("error seen by the parent %s", errname(shared));
	waitpid(pid, &st, 0);
	say_status("failed exec", st);
	pid = vfork();
	if (pid == 0) {
		kill(getpid(), SIGKILL);
		_exit(0);
	}
	waitpid(pid, &st, 0);
	say_status("killed", st);
}
