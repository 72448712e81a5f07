/* SPDX-License-Identifier: MIT */
/* O_CLOEXEC and FD_CLOEXEC: what is still open after exec. */

static void exec_hook(int argc, char **argv);
#define EXEC_HOOK exec_hook
#include "../abi.h"

static void exec_hook(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		char name[32];
		snprintf(name, sizeof(name), "fd %d", i);
		CALL(name, fcntl(atoi(argv[i]), F_GETFD));
	}
	exit(0);
}

TEST
{
	char arg[6][12];
	make_file("f", "x");
	int fd[6];
	fd[0] = MUST(open("f", O_RDONLY));
	fd[1] = MUST(open("f", O_RDONLY | O_CLOEXEC));
	fd[2] = MUST(dup(fd[1]));
	fd[3] = MUST(fcntl(fd[0], F_DUPFD_CLOEXEC, 0));
	fd[4] = MUST(open("f", O_RDONLY));
	CALL("set", fcntl(fd[4], F_SETFD, FD_CLOEXEC));
	fd[5] = MUST(open("f", O_RDONLY | O_CLOEXEC));
	CALL("clear", fcntl(fd[5], F_SETFD, 0));
	for (int i = 0; i < 6; i++) {
		sprintf(arg[i], "%d", fd[i]);
		say("before %d: %d", i + 1, fcntl(fd[i], F_GETFD));
	}
	CHILD("exec") {
		execl(self_path, "self", arg[0], arg[1], arg[2], arg[3], arg[4], arg[5], NULL);
		say("exec failed %s", errname(errno));
	}
	CALL("parent still has it", fcntl(fd[1], F_GETFD));
}
