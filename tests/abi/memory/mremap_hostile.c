/* SPDX-License-Identifier: MIT */
/* mremap with lengths and places that make no sense: nothing else may be lost by them. */
#include "../abi.h"

static long remap(void *p, unsigned long old, unsigned long new, int flags, void *to)
{
	return syscall(SYS_mremap, p, old, new, flags, to);
}

TEST
{
	char *p = MUST(mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	char *to = MUST(mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	int move = MREMAP_MAYMOVE | MREMAP_FIXED;
	static const unsigned long huge[] = { ~0UL, ~0UL - 8191, 1UL << 63, 1UL << 47, (1UL << 47) - PAGE };

	strcpy(p, "here");
	for (unsigned i = 0; i < COUNT(huge); i++) {
		CALL("old length", remap(p, huge[i], PAGE, MREMAP_MAYMOVE, NULL) == (long)p ? 0 : -1);
		CALL("old length, to a place", remap(p, huge[i], PAGE, move, to));
		CALL("new length", remap(p, PAGE, huge[i], MREMAP_MAYMOVE, NULL));
		CALL("new length, to a place", remap(p, PAGE, huge[i], move, to));
		say("still %s", p);
	}
	CALL("to the end", remap(p, PAGE, PAGE, move, (void *)((1UL << 47) - PAGE)));
	CALL("onto itself", remap(p, 4 * PAGE, 4 * PAGE, move, p + PAGE));
	CALL("odd place", remap(p, PAGE, PAGE, move, to + 1));
	CALL("across areas", remap(p, 4096 * PAGE, 4097 * PAGE, MREMAP_MAYMOVE, NULL));
	say("still %s", p);
}
