/* SPDX-License-Identifier: MIT */
/* sched_setaffinity and getaffinity. */
#include "../abi.h"

#define WORDS 128

static unsigned long all[WORDS];

static long get(int pid, unsigned size, unsigned long *m)
{
	return syscall(SYS_sched_getaffinity, pid, (unsigned long)size, m);
}

static long set(int pid, unsigned size, const unsigned long *m)
{
	return syscall(SYS_sched_setaffinity, pid, (unsigned long)size, m);
}

TEST
{
	unsigned long m[WORDS] = { 0 }, none[WORDS] = { 0 }, far[WORDS] = { 0 };
	unsigned char byte;

	YES("get", get(0, sizeof all, all) >= 8);
	YES("some CPU", all[0] != 0);
	CALL("size 7", get(0, 7, m));
	CALL("size 12", get(0, 12, m));
	CALL("size 0", get(0, 0, m));
	CALL("bad", get(0, 1024, bad_page()));
	CALL("gone", get(4000000, 1024, m));
	CALL("negative", get(-1, 1024, m));
	CALL("set none", set(0, sizeof none, none));
	far[1] = 1UL << 63;
	CALL("set a CPU that is not there", set(0, sizeof far, far));
	CALL("set size 0", set(0, 0, all));
	CALL("set bad", set(0, 8, bad_page()));
	CALL("set bad, gone", set(4000000, 8, bad_page()));
	CALL("set gone", set(4000000, 8, all));
	CALL("set none, gone", set(4000000, 8, none));
	byte = 1;
	if (all[0] & 1) {
		CALL("set one byte", set(0, 1, (unsigned long *)&byte));
		get(0, sizeof m, m);
		YES("CPU 0 alone", m[0] == 1);
		YES("runs there", sched_getcpu() == 0);
	}
	m[0] = ~0UL;
	CALL("set more than there are", set(0, 8, m));
	get(0, sizeof m, m);
	YES("those there are", m[0] == all[0]);
	for (int c = 0; c < 64; c++) {
		if (!(all[0] >> c & 1))
			continue;
		m[0] = 1UL << c;
		if (set(0, 8, m) || sched_getcpu() != c)
			say("not on its CPU");
		CHILD("child") {
			unsigned long k[WORDS] = { 0 };
			get(0, sizeof k, k);
			if (k[0] != 1UL << c)
				say("not inherited");
			if (sched_getcpu() != c)
				say("child not on its CPU");
		}
		if (c)
			break; /* as many lines with any number of CPUs above one */
	}
	if (!(all[0] & ~1UL))
		say("child: exit 0");
}
