/* SPDX-License-Identifier: MIT */
/* madvise: DONTNEED zeroes, advice that is only advice, errors; mincore; mlock. */

#include "../abi.h"

TEST
{
	char *p = map_anon(4 * PAGE, PROT_READ | PROT_WRITE);
	unsigned char vec[4];

	memset(p, 'd', 4 * PAGE);
	CALL("DONTNEED", madvise(p + PAGE, PAGE, MADV_DONTNEED));
	say("%c %d %c", p[0], p[PAGE], p[2 * PAGE]);
	int fd = MUST(open("f", O_RDWR | O_CREAT, 0644));
	MUST(write(fd, "file", 4));
	char *m = MUST(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0));
	m[0] = 'X';
	CALL("DONTNEED private file", madvise(m, PAGE, MADV_DONTNEED));
	say("file again %.4s", m);
	CALL("WILLNEED", madvise(p, PAGE, MADV_WILLNEED));
	CALL("SEQUENTIAL", madvise(p, PAGE, MADV_SEQUENTIAL));
	CALL("NORMAL", madvise(p, PAGE, MADV_NORMAL));
	CALL("FREE", madvise(p, PAGE, MADV_FREE));
	CALL("unknown", madvise(p, PAGE, 9999));
	CALL("not aligned", madvise(p + 1, PAGE, MADV_NORMAL));
	CALL("hole", madvise(bad_page(), PAGE, MADV_DONTNEED));
	CALL("length 0", madvise(p, 0, MADV_DONTNEED));
	CALL("DONTFORK", madvise(p, PAGE, MADV_DONTFORK));
	CHILD("not there in the child") *(volatile char *)p = 1;
	CALL("DOFORK", madvise(p, PAGE, MADV_DOFORK));
	CALL("WIPEONFORK", madvise(p + 2 * PAGE, PAGE, MADV_WIPEONFORK));
	CHILD("wiped") say("child sees %d", p[2 * PAGE]);
	say("parent sees %c", p[2 * PAGE]);
	char *q = map_anon(4 * PAGE, PROT_READ | PROT_WRITE);
	q[0] = q[2 * PAGE] = 1;
	CALL("mincore", mincore(q, 4 * PAGE, vec));
	say("resident %d %d %d %d", vec[0] & 1, vec[1] & 1, vec[2] & 1, vec[3] & 1);
	CALL("mincore not aligned", mincore(q + 1, PAGE, vec));
	CALL("mincore hole", mincore(bad_page(), PAGE, vec));
	CALL("mincore bad vector", syscall(SYS_mincore, q, PAGE, bad_page()));
	CALL("mlock", mlock(q, 4 * PAGE));
	mincore(q, 4 * PAGE, vec);
	say("resident %d %d", vec[1] & 1, vec[3] & 1);
	CALL("munlock", munlock(q, 4 * PAGE));
	CALL("mlock hole", mlock(bad_page(), PAGE));
}
