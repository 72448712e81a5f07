/* SPDX-License-Identifier: MIT */
#include <lib/terminal.h>

struct char_range {
	u32 first, last;
};

#include <char_width.inc>

static bool find(const struct char_range *r, size_t n, u32 code)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t middle = (low + high) / 2;
		if (code < r[middle].first)
			high = middle;
		else if (code > r[middle].last)
			low = middle + 1;
		else
			return true;
	}
	return false;
}

unsigned terminal_width(u32 code)
{
	if (code < 0x300)
		return 1;
	if (code < 0x1100)
		return !find(none, ARRAY_SIZE(none), code);
	if (find(two, ARRAY_SIZE(two), code))
		return 2;
	return !find(none, ARRAY_SIZE(none), code);
}
