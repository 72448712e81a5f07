/* SPDX-License-Identifier: MIT */
#include "unit.h"
#include <lib/utf8.h>

TEST(round_trip)
{
	struct utf8_decoder d;

	utf8_init(&d);
	for (u32 code = 0; code < 0x110000; code += code < 0x3000 ? 1 : 13) {
		u8 bytes[4];
		size_t n = utf8_encode(code, bytes);
		u32 got = ~code;

		if (code >= 0xd800 && code < 0xe000) {
			assert_int_equal(n, 0);
			continue;
		}
		assert_in_range(n, 1, 4);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(utf8_feed(&d, bytes[i], &got), i == n - 1 ? UTF8_CODE : UTF8_MORE);
		assert_int_equal(got, code);
	}
}

static void bad(const char *bytes)
{
	struct utf8_decoder d;
	u32 code;
	enum utf8_state state = UTF8_MORE;

	utf8_init(&d);
	for (; *bytes && state == UTF8_MORE; bytes++)
		state = utf8_feed(&d, (u8)*bytes, &code);
	assert_true(state == UTF8_BAD || state == UTF8_BAD_BYTE);
}

TEST(bad_sequences)
{
	bad("\x80");			/* starts with a continuation */
	bad("\xc0\x80");		/* overlong */
	bad("\xc1\xbf");
	bad("\xe0\x9f\xbf");
	bad("\xf0\x8f\xbf\xbf");
	bad("\xed\xa0\x80");		/* surrogate */
	bad("\xf4\x90\x80\x80");	/* over 10ffff */
	bad("\xf5\x80");
	bad("\xff");
	bad("\xe2\x82x");		/* cut short */
}

TEST(goes_on_after_a_bad_sequence)
{
	struct utf8_decoder d;
	u32 code = 0;

	utf8_init(&d);
	assert_int_equal(utf8_feed(&d, 0xe2, &code), UTF8_MORE);
	assert_int_equal(utf8_feed(&d, 'x', &code), UTF8_BAD);
	assert_int_equal(utf8_feed(&d, 'x', &code), UTF8_CODE);
	assert_int_equal(code, 'x');
}

RUN(T(round_trip), T(bad_sequences), T(goes_on_after_a_bad_sequence))
