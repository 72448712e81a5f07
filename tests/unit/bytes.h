/* SPDX-License-Identifier: MIT */
/* Building little-endian binary input for parsers, and handing it over in an exactly sized block,
 * so that AddressSanitizer sees every read past the end. */
#pragma once

#include <lib/types.h>

struct bytes {
	u8 data[65536] __attribute__((aligned(16)));
	size_t len;
};

static inline void put_u8(struct bytes *b, u8 v) { b->data[b->len++] = v; }

static inline void put_le(struct bytes *b, u64 v, unsigned size)
{
	while (size--) {
		put_u8(b, (u8)v);
		v >>= 8;
	}
}

static inline void put_u16(struct bytes *b, u16 v) { put_le(b, v, 2); }
static inline void put_u32(struct bytes *b, u32 v) { put_le(b, v, 4); }
static inline void put_u64(struct bytes *b, u64 v) { put_le(b, v, 8); }

static inline void put_text(struct bytes *b, const char *s, size_t n)
{
	while (n--)
		put_u8(b, (u8)*s++);
}

static inline void set_u32(struct bytes *b, size_t at, u32 v)
{
	for (unsigned i = 0; i < 4; i++, v >>= 8)
		b->data[at + i] = (u8)v;
}

static inline void put_align(struct bytes *b, size_t n)
{
	while (b->len % n)
		put_u8(b, 0);
}

/* An exact copy; the caller frees. */
static inline u8 *exact(const u8 *data, size_t len)
{
	u8 *copy = malloc(len ? len : 1);

	for (size_t i = 0; i < len; i++)
		copy[i] = data[i];
	return copy;
}
