/* SPDX-License-Identifier: MIT */
/*
 * memcpy and its kin in plain C: for host tests, and for a CPU that has no version of its own.
 * Small sizes need no loop: the first and the last word together cover everything, overlapping
 * where the size is not a multiple. All loads come before the first store, so that it serves
 * overlapping blocks, too.
 */
#include <lib/string.h>

#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#ifdef SKERRY_HOST
#define memcpy lib_memcpy
#define memmove lib_memmove
#define memset lib_memset
#define memcmp lib_memcmp
#endif

#define LOAD(type, p) ({ type v_; __builtin_memcpy(&v_, (p), sizeof(v_)); v_; })
#define STORE(type, p, v) do { type w_ = (v); __builtin_memcpy((p), &w_, sizeof(w_)); } while (0)

static void move_small(u8 *d, const u8 *s, size_t n)	/* n <= 16 */
{
	if (n >= 8) {
		u64 head = LOAD(u64, s), tail = LOAD(u64, s + n - 8);

		STORE(u64, d, head);
		STORE(u64, d + n - 8, tail);
	} else if (n >= 4) {
		u32 head = LOAD(u32, s), tail = LOAD(u32, s + n - 4);

		STORE(u32, d, head);
		STORE(u32, d + n - 4, tail);
	} else if (n) {
		u8 first = s[0], middle = s[n / 2], last = s[n - 1];

		d[0] = first;
		d[n / 2] = middle;
		d[n - 1] = last;
	}
}

void *memmove(void *dst, const void *src, size_t n)
{
	u8 *d = dst;
	const u8 *s = src;

	if (n <= 16) {
		move_small(d, s, n);
	} else if ((unsigned long)d - (unsigned long)s >= n) {	/* d is not inside [s, s+n) */
		u64 tail = LOAD(u64, s + n - 8);
		u8 *end = d + n - 8;

		for (; d < end; d += 8, s += 8)
			STORE(u64, d, LOAD(u64, s));
		STORE(u64, end, tail);
	} else {
		u64 head = LOAD(u64, s);
		size_t i = n;

		for (; i > 8; i -= 8)
			STORE(u64, d + i - 8, LOAD(u64, s + i - 8));
		STORE(u64, d, head);
	}
	return dst;
}

void *memcpy(void *restrict dst, const void *restrict src, size_t n)
{
	return memmove(dst, src, n);
}

void *memset(void *dst, int byte, size_t n)
{
	u8 *d = dst;
	u64 v = (u8)byte * 0x0101010101010101ULL;

	if (n >= 8) {
		for (u8 *end = d + n - 8; d < end; d += 8)
			STORE(u64, d, v);
		STORE(u64, (u8 *)dst + n - 8, v);
	} else if (n >= 4) {
		STORE(u32, d, v);
		STORE(u32, d + n - 4, v);
	} else if (n) {
		d[0] = d[n / 2] = d[n - 1] = byte;
	}
	return dst;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const u8 *p = a, *q = b;

	for (; n >= 8; p += 8, q += 8, n -= 8) {
		u64 x = LOAD(u64, p), y = LOAD(u64, q);

		if (x != y) {
			x = __builtin_bswap64(x);
			y = __builtin_bswap64(y);
			return x < y ? -1 : 1;
		}
	}
	for (; n; p++, q++, n--) {
		if (*p != *q)
			return *p - *q;
	}
	return 0;
}
