/* SPDX-License-Identifier: MIT */
/* The ChaCha20 stream cipher's block function (RFC 8439, section 2.3). */
#pragma once

#include <lib/types.h>

#define CHACHA20_KEY_SIZE 32
#define CHACHA20_NONCE_SIZE 12
#define CHACHA20_BLOCK_SIZE 64

struct chacha20 {
	u32 state[16];		/* constants, key, block counter (word 12), nonce */
};

void chacha20_init(struct chacha20 *c, const u8 key[static CHACHA20_KEY_SIZE],
		   const u8 nonce[static CHACHA20_NONCE_SIZE], u32 counter);
/* The next 64 bytes of key stream; the counter goes up by one. */
void chacha20_block(struct chacha20 *c, u8 out[static CHACHA20_BLOCK_SIZE]);
