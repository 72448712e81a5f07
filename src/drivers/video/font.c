/* SPDX-License-Identifier: MIT */
#include <drivers/video/font.h>

#include <lib/compiler.h>
#include <lib/utf8.h>

struct font_code {
	u16 code, glyph;
};

#include <console_font.inc>

/* The table is sorted; -1: not in it. */
static int find(const struct font_code *table, size_t n, u32 code)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t middle = (low + high) / 2;
		if (table[middle].code == code)
			return table[middle].glyph;
		if (table[middle].code < code)
			low = middle + 1;
		else
			high = middle;
	}
	return -1;
}

/* Lines of other weights and corners of other shapes, where the font lacks them. */
static u32 alike(u32 code)
{
	switch (code) {
	case 0x256d: return 0x250c;
	case 0x256e: return 0x2510;
	case 0x256f: return 0x2518;
	case 0x2570: return 0x2514;
	case 0x2010:
	case 0x2011: return '-';
	case 0x2713: return 0x221a;
	default: return UTF8_REPLACEMENT;
	}
}

const u8 *font_glyph(u32 code)
{
	if (code - ' ' < ARRAY_SIZE(font_ascii)) /* nearly all that is drawn */
		return font_ascii[code - ' '];
	int i = find(font_codes, ARRAY_SIZE(font_codes), code);
	if (i < 0)
		i = find(font_codes, ARRAY_SIZE(font_codes), alike(code));
	if (i < 0)
		i = find(font_codes, ARRAY_SIZE(font_codes), '?');
	return font_glyphs[max(i, 0)];
}

u8 font_cp437(u32 code)
{
	if (code >= ' ' && code < 0x7f)
		return code;
	int c = find(cp437_codes, ARRAY_SIZE(cp437_codes), code);
	if (c < 0)
		c = find(cp437_codes, ARRAY_SIZE(cp437_codes), alike(code));
	return c < 0 ? '?' : c;
}
