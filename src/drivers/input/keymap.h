/* SPDX-License-Identifier: MIT */
/*
 * From keys to what they mean at a text console: bytes, or something to do.  Pure: no locks, no
 * devices; keyboard.c has the one instance that is in use.
 */
#pragma once

#include <lib/types.h>

enum { KEYMAP_KEYS = 90, KEYMAP_LEVELS = 4, KEYMAP_BYTES = 16 };

struct keymap_layout {
	const char *name;
	bool altgr;                           /* the right Alt key chooses levels 2 and 3; else it is an Alt */
	u16 keys[KEYMAP_KEYS][KEYMAP_LEVELS]; /* by KEY_*; layouts.c */
};

/* layouts.c. NULL: no layout of that name. */
const struct keymap_layout *keymap_layout_find(const char *name);
u16 keymap_layout_symbol(const struct keymap_layout *l, unsigned key, unsigned level);
bool keymap_is_dead(u16 symbol);
u16 keymap_accent(u16 dead);            /* the accent standing alone */
u16 keymap_compose(u16 dead, u16 base); /* 0: there is no such letter */

/* What a terminal wants of its keyboard. */
enum keymap_mode {
	KEYMAP_CURSOR_APPLICATION = 1, /* DECCKM: ESC O A for ESC [ A */
	KEYMAP_KEYPAD_APPLICATION = 2, /* DECKPAM */
	KEYMAP_RETURN_LINEFEED = 4,    /* LNM: Return sends CR LF */
	KEYMAP_META_BIT = 8,           /* Alt sets bit 7 (K_METABIT) rather than sending ESC first */
	KEYMAP_LATIN1 = 16,            /* characters are bytes (K_XLATE), not UTF-8 */
};

/* As KDSETLED has them. */
enum keymap_lock { KEYMAP_SCROLL_LOCK = 1, KEYMAP_NUM_LOCK = 2, KEYMAP_CAPS_LOCK = 4 };

struct keymap {
	const struct keymap_layout *layout;
	u16 held;  /* modifier keys that are down: keymap.c */
	u8 locks;  /* KEYMAP_*_LOCK */
	u8 modes;  /* KEYMAP_* */
	u16 dead;  /* a dead key that waits for its letter; 0: none */
	s16 ascii; /* decimal code typed on the keypad with Alt; -1: none */
};

enum keymap_action {
	KEYMAP_NOTHING,
	KEYMAP_TEXT,   /* bytes */
	KEYMAP_LOCKS,  /* m->locks changed: the LEDs */
	KEYMAP_SWITCH, /* to virtual terminal `value`, from 1 */
	KEYMAP_SWITCH_NEXT,
	KEYMAP_SWITCH_PREVIOUS,
	KEYMAP_RESTART, /* Ctrl-Alt-Del */
};

struct keymap_result {
	enum keymap_action action;
	unsigned value;
	u8 length;
	char bytes[KEYMAP_BYTES];
};

void keymap_init(struct keymap *m, const struct keymap_layout *layout);
/* A key (KEY_*, any number) was released (0), pressed (1), or held long enough to repeat (2). */
struct keymap_result keymap_key(struct keymap *m, unsigned key, unsigned value);
