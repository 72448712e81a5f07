/* SPDX-License-Identifier: MIT */
/* munmap: middle of a mapping, several mappings, holes, errors. */

#include "../abi.h"

static bool mapped(char *p)
{
	return msync((void *)((uintptr_t)p & ~(PAGE - 1)), PAGE, MS_ASYNC) == 0;
}

TEST
{
	char *p = map_anon(8 * PAGE, PROT_READ | PROT_WRITE);
	memset(p, 'x', 8 * PAGE);

	CALL("middle", munmap(p + 2 * PAGE, 2 * PAGE));
	for (int i = 0; i < 8; i++)
		say("page %d %s", i, mapped(p + i * PAGE) ? "mapped" : "hole");
	say("neighbours %c %c", p[2 * PAGE - 1], p[4 * PAGE]);
	CALL("again", munmap(p + 2 * PAGE, 2 * PAGE));
	CALL("over holes", munmap(p + PAGE, 5 * PAGE));
	say("left %d %d %d", mapped(p), mapped(p + 5 * PAGE), mapped(p + 6 * PAGE));
	CALL("not aligned", munmap(p + 1, PAGE));
	CALL("length rounds up", munmap(p, 1));
	say("left %d", mapped(p));
	CALL("length 0", munmap(p, 0));
	CALL("wraps", munmap(p, -PAGE));
	CALL("kernel", munmap((void *)0xffff800000000000, PAGE));
	CALL("past the end", munmap((void *)0xffffffffffe000, 3 * PAGE));
	CHILD("use after munmap") p[6 * PAGE] = 1, munmap(p + 6 * PAGE, PAGE), p[6 * PAGE] = 2;
	for (int i = 0; i < 2000; i++) {
		char *q = map_anon(16 * PAGE, PROT_READ | PROT_WRITE);
		q[0] = q[15 * PAGE] = 1;
		munmap(q, 16 * PAGE);
	}
	say("2000 rounds");
}
