/* SPDX-License-Identifier: MIT */
/* Vectors: order, empty elements, limits, overflow, partial faults. */

#include "../abi.h"

TEST
{
	int fd = MUST(open("f", O_RDWR | O_CREAT, 0644));
	char a[4] = "", b[4] = "", c[8] = "";
	struct iovec w[] = { { "abc", 3 }, { NULL, 0 }, { "defg", 4 }, { "h", 1 } };
	struct iovec r[] = { { a, 2 }, { b, 3 }, { c, 7 } };

	CALL("writev", writev(fd, w, 4));
	CALL("offset", lseek(fd, 0, SEEK_CUR));
	lseek(fd, 0, SEEK_SET);
	CALL("readv", readv(fd, r, 3));
	say("%s %s %s", a, b, c);
	CALL("readv at end", readv(fd, r, 3));
	CALL("no elements", readv(fd, r, 0));
	CALL("negative count", readv(fd, r, -1));
	CALL("count over 1024", writev(fd, w, 1025));
	struct iovec neg[] = { { a, 1 }, { b, (size_t)-1 } };
	CALL("negative length", writev(fd, neg, 2));
	CALL("bad vector", writev(fd, bad_page(), 2));
	CALL("null vector", readv(fd, NULL, 1));
	CALL("bad fd", writev(77, w, 4));
	struct iovec bad[] = { { "xy", 2 }, { bad_page(), 4 } };
	lseek(fd, 0, SEEK_SET);
	long n = writev(fd, bad, 2);
	YES("partial write or EFAULT", n == 2 || (n == -1 && errno == EFAULT));
	CALL("preadv", preadv(fd, r, 3, 4));
	say("%.2s %.3s", a, b);
	CALL("pwritev", pwritev(fd, w, 4, 100));
	CALL("size", file_size("f"));
	CALL("preadv negative", preadv(fd, r, 1, -5));
	CALL("preadv2 bad flags", syscall(SYS_preadv2, fd, r, 1, 0, 0, 0x4000000));
	lseek(fd, 100, SEEK_SET);
	CALL("preadv2 offset -1 uses the position", syscall(SYS_preadv2, fd, r, 1, -1L, -1L, 0));
	CALL("position moved", lseek(fd, 0, SEEK_CUR));
}
