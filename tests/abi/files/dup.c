/* SPDX-License-Identifier: MIT */
/* dup, dup2, dup3 and F_DUPFD: which number, shared offset, flags. */

#include "../abi.h"

TEST
{
	make_file("f", "abcdef");
	int fd = MUST(open("f", O_RDWR));
	char c;

	CALL("lowest free", dup(fd) - fd);
	CALL("dup2 far", dup2(fd, 100));
	read(100, &c, 1);
	CALL("offset shared", lseek(fd, 0, SEEK_CUR));
	CALL("dup2 to itself", dup2(fd, fd) == fd);
	CALL("dup2 of closed to itself", dup2(500, 500));
	CALL("dup2 bad old", dup2(500, 5));
	CALL("dup2 negative", dup2(fd, -1));
	CALL("dup2 over the limit", dup2(fd, 1 << 30));
	CALL("dup3 same", dup3(fd, fd, 0));
	CALL("dup3 cloexec", dup3(fd, 101, O_CLOEXEC));
	CALL("flag", fcntl(101, F_GETFD));
	CALL("dup2 clears it", (dup2(101, 102), fcntl(102, F_GETFD)));
	CALL("dup3 bad flag", syscall(SYS_dup3, fd, 103, O_NONBLOCK));
	CALL("F_DUPFD from 200", fcntl(fd, F_DUPFD, 200));
	CALL("F_DUPFD from 200 again", fcntl(fd, F_DUPFD, 200));
	CALL("F_DUPFD negative", fcntl(fd, F_DUPFD, -1));
	CALL("dup closed", dup(500));
	int p[2];
	MUST(pipe(p));
	CALL("dup2 over an open one closes it", dup2(fd, p[1]) == p[1]);
	CALL("so the pipe ends", read(p[0], &c, 1));
	CALL("status flags are shared", fcntl(fd, F_SETFL, O_APPEND));
	YES("seen in the dup", fcntl(100, F_GETFL) & O_APPEND);
	close(fd);
	CALL("dup outlives", pread(100, &c, 1, 3));
	say("got %c", c);
	CALL("close twice", close(fd));
}
