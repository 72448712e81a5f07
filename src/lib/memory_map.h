/* SPDX-License-Identifier: MIT */
/*
 * Which pages are RAM, and which of them are taken: the firmware's map made sense of.
 *
 * That map comes in any order, with regions that overlap, touch, are empty or end inside a page.
 * Here it becomes two sorted lists of disjoint ranges of whole pages:
 *
 *	regions    |--available----|   |--avail--|--reserved--|      |-avail-|
 *	                     |--reserved--|                |--available--|
 *	ram        [===============]   [=========]         [=================]
 *	used                 [============]      [============]
 *
 * A page is RAM if an available region holds all of it, and used if any part of it is not
 * available in some region. So where regions contradict each other, the page is not touched.
 */
#pragma once

#include <lib/multiboot2.h>

#define MEMORY_MAP_RANGES (BOOT_MAX_REGIONS + 64)

struct memory_range {
	u64 start, end;		/* page-aligned, end excluded */
};

struct memory_ranges {
	unsigned count;
	struct memory_range r[MEMORY_MAP_RANGES];	/* ascending, with gaps between them */
};

/* All zero is an empty map. */
struct memory_map {
	struct memory_ranges ram, used;
};

/*
 * Add [start, end) to the RAM (its whole pages) or to what is used (all pages that it touches).
 * false: there is no room for another range.
 */
bool memory_map_add(struct memory_map *map, u64 start, u64 end);
bool memory_map_reserve(struct memory_map *map, u64 start, u64 end);

/* The firmware's map, as far as it lies below `limit`, and page 0 as used. false: as above. */
bool memory_map_read(struct memory_map *map, const struct boot_region *regions, size_t count, u64 limit);

/* Are all pages that [start, end) touches RAM (used or not)? */
bool memory_map_is_ram(const struct memory_map *map, u64 start, u64 end);
/* End of the highest RAM; 0: there is none. */
u64 memory_map_top(const struct memory_map *map);

/* The highest free range that ends at or below `limit`, cut to it; false when there is none. */
bool memory_map_free_below(const struct memory_map *map, u64 limit, struct memory_range *found);
/* The lowest free range that starts at or above `from`, cut to it; false when there is none. */
bool memory_map_free_above(const struct memory_map *map, u64 from, struct memory_range *found);
