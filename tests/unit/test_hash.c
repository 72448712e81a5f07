/* SPDX-License-Identifier: MIT */
#include "unit.h"
#include <lib/hash.h>

TEST(length_and_seed_count)
{
	u8 zeros[64] = { 0 };
	u64 seen[65];

	for (size_t n = 0; n <= 64; n++) {
		seen[n] = hash_bytes(zeros, n, 7);
		for (size_t i = 0; i < n; i++)
			assert_int_not_equal(seen[i], seen[n]);
		assert_int_not_equal(seen[n], hash_bytes(zeros, n, 8));
	}
}

TEST(every_byte_counts)
{
	u8 buf[40];

	for (size_t n = 1; n <= sizeof(buf); n++) {
		u64 h;

		for (size_t i = 0; i < n; i++)
			buf[i] = (u8)test_random();
		h = hash_bytes(buf, n, 1);
		for (size_t i = 0; i < n; i++) {
			for (unsigned bit = 0; bit < 8; bit++) {
				buf[i] ^= 1 << bit;
				assert_int_not_equal(hash_bytes(buf, n, 1), h);
				buf[i] ^= 1 << bit;
			}
		}
	}
}

/* Names as programs choose them, in a table as full as it has buckets: chains stay short. */
TEST(spread)
{
	static unsigned low[4096], high[4096], numbers[4096];
	unsigned worst_low = 0, worst_high = 0, worst_numbers = 0;
	char name[32];

	for (unsigned i = 0; i < 4096; i++) {
		int n = snprintf(name, sizeof(name), "file%u.txt", i);
		u64 h = hash_bytes(name, n, 0x1234);

		low[h & 4095]++;
		high[h >> 52]++;
		numbers[hash_u64((u64)i * 64, 12)]++;
	}
	for (unsigned i = 0; i < 4096; i++) {
		worst_low = low[i] > worst_low ? low[i] : worst_low;
		worst_high = high[i] > worst_high ? high[i] : worst_high;
		worst_numbers = numbers[i] > worst_numbers ? numbers[i] : worst_numbers;
	}
	assert_true(worst_low <= 9 && worst_high <= 9 && worst_numbers <= 9);
}

RUN(T(length_and_seed_count), T(every_byte_counts), T(spread))
