/* SPDX-License-Identifier: MIT */
/* System calls that cross pages that are not there, read-only or not yet touched. */

#include "../abi.h"

TEST
{
	int fd = MUST(open("f", O_RDWR | O_CREAT, 0644)), p[2];
	static char data[3 * PAGE];

	memset(data, 'q', sizeof(data));
	MUST(write(fd, data, sizeof(data)));
	char *edge = before_hole(100);
	CALL("read that ends at the hole", pread(fd, edge, 100, 0));
	long n = pread(fd, edge, 200, 0);
	YES("read into the hole: part or EFAULT", n == 100 || (n == -1 && errno == EFAULT));
	n = pwrite(fd, edge, 200, 0);
	YES("write from the hole: part or EFAULT", n == 100 || (n == -1 && errno == EFAULT));
	char *ro = map_anon(PAGE, PROT_READ);
	CALL("read into read-only", pread(fd, ro, 10, 0));
	CALL("write from read-only", pwrite(fd, ro, 10, 0));
	char *fresh = map_anon(64 * PAGE, PROT_READ | PROT_WRITE);
	CALL("read into fresh pages", pread(fd, fresh + 100, 2 * PAGE, 100));
	say("got %c %d", fresh[100], fresh[100 + 2 * PAGE]);
	CALL("kernel address", pread(fd, (void *)0xffff888000000000, 10, 0));
	CALL("kernel image", pwrite(fd, (void *)0xffffffff80000000, 10, 0));
	CALL("non-canonical", pread(fd, (void *)0x800000000000, 10, 0));
	CALL("last user page", pread(fd, (void *)0x7ffffffff000, 10, 0));
	CALL("wraps", pread(fd, (void *)-5L, 10, 0));
	char *name = before_hole(4);
	memcpy(name, "nope", 4);
	CALL("name without an end", open(name, O_RDONLY));
	memcpy(name, "f\0\0\0", 4);
	OK("name that ends in time", open(name, O_RDONLY));
	CALL("stat into the last bytes", syscall(SYS_stat, "f", before_hole(143)));
	CALL("stat exactly fits", syscall(SYS_stat, "f", before_hole(144)));
	MUST(pipe(p));
	CALL("pipe from a hole", write(p[1], before_hole(0), 10));
	int64_t *ts = (void *)before_hole(8);
	CALL("half a timespec", syscall(SYS_clock_gettime, CLOCK_MONOTONIC, ts));
	CALL("own file into own mapping", ({
		char *m = MUST(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
		pread(fd, m + 1, 100, 0); }));
}
