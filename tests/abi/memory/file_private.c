/* SPDX-License-Identifier: MIT */
/* Private file mappings: copy-on-write, the file unchanged, zeros past the end. */

#include "../abi.h"

TEST
{
	int fd = MUST(open("f", O_RDWR | O_CREAT, 0644));
	static char block[3 * PAGE];

	memset(block, 'a', sizeof(block));
	MUST(write(fd, block, 2 * PAGE + 100));
	char *p = MUST(mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0));
	say("%c %c %d %d", p[0], p[2 * PAGE + 99], p[2 * PAGE + 100], p[3 * PAGE - 1]);
	p[0] = 'X';
	char c;
	pread(fd, &c, 1, 0);
	say("file %c memory %c", c, p[0]);
	MUST(pwrite(fd, "N", 1, 0));
	say("own copy stays %c", p[0]);
	CHILD("fork copies the private page") {
		p[1] = 'C';
		p[0] = 'D';
	}
	say("parent has %c%c", p[0], p[1]);
	char *q = MUST(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, PAGE));
	MUST(pwrite(fd, "S", 1, PAGE));
	say("untouched page shows the file %c", q[0]);
	close(fd);
	say("after close %c", q[1]);
	CALL("offset not aligned", syscall(SYS_mmap, NULL, PAGE, PROT_READ, MAP_PRIVATE, open("f", O_RDONLY), 100));
	CALL("directory", syscall(SYS_mmap, NULL, PAGE, PROT_READ, MAP_PRIVATE, open(".", O_RDONLY), 0));
	CALL("write-only file", syscall(SYS_mmap, NULL, PAGE, PROT_READ, MAP_PRIVATE, open("f", O_WRONLY), 0));
	int p2[2];
	MUST(pipe(p2));
	CALL("pipe", syscall(SYS_mmap, NULL, PAGE, PROT_READ, MAP_PRIVATE, p2[0], 0));
	CALL("private writable of a read-only file", syscall(SYS_mmap, NULL, PAGE, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE, open("f", O_RDONLY), 0) > 0);
	CHILD("wholly past the end") {
		char *z = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, open("f", O_RDONLY), 100 * PAGE);
		c = *(volatile char *)z;
	}
}
