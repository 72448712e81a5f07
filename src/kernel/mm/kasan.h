/* SPDX-License-Identifier: MIT */
/* What the allocators tell the address sanitizer; all nothing in other builds. See debug/kasan.c. */
#pragma once

#include <lib/compiler.h>

struct frame;

#ifdef CONFIG_KASAN
/* Called by frames_init: maps real shadow for RAM and the image, from bootmem; checks begin. */
void kasan_map_shadow(void);
/* Marks the red zones of global variables: runs the constructors that the compiler made. */
void kasan_init(void);
void kasan_frames_allocated(struct frame *f, unsigned order);
void kasan_frames_freed(struct frame *f, unsigned order);
/* [p, p+n) may be accessed; p is 8-byte aligned. */
void kasan_allow(const void *p, size_t n);
/* [p, p+n) may not, for the reason `why`. */
void kasan_forbid(const void *p, size_t n, u8 why);
/* For code that reaches memory behind the compiler's back: reports what is wrong. */
void kasan_check_read(const void *p, size_t n);
void kasan_check_write(const void *p, size_t n) __attribute__((access(none, 1))); /* reads nothing */
#else
static inline void kasan_map_shadow(void) {}
static inline void kasan_init(void) {}
static inline void kasan_frames_allocated(struct frame *f, unsigned order) {}
static inline void kasan_frames_freed(struct frame *f, unsigned order) {}
static inline void kasan_allow(const void *p, size_t n) {}
static inline void kasan_forbid(const void *p, size_t n, u8 why) {}
static inline void kasan_check_read(const void *p, size_t n) {}
static inline void kasan_check_write(const void *p, size_t n) {}
#endif
