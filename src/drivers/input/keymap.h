/* SPDX-License-Identifier: MIT */
/*
 * From keys to what they mean at a text console: bytes, or something to do.  Pure: no locks, no
 * devices, no allocation; keyboard.c has the one instance that is in use.
 *
 * The tables are those that loadkeys(1) and dumpkeys(1) know: for each set of modifiers a map of
 * symbols, by key.  A symbol is a type (KT_*) and a value in 16 bits; one whose type would be 15
 * (it is exclusive-ored with 0xf000) is a character beyond Latin-1.
 */
#pragma once

#include <lib/bitmap.h>
#include <linux/keyboard.h>
#include <linux/kd.h>

enum {
	KEYMAP_TYPES = 15,          /* KTYP values; above: Unicode */
	KEYMAP_ACCENTS = 256,
	KEYMAP_MODIFIERS = 9,       /* KG_SHIFT .. KG_CAPSSHIFT */
	KEYMAP_STRING = 512,        /* bytes of a function key's string, with its NUL */
	KEYMAP_UNICODE = 0xf000,
	KEYMAP_VTS = 63,
};

struct keymap_map {
	u16 symbols[NR_KEYS];
};

struct keymap_tables {
	struct keymap_map *maps[MAX_NR_KEYMAPS];  /* NULL: no key means anything with these modifiers */
	char *strings[MAX_NR_FUNC];               /* NULL: empty */
	struct kbdiacruc accents[KEYMAP_ACCENTS]; /* (dead character, base) -> character */
	unsigned accent_count;
};

static inline bool keymap_is_unicode(u16 symbol) { return KTYP(symbol) >= KEYMAP_TYPES; }
/* Does the symbol name something that there is? Unicode counts. */
bool keymap_symbol_valid(u16 symbol);

/* --- Layouts (layouts.c): what is printed on the keys --- */

enum { KEYMAP_KEYS = 90, KEYMAP_LEVELS = 4 };

struct keymap_layout {
	const char *name;
	bool altgr;                           /* the right Alt key chooses levels 2 and 3; else it is an Alt */
	u16 keys[KEYMAP_KEYS][KEYMAP_LEVELS]; /* by KEY_*; U+0300...: a dead key */
};

/* NULL: no layout of that name. */
const struct keymap_layout *keymap_layout_find(const char *name);
u16 keymap_layout_symbol(const struct keymap_layout *l, unsigned key, unsigned level);

/* --- The maps of a layout (keymap_build.c) --- */

/* How many maps that takes. */
enum { KEYMAP_BUILT = 11 };
/*
 * Fills `t`, which is empty, with maps from `space` (KEYMAP_BUILT of them), strings and accents.  The strings
 * are constants of this program.
 */
void keymap_build(struct keymap_tables *t, const struct keymap_layout *l, struct keymap_map *space);

/* --- Keys --- */

/* What a terminal wants of its keyboard, and what KDSKBMETA says. */
enum keymap_mode {
	KEYMAP_CURSOR_APPLICATION = 1, /* DECCKM: ESC O A for ESC [ A */
	KEYMAP_KEYPAD_APPLICATION = 2, /* DECKPAM */
	KEYMAP_RETURN_LINEFEED = 4,    /* LNM: Return sends CR LF */
	KEYMAP_META_BIT = 8,           /* Alt sets bit 7 (K_METABIT) rather than sending ESC first */
};

/* As KDSETLED has them. */
enum keymap_led { KEYMAP_SCROLL_LOCK = LED_SCR, KEYMAP_NUM_LOCK = LED_NUM, KEYMAP_CAPS_LOCK = LED_CAP };

/* A virtual terminal's part. */
struct keymap_vt {
	u8 kind;         /* K_XLATE, K_UNICODE, K_RAW, K_MEDIUMRAW, K_OFF */
	u8 modes;        /* enum keymap_mode */
	u8 flags;        /* enum keymap_led: what is locked, as KDGKBLED */
	u8 flags_reset;  /* what a reset makes of `flags` */
	u8 leds;         /* what the LEDs show, as KDSETLED; more than 7: `flags` */
	u8 lock, slock;  /* modifiers that are locked, and for the next key only (KG_* bits) */
};

struct keymap {
	struct keymap_tables *tables;
	BITMAP_DECLARE(down, NR_KEYS);
	u8 held[KEYMAP_MODIFIERS]; /* keys that are down of each modifier */
	u16 shift;                 /* modifiers that are held */
	bool compose;              /* the next character is the first of a composed one */
	u32 dead;                  /* a dead character that waits for its letter; 0: none */
	bool ascii_typed;
	u32 ascii;                 /* code typed on the keypad with Alt */
};

enum keymap_action {
	KEYMAP_NOTHING,
	KEYMAP_TEXT,         /* bytes */
	KEYMAP_SWITCH,       /* to virtual terminal `value`, from 1 */
	KEYMAP_SWITCH_NEXT,
	KEYMAP_SWITCH_PREVIOUS,
	KEYMAP_SWITCH_LAST,
	KEYMAP_RESTART,      /* Ctrl-Alt-Del */
	KEYMAP_HOLD,         /* stop or go on with the output */
	KEYMAP_SCROLL_BACK,
	KEYMAP_SCROLL_FORWARD,
	KEYMAP_BREAK,
	KEYMAP_ATTENTION,    /* secure attention: nothing but a fresh log-in may live here */
	KEYMAP_SPAWN,        /* KDSIGACCEPT's signal */
	KEYMAP_SHOW_MEMORY,
	KEYMAP_SHOW_STATE,
	KEYMAP_SHOW_REGISTERS,
};

struct keymap_result {
	enum keymap_action action;
	unsigned value;
	u16 length;
	char bytes[KEYMAP_STRING + 8];
};

#define KEYMAP_VT_DEFAULT { .kind = K_UNICODE, .leds = 0xff }

void keymap_init(struct keymap *m, struct keymap_tables *t);
/*
 * A key (KEY_*, any number) was released (0), pressed (1), or held long enough to repeat (2) with
 * `v` on the screen; `*r` is set.  `modes`: what its terminal wants, beside v->modes.
 */
void keymap_key(struct keymap *m, struct keymap_vt *v, u8 modes, unsigned key, unsigned value,
		struct keymap_result *r);
/* Makes the held modifiers agree with the keys that are down: after the maps were changed. */
void keymap_shift_state(struct keymap *m);
/* As ESC c does: locks and the like, not what kind of keyboard it is. */
void keymap_vt_reset(struct keymap_vt *v);
static inline u8 keymap_leds(const struct keymap_vt *v) { return v->leds > 7 ? v->flags : v->leds; }
