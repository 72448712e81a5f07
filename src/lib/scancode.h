/* SPDX-License-Identifier: MIT */
/* The bytes of a PS/2 keyboard in scan-code set 2, to Linux's KEY_* codes. */
#pragma once

#include <lib/types.h>

struct scancode_decoder {
	u8 state; /* which prefixes have come: scancode.c */
};

struct scancode_event {
	u16 key;      /* KEY_*; 0: a code that no key is known for */
	u16 scan;     /* the code itself; + 0x80: after E0 (as Linux reports it by MSC_SCAN) */
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
