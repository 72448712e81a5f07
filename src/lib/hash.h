/* SPDX-License-Identifier: MIT */
/*
 * Hashes for tables inside the kernel: cheap, well spread, and seeded where users choose the keys.
 * Not for cryptography. A multiplication costs one instruction and mixes 8 bytes.
 */
#pragma once

#include <lib/types.h>

#define HASH_MULTIPLIER 0x9e3779b97f4a7c15ULL	/* 2^64 / golden ratio */

/* The top bits are the good ones: bits is 1..64. */
static inline u64 hash_u64(u64 v, unsigned bits)
{
	return (v * HASH_MULTIPLIER) >> (64 - bits);
}

static inline u64 hash_ptr(const void *p, unsigned bits)
{
	return hash_u64((unsigned long)p, bits);
}

/* 128-bit product folded to 64: every input bit reaches every output bit. */
static inline u64 hash_mix(u64 a, u64 b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (u64)product ^ (u64)(product >> 64);
}

static inline u64 hash_load64(const void *p)
{
	u64 v;

	__builtin_memcpy(&v, p, 8);
	return v;
}

static inline u64 hash_load32(const void *p)
{
	u32 v;

	__builtin_memcpy(&v, p, 4);
	return v;
}

/*
 * Hash of len bytes. One multiplication per 8 bytes; never reads outside [p, p+len). The length
 * is part of the hash. All 64 bits of the result are usable.
 */
static inline u64 hash_bytes(const void *p, size_t len, u64 seed)
{
	const u8 *s = p;
	u64 h = seed ^ (len * HASH_MULTIPLIER);

	for (; len > 8; s += 8, len -= 8)
		h = hash_mix(h ^ hash_load64(s), HASH_MULTIPLIER);
	if (len >= 4)
		h ^= hash_load32(s) | hash_load32(s + len - 4) << 32;
	else if (len)
		h ^= s[0] | (u64)s[len / 2] << 8 | (u64)s[len - 1] << 16;
	return hash_mix(h, 0xd6e8feb86659fd93ULL);
}
