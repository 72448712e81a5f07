/* SPDX-License-Identifier: MIT */
/* truncate and ftruncate: growing, shrinking, zeroed tail, errors. */

#include "../abi.h"

TEST
{
	int fd = MUST(open("f", O_RDWR | O_CREAT, 0644));
	char buf[16];

	MUST(write(fd, "0123456789", 10));
	CALL("shrink", ftruncate(fd, 4));
	CALL("offset stays", lseek(fd, 0, SEEK_CUR));
	CALL("size", file_size("f"));
	CALL("grow", ftruncate(fd, 10000));
	CALL("size", file_size("f"));
	CALL("pread", pread(fd, buf, 8, 0));
	say("bytes %c %c %d %d", buf[0], buf[3], buf[4], buf[7]);
	CALL("last", pread(fd, buf, 8, 9998));
	CALL("by path", truncate("f", 2));
	say("text %s", file_text("f"));
	CALL("negative", ftruncate(fd, -1));
	CALL("negative path", truncate("f", -1));
	CALL("missing", truncate("nope", 0));
	CALL("directory", truncate(".", 0));
	int ro = MUST(open("f", O_RDONLY));
	CALL("read-only fd", ftruncate(ro, 0));
	CALL("bad fd", ftruncate(99, 0));
	int p[2];
	MUST(pipe(p));
	CALL("pipe", ftruncate(p[1], 0));
	CALL("bad path pointer", syscall(SYS_truncate, bad_page(), 0));
	struct stat st;
	CALL("zero", ftruncate(fd, 0));
	fstat(fd, &st);
	say("blocks %ld", (long)st.st_blocks);
}
