/* SPDX-License-Identifier: MIT */
/* Shared file mappings: seen by read, by other processes, through truncation. */

#include "../abi.h"

TEST
{
	int fd = MUST(open("f", O_RDWR | O_CREAT, 0644));
	char buf[8] = "";

	MUST(ftruncate(fd, 2 * PAGE));
	char *p = MUST(mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
	char *q = MUST(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, PAGE));
	strcpy(p, "hello");
	pread(fd, buf, 5, 0);
	say("read sees %s", buf);
	pwrite(fd, "world", 5, PAGE);
	say("mapping sees %.5s %.5s", p + PAGE, q);
	CHILD("other process") {
		strcpy(p, "child");
	}
	say("parent sees %s", p);
	CALL("msync", msync(p, 2 * PAGE, MS_SYNC));
	CALL("msync bad flags", msync(p, PAGE, MS_SYNC | MS_ASYNC));
	CALL("msync not aligned", msync(p + 1, PAGE, MS_SYNC));
	CALL("msync hole", msync(bad_page(), PAGE, MS_SYNC));
	CALL("shrink", ftruncate(fd, 10));
	CHILD("page past the end") p[PAGE] = 1;
	p[100] = 'T';
	CALL("grow", ftruncate(fd, 2 * PAGE));
	pread(fd, buf, 1, PAGE);
	say("zeros after regrowth %d %d", buf[0], p[PAGE]);
	p[PAGE] = 'n';
	pread(fd, buf, 1, PAGE);
	say("alive again %c", buf[0]);
	CALL("shared writable of read-only", syscall(SYS_mmap, NULL, PAGE, PROT_WRITE, MAP_SHARED, open("f", O_RDONLY), 0));
	CALL("bad type", syscall(SYS_mmap, NULL, PAGE, PROT_READ, 0x07, fd, 0) == -1);
	CALL("shared_validate bad flag", syscall(SYS_mmap, NULL, PAGE, PROT_READ, MAP_SHARED_VALIDATE | 0x200000, fd, 0));
	int *anon = MUST(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
	CHILD("shared anonymous") *anon = 4711;
	say("value %d", *anon);
	close(fd);
	unlink("f");
	p[0] = 'u';
	say("unlinked and closed, still %c%s", p[0], p + 1);
}
