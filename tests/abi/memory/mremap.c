/* SPDX-License-Identifier: MIT */
/* mremap: grow, shrink, move, fixed, content kept, errors. */

#include "../abi.h"

TEST
{
	char *p = map_anon(16 * PAGE, PROT_READ | PROT_WRITE), *q;

	for (int i = 0; i < 16; i++)
		p[i * PAGE] = i;
	q = mremap(p, 16 * PAGE, 8 * PAGE, 0);
	YES("shrinks in place", q == p);
	CHILD("tail is gone") p[8 * PAGE] = 1;
	q = mremap(p, 8 * PAGE, 12 * PAGE, 0);
	YES("grows in place where there is room", q == p);
	say("new page %d old %d", q[11 * PAGE], q[7 * PAGE]);
	MUST(mmap(p + 12 * PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	CALL("no room", syscall(SYS_mremap, p, 12 * PAGE, 20 * PAGE, 0));
	q = mremap(p, 12 * PAGE, 40 * PAGE, MREMAP_MAYMOVE);
	YES("moves", q != p && q != MAP_FAILED);
	bool kept = true;
	for (int i = 0; i < 8; i++)
		kept &= q[i * PAGE] == i;
	YES("content kept", kept);
	CHILD("old place is gone") *(volatile char *)p = 1;
	char *to = map_anon(40 * PAGE, PROT_READ | PROT_WRITE);
	char *r = mremap(q, 40 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to);
	YES("fixed", r == to);
	say("value %d", r[3 * PAGE]);
	CALL("fixed without maymove", syscall(SYS_mremap, r, PAGE, PAGE, MREMAP_FIXED, q));
	CALL("overlap", syscall(SYS_mremap, r, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, r + PAGE));
	CALL("not aligned", syscall(SYS_mremap, r + 1, PAGE, PAGE, 0));
	CALL("new length 0", syscall(SYS_mremap, r, PAGE, 0, 0));
	CALL("bad flags", syscall(SYS_mremap, r, PAGE, PAGE, 0x100));
	CALL("not mapped", syscall(SYS_mremap, bad_page(), PAGE, 2 * PAGE, MREMAP_MAYMOVE));
	CALL("across two mappings", syscall(SYS_mremap, r, 100 * PAGE, 200 * PAGE, MREMAP_MAYMOVE));
	int fd = MUST(open("f", O_RDWR | O_CREAT, 0644));
	MUST(ftruncate(fd, 8 * PAGE));
	char *m = MUST(mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, PAGE));
	m = mremap(m, 2 * PAGE, 6 * PAGE, MREMAP_MAYMOVE);
	m[5 * PAGE] = 'Q';
	char c;
	pread(fd, &c, 1, 6 * PAGE);
	say("file mapping grew %c", c);
	char *ro = map_anon(PAGE, PROT_READ);
	ro = mremap(ro, PAGE, 3 * PAGE, MREMAP_MAYMOVE);
	CHILD("protection moves along") ro[2 * PAGE] = 1;
	/* Grown downwards by a neighbour, which must not count as a place before the start of a file. */
	char *two = map_anon(16 * PAGE, PROT_NONE);
	MUST(munmap(two, 16 * PAGE));
	MUST(mmap(two + 4 * PAGE, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	MUST(mmap(two, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	YES("two that became one grow", mremap(two, 8 * PAGE, 64 * PAGE, MREMAP_MAYMOVE) != MAP_FAILED);
}
