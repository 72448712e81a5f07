/* SPDX-License-Identifier: MIT */
/* What keys send at the text console, in each layout. */
#include <debug/selftest.h>
#include <drivers/input/keymap.h>
#include <lib/string.h>
#include <linux/input-event-codes.h>

/* The text of pressing and releasing `keys` in turn; a negative one is held until the end. */
static const char *type(struct keymap *m, const int *keys, unsigned n)
{
	static char text[128];
	size_t length = 0;

	memset(text, 0, sizeof(text));
	for (unsigned i = 0; i < 2 * n; i++) {
		unsigned at = i < n ? i : i - n;
		int key = keys[at] < 0 ? -keys[at] : keys[at];
		for (int value = i < n; value >= (i < n && keys[at] > 0 ? 0 : (int)(i < n)); value--) {
			struct keymap_result r = keymap_key(m, key, value);
			if (r.action == KEYMAP_TEXT && length + r.length < sizeof(text)) {
				memcpy(text + length, r.bytes, r.length);
				length += r.length;
			}
		}
	}
	return text;
}

#define TYPES(m, want, ...)                                                    \
	CHECK(!strcmp(type(m, (const int[]){ __VA_ARGS__ },                    \
			   ARRAY_SIZE(((const int[]){ __VA_ARGS__ }))), want))

SELFTEST(input_keymap_us)
{
	struct keymap m;

	keymap_init(&m, keymap_layout_find("us"));
	TYPES(&m, "az1=\\", KEY_A, KEY_Z, KEY_1, KEY_EQUAL, KEY_BACKSLASH);
	TYPES(&m, "A!?", -KEY_LEFTSHIFT, KEY_A, KEY_1, KEY_SLASH);
	TYPES(&m, "\x01\x1b\x1c\x1f", -KEY_LEFTCTRL, KEY_A, KEY_LEFTBRACE, KEY_BACKSLASH, KEY_MINUS);
	TYPES(&m, "\033a\033\r", -KEY_RIGHTALT, KEY_A, KEY_ENTER);
	TYPES(&m, "A1a", KEY_CAPSLOCK, KEY_A, KEY_1, -KEY_RIGHTSHIFT, KEY_A);
	TYPES(&m, "a", KEY_CAPSLOCK, KEY_A);
}

SELFTEST(input_keymap_sequences)
{
	struct keymap m;

	keymap_init(&m, keymap_layout_find("us"));
	TYPES(&m, "\033[A\033[B\033[C\033[D", KEY_UP, KEY_DOWN, KEY_RIGHT, KEY_LEFT);
	TYPES(&m, "\033[1~\033[2~\033[3~\033[4~\033[5~\033[6~", KEY_HOME, KEY_INSERT, KEY_DELETE, KEY_END,
	      KEY_PAGEUP, KEY_PAGEDOWN);
	TYPES(&m, "\033[[A\033[[E\033[17~\033[21~\033[23~\033[24~", KEY_F1, KEY_F5, KEY_F6, KEY_F10, KEY_F11,
	      KEY_F12);
	TYPES(&m, "\033[25~\033[34~\033\t", -KEY_LEFTSHIFT, KEY_F1, KEY_F8, KEY_TAB);
	TYPES(&m, "\177\t\r\033", KEY_BACKSPACE, KEY_TAB, KEY_ENTER, KEY_ESC);
	m.modes = KEYMAP_CURSOR_APPLICATION | KEYMAP_KEYPAD_APPLICATION;
	TYPES(&m, "\033OA\033Oq\033OM", KEY_UP, KEY_KP1, KEY_KPENTER);
}

SELFTEST(input_keymap_keypad)
{
	struct keymap m;

	keymap_init(&m, keymap_layout_find("us"));
	TYPES(&m, "\033[4~\033[G\033[3~+\r", KEY_KP1, KEY_KP5, KEY_KPDOT, KEY_KPPLUS, KEY_KPENTER);
	TYPES(&m, "15.", KEY_NUMLOCK, KEY_KP1, KEY_KP5, KEY_KPDOT);
	CHECK(m.locks == KEYMAP_NUM_LOCK);
	TYPES(&m, "A", -KEY_LEFTALT, KEY_KP6, KEY_KP5);
	TYPES(&m, "", KEY_NUMLOCK);
}

SELFTEST(input_keymap_layouts)
{
	struct keymap m;

	CHECK(!keymap_layout_find("xx"));
	keymap_init(&m, keymap_layout_find("uk"));
	TYPES(&m, "#\"@£~", KEY_BACKSLASH, -KEY_LEFTSHIFT, KEY_2, KEY_APOSTROPHE, KEY_3, KEY_BACKSLASH);
	TYPES(&m, "€", -KEY_RIGHTALT, KEY_4);
	keymap_init(&m, keymap_layout_find("de"));
	TYPES(&m, "zyöäüß-#<+", KEY_Y, KEY_Z, KEY_SEMICOLON, KEY_APOSTROPHE, KEY_LEFTBRACE, KEY_MINUS,
	      KEY_SLASH, KEY_BACKSLASH, KEY_102ND, KEY_RIGHTBRACE);
	TYPES(&m, "@€{[]}\\~|", -KEY_RIGHTALT, KEY_Q, KEY_E, KEY_7, KEY_8, KEY_9, KEY_0, KEY_MINUS,
	      KEY_RIGHTBRACE, KEY_102ND);
	TYPES(&m, "ÖÄÜ", KEY_CAPSLOCK, KEY_SEMICOLON, KEY_APOSTROPHE, KEY_LEFTBRACE, KEY_CAPSLOCK);
	keymap_init(&m, keymap_layout_find("fr"));
	TYPES(&m, "azqwm&éèçàù", KEY_Q, KEY_W, KEY_A, KEY_Z, KEY_SEMICOLON, KEY_1, KEY_2, KEY_7, KEY_9, KEY_0,
	      KEY_APOSTROPHE);
	TYPES(&m, "1./", -KEY_LEFTSHIFT, KEY_1, KEY_COMMA, KEY_DOT);
}

SELFTEST(input_keymap_dead_keys)
{
	struct keymap m;

	keymap_init(&m, keymap_layout_find("fr"));
	TYPES(&m, "êô^^x", KEY_LEFTBRACE, KEY_E, KEY_LEFTBRACE, KEY_O, KEY_LEFTBRACE, KEY_SPACE, KEY_LEFTBRACE,
	      KEY_X);
	TYPES(&m, "ï", -KEY_LEFTSHIFT, KEY_LEFTBRACE, KEY_LEFTSHIFT, KEY_I);
	keymap_init(&m, keymap_layout_find("de"));
	TYPES(&m, "éâ´", KEY_EQUAL, KEY_E, KEY_GRAVE, KEY_A, KEY_EQUAL, KEY_EQUAL);
	m.modes = KEYMAP_LATIN1;
	TYPES(&m, "\xe9\xdf", KEY_EQUAL, KEY_E, KEY_MINUS);
}

SELFTEST(input_keymap_commands)
{
	struct keymap m;

	keymap_init(&m, keymap_layout_find("us"));
	keymap_key(&m, KEY_LEFTALT, 1);
	struct keymap_result r = keymap_key(&m, KEY_F2, 1);
	CHECK(r.action == KEYMAP_SWITCH && r.value == 2);
	CHECK(keymap_key(&m, KEY_LEFT, 1).action == KEYMAP_SWITCH_PREVIOUS);
	CHECK(keymap_key(&m, KEY_RIGHT, 1).action == KEYMAP_SWITCH_NEXT);
	keymap_key(&m, KEY_RIGHTCTRL, 1);
	CHECK(keymap_key(&m, KEY_DELETE, 1).action == KEYMAP_RESTART);
	CHECK(keymap_key(&m, KEY_F12, 1).value == 12);
	keymap_key(&m, KEY_LEFTALT, 0);
	keymap_key(&m, KEY_RIGHTCTRL, 0);
	CHECK(keymap_key(&m, KEY_SCROLLLOCK, 1).action == KEYMAP_LOCKS && m.locks == KEYMAP_SCROLL_LOCK);
}
