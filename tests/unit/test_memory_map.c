/* SPDX-License-Identifier: MIT */
/* Against a model: a flag for each byte of a small address space. */
#include "unit.h"
#include <lib/compiler.h>
#include <lib/memory_map.h>

#define PAGES 64
#define SPACE (PAGES * PAGE_SIZE)

static struct memory_map map;

static void read_map(const struct boot_region *r, size_t n, u64 limit)
{
	memset(&map, 0, sizeof(map));
	assert_true(memory_map_read(&map, r, n, limit));
}

static void well_formed(const struct memory_ranges *s)
{
	for (unsigned i = 0; i < s->count; i++) {
		assert_true(s->r[i].start < s->r[i].end);
		assert_int_equal((s->r[i].start | s->r[i].end) % PAGE_SIZE, 0);
		if (i)
			assert_true(s->r[i - 1].end < s->r[i].start);
	}
}

/* The free pages, found from below and from above, one a bit. */
static u64 free_from_below(void)
{
	struct memory_range f = { 0, 0 };
	u64 bits = 0;

	while (memory_map_free_above(&map, f.end, &f))
		for (u64 at = f.start; at < f.end && at < SPACE; at += PAGE_SIZE)
			bits |= 1ULL << at / PAGE_SIZE;
	return bits;
}

static u64 free_from_above(void)
{
	struct memory_range f = { SPACE, 0 };
	u64 bits = 0;

	while (memory_map_free_below(&map, f.start, &f))
		for (u64 at = f.start; at < f.end; at += PAGE_SIZE)
			bits |= 1ULL << at / PAGE_SIZE;
	return bits;
}

/* A page is free if one region gives all of it and no other region touches it. */
static u64 model_free(const struct boot_region *r, size_t n, u64 limit)
{
	u64 ram = 0, used = 1;

	for (size_t i = 0; i < n; i++) {
		u64 end = min(r[i].start + r[i].len, limit);

		for (u64 page = 0; page < PAGES; page++) {
			u64 from = page * PAGE_SIZE, to = from + PAGE_SIZE;

			if (r[i].type == BOOT_REGION_AVAILABLE)
				ram |= (u64)(r[i].start <= from && to <= end) << page;
			else
				used |= (u64)(r[i].start < to && from < end && r[i].start < end) << page;
		}
	}
	return ram & ~used;
}

TEST(random_maps)
{
	for (int round = 0; round < 20000; round++) {
		struct boot_region r[12];
		size_t n = 1 + test_random() % ARRAY_SIZE(r);
		u64 limit = round % 3 ? SPACE : test_random() % SPACE;

		for (size_t i = 0; i < n; i++) {
			u64 unit = test_random() % 4 ? PAGE_SIZE : 512;
			u64 start = test_random() % (SPACE / unit) * unit;
			u64 len = test_random() % (SPACE / unit / 4 + 1) * unit;

			len = min(len, SPACE - start);
			r[i] = (struct boot_region){ start, len, test_random() % 3 ? 1 : 2 + test_random() % 5 };
		}
		read_map(r, n, limit);
		well_formed(&map.ram);
		well_formed(&map.used);
		assert_int_equal(free_from_below(), model_free(r, n, limit));
		assert_int_equal(free_from_above(), model_free(r, n, limit));
	}
}

TEST(reserved_inside_ram_wins)
{
	const struct boot_region r[] = {
		{ 0x3800, 0x100, BOOT_REGION_RESERVED },
		{ 0x1000, 0xf000, BOOT_REGION_AVAILABLE },
		{ 0x5000, 0x1000, BOOT_REGION_ACPI },
		{ 0x4000, 0x3000, BOOT_REGION_AVAILABLE },
		{ 0x8000, 0x1000, 77 },
	};

	read_map(r, ARRAY_SIZE(r), ~0ULL);
	assert_int_equal(free_from_below(), 0xfffe & ~(1 << 3) & ~(1 << 5) & ~(1 << 8));
	assert_true(memory_map_is_ram(&map, 0x1000, 0x10000));
	assert_false(memory_map_is_ram(&map, 0x1000, 0x10001));
	assert_false(memory_map_is_ram(&map, 0xfff, 0x2000));
	assert_int_equal(memory_map_top(&map), 0x10000);
}

TEST(ends_of_the_address_space)
{
	const struct boot_region r[] = {
		{ ~0ULL - 0x1fff, 0x2000, BOOT_REGION_RESERVED },
		{ ~0ULL - 100, 101, BOOT_REGION_AVAILABLE },
		{ 1ULL << 52, 1ULL << 62, BOOT_REGION_AVAILABLE },
		{ 0x100000, 0x100000, BOOT_REGION_AVAILABLE },
		{ 0x300000, ~0ULL - 0x300000, BOOT_REGION_AVAILABLE },
		{ 0, 0, BOOT_REGION_AVAILABLE },
		{ 0x100800, 0, BOOT_REGION_RESERVED },
	};

	read_map(r, ARRAY_SIZE(r), 1ULL << 52);
	assert_int_equal(memory_map_top(&map), 1ULL << 52);
	assert_int_equal(map.ram.count, 2);
	read_map(r, ARRAY_SIZE(r), 0x180000);
	assert_int_equal(memory_map_top(&map), 0x180000);
	read_map(r, 3, 1ULL << 52);
	assert_int_equal(memory_map_top(&map), 0);
	read_map(r, ARRAY_SIZE(r), ~0ULL);
	well_formed(&map.ram);
	well_formed(&map.used);
}

TEST(empty)
{
	struct memory_range found;

	read_map(NULL, 0, ~0ULL);
	assert_int_equal(memory_map_top(&map), 0);
	assert_false(memory_map_is_ram(&map, 0, 1));
	assert_false(memory_map_free_below(&map, ~0ULL, &found));
	assert_false(memory_map_free_above(&map, 0, &found));
}

TEST(too_many_pieces_are_refused)
{
	u64 at = PAGE_SIZE;

	read_map(NULL, 0, ~0ULL);
	for (unsigned i = 0; i < MEMORY_MAP_RANGES; i++, at += 2 * PAGE_SIZE)
		assert_true(memory_map_add(&map, at, at + PAGE_SIZE));
	assert_false(memory_map_add(&map, at, at + PAGE_SIZE));
	assert_int_equal(map.ram.count, MEMORY_MAP_RANGES);
	assert_true(memory_map_add(&map, 2 * PAGE_SIZE, 3 * PAGE_SIZE)); /* joins two */
	assert_true(memory_map_add(&map, at, at + PAGE_SIZE));
	well_formed(&map.ram);
}

RUN(T(random_maps), T(reserved_inside_ram_wins), T(ends_of_the_address_space), T(empty),
    T(too_many_pieces_are_refused))
