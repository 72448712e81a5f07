/* SPDX-License-Identifier: MIT */
/* Sessions and process groups: setsid, setpgid, getsid and all their errors. */

static void exec_hook(int argc, char **argv);
#define EXEC_HOOK exec_hook
#include "../abi.h"

static void exec_hook(int argc, char **argv)
{
	write(atoi(argv[1]), "x", 1);
	pause();
	exit(0);
}

TEST
{
	int p[2];
	char c;

	MUST(pipe(p));
	YES("the runner made us a session", getsid(0) == getpid() && getpgrp() == getpid());
	CALL("leader cannot setsid", setsid());
	CALL("leader cannot change group", setpgid(0, 0));
	CHILD("child") {
		YES("inherits", getsid(0) == getppid() && getpgrp() == getppid());
		CALL("own group", setpgid(0, 0));
		YES("leader", getpgrp() == getpid());
		CALL("back to the parent's", setpgid(0, getppid()));
		CALL("to a group that is not", setpgid(0, 999999));
		CALL("negative", setpgid(0, -1));
		CALL("of a stranger", setpgid(1, 0));
		CALL("of nobody", setpgid(999999, 0));
		CALL("of the parent", setpgid(getppid(), 0));
		YES("setsid", setsid() == getpid());
		YES("own session", getsid(0) == getpid() && getpgrp() == getpid());
		CALL("into another session", setpgid(0, getppid()));
		CALL("getsid of nobody", getsid(999999));
		CALL("getpgid of nobody", getpgid(999999));
		YES("getsid of the parent", getsid(getppid()) == getppid());
	}
	pid_t pid = MUST(fork());
	if (pid == 0) {
		char arg[12];
		sprintf(arg, "%d", p[1]);
		execl(self_path, "self", arg, NULL);
		_exit(1);
	}
	read(p[0], &c, 1);
	CALL("child after exec", setpgid(pid, pid));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	pid = MUST(fork());
	if (pid == 0) {
		setsid();
		write(p[1], "x", 1);
		pause();
	}
	read(p[0], &c, 1);
	CALL("child in another session", setpgid(pid, 0));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	pid = MUST(fork());
	if (pid == 0)
		for (;;)
			pause();
	CALL("parent moves the child", setpgid(pid, pid));
	YES("moved", getpgid(pid) == pid);
	int st;
	CALL("wait by group", waitpid(-pid, &st, WNOHANG));
	CALL("kill by group", kill(-pid, SIGTERM));
	CALL("wait by group", waitpid(-pid, &st, 0) == pid);
	say_status("child", st);
	CALL("empty group", kill(-pid, 0));
}
