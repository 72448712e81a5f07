/* SPDX-License-Identifier: MIT */
/* The bytes of a PS/2 keyboard in scan-code set 2, to Linux's KEY_* codes. */
#pragma once

#include <lib/types.h>

enum { SCANCODE_PAUSE = 0xe1, SCANCODE_SET1_MAX = 4 };

struct scancode_decoder {
	u8 state; /* which prefixes have come: scancode.c */
};

struct scancode_event {
	u16 key;      /* KEY_*; 0: a code that no key is known for */
	u16 scan;     /* the key's code in set 1; + 0x80: after E0 (as Linux reports it by MSC_SCAN) */
	bool pressed; /* else released */
};

static inline void scancode_init(struct scancode_decoder *d) { d->state = 0; }
/*
 * Takes the next byte; true when it completes a key's code.  Bytes that belong to no code
 * (acknowledgements, test results, overruns) start the decoder anew.
 */
bool scancode_feed(struct scancode_decoder *d, u8 byte, struct scancode_event *event);
/* The nth key that can come out, 0 past the last: for what a keyboard says it has. */
u16 scancode_key(unsigned n);
/* What a keyboard in set 1 sends for a key; alt: an Alt key is down. How many bytes; 0: it has no such key. */
size_t scancode_set1(u16 key, bool pressed, bool alt, u8 out[SCANCODE_SET1_MAX]);
/* The key of a code as events have it in `scan`; 0: none. */
u16 scancode_default_key(u16 scan);
