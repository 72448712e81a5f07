/* SPDX-License-Identifier: MIT */
/*
 * Scan-code set 2.  A key sends its code when it is pressed (and again while it is held) and F0
 * and its code when it is released.  Keys that the first PC did not have put E0 in front:
 *
 *   A            1C                     F0 1C
 *   right Ctrl   E0 14                  E0 F0 14
 *   Print        E0 12 E0 7C            E0 F0 7C E0 F0 12      (84, F0 84 with Alt)
 *   Pause        E1 14 77 E1 F0 14 F0 77    at once; nothing on release  (E0 7E, E0 F0 7E with Ctrl)
 *
 * E0 12 and E0 59 are shift keys that are not there: they undo the effect of Num Lock and Shift
 * for programs of 1987, and are dropped.  Of Pause's two halves the first is taken for the press,
 * the second for the release.
 */
#include <lib/scancode.h>

#include <lib/compiler.h>
#include <linux/input-event-codes.h>

enum { PREFIX_EXTENDED = 0xe0, PREFIX_PAUSE = 0xe1, PREFIX_RELEASE = 0xf0 };

/* Bits of the decoder's state. */
enum { SEEN_EXTENDED = 1, SEEN_RELEASE = 2, SEEN_PAUSE = 4, SEEN_PAUSE_CTRL = 8 };

static const u8 plain_keys[0x85] = {
	[0x01] = KEY_F9, [0x03] = KEY_F5, [0x04] = KEY_F3, [0x05] = KEY_F1, [0x06] = KEY_F2,
	[0x07] = KEY_F12, [0x08] = KEY_F13, [0x09] = KEY_F10, [0x0a] = KEY_F8, [0x0b] = KEY_F6,
	[0x0c] = KEY_F4, [0x0d] = KEY_TAB, [0x0e] = KEY_GRAVE, [0x0f] = KEY_KPEQUAL,
	[0x10] = KEY_F14, [0x11] = KEY_LEFTALT, [0x12] = KEY_LEFTSHIFT, [0x13] = KEY_KATAKANAHIRAGANA,
	[0x14] = KEY_LEFTCTRL, [0x15] = KEY_Q, [0x16] = KEY_1, [0x18] = KEY_F15, [0x1a] = KEY_Z,
	[0x1b] = KEY_S, [0x1c] = KEY_A, [0x1d] = KEY_W, [0x1e] = KEY_2,
	[0x20] = KEY_F16, [0x21] = KEY_C, [0x22] = KEY_X, [0x23] = KEY_D, [0x24] = KEY_E,
	[0x25] = KEY_4, [0x26] = KEY_3, [0x28] = KEY_F17, [0x29] = KEY_SPACE, [0x2a] = KEY_V,
	[0x2b] = KEY_F, [0x2c] = KEY_T, [0x2d] = KEY_R, [0x2e] = KEY_5,
	[0x30] = KEY_F18, [0x31] = KEY_N, [0x32] = KEY_B, [0x33] = KEY_H, [0x34] = KEY_G,
	[0x35] = KEY_Y, [0x36] = KEY_6, [0x38] = KEY_F19, [0x3a] = KEY_M, [0x3b] = KEY_J,
	[0x3c] = KEY_U, [0x3d] = KEY_7, [0x3e] = KEY_8,
	[0x40] = KEY_F20, [0x41] = KEY_COMMA, [0x42] = KEY_K, [0x43] = KEY_I, [0x44] = KEY_O,
	[0x45] = KEY_0, [0x46] = KEY_9, [0x48] = KEY_F21, [0x49] = KEY_DOT, [0x4a] = KEY_SLASH,
	[0x4b] = KEY_L, [0x4c] = KEY_SEMICOLON, [0x4d] = KEY_P, [0x4e] = KEY_MINUS,
	[0x50] = KEY_F22, [0x51] = KEY_RO, [0x52] = KEY_APOSTROPHE, [0x54] = KEY_LEFTBRACE,
	[0x55] = KEY_EQUAL, [0x57] = KEY_F23, [0x58] = KEY_CAPSLOCK, [0x59] = KEY_RIGHTSHIFT,
	[0x5a] = KEY_ENTER, [0x5b] = KEY_RIGHTBRACE, [0x5d] = KEY_BACKSLASH, [0x5f] = KEY_F24,
	[0x61] = KEY_102ND, [0x64] = KEY_HENKAN, [0x66] = KEY_BACKSPACE, [0x67] = KEY_MUHENKAN,
	[0x69] = KEY_KP1, [0x6a] = KEY_YEN, [0x6b] = KEY_KP4, [0x6c] = KEY_KP7, [0x6d] = KEY_KPCOMMA,
	[0x70] = KEY_KP0, [0x71] = KEY_KPDOT, [0x72] = KEY_KP2, [0x73] = KEY_KP5, [0x74] = KEY_KP6,
	[0x75] = KEY_KP8, [0x76] = KEY_ESC, [0x77] = KEY_NUMLOCK, [0x78] = KEY_F11,
	[0x79] = KEY_KPPLUS, [0x7a] = KEY_KP3, [0x7b] = KEY_KPMINUS, [0x7c] = KEY_KPASTERISK,
	[0x7d] = KEY_KP9, [0x7e] = KEY_SCROLLLOCK, [0x83] = KEY_F7, [0x84] = KEY_SYSRQ,
};

static const u8 extended_keys[0x80] = {
	[0x10] = KEY_SEARCH, [0x11] = KEY_RIGHTALT, [0x14] = KEY_RIGHTCTRL, [0x15] = KEY_PREVIOUSSONG,
	[0x18] = KEY_BOOKMARKS, [0x1f] = KEY_LEFTMETA, [0x20] = KEY_REFRESH, [0x21] = KEY_VOLUMEDOWN,
	[0x23] = KEY_MUTE, [0x27] = KEY_RIGHTMETA, [0x28] = KEY_STOP, [0x2b] = KEY_CALC,
	[0x2f] = KEY_COMPOSE, [0x30] = KEY_FORWARD, [0x32] = KEY_VOLUMEUP, [0x34] = KEY_PLAYPAUSE,
	[0x37] = KEY_POWER, [0x38] = KEY_BACK, [0x3a] = KEY_HOMEPAGE, [0x3b] = KEY_STOPCD,
	[0x3f] = KEY_SLEEP, [0x40] = KEY_COMPUTER, [0x48] = KEY_MAIL, [0x4a] = KEY_KPSLASH,
	[0x4d] = KEY_NEXTSONG, [0x50] = KEY_MEDIA, [0x5a] = KEY_KPENTER, [0x5e] = KEY_WAKEUP,
	[0x69] = KEY_END, [0x6b] = KEY_LEFT, [0x6c] = KEY_HOME, [0x70] = KEY_INSERT,
	[0x71] = KEY_DELETE, [0x72] = KEY_DOWN, [0x74] = KEY_RIGHT, [0x75] = KEY_UP,
	[0x7a] = KEY_PAGEDOWN, [0x7c] = KEY_SYSRQ, [0x7d] = KEY_PAGEUP, [0x7e] = KEY_PAUSE,
};

/* What the controller makes of set 2 when it translates to set 1. 0x02 and 0x7f are 0x83 and 0x84 there. */
static const u8 set1_of[0x85] = {
	0x00, 0x43, 0x00, 0x3f, 0x3d, 0x3b, 0x3c, 0x58, 0x64, 0x44, 0x42, 0x40, 0x3e, 0x0f, 0x29, 0x59,
	0x65, 0x38, 0x2a, 0x70, 0x1d, 0x10, 0x02, 0x5a, 0x66, 0x71, 0x2c, 0x1f, 0x1e, 0x11, 0x03, 0x5b,
	0x67, 0x2e, 0x2d, 0x20, 0x12, 0x05, 0x04, 0x5c, 0x68, 0x39, 0x2f, 0x21, 0x14, 0x13, 0x06, 0x5d,
	0x69, 0x31, 0x30, 0x23, 0x22, 0x15, 0x07, 0x5e, 0x6a, 0x72, 0x32, 0x24, 0x16, 0x08, 0x09, 0x5f,
	0x6b, 0x33, 0x25, 0x17, 0x18, 0x0b, 0x0a, 0x60, 0x6c, 0x34, 0x35, 0x26, 0x27, 0x19, 0x0c, 0x61,
	0x6d, 0x73, 0x28, 0x74, 0x1a, 0x0d, 0x62, 0x6e, 0x3a, 0x36, 0x1c, 0x1b, 0x75, 0x2b, 0x63, 0x76,
	0x55, 0x56, 0x77, 0x78, 0x79, 0x7a, 0x0e, 0x7b, 0x7c, 0x4f, 0x7d, 0x4b, 0x47, 0x7e, 0x7f, 0x6f,
	0x52, 0x53, 0x50, 0x4c, 0x4d, 0x48, 0x01, 0x45, 0x57, 0x4e, 0x51, 0x4a, 0x37, 0x49, 0x46, 0x00,
	0x00, 0x00, 0x00, 0x41, 0x54,
};

static bool is_fake_shift(u8 byte)
{
	return byte == 0x12 || byte == 0x59;
}

/* Behind E1: 14 77, each after F0 in the second half. */
static bool feed_pause(struct scancode_decoder *d, u8 byte, struct scancode_event *event)
{
	u8 state = d->state;

	d->state = 0;
	if (byte == 0x14 && !(state & SEEN_PAUSE_CTRL)) {
		d->state = state | SEEN_PAUSE_CTRL;
		return false;
	}
	if (byte != 0x77 || !(state & SEEN_PAUSE_CTRL))
		return false;
	*event = (struct scancode_event){ KEY_PAUSE, SCANCODE_PAUSE, !(state & SEEN_RELEASE) };
	return true;
}

bool scancode_feed(struct scancode_decoder *d, u8 byte, struct scancode_event *event)
{
	u8 state = d->state;

	switch (byte) {
	case PREFIX_EXTENDED:
		d->state = SEEN_EXTENDED;
		return false;
	case PREFIX_PAUSE:
		d->state = SEEN_PAUSE;
		return false;
	case PREFIX_RELEASE:
		d->state |= SEEN_RELEASE;
		return false;
	default:
		break;
	}
	if (state & SEEN_PAUSE)
		return feed_pause(d, byte, event);
	d->state = 0;
	bool extended = state & SEEN_EXTENDED;
	if (!byte || byte >= (extended ? ARRAY_SIZE(extended_keys) : ARRAY_SIZE(plain_keys)) ||
	    (extended && is_fake_shift(byte)))
		return false;
	event->key = extended ? extended_keys[byte] : plain_keys[byte];
	event->scan = set1_of[byte] | (extended ? 0x80 : 0);
	event->pressed = !(state & SEEN_RELEASE);
	return true;
}

u16 scancode_key(unsigned n)
{
	for (unsigned i = 0; i < ARRAY_SIZE(plain_keys) + ARRAY_SIZE(extended_keys); i++) {
		u8 key = i < ARRAY_SIZE(plain_keys) ? plain_keys[i] :
						      extended_keys[i - ARRAY_SIZE(plain_keys)];
		if (key && !n--)
			return key;
	}
	return 0;
}

/* The code in set 1 of a key, + 0x80: after E0; 0: none. */
static u8 find_set1(u16 key)
{
	for (unsigned i = 1; i < ARRAY_SIZE(plain_keys); i++)
		if (plain_keys[i] == key)
			return set1_of[i];
	for (unsigned i = 1; i < ARRAY_SIZE(extended_keys); i++)
		if (extended_keys[i] == key)
			return set1_of[i] | 0x80;
	return 0;
}

static size_t put_codes(u8 *out, const u8 *codes, size_t n, u8 up)
{
	for (size_t i = 0; i < n; i++)
		out[i] = codes[i] >= 0xe0 ? codes[i] : codes[i] | up;
	return n;
}

size_t scancode_set1(u16 key, bool pressed, bool alt, u8 out[SCANCODE_SET1_MAX])
{
	static const u8 pause[] = { 0xe1, 0x1d, 0x45 }, print[] = { 0xe0, 0x2a, 0xe0, 0x37 }, sysrq[] = { 0x54 };
	u8 up = pressed ? 0 : 0x80;

	if (!key)
		return 0;
	if (key == KEY_PAUSE)
		return put_codes(out, pause, sizeof(pause), up);
	if (key == KEY_SYSRQ)
		return alt ? put_codes(out, sysrq, sizeof(sysrq), up) : put_codes(out, print, sizeof(print), up);
	u8 code = find_set1(key), codes[] = { 0xe0, code & 0x7f };
	if (!codes[1])
		return 0;
	return code & 0x80 ? put_codes(out, codes, 2, up) : put_codes(out, codes + 1, 1, up);
}

u16 scancode_default_key(u16 scan)
{
	for (unsigned i = 1; i < ARRAY_SIZE(plain_keys); i++)
		if (set1_of[i] == scan && plain_keys[i])
			return plain_keys[i];
	for (unsigned i = 1; i < ARRAY_SIZE(extended_keys); i++)
		if ((set1_of[i] | 0x80) == scan && extended_keys[i])
			return extended_keys[i];
	return scan == SCANCODE_PAUSE ? KEY_PAUSE : 0;
}
