/* SPDX-License-Identifier: MIT */
/* Anonymous mmap: zeroed, private, hints, fixed, noreplace, errors. */

#include "../abi.h"

TEST
{
	char *p = map_anon(8 * PAGE, PROT_READ | PROT_WRITE), *q;
	bool zero = true;

	for (size_t i = 0; i < 8 * PAGE; i++)
		zero &= p[i] == 0;
	YES("zeros", zero);
	YES("aligned", (uintptr_t)p % PAGE == 0);
	memset(p, 'a', 8 * PAGE);
	CALL("length 0", syscall(SYS_mmap, NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	CALL("no type", syscall(SYS_mmap, NULL, PAGE, PROT_READ, MAP_ANONYMOUS, -1, 0));
	CALL("huge", syscall(SYS_mmap, NULL, 1UL << 62, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	CALL("wraps", syscall(SYS_mmap, NULL, -1UL, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	CALL("offset not aligned", syscall(SYS_mmap, NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 5));
	CALL("no file", syscall(SYS_mmap, NULL, PAGE, PROT_READ, MAP_PRIVATE, 99, 0));
	CALL("fixed not aligned", syscall(SYS_mmap, p + 1, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	CALL("fixed in the kernel", syscall(SYS_mmap, 0xffff800000000000, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	CALL("fixed at the end", syscall(SYS_mmap, 0xfffffffffff000, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	q = mmap(p + 2 * PAGE, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	YES("fixed replaces", q == p + 2 * PAGE);
	say("%d %d %d %d", p[2 * PAGE - 1], p[2 * PAGE], p[4 * PAGE - 1], p[4 * PAGE]);
	CALL("noreplace over", syscall(SYS_mmap, p, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0));
	munmap(p + 3 * PAGE, PAGE);
	q = mmap(p + 3 * PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	YES("noreplace in a hole", q == p + 3 * PAGE);
	q = mmap(p, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	YES("taken hint goes elsewhere", q != p && q != MAP_FAILED);
	char *hint = (char *)0x200000000000;
	q = mmap(hint, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	YES("free hint is taken", q == hint);
	q = mmap(hint + PAGE + 77, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	YES("hint is rounded down", q == hint + PAGE);
	q = mmap(NULL, 64 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	YES("populate", q != MAP_FAILED && q[63 * PAGE] == 0);
	q = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	YES("32-bit", (uintptr_t)q < 0x80000000);
	q = mmap(NULL, 1UL << 40, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	YES("a terabyte unreserved", q != MAP_FAILED);
	q[1UL << 39] = 1;
	say("touched %d %d", q[1UL << 39], q[(1UL << 39) + PAGE]);
}
