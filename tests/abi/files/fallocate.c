/* SPDX-License-Identifier: MIT */
/* fallocate: growing, keeping the size, punching holes, errors. */

#include "../abi.h"
#include <linux/falloc.h>

TEST
{
	int fd = MUST(open("f", O_RDWR | O_CREAT, 0644));
	CALL("plain", fallocate(fd, 0, 0, 10000));
	CALL("size", file_size("f"));
	CALL("keep size", fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 50000));
	CALL("size", file_size("f"));
	char page[4096], buf[3];
	memset(page, 'x', sizeof(page));
	for (int i = 0; i < 3; i++)
		MUST(pwrite(fd, page, sizeof(page), i * 4096));
	CALL("punch", fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 4095, 4098));
	pread(fd, buf, 3, 4094);
	say("%c %d %d", buf[0], buf[1], buf[2]);
	pread(fd, buf, 3, 8191);
	say("%d %d %c", buf[0], buf[1], buf[2]);
	CALL("punch without keep", fallocate(fd, FALLOC_FL_PUNCH_HOLE, 0, 4096));
	CALL("zero length", fallocate(fd, 0, 0, 0));
	CALL("negative", fallocate(fd, 0, -1, 10));
	CALL("too big", fallocate(fd, 0, INT64_MAX, 10));
	int ro = MUST(open("f", O_RDONLY));
	CALL("read-only", fallocate(ro, 0, 0, 10));
	int p[2];
	MUST(pipe(p));
	CALL("pipe", fallocate(p[1], 0, 0, 10));
	CALL("unknown mode", fallocate(fd, 0x4000, 0, 10));
}
