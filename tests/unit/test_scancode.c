/* SPDX-License-Identifier: MIT */
#include "unit.h"
#include <lib/scancode.h>
#include <linux/input-event-codes.h>

/* Feeds bytes; the events as "+KEY" and "-KEY" numbers: positive pressed, negative released. */
static unsigned feed(struct scancode_decoder *d, const u8 *bytes, size_t n, int *keys)
{
	struct scancode_event e;
	unsigned count = 0;

	for (size_t i = 0; i < n; i++)
		if (scancode_feed(d, bytes[i], &e))
			keys[count++] = e.pressed ? e.key : -e.key;
	return count;
}

#define EXPECT(bytes, ...)                                                           \
	do {                                                                         \
		static const u8 b_[] = bytes;                                        \
		const int want_[] = { 0, ##__VA_ARGS__ };                            \
		struct scancode_decoder d_;                                          \
		int got_[sizeof(b_)];                                                \
		scancode_init(&d_);                                                  \
		unsigned n_ = feed(&d_, b_, sizeof(b_) - 1, got_);                   \
		assert_int_equal(n_, sizeof(want_) / sizeof(want_[0]) - 1);          \
		assert_memory_equal(got_, want_ + 1, n_ * sizeof(int));              \
	} while (0)

TEST(plain_keys)
{
	EXPECT("\x1c\xf0\x1c", KEY_A, -KEY_A);
	EXPECT("\x83\xf0\x83", KEY_F7, -KEY_F7);
	EXPECT("\x12\x15\x15\xf0\x15\xf0\x12", KEY_LEFTSHIFT, KEY_Q, KEY_Q, -KEY_Q, -KEY_LEFTSHIFT);
	EXPECT("\x61\x5a\x76\x77\x58", KEY_102ND, KEY_ENTER, KEY_ESC, KEY_NUMLOCK, KEY_CAPSLOCK);
}

TEST(extended_keys)
{
	EXPECT("\xe0\x75\xe0\xf0\x75", KEY_UP, -KEY_UP);
	EXPECT("\xe0\x14\x14\xe0\xf0\x14\xf0\x14", KEY_RIGHTCTRL, KEY_LEFTCTRL, -KEY_RIGHTCTRL, -KEY_LEFTCTRL);
	EXPECT("\xe0\x5a\x5a\xe0\x4a\x4a", KEY_KPENTER, KEY_ENTER, KEY_KPSLASH, KEY_SLASH);
	EXPECT("\xe0\x1f\xe0\x27\xe0\x2f", KEY_LEFTMETA, KEY_RIGHTMETA, KEY_COMPOSE);
}

TEST(print_screen)
{
	EXPECT("\xe0\x12\xe0\x7c\xe0\xf0\x7c\xe0\xf0\x12", KEY_SYSRQ, -KEY_SYSRQ);
	EXPECT("\x84\xf0\x84", KEY_SYSRQ, -KEY_SYSRQ);
}

TEST(fake_shifts)
{
	EXPECT("\xe0\xf0\x12\xe0\x70\xe0\xf0\x70\xe0\x12", KEY_INSERT, -KEY_INSERT);
	EXPECT("\xe0\xf0\x59\xe0\x70", KEY_INSERT);
}

TEST(pause)
{
	EXPECT("\xe1\x14\x77\xe1\xf0\x14\xf0\x77\x1c", KEY_PAUSE, -KEY_PAUSE, KEY_A);
	EXPECT("\xe0\x7e\xe0\xf0\x7e", KEY_PAUSE, -KEY_PAUSE);
	EXPECT("\xe1\x14\x1c\x1c", KEY_A); /* cut short: the byte is lost, the next counts */
}

TEST(starts_anew)
{
	EXPECT("\xf0\xaa\x1c", KEY_A);
	EXPECT("\xe0\xfa\x1c", KEY_A);
	EXPECT("\xe0\xff\x75", KEY_KP8);
	EXPECT("\x00\xf0\x00\x1c", KEY_A);
	EXPECT("\xe0\xe0\x75", KEY_UP);
}

TEST(unknown_codes)
{
	struct scancode_decoder d;
	struct scancode_event e;

	scancode_init(&d);
	assert_true(scancode_feed(&d, 0x02, &e));
	assert_int_equal(e.key, 0);
	assert_int_equal(e.scan, 0); /* set 1 has no code for it */
}

/* Set 1, as K_RAW gives it, and back. */
TEST(set_1)
{
	u8 out[SCANCODE_SET1_MAX];

#define SET1(want, key, pressed, alt) do { \
	assert_int_equal(scancode_set1(key, pressed, alt, out), sizeof(want) - 1); \
	assert_memory_equal(out, want, sizeof(want) - 1); \
} while (0)
	SET1("\x1e", KEY_A, true, false);
	SET1("\x9e", KEY_A, false, false);
	SET1("\x41", KEY_F7, true, false);
	SET1("\xe0\x48", KEY_UP, true, false);
	SET1("\xe0\xc8", KEY_UP, false, false);
	SET1("\xe0\x1d", KEY_RIGHTCTRL, true, false);
	SET1("\xe1\x1d\x45", KEY_PAUSE, true, false);
	SET1("\xe1\x9d\xc5", KEY_PAUSE, false, false);
	SET1("\xe0\x2a\xe0\x37", KEY_SYSRQ, true, false);
	SET1("\xd4", KEY_SYSRQ, false, true);
	assert_int_equal(scancode_set1(KEY_RESERVED, true, false, out), 0);
	assert_int_equal(scancode_set1(KEY_MAX, true, false, out), 0);
	assert_int_equal(scancode_default_key(0x1e), KEY_A);
	assert_int_equal(scancode_default_key(0xc8), KEY_UP);
	assert_int_equal(scancode_default_key(0), 0);
	for (unsigned i = 0; scancode_key(i); i++)
		assert_true(scancode_set1(scancode_key(i), true, false, out) > 0);
}

/* Every key of the list comes out of some code, and no two codes of a kind give one. */
TEST(all_keys)
{
	unsigned known = 0, listed = 0;

	for (unsigned code = 1; code < 0x100; code++)
		for (unsigned extended = 0; extended < 2; extended++) {
			struct scancode_decoder d;
			struct scancode_event e;
			scancode_init(&d);
			if (code == 0xe0 || code == 0xe1 || code == 0xf0)
				continue;
			if (extended)
				scancode_feed(&d, 0xe0, &e);
			known += scancode_feed(&d, code, &e) && e.key;
		}
	while (scancode_key(listed))
		listed++;
	assert_int_equal(known, listed);
	assert_in_range(listed, 110, 160);
}

RUN(T(plain_keys), T(extended_keys), T(print_screen), T(fake_shifts), T(pause), T(starts_anew),
    T(unknown_codes), T(set_1), T(all_keys))
