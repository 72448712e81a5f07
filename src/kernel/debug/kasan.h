/* SPDX-License-Identifier: MIT */
/* The address sanitizer's run-time (KASAN=1 builds); mm/kasan.h is what allocators call. */
#pragma once

#include <lib/compiler.h>

/* Values of shadow bytes: 0 all 8 bytes may be accessed, 1..7 the first so many, else why none. */
enum kasan_shadow_value {
	KASAN_ALLOWED = 0,
	KASAN_FREE_FRAME = 0xff,
	KASAN_REDZONE = 0xfc,
	KASAN_FREE_OBJECT = 0xfb,
	KASAN_GLOBAL_REDZONE = 0xf9,
};

#ifdef CONFIG_KASAN
extern bool kasan_on; /* shadow is mapped; set once */

/* Turns checking on. `ram_top`: end of the direct map's shadow. */
void kasan_start(u64 ram_top);

/* Self-tests: between the two, reports are counted, not fatal. Returns how many there were. */
void kasan_expect_begin(void);
unsigned kasan_expect_end(void);

/* Reports a wrong call (double free, ...). */
void kasan_report_free(const void *p, const char *what);

/* Says whose memory `addr` is; set by mm/. */
extern void (*kasan_describe)(u64 addr);
#else
static inline void kasan_expect_begin(void) {}
static inline unsigned kasan_expect_end(void) { return 0; }
#endif
