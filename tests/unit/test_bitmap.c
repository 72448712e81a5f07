/* SPDX-License-Identifier: MIT */
#include "unit.h"
#include <lib/bitmap.h>
#include <lib/compiler.h>

#define BITS 333

static u64 map[BITMAP_WORDS(BITS)];
static bool model[BITS];

static void same(void)
{
	size_t count = 0;

	for (size_t i = 0; i < BITS; i++) {
		assert_int_equal(bitmap_test(map, i), model[i]);
		count += model[i];
	}
	assert_int_equal(bitmap_count(map, BITS), count);
}

TEST(ranges_and_searches)
{
	for (int step = 0; step < 3000; step++) {
		size_t start = test_random() % BITS, count = test_random() % (BITS - start + 1);
		bool set = test_random() % 2;
		size_t i;

		if (step % 3 == 0)
			count = min(count, (size_t)3);
		(set ? bitmap_set_range : bitmap_clear_range)(map, start, count);
		for (i = start; i < start + count; i++)
			model[i] = set;
		same();
		for (i = start; i < BITS && !model[i]; i++)
			;
		assert_int_equal(bitmap_find_set(map, BITS, start), i);
		for (i = start; i < BITS && model[i]; i++)
			;
		assert_int_equal(bitmap_find_clear(map, BITS, start), i);
		for (i = start, count = 0; i < BITS && count < 5; i++)
			count = model[i] ? 0 : count + 1;
		assert_int_equal(bitmap_find_clear_run(map, BITS, start, 5), count == 5 ? i - 5 : BITS);
	}
	assert_int_equal(bitmap_find_set(map, BITS, BITS), BITS);
}

TEST(single_bits)
{
	u64 one[2] = { 0 };
	size_t n = 0;

	bitmap_set(one, 0);
	bitmap_set(one, 127);
	bitmap_for_each(i, one, 128)
		assert_int_equal(i, n++ ? 127 : 0);
	assert_int_equal(n, 2);
	bitmap_clear(one, 0);
	assert_int_equal(bitmap_find_set(one, 128, 0), 127);
}

TEST(words)
{
	assert_int_equal(bit_first(8), 3);
	assert_int_equal(bit_last(9), 3);
	assert_int_equal(bit_last(~0ULL), 63);
	assert_int_equal(bit_order_up(1), 0);
	assert_int_equal(bit_order_up(2), 1);
	assert_int_equal(bit_order_up(3), 2);
	assert_int_equal(bit_order_up(4096), 12);
	assert_int_equal(bit_order_up(4097), 13);
	assert_true(is_power_of_two(64) && !is_power_of_two(0) && !is_power_of_two(6));
	assert_int_equal(BIT_MASK(7, 4), 0xf0);
	assert_true(BIT_MASK(63, 0) == ~0ULL);
	for (int i = 0; i < 1000; i++) {
		u64 v = test_random();

		assert_int_equal(bit_count(v), __builtin_popcountll(v));
	}
}

RUN(T(ranges_and_searches), T(single_bits), T(words))
