/* SPDX-License-Identifier: MIT */
#include "unit.h"
#include <lib/crc32.h>

TEST(known_values)
{
	assert_int_equal(crc32(0, "", 0), 0);
	assert_int_equal(crc32(0, "123456789", 9), 0xcbf43926);
	assert_int_equal(crc32(0, "The quick brown fox jumps over the lazy dog", 43), 0x414fa339);
}

TEST(in_pieces)
{
	u32 crc = crc32(0, "1234", 4);

	assert_int_equal(crc32(crc, "56789", 5), 0xcbf43926);
}

RUN(T(known_values), T(in_pieces))
