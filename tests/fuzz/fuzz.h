/* SPDX-License-Identifier: MIT */
/* Shared by the fuzz targets: whatever a parser hands out is read in full, and checked. */
#pragma once

#include <lib/types.h>
#include <lib/compiler.h>

#define REQUIRE(cond) do { if (!(cond)) __builtin_trap(); } while (0)

/* Read every byte, so that AddressSanitizer judges the range. */
static inline void use(const void *p, size_t len)
{
	const volatile u8 *b = p;

	while (len--)
		(void)*b++;
}

static inline void use_string(const char *s)
{
	do
		use(s, 1);
	while (*s++);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
