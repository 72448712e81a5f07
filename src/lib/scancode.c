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
	*event = (struct scancode_event){ KEY_PAUSE, 0xe1, !(state & SEEN_RELEASE) };
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
	event->scan = extended ? byte | 0x80 : byte;
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
