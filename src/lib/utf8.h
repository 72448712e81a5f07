/* SPDX-License-Identifier: MIT */
/* UTF-8, checked: no overlong forms, no surrogates, nothing above U+10FFFF (RFC 3629). */
#pragma once

#include <lib/types.h>

#define UTF8_REPLACEMENT 0xfffd

struct utf8_decoder {
	u32 code;		/* bits so far */
	u8 left;		/* continuation bytes still to come */
	u8 min, max;		/* range of the next byte */
};

enum utf8_state {
	UTF8_MORE,		/* nothing yet */
	UTF8_CODE,		/* *code is a character */
	UTF8_BAD,		/* a bad sequence ended before this byte: feed the byte again */
	UTF8_BAD_BYTE,		/* the byte itself is bad and is used up */
};

static inline void utf8_init(struct utf8_decoder *d) { d->left = 0; }
enum utf8_state utf8_feed(struct utf8_decoder *d, u8 byte, u32 *code);
/* Bytes written to out (1..4); 0 if code is not a character. */
size_t utf8_encode(u32 code, u8 out[static 4]);
