/* SPDX-License-Identifier: MIT */
/* FUTEX_WAKE_OP: every operation and comparison on the second word, shifts up to the sign. */

#include "../abi.h"
#include <linux/futex.h>

static uint32_t a, b;

static void op(const char *name, uint32_t start, unsigned what, int arg, unsigned cmp, int cmparg)
{
	b = start;
	long r = syscall(SYS_futex, &a, FUTEX_WAKE_OP, 1, 1, &b,
			 what << 28 | cmp << 24 | (arg & 0xfff) << 12 | (cmparg & 0xfff));
	if (r == -1)
		say("%s: -1 %s, word %#x", name, errname(errno), b);
	else
		say("%s: %ld, word %#x", name, r, b);
}

TEST
{
	op("set", 5, FUTEX_OP_SET, 7, FUTEX_OP_CMP_EQ, 5);
	op("set negative", 5, FUTEX_OP_SET, -1, FUTEX_OP_CMP_NE, 5);
	op("add", 5, FUTEX_OP_ADD, -6, FUTEX_OP_CMP_LT, -1);
	op("add over the end", 0xffffffff, FUTEX_OP_ADD, 1, FUTEX_OP_CMP_LE, 0);
	op("or", 5, FUTEX_OP_OR, 10, FUTEX_OP_CMP_GT, 0);
	op("andn", 0xff, FUTEX_OP_ANDN, 0x0f, FUTEX_OP_CMP_GE, 0);
	op("xor", 0xff, FUTEX_OP_XOR, 0x0f, FUTEX_OP_CMP_EQ, 0);
	op("set shifted", 0, FUTEX_OP_SET | FUTEX_OP_OPARG_SHIFT, 4, FUTEX_OP_CMP_EQ, 0);
	op("or the sign", 1, FUTEX_OP_OR | FUTEX_OP_OPARG_SHIFT, 31, FUTEX_OP_CMP_EQ, 0);
	op("add the sign", 0x80000000, FUTEX_OP_ADD | FUTEX_OP_OPARG_SHIFT, 31, FUTEX_OP_CMP_EQ, 0);
	op("unknown operation", 1, 5, 1, FUTEX_OP_CMP_EQ, 0);
	b = 1;
	CALL("hole", syscall(SYS_futex, &a, FUTEX_WAKE_OP, 1, 1, bad_page(), 0));
	CALL("read-only", syscall(SYS_futex, &a, FUTEX_WAKE_OP, 1, 1, map_anon(PAGE, PROT_READ), 0));
}
