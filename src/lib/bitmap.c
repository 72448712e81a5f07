/* SPDX-License-Identifier: MIT */
#include <lib/bitmap.h>
#include <lib/compiler.h>

/* The first bit at or after `from` that differs from those of `same` (all zeros or all ones). */
static size_t find(const u64 *map, size_t bits, size_t from, u64 same)
{
	size_t word = from / BITS_PER_WORD, found;
	u64 v;

	if (from >= bits)
		return bits;
	v = (map[word] ^ same) & (~(u64)0 << (from % BITS_PER_WORD));
	while (!v) {
		if (++word >= BITMAP_WORDS(bits))
			return bits;
		v = map[word] ^ same;
	}
	found = word * BITS_PER_WORD + bit_first(v);
	return min(found, bits);
}

size_t bitmap_find_set(const u64 *map, size_t bits, size_t from)
{
	return find(map, bits, from, 0);
}

size_t bitmap_find_clear(const u64 *map, size_t bits, size_t from)
{
	return find(map, bits, from, ~(u64)0);
}

size_t bitmap_find_clear_run(const u64 *map, size_t bits, size_t from, size_t count)
{
	for (;;) {
		size_t start = bitmap_find_clear(map, bits, from);

		if (start >= bits || bits - start < count)
			return bits;
		from = bitmap_find_set(map, start + count, start);
		if (from == start + count)
			return start;
	}
}

/* The bits of word `word` that are in [start, end). */
static u64 mask_in_word(size_t word, size_t start, size_t end)
{
	size_t first = word * BITS_PER_WORD, last = first + BITS_PER_WORD - 1;
	unsigned lo = start > first ? start - first : 0;
	unsigned hi = end - 1 < last ? end - 1 - first : 63;

	return BIT_MASK(hi, lo);
}

void bitmap_set_range(u64 *map, size_t start, size_t count)
{
	size_t end = start + count;

	for (size_t word = start / BITS_PER_WORD; count && word <= (end - 1) / BITS_PER_WORD; word++)
		map[word] |= mask_in_word(word, start, end);
}

void bitmap_clear_range(u64 *map, size_t start, size_t count)
{
	size_t end = start + count;

	for (size_t word = start / BITS_PER_WORD; count && word <= (end - 1) / BITS_PER_WORD; word++)
		map[word] &= ~mask_in_word(word, start, end);
}

size_t bitmap_count(const u64 *map, size_t bits)
{
	size_t n = 0;

	for (size_t word = 0; word < BITMAP_WORDS(bits); word++)
		n += bit_count(map[word] & mask_in_word(word, 0, bits));
	return n;
}
