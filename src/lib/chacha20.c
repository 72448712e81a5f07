/* SPDX-License-Identifier: MIT */
#include <lib/chacha20.h>
#include <lib/string.h>

static u32 rotate_left(u32 v, unsigned n)
{
	return v << n | v >> (32 - n);
}

static u32 load_le32(const u8 *p)
{
	return p[0] | (u32)p[1] << 8 | (u32)p[2] << 16 | (u32)p[3] << 24;
}

static void store_le32(u8 *p, u32 v)
{
	p[0] = v;
	p[1] = v >> 8;
	p[2] = v >> 16;
	p[3] = v >> 24;
}

void chacha20_init(struct chacha20 *c, const u8 key[static CHACHA20_KEY_SIZE],
		   const u8 nonce[static CHACHA20_NONCE_SIZE], u32 counter)
{
	static const u8 constants[17] = "expand 32-byte k";

	for (unsigned i = 0; i < 4; i++)
		c->state[i] = load_le32(constants + 4 * i);
	for (unsigned i = 0; i < 8; i++)
		c->state[4 + i] = load_le32(key + 4 * i);
	c->state[12] = counter;
	for (unsigned i = 0; i < 3; i++)
		c->state[13 + i] = load_le32(nonce + 4 * i);
}

static void quarter_round(u32 *a, u32 *b, u32 *c, u32 *d)
{
	*a += *b; *d = rotate_left(*d ^ *a, 16);
	*c += *d; *b = rotate_left(*b ^ *c, 12);
	*a += *b; *d = rotate_left(*d ^ *a, 8);
	*c += *d; *b = rotate_left(*b ^ *c, 7);
}

void chacha20_block(struct chacha20 *c, u8 out[static CHACHA20_BLOCK_SIZE])
{
	u32 x[16];

	memcpy(x, c->state, sizeof(x));
	for (unsigned i = 0; i < 10; i++) {
		for (unsigned col = 0; col < 4; col++)
			quarter_round(&x[col], &x[4 + col], &x[8 + col], &x[12 + col]);
		for (unsigned d = 0; d < 4; d++)	/* diagonals */
			quarter_round(&x[d], &x[4 + (d + 1) % 4], &x[8 + (d + 2) % 4],
				      &x[12 + (d + 3) % 4]);
	}
	for (unsigned i = 0; i < 16; i++)
		store_le32(out + 4 * i, x[i] + c->state[i]);
	c->state[12]++;
}
