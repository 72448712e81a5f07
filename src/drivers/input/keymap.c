/* SPDX-License-Identifier: MIT */
/*
 * The Linux console's keyboard: terminfo's "linux" describes what the keys send.
 *
 * A key is looked for in this order: modifiers and locks; what is done at once (Ctrl-Alt-Del,
 * Alt-Fn, Alt-arrows); the keypad; keys with a fixed sequence; then the layout.  There the level
 * is 1 with Shift (or with Caps Lock, on letters) plus 2 with AltGr; Ctrl makes a control code of
 * the character, Alt puts ESC in front of whatever comes.
 */
#include <drivers/input/keymap.h>

#include <lib/compiler.h>
#include <lib/string.h>
#include <lib/utf8.h>
#include <linux/input-event-codes.h>

enum { ESC = 0x1b, DEL = 0x7f };

/* A bit a key, so that releasing one of two Shift keys leaves the other. */
enum held {
	HELD_LEFT_SHIFT = 1,
	HELD_RIGHT_SHIFT = 2,
	HELD_LEFT_CTRL = 4,
	HELD_RIGHT_CTRL = 8,
	HELD_LEFT_ALT = 16,
	HELD_RIGHT_ALT = 32,
	HELD_SHIFT = HELD_LEFT_SHIFT | HELD_RIGHT_SHIFT,
	HELD_CTRL = HELD_LEFT_CTRL | HELD_RIGHT_CTRL,
	HELD_ALT = HELD_LEFT_ALT | HELD_RIGHT_ALT,
};

void keymap_init(struct keymap *m, const struct keymap_layout *layout)
{
	*m = (struct keymap){ .layout = layout, .ascii = -1 };
}

static u16 modifier(unsigned key)
{
	switch (key) {
	case KEY_LEFTSHIFT: return HELD_LEFT_SHIFT;
	case KEY_RIGHTSHIFT: return HELD_RIGHT_SHIFT;
	case KEY_LEFTCTRL: return HELD_LEFT_CTRL;
	case KEY_RIGHTCTRL: return HELD_RIGHT_CTRL;
	case KEY_LEFTALT: return HELD_LEFT_ALT;
	case KEY_RIGHTALT: return HELD_RIGHT_ALT;
	default: return 0;
	}
}

static u8 lock_of(unsigned key)
{
	switch (key) {
	case KEY_SCROLLLOCK: return KEYMAP_SCROLL_LOCK;
	case KEY_NUMLOCK: return KEYMAP_NUM_LOCK;
	case KEY_CAPSLOCK: return KEYMAP_CAPS_LOCK;
	default: return 0;
	}
}

static bool altgr(const struct keymap *m)
{
	return m->layout->altgr && m->held & HELD_RIGHT_ALT;
}

static bool alt(const struct keymap *m)
{
	return m->held & (m->layout->altgr ? HELD_LEFT_ALT : HELD_ALT);
}

/* --- Output --- */

static void put(struct keymap_result *r, const char *bytes, size_t n)
{
	if (r->length + n > KEYMAP_BYTES)
		return;
	memcpy(r->bytes + r->length, bytes, n);
	r->length += n;
	r->action = KEYMAP_TEXT;
}

static void put_string(struct keymap_result *r, const char *s)
{
	put(r, s, strlen(s));
}

static void put_char(struct keymap_result *r, const struct keymap *m, u32 code)
{
	u8 out[4] = { code };
	size_t n = code < 0x100;

	if (!(m->modes & KEYMAP_LATIN1))
		n = utf8_encode(code, out);
	if (n)
		put(r, (char *)out, n);
}

/* --- Keys that do something --- */

static unsigned function_key(unsigned key)
{
	if (key >= KEY_F1 && key <= KEY_F10)
		return key - KEY_F1 + 1;
	if (key == KEY_F11 || key == KEY_F12)
		return key - KEY_F11 + 11;
	if (key >= KEY_F13 && key <= KEY_F24)
		return key - KEY_F13 + 13;
	return 0;
}

static bool do_command(const struct keymap *m, unsigned key, struct keymap_result *r)
{
	unsigned f = function_key(key);

	if (!(m->held & HELD_ALT))
		return false;
	if (m->held & HELD_CTRL && (key == KEY_DELETE || key == KEY_KPDOT)) {
		r->action = KEYMAP_RESTART;
	} else if (f) {
		r->action = KEYMAP_SWITCH;
		r->value = altgr(m) && f <= 12 ? f + 12 : f;
	} else if ((key == KEY_LEFT || key == KEY_RIGHT) && !(m->held & (HELD_CTRL | HELD_SHIFT))) {
		r->action = key == KEY_LEFT ? KEYMAP_SWITCH_PREVIOUS : KEYMAP_SWITCH_NEXT;
	} else {
		return false;
	}
	return true;
}

/* --- Keys with a sequence of their own --- */

static void put_cursor(const struct keymap *m, char letter, struct keymap_result *r)
{
	char s[] = { ESC, m->modes & KEYMAP_CURSOR_APPLICATION ? 'O' : '[', letter };

	put(r, s, sizeof(s));
}

static void put_function(const struct keymap *m, unsigned f, struct keymap_result *r)
{
	static const char *const sequences[] = {
		"\033[[A", "\033[[B", "\033[[C", "\033[[D", "\033[[E", "\033[17~", "\033[18~",
		"\033[19~", "\033[20~", "\033[21~", "\033[23~", "\033[24~", "\033[25~", "\033[26~",
		"\033[28~", "\033[29~", "\033[31~", "\033[32~", "\033[33~", "\033[34~",
	};

	if (f <= 12 && m->held & HELD_SHIFT)
		f += 12;
	if (f <= ARRAY_SIZE(sequences))
		put_string(r, sequences[f - 1]);
}

/* false: not such a key. Keys that send nothing at a console count, too. */
static bool put_fixed(const struct keymap *m, unsigned key, struct keymap_result *r)
{
	unsigned f = function_key(key);

	if (f) {
		put_function(m, f, r);
		return true;
	}
	switch (key) {
	case KEY_UP: put_cursor(m, 'A', r); return true;
	case KEY_DOWN: put_cursor(m, 'B', r); return true;
	case KEY_RIGHT: put_cursor(m, 'C', r); return true;
	case KEY_LEFT: put_cursor(m, 'D', r); return true;
	case KEY_HOME: put_string(r, "\033[1~"); return true;
	case KEY_INSERT: put_string(r, "\033[2~"); return true;
	case KEY_DELETE: put_string(r, "\033[3~"); return true;
	case KEY_END: put_string(r, "\033[4~"); return true;
	case KEY_PAGEUP: put_string(r, "\033[5~"); return true;
	case KEY_PAGEDOWN: put_string(r, "\033[6~"); return true;
	case KEY_PAUSE: put_string(r, "\033[P"); return true;
	case KEY_ESC: put_string(r, "\033"); return true;
	case KEY_TAB: put_string(r, m->held & HELD_SHIFT ? "\033\t" : "\t"); return true;
	case KEY_BACKSPACE: put_string(r, m->held & HELD_CTRL ? "\b" : "\177"); return true;
	case KEY_ENTER:
		put_string(r, m->modes & KEYMAP_RETURN_LINEFEED ? "\r\n" : "\r");
		return true;
	default: return false;
	}
}

/* --- The keypad --- */

static const struct keypad_key {
	u8 key, twin;     /* without Num Lock it is as the twin; 0: as with it */
	char plain;       /* 0: the layout says */
	char application; /* behind ESC O */
} keypad[] = {
	{ KEY_KP0, KEY_INSERT, '0', 'p' },   { KEY_KP1, KEY_END, '1', 'q' },
	{ KEY_KP2, KEY_DOWN, '2', 'r' },     { KEY_KP3, KEY_PAGEDOWN, '3', 's' },
	{ KEY_KP4, KEY_LEFT, '4', 't' },     { KEY_KP5, 0, '5', 'u' },
	{ KEY_KP6, KEY_RIGHT, '6', 'v' },    { KEY_KP7, KEY_HOME, '7', 'w' },
	{ KEY_KP8, KEY_UP, '8', 'x' },       { KEY_KP9, KEY_PAGEUP, '9', 'y' },
	{ KEY_KPDOT, KEY_DELETE, 0, 'n' },   { KEY_KPPLUS, 0, '+', 'l' },
	{ KEY_KPMINUS, 0, '-', 'S' },        { KEY_KPASTERISK, 0, '*', 'R' },
	{ KEY_KPSLASH, 0, '/', 'Q' },        { KEY_KPENTER, KEY_ENTER, '\r', 'M' },
	{ KEY_KPEQUAL, 0, '=', 'X' },        { KEY_KPCOMMA, 0, ',', 'l' },
};

static const struct keypad_key *keypad_find(unsigned key)
{
	for (unsigned i = 0; i < ARRAY_SIZE(keypad); i++)
		if (keypad[i].key == key)
			return &keypad[i];
	return NULL;
}

static bool put_keypad(struct keymap *m, unsigned key, struct keymap_result *r)
{
	const struct keypad_key *k = keypad_find(key);
	bool numbers = m->locks & KEYMAP_NUM_LOCK;

	if (!k)
		return false;
	if (alt(m) && k->plain >= '0' && k->plain <= '9') {
		/* The code of a character, which comes when Alt is released. */
		m->ascii = (m->ascii < 0 ? 0 : m->ascii * 10 % 1000) + k->plain - '0';
	} else if (m->modes & KEYMAP_KEYPAD_APPLICATION && !(m->held & HELD_SHIFT)) {
		char s[] = { ESC, 'O', k->application };
		put(r, s, sizeof(s));
	} else if (key == KEY_KPENTER || (k->twin && !numbers)) {
		put_fixed(m, k->twin, r);
	} else if (key == KEY_KP5 && !numbers) {
		put_string(r, "\033[G");
	} else {
		put_char(r, m, k->plain ? k->plain : keymap_layout_symbol(m->layout, key, 0));
	}
	return true;
}

/* --- The layout's keys --- */

static bool is_letter(const struct keymap *m, unsigned key, unsigned level)
{
	u16 lower = keymap_layout_symbol(m->layout, key, level);
	u16 upper = keymap_layout_symbol(m->layout, key, level + 1);

	return ((lower >= 'a' && lower <= 'z') || (lower >= 0xe0 && lower <= 0xfe)) &&
	       upper == lower - 0x20;
}

/* -1: none. */
static int control_code(u16 c)
{
	switch (c) {
	case ' ':
	case '2': return 0;
	case '3':
	case '4':
	case '5':
	case '6':
	case '7': return c - '3' + ESC;
	case '8':
	case '?': return DEL;
	case '/':
	case '-': return 0x1f;
	default: return (c >= '@' && c <= '_') || (c >= 'a' && c <= 'z') ? c & 0x1f : -1;
	}
}

/* Of the characters on the key the wanted level's comes first, then the others'. */
static void put_control(const struct keymap *m, unsigned key, unsigned level, struct keymap_result *r)
{
	unsigned order[] = { level, 0, 1 };

	for (unsigned i = 0; i < ARRAY_SIZE(order); i++) {
		int code = control_code(keymap_layout_symbol(m->layout, key, order[i]));
		if (code < 0)
			continue;
		char c = code;
		put(r, &c, 1);
		return;
	}
}

static void put_symbol(struct keymap *m, u16 symbol, struct keymap_result *r)
{
	u16 dead = m->dead, composed = keymap_compose(dead, symbol);

	m->dead = 0;
	if (!dead && keymap_is_dead(symbol)) {
		m->dead = symbol;
	} else if (!dead) {
		put_char(r, m, symbol);
	} else if (symbol == ' ' || symbol == dead) {
		put_char(r, m, keymap_accent(dead));
	} else if (composed) {
		put_char(r, m, composed);
	} else {
		put_char(r, m, keymap_accent(dead));
		put_char(r, m, keymap_accent(symbol));
	}
}

static void put_layout(struct keymap *m, unsigned key, struct keymap_result *r)
{
	unsigned level = altgr(m) ? 2 : 0;
	bool shift = m->held & HELD_SHIFT;

	if (m->locks & KEYMAP_CAPS_LOCK && is_letter(m, key, level))
		shift = !shift;
	level += shift;
	if (m->held & HELD_CTRL) {
		put_control(m, key, level, r);
		return;
	}
	u16 symbol = keymap_layout_symbol(m->layout, key, level);
	if (symbol)
		put_symbol(m, symbol, r);
}

/* Alt: ESC in front, or bit 7. */
static void add_meta(const struct keymap *m, struct keymap_result *r)
{
	if (r->action != KEYMAP_TEXT || !alt(m) || r->length >= KEYMAP_BYTES)
		return;
	if (!(m->modes & KEYMAP_META_BIT)) {
		memmove(r->bytes + 1, r->bytes, r->length);
		r->bytes[0] = ESC;
		r->length++;
	} else if (r->length == 1) {
		u8 c = (u8)r->bytes[0] | 0x80;
		r->length = 0;
		put_char(r, m, c);
	}
}

static void modifier_changed(struct keymap *m, u16 bit, bool down, struct keymap_result *r)
{
	m->held = down ? m->held | bit : m->held & ~bit;
	if (m->ascii >= 0 && !alt(m)) {
		put_char(r, m, m->ascii);
		m->ascii = -1;
	}
}

struct keymap_result keymap_key(struct keymap *m, unsigned key, unsigned value)
{
	struct keymap_result r = { .action = KEYMAP_NOTHING };
	u16 bit = modifier(key);

	if (bit) {
		modifier_changed(m, bit, value, &r);
	} else if (value == 1 && lock_of(key)) {
		m->locks ^= lock_of(key);
		r.action = KEYMAP_LOCKS;
	} else if (value && !lock_of(key) && !do_command(m, key, &r)) {
		if (!put_keypad(m, key, &r) && !put_fixed(m, key, &r))
			put_layout(m, key, &r);
		add_meta(m, &r);
	}
	return r;
}
