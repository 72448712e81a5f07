/* SPDX-License-Identifier: MIT */
/* The undefined-behaviour sanitizer's run-time (UBSAN=1 builds). */
#pragma once

#ifdef CONFIG_UBSAN
/* Self-tests: between the two, reports are counted, not fatal. Returns how many there were. */
void ubsan_expect_begin(void);
unsigned ubsan_expect_end(void);
#else
static inline void ubsan_expect_begin(void) {}
static inline unsigned ubsan_expect_end(void) { return 0; }
#endif
