/* SPDX-License-Identifier: MIT */
/* The vectors are RFC 8439's. */
#include "unit.h"
#include <lib/chacha20.h>

static void from_hex(const char *hex, u8 *out)
{
	for (; *hex; hex += 2) {
		unsigned v;

		sscanf(hex, "%2x", &v);
		*out++ = (u8)v;
	}
}

static void check(const char *key_hex, const char *nonce_hex, u32 counter, const char *want_hex)
{
	u8 key[32], nonce[12], want[64], got[64];
	struct chacha20 c;

	from_hex(key_hex, key);
	from_hex(nonce_hex, nonce);
	from_hex(want_hex, want);
	chacha20_init(&c, key, nonce, counter);
	chacha20_block(&c, got);
	assert_memory_equal(got, want, 64);
	assert_int_equal(c.state[12], (u32)(counter + 1));
}

TEST(section_2_3_2)
{
	check("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
	      "000000090000004a00000000", 1,
	      "10f1e7e4d13b5915500fdd1fa32071c4c7d1f4c733c068030422aa9ac3d46c4e"
	      "d2826446079faa0914c2d705d98b02a2b5129cd1de164eb9cbd083e8a2503c4e");
}

TEST(appendix_a_1)
{
	static const char zero_key[] = "0000000000000000000000000000000000000000000000000000000000000000";
	static const char zero_nonce[] = "000000000000000000000000";

	check(zero_key, zero_nonce, 0,
	      "76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7"
	      "da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586");
	check(zero_key, zero_nonce, 1,
	      "9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed"
	      "29b721769ce64e43d57133b074d839d531ed1f28510afb45ace10a1f4b794d6f");
	check("0000000000000000000000000000000000000000000000000000000000000001", zero_nonce, 1,
	      "3aeb5224ecf849929b9d828db1ced4dd832025e8018b8160b82284f3c949aa5a"
	      "8eca00bbb4a73bdad192b5c42f73f2fd4e273644c8b36125a64addeb006c13a0");
	check(zero_key, "000000000000000000000002", 0,
	      "c2c64d378cd536374ae204b9ef933fcd1a8b2288b3dfa49672ab765b54ee27c7"
	      "8a970e0e955c14f3a88e741b97c286f75f8fc299e8148362fa198a39531bed6d");
}

TEST(counter_wraps)
{
	u8 key[32] = { 0 }, nonce[12] = { 0 }, first[64], out[64];
	struct chacha20 c;

	chacha20_init(&c, key, nonce, 0);
	chacha20_block(&c, first);
	chacha20_init(&c, key, nonce, UINT32_MAX);
	chacha20_block(&c, out);
	chacha20_block(&c, out);
	assert_memory_equal(out, first, 64);
}

RUN(T(section_2_3_2), T(appendix_a_1), T(counter_wraps))
