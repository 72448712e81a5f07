/* SPDX-License-Identifier: MIT */
/* What keys send at the text console, in each layout. */
#include <debug/selftest.h>
#include <drivers/input/keymap.h>
#include <lib/string.h>
#include <linux/input-event-codes.h>

/* A keyboard with tables of its own. */
struct keyboard {
	struct keymap m;
	struct keymap_vt v;
	u8 modes;
	struct keymap_tables t;
	struct keymap_map maps[KEYMAP_BUILT];
	struct keymap_result r;
};

static struct keyboard *keyboard(const char *layout)
{
	static struct keyboard k;

	memset(&k, 0, sizeof(k));
	keymap_build(&k.t, keymap_layout_find(layout), k.maps);
	keymap_init(&k.m, &k.t);
	k.v = (struct keymap_vt)KEYMAP_VT_DEFAULT;
	return &k;
}

static const struct keymap_result *press(struct keyboard *k, unsigned key, unsigned value)
{
	keymap_key(&k->m, &k->v, k->modes, key, value, &k->r);
	return &k->r;
}

/* The text of pressing and releasing `keys` in turn; a negative one is held until the end. */
static const char *type(struct keyboard *k, const int *keys, unsigned n)
{
	static char text[128];
	size_t length = 0;

	memset(text, 0, sizeof(text));
	for (unsigned i = 0; i < 2 * n; i++) {
		unsigned at = i < n ? i : i - n;
		int key = keys[at] < 0 ? -keys[at] : keys[at];
		for (int value = i < n; value >= (i < n && keys[at] > 0 ? 0 : (int)(i < n)); value--) {
			const struct keymap_result *r = press(k, key, value);
			if (r->action == KEYMAP_TEXT && length + r->length < sizeof(text)) {
				memcpy(text + length, r->bytes, r->length);
				length += r->length;
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
	struct keyboard *k;

	k = keyboard("us");
	TYPES(k, "az1=\\", KEY_A, KEY_Z, KEY_1, KEY_EQUAL, KEY_BACKSLASH);
	TYPES(k, "A!?", -KEY_LEFTSHIFT, KEY_A, KEY_1, KEY_SLASH);
	TYPES(k, "\x01\x1b\x1c\x1f", -KEY_LEFTCTRL, KEY_A, KEY_LEFTBRACE, KEY_BACKSLASH, KEY_MINUS);
	TYPES(k, "\033a\033\r", -KEY_RIGHTALT, KEY_A, KEY_ENTER);
	TYPES(k, "A1a", KEY_CAPSLOCK, KEY_A, KEY_1, -KEY_RIGHTSHIFT, KEY_A);
	TYPES(k, "a", KEY_CAPSLOCK, KEY_A);
}

SELFTEST(input_keymap_sequences)
{
	struct keyboard *k;

	k = keyboard("us");
	TYPES(k, "\033[A\033[B\033[C\033[D", KEY_UP, KEY_DOWN, KEY_RIGHT, KEY_LEFT);
	TYPES(k, "\033[1~\033[2~\033[3~\033[4~\033[5~\033[6~", KEY_HOME, KEY_INSERT, KEY_DELETE, KEY_END,
	      KEY_PAGEUP, KEY_PAGEDOWN);
	TYPES(k, "\033[[A\033[[E\033[17~\033[21~\033[23~\033[24~", KEY_F1, KEY_F5, KEY_F6, KEY_F10, KEY_F11,
	      KEY_F12);
	TYPES(k, "\033[25~\033[34~\033\t", -KEY_LEFTSHIFT, KEY_F1, KEY_F8, KEY_TAB);
	TYPES(k, "\177\t\r\033", KEY_BACKSPACE, KEY_TAB, KEY_ENTER, KEY_ESC);
	k->modes = KEYMAP_CURSOR_APPLICATION | KEYMAP_KEYPAD_APPLICATION;
	TYPES(k, "\033OA\033Oq\033OM", KEY_UP, KEY_KP1, KEY_KPENTER);
}

SELFTEST(input_keymap_keypad)
{
	struct keyboard *k;

	k = keyboard("us");
	TYPES(k, "\033[4~\033[G\033[3~+\r", KEY_KP1, KEY_KP5, KEY_KPDOT, KEY_KPPLUS, KEY_KPENTER);
	TYPES(k, "15.", KEY_NUMLOCK, KEY_KP1, KEY_KP5, KEY_KPDOT);
	CHECK(k->v.flags == KEYMAP_NUM_LOCK);
	TYPES(k, "A", -KEY_LEFTALT, KEY_KP6, KEY_KP5);
	TYPES(k, "", KEY_NUMLOCK);
}

SELFTEST(input_keymap_layouts)
{
	struct keyboard *k;

	CHECK(!keymap_layout_find("xx"));
	k = keyboard("uk");
	TYPES(k, "#\"@£~", KEY_BACKSLASH, -KEY_LEFTSHIFT, KEY_2, KEY_APOSTROPHE, KEY_3, KEY_BACKSLASH);
	TYPES(k, "€", -KEY_RIGHTALT, KEY_4);
	k = keyboard("de");
	TYPES(k, "zyöäüß-#<+", KEY_Y, KEY_Z, KEY_SEMICOLON, KEY_APOSTROPHE, KEY_LEFTBRACE, KEY_MINUS,
	      KEY_SLASH, KEY_BACKSLASH, KEY_102ND, KEY_RIGHTBRACE);
	TYPES(k, "@€{[]}\\~|", -KEY_RIGHTALT, KEY_Q, KEY_E, KEY_7, KEY_8, KEY_9, KEY_0, KEY_MINUS,
	      KEY_RIGHTBRACE, KEY_102ND);
	TYPES(k, "ÖÄÜ", KEY_CAPSLOCK, KEY_SEMICOLON, KEY_APOSTROPHE, KEY_LEFTBRACE, KEY_CAPSLOCK);
	k = keyboard("fr");
	TYPES(k, "azqwm&éèçàù", KEY_Q, KEY_W, KEY_A, KEY_Z, KEY_SEMICOLON, KEY_1, KEY_2, KEY_7, KEY_9, KEY_0,
	      KEY_APOSTROPHE);
	TYPES(k, "1./", -KEY_LEFTSHIFT, KEY_1, KEY_COMMA, KEY_DOT);
}

SELFTEST(input_keymap_dead_keys)
{
	struct keyboard *k;

	k = keyboard("fr");
	TYPES(k, "êô^^x", KEY_LEFTBRACE, KEY_E, KEY_LEFTBRACE, KEY_O, KEY_LEFTBRACE, KEY_SPACE, KEY_LEFTBRACE,
	      KEY_X);
	TYPES(k, "ï", -KEY_LEFTSHIFT, KEY_LEFTBRACE, KEY_LEFTSHIFT, KEY_I);
	k = keyboard("de");
	TYPES(k, "éâ'", KEY_EQUAL, KEY_E, KEY_GRAVE, KEY_A, KEY_EQUAL, KEY_EQUAL, KEY_SPACE);
	k->v.kind = K_XLATE;
	TYPES(k, "\xe9\xdf", KEY_EQUAL, KEY_E, KEY_MINUS);
}

SELFTEST(input_keymap_commands)
{
	struct keyboard *k = keyboard("us");

	press(k, KEY_LEFTALT, 1);
	CHECK(press(k, KEY_F2, 1)->action == KEYMAP_SWITCH && k->r.value == 2);
	CHECK(press(k, KEY_LEFT, 1)->action == KEYMAP_SWITCH_PREVIOUS);
	CHECK(press(k, KEY_RIGHT, 1)->action == KEYMAP_SWITCH_NEXT);
	CHECK(press(k, KEY_UP, 1)->action == KEYMAP_SPAWN);
	press(k, KEY_RIGHTCTRL, 1);
	CHECK(press(k, KEY_DELETE, 1)->action == KEYMAP_RESTART);
	CHECK(press(k, KEY_F12, 1)->value == 12);
	press(k, KEY_LEFTALT, 0);
	press(k, KEY_RIGHTCTRL, 0);
	CHECK(press(k, KEY_SCROLLLOCK, 1)->action == KEYMAP_HOLD);
	press(k, KEY_LEFTSHIFT, 1);
	CHECK(press(k, KEY_PAGEUP, 1)->action == KEYMAP_SCROLL_BACK);
	CHECK(press(k, KEY_PAGEDOWN, 2)->action == KEYMAP_SCROLL_FORWARD);
	CHECK(press(k, 10000, 1)->action == KEYMAP_NOTHING);
}

/* A map that was taken away, sticky modifiers, locks, the compose key, what a program may have set. */
SELFTEST(input_keymap_changed)
{
	struct keyboard *k = keyboard("us");
	static char text[] = "hello";

	k->t.maps[0]->symbols[KEY_A] = K_SHIFT_SLOCK;
	k->t.maps[1]->symbols[KEY_A] = K_SHIFT_SLOCK;
	TYPES(k, "Bb", KEY_A, KEY_B, KEY_B);
	k->t.maps[0]->symbols[KEY_A] = k->t.maps[1]->symbols[KEY_A] = K_SHIFTLOCK;
	TYPES(k, "B!b", KEY_A, KEY_B, KEY_1, KEY_A, KEY_B);
	k->t.maps[0]->symbols[KEY_A] = K_COMPOSE;
	k->t.maps[0]->symbols[KEY_X] = K(KT_LATIN, 'a');
	TYPES(k, "æbe", KEY_A, KEY_X, KEY_E, KEY_B, KEY_E);
	k->t.maps[0]->symbols[KEY_A] = K(KT_FN, 200);
	TYPES(k, "", KEY_A);
	k->t.strings[200] = text;
	TYPES(k, "hello", KEY_A);
	k->t.maps[0]->symbols[KEY_A] = 0x20ac ^ KEYMAP_UNICODE;
	TYPES(k, "€", KEY_A);
	k->v.kind = K_OFF;
	TYPES(k, "", KEY_A, KEY_B, -KEY_LEFTSHIFT, KEY_C);
	k->v.kind = K_UNICODE;
	TYPES(k, "b", KEY_B);
	k->t.maps[1] = NULL;
	TYPES(k, "", -KEY_LEFTSHIFT, KEY_B);
	TYPES(k, "b", KEY_B);
	k->t.maps[0] = NULL;
	TYPES(k, "", KEY_B);
}
