/* SPDX-License-Identifier: MIT */
/* pread and pwrite leave the offset alone; their errors. */

#include "../abi.h"

TEST
{
	int fd = MUST(open("f", O_RDWR | O_CREAT, 0644)), p[2];
	char buf[16] = "";

	CALL("pwrite at 5", pwrite(fd, "world", 5, 5));
	CALL("offset", lseek(fd, 0, SEEK_CUR));
	CALL("pwrite at 0", pwrite(fd, "hello", 5, 0));
	CALL("pread 3+4", pread(fd, buf, 4, 3));
	say("got %.4s", buf);
	CALL("short at end", pread(fd, buf, 10, 8));
	CALL("at end", pread(fd, buf, 10, 10));
	CALL("past end", pread(fd, buf, 10, 1000));
	CALL("zero bytes", pread(fd, buf, 0, 0));
	CALL("negative offset", pread(fd, buf, 1, -1));
	CALL("negative write", pwrite(fd, buf, 1, -1));
	MUST(pipe(p));
	CALL("pipe", pread(p[0], buf, 1, 0));
	CALL("pipe write", pwrite(p[1], buf, 1, 0));
	CALL("bad fd", pread(99, buf, 1, 0));
	CALL("bad buffer", pread(fd, bad_page(), 1, 0));
	CALL("bad buffer write", pwrite(fd, bad_page(), 1, 0));
	char *edge = before_hole(4);
	CALL("half-good buffer", pread(fd, edge, 10, 0));
	CALL("size", file_size("f"));
}
