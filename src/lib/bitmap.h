/* SPDX-License-Identifier: MIT */
/*
 * Bits in a word, and bitmaps of many words (bit i is bit i % 64 of word i / 64).
 * Nothing here is atomic; the caller locks.
 */
#pragma once

#include <lib/types.h>

#define BITS_PER_WORD 64
#define BITMAP_WORDS(bits) (((bits) + BITS_PER_WORD - 1) / BITS_PER_WORD)
#define BITMAP_DECLARE(name, bits) u64 name[BITMAP_WORDS(bits)]
#define BIT(n) ((u64)1 << (n))
/* Bits lo..hi, both included. */
#define BIT_MASK(hi, lo) ((~(u64)0 >> (63 - (hi))) & (~(u64)0 << (lo)))

/* Index of the lowest / highest set bit; v must not be 0. */
static inline unsigned bit_first(u64 v) { return __builtin_ctzll(v); }
static inline unsigned bit_last(u64 v) { return 63 - __builtin_clzll(v); }
/* Smallest order with (1 << order) >= v; v must not be 0. */
static inline unsigned bit_order_up(u64 v) { return v <= 1 ? 0 : bit_last(v - 1) + 1; }
static inline bool is_power_of_two(u64 v) { return v && !(v & (v - 1)); }

static inline unsigned bit_count(u64 v)
{
	v -= (v >> 1) & 0x5555555555555555ULL;
	v = (v & 0x3333333333333333ULL) + ((v >> 2) & 0x3333333333333333ULL);
	v = (v + (v >> 4)) & 0x0f0f0f0f0f0f0f0fULL;
	return (v * 0x0101010101010101ULL) >> 56;
}

static inline bool bitmap_test(const u64 *map, size_t i)
{
	return map[i / BITS_PER_WORD] >> (i % BITS_PER_WORD) & 1;
}

static inline void bitmap_set(u64 *map, size_t i)
{
	map[i / BITS_PER_WORD] |= BIT(i % BITS_PER_WORD);
}

static inline void bitmap_clear(u64 *map, size_t i)
{
	map[i / BITS_PER_WORD] &= ~BIT(i % BITS_PER_WORD);
}

/* First bit at or after `from` that is set (clear), or `bits` if there is none. */
size_t bitmap_find_set(const u64 *map, size_t bits, size_t from);
size_t bitmap_find_clear(const u64 *map, size_t bits, size_t from);
/* Start of the first run of `count` clear bits at or after `from`, or `bits`. */
size_t bitmap_find_clear_run(const u64 *map, size_t bits, size_t from, size_t count);

void bitmap_set_range(u64 *map, size_t start, size_t count);
void bitmap_clear_range(u64 *map, size_t start, size_t count);
size_t bitmap_count(const u64 *map, size_t bits);

#define bitmap_for_each(i, map, bits) \
	for (size_t i = bitmap_find_set((map), (bits), 0); i < (bits); \
	     i = bitmap_find_set((map), (bits), i + 1))
