/* SPDX-License-Identifier: MIT */
/* Included before everything else in host tests: libc's headers, while their names are theirs. */
#pragma once

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/types.h>

/* Repeatable random numbers (xorshift). */
static inline uint64_t test_random(void)
{
	static uint64_t state = 0x853c49e6748fea9bULL;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}
