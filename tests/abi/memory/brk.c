/* SPDX-License-Identifier: MIT */
/* brk: grows, shrinks, zeroes, refuses, never below its start. */

#include "../abi.h"

static uintptr_t brk_raw(uintptr_t v)
{
	return syscall(SYS_brk, v);
}

TEST
{
	uintptr_t start = brk_raw(0);

	YES("query", start > 0x10000);
	YES("unaligned start is kept", brk_raw(start + 100) == start + 100);
	YES("grow", brk_raw(start + 10 * PAGE) == start + 10 * PAGE);
	char *p = (char *)((start + PAGE - 1) & ~(PAGE - 1));
	say("zero %d %d", p[0], p[8 * PAGE]);
	memset(p, 5, 8 * PAGE);
	YES("shrink", brk_raw(start) == start);
	CHILD("beyond is gone") p[5 * PAGE] = 1;
	brk_raw(start + 10 * PAGE);
	say("zero again %d", p[5 * PAGE]);
	YES("below the start is refused", brk_raw(0x1000) == start + 10 * PAGE);
	YES("kernel is refused", brk_raw(0xffff800000000000) == start + 10 * PAGE);
	CHILD("limit") {
		struct rlimit rl = { 1 << 20, 1 << 20 };
		setrlimit(RLIMIT_DATA, &rl);
		YES("over RLIMIT_DATA is refused", brk_raw(start + (64 << 20)) == start + 10 * PAGE);
	}
	CHILD("stops at another mapping") {
		uintptr_t at = (start + (1 << 20)) & ~(PAGE - 1);
		char *m = mmap((void *)at, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
		if (m == (void *)at)
			YES("refused", brk_raw(start + (4 << 20)) == start + 10 * PAGE);
		else
			say("refused: yes");
	}
	CHILD("child has its own") brk_raw(start + 100 * PAGE);
	YES("unchanged", brk_raw(0) == start + 10 * PAGE);
}
