/* SPDX-License-Identifier: MIT */
/* RLIMIT_NOFILE: EMFILE, lowest number reused, ten thousand opens. */

#include "../abi.h"

TEST
{
	struct rlimit rl = { 20, 4096 };
	int fd, n = 0, p[2];

	CALL("set", setrlimit(RLIMIT_NOFILE, &rl));
	while ((fd = open("/dev/null", O_RDONLY)) >= 0)
		n++;
	say("opened up to 20: %d, %s", n == 17, errname(errno));
	CALL("pipe", pipe(p));
	CALL("dup", dup(0));
	CALL("dup2 over the limit", dup2(0, 20));
	CALL("dup2 below it", dup2(0, 19));
	CALL("F_DUPFD over", fcntl(0, F_DUPFD, 20));
	close(7);
	CALL("lowest is reused", open("/dev/null", O_RDONLY));
	close(7);
	CALL("a pipe needs two", pipe(p));
	CALL("still free", open("/dev/null", O_RDONLY));
	rl.rlim_cur = 4096;
	CALL("raise", setrlimit(RLIMIT_NOFILE, &rl));
	for (n = 0; (fd = open("/dev/null", O_RDONLY)) >= 0; n++)
		;
	say("more %d, %s", n, errname(errno));
	rl.rlim_cur = 10;
	CALL("lower below what is open", setrlimit(RLIMIT_NOFILE, &rl));
	CALL("open ones work", write(4000, "", 0) == -1 ? errno == EBADF : 0);
	CALL("no new ones", dup(0));
	CALL("close_range", syscall(SYS_close_range, 3, ~0U, 0));
	CALL("now there is room", dup(0));
	CALL("close_range bad", syscall(SYS_close_range, 10, 5, 0));
	int keep = MUST(dup(0));
	CALL("close_range cloexec", syscall(SYS_close_range, keep, keep, 4));
	CALL("flag", fcntl(keep, F_GETFD));
}
