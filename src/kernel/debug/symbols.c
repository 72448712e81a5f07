/* SPDX-License-Identifier: MIT */
/* Kernel symbols: offsets from image_start in ascending order, searched by halving. */
#include <debug/symbols.h>
#include <lib/format.h>

extern char image_start[], image_end[]; /* kernel.ld */
extern const u32 ksym_count, ksym_offsets[], ksym_name_offsets[];
extern const char ksym_names[];

static const char *symbol_find(u64 addr, u64 *distance)
{
	u64 offset = addr - (u64)image_start;
	u32 low = 0, high = ksym_count; /* ksym_offsets[low] <= offset < ksym_offsets[high] */

	if (addr < (u64)image_start || addr >= (u64)image_end || !ksym_count ||
	    offset < ksym_offsets[0])
		return NULL;
	while (high - low > 1) {
		u32 middle = (low + high) / 2;

		if (ksym_offsets[middle] <= offset)
			low = middle;
		else
			high = middle;
	}
	*distance = offset - ksym_offsets[low];
	return ksym_names + ksym_name_offsets[low];
}

const char *symbol_name(u64 addr, char *buf, size_t size)
{
	u64 distance;
	const char *name = symbol_find(addr, &distance);

	if (name)
		snprintf(buf, size, "%s+0x%lx", name, distance);
	else
		snprintf(buf, size, "0x%016lx", addr);
	return buf;
}
