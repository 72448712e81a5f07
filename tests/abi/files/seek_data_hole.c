/* SPDX-License-Identifier: MIT */
/* SEEK_DATA and SEEK_HOLE: facts that hold whether or not holes are kept. */

#include "../abi.h"

TEST
{
	int fd = MUST(open("f", O_RDWR | O_CREAT, 0644));
	CALL("data in empty", lseek(fd, 0, SEEK_DATA));
	CALL("hole in empty", lseek(fd, 0, SEEK_HOLE));
	MUST(pwrite(fd, "x", 1, 0));
	MUST(pwrite(fd, "y", 1, 1 << 20));
	CALL("data at 0", lseek(fd, 0, SEEK_DATA));
	CALL("hole after first page", lseek(fd, 0, SEEK_HOLE));
	CALL("data after hole", lseek(fd, 4096, SEEK_DATA));
	CALL("hole inside hole", lseek(fd, 5000, SEEK_HOLE));
	CALL("last hole is the end", lseek(fd, 1 << 20, SEEK_HOLE));
	CALL("data at last byte", lseek(fd, 1 << 20, SEEK_DATA));
	CALL("data past end", lseek(fd, (1 << 20) + 1, SEEK_DATA));
	CALL("hole past end", lseek(fd, (1 << 20) + 1, SEEK_HOLE));
	CALL("negative", lseek(fd, -1, SEEK_DATA));
}
