/* SPDX-License-Identifier: MIT */
#include <lib/utf8.h>

enum utf8_state utf8_feed(struct utf8_decoder *d, u8 byte, u32 *code)
{
	if (d->left) {
		if (byte < d->min || byte > d->max) {
			d->left = 0;
			return UTF8_BAD;
		}
		d->code = d->code << 6 | (byte & 0x3f);
		d->min = 0x80;
		d->max = 0xbf;
		if (--d->left)
			return UTF8_MORE;
		*code = d->code;
		return UTF8_CODE;
	}
	if (byte < 0x80) {
		*code = byte;
		return UTF8_CODE;
	}
	if (byte < 0xc2 || byte > 0xf4)
		return UTF8_BAD_BYTE;
	d->left = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
	d->code = byte & (0x3f >> d->left);
	/* The second byte's range keeps out overlong forms, surrogates and codes over 10ffff. */
	d->min = byte == 0xe0 ? 0xa0 : byte == 0xf0 ? 0x90 : 0x80;
	d->max = byte == 0xed ? 0x9f : byte == 0xf4 ? 0x8f : 0xbf;
	return UTF8_MORE;
}

size_t utf8_encode(u32 code, u8 out[static 4])
{
	if (code < 0x80) {
		out[0] = code;
		return 1;
	}
	if (code < 0x800) {
		out[0] = 0xc0 | code >> 6;
		out[1] = 0x80 | (code & 0x3f);
		return 2;
	}
	if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		return 0;
	if (code < 0x10000) {
		out[0] = 0xe0 | code >> 12;
		out[1] = 0x80 | (code >> 6 & 0x3f);
		out[2] = 0x80 | (code & 0x3f);
		return 3;
	}
	out[0] = 0xf0 | code >> 18;
	out[1] = 0x80 | (code >> 12 & 0x3f);
	out[2] = 0x80 | (code >> 6 & 0x3f);
	out[3] = 0x80 | (code & 0x3f);
	return 4;
}
