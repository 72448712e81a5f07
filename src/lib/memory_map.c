/* SPDX-License-Identifier: MIT */
#include <lib/memory_map.h>

#include <lib/compiler.h>
#include <lib/string.h>

#define HIGHEST ALIGN_DOWN(~0ULL, PAGE_SIZE)

/* Merges [start, end) with what it touches or overlaps. */
static bool add(struct memory_ranges *s, u64 start, u64 end)
{
	unsigned i = 0, n;

	if (start >= end)
		return true;
	while (i < s->count && s->r[i].end < start)
		i++;
	for (n = i; n < s->count && s->r[n].start <= end; n++) {
		start = min(start, s->r[n].start);
		end = max(end, s->r[n].end);
	}
	if (n == i && s->count == MEMORY_MAP_RANGES)
		return false;
	memmove(&s->r[i + 1], &s->r[n], (s->count - n) * sizeof(s->r[0]));
	s->count += i + 1 - n;
	s->r[i] = (struct memory_range){ start, end };
	return true;
}

static u64 page_up(u64 at)
{
	return at > HIGHEST ? HIGHEST : ALIGN_UP(at, PAGE_SIZE);
}

bool memory_map_add(struct memory_map *map, u64 start, u64 end)
{
	return add(&map->ram, page_up(start), ALIGN_DOWN(end, PAGE_SIZE));
}

bool memory_map_reserve(struct memory_map *map, u64 start, u64 end)
{
	return start >= end || add(&map->used, ALIGN_DOWN(start, PAGE_SIZE), page_up(end));
}

bool memory_map_read(struct memory_map *map, const struct boot_region *regions, size_t count, u64 limit)
{
	if (!memory_map_reserve(map, 0, PAGE_SIZE))
		return false;
	for (const struct boot_region *r = regions; r < regions + count; r++) {
		u64 end = min(r->start + r->len < r->start ? ~0ULL : r->start + r->len, limit);
		bool room = r->type == BOOT_REGION_AVAILABLE ? memory_map_add(map, r->start, end) :
							       memory_map_reserve(map, r->start, end);
		if (!room)
			return false;
	}
	return true;
}

/* The range that holds `at`, or NULL. */
static const struct memory_range *holding(const struct memory_ranges *s, u64 at)
{
	for (unsigned i = 0; i < s->count && s->r[i].start <= at; i++)
		if (at < s->r[i].end)
			return &s->r[i];
	return NULL;
}

bool memory_map_is_ram(const struct memory_map *map, u64 start, u64 end)
{
	const struct memory_range *r = holding(&map->ram, start);

	return r && end <= r->end;
}

u64 memory_map_top(const struct memory_map *map)
{
	return map->ram.count ? map->ram.r[map->ram.count - 1].end : 0;
}

bool memory_map_free_below(const struct memory_map *map, u64 limit, struct memory_range *found)
{
	const struct memory_range *ram = map->ram.r, *used = map->used.r;
	unsigned i = map->ram.count, u = map->used.count;

	while (i && limit) {
		const struct memory_range *r = &ram[i - 1];

		limit = min(limit, r->end);
		while (u && used[u - 1].start >= limit)
			u--;
		if (u && used[u - 1].end >= limit) {
			limit = used[u - 1].start;
		} else if (limit > r->start) {
			*found = (struct memory_range){ u ? max(r->start, used[u - 1].end) : r->start, limit };
			return true;
		}
		if (limit <= r->start)
			i--;
	}
	return false;
}

bool memory_map_free_above(const struct memory_map *map, u64 from, struct memory_range *found)
{
	unsigned u = 0;

	for (unsigned i = 0; i < map->ram.count; i++) {
		u64 at = max(map->ram.r[i].start, from), end = map->ram.r[i].end;

		while (at < end) {
			while (u < map->used.count && map->used.r[u].end <= at)
				u++;
			if (u == map->used.count || map->used.r[u].start > at) {
				u64 stop = u < map->used.count ? min(end, map->used.r[u].start) : end;

				*found = (struct memory_range){ at, stop };
				return true;
			}
			at = map->used.r[u].end;
		}
	}
	return false;
}
