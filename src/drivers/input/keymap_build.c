/* SPDX-License-Identifier: MIT */
/*
 * The maps of a layout.  A layout names the characters of the keys that have some; what Ctrl and
 * Alt make of these follows by rule.  All other keys mean the same in each layout and, but for
 * what `exceptions` lists, with all modifiers: as in the keymap that Linux has built in, but that Shift-F1 is F13
 * and Shift-Tab the back tab, as Debian's keymaps have them and terminfo's "linux" says.
 */
#include <drivers/input/keymap.h>

#include <lib/compiler.h>
#include <lib/string.h>
#include <linux/input-event-codes.h>

enum { ESC = 0x1b, DEL = 0x7f };

/* Sets of modifiers that have a map. AltGr alone and with Shift only where the layout has it. */
enum { SHIFT = 1 << KG_SHIFT, ALTGR = 1 << KG_ALTGR, CTRL = 1 << KG_CTRL, ALT = 1 << KG_ALT };
static const u8 sets[KEYMAP_BUILT] = {
	0, SHIFT, ALTGR, SHIFT | ALTGR, CTRL, SHIFT | CTRL, ALTGR | CTRL, ALT, SHIFT | ALT, CTRL | ALT, ALTGR | ALT,
};

/* Keys that are no characters. */
static const struct {
	u8 key;
	u16 symbol;
} common[] = {
	{ KEY_ESC, K(KT_LATIN, ESC) }, { KEY_BACKSPACE, K(KT_LATIN, DEL) }, { KEY_TAB, K(KT_LATIN, '\t') },
	{ KEY_ENTER, K_ENTER }, { KEY_LEFTCTRL, K_CTRL }, { KEY_RIGHTCTRL, K_CTRL }, { KEY_LEFTSHIFT, K_SHIFT },
	{ KEY_RIGHTSHIFT, K_SHIFT }, { KEY_LEFTALT, K_ALT }, { KEY_CAPSLOCK, K_CAPS }, { KEY_NUMLOCK, K_NUM },
	{ KEY_SCROLLLOCK, K_HOLD }, { KEY_KP0, K_P0 }, { KEY_KP1, K_P1 }, { KEY_KP2, K_P2 }, { KEY_KP3, K_P3 },
	{ KEY_KP4, K_P4 }, { KEY_KP5, K_P5 }, { KEY_KP6, K_P6 }, { KEY_KP7, K_P7 }, { KEY_KP8, K_P8 },
	{ KEY_KP9, K_P9 }, { KEY_KPMINUS, K_PMINUS }, { KEY_KPPLUS, K_PPLUS }, { KEY_KPASTERISK, K_PSTAR },
	{ KEY_KPSLASH, K_PSLASH }, { KEY_KPENTER, K_PENTER }, { KEY_KPDOT, K_PDOT },
	{ KEY_KPEQUAL, K(KT_LATIN, '=') }, { KEY_KPCOMMA, K(KT_LATIN, ',') },
	{ KEY_F1, K_F1 }, { KEY_F2, K_F2 }, { KEY_F3, K_F3 }, { KEY_F4, K_F4 }, { KEY_F5, K_F5 }, { KEY_F6, K_F6 },
	{ KEY_F7, K_F7 }, { KEY_F8, K_F8 }, { KEY_F9, K_F9 }, { KEY_F10, K_F10 }, { KEY_F11, K_F11 },
	{ KEY_F12, K_F12 }, { KEY_F13, K_F13 }, { KEY_F14, K_F14 }, { KEY_F15, K_F15 }, { KEY_F16, K_F16 },
	{ KEY_F17, K_F17 }, { KEY_F18, K_F18 }, { KEY_F19, K_F19 }, { KEY_F20, K_F20 },
	{ KEY_SYSRQ, K(KT_LATIN, '\\' & 31) }, { KEY_HOME, K_FIND }, { KEY_UP, K_UP }, { KEY_PAGEUP, K_PGUP },
	{ KEY_LEFT, K_LEFT }, { KEY_RIGHT, K_RIGHT }, { KEY_END, K_SELECT }, { KEY_DOWN, K_DOWN },
	{ KEY_PAGEDOWN, K_PGDN }, { KEY_INSERT, K_INSERT }, { KEY_DELETE, K_REMOVE }, { KEY_MACRO, K_MACRO },
	{ KEY_PAUSE, K_PAUSE },
};

/* What a set of modifiers changes. */
static const struct {
	u8 set, key;
	u16 symbol;
} exceptions[] = {
	{ SHIFT, KEY_TAB, K(KT_META, '\t') }, { SHIFT, KEY_NUMLOCK, K_BARENUMLOCK },
	{ SHIFT, KEY_SCROLLLOCK, K_SH_MEM }, { ALTGR, KEY_SCROLLLOCK, K_SH_REGS },
	{ CTRL, KEY_SCROLLLOCK, K_SH_STAT }, { CTRL, KEY_BACKSPACE, K(KT_LATIN, '\b') },
	{ SHIFT, KEY_PAGEUP, K_SCROLLBACK }, { SHIFT, KEY_PAGEDOWN, K_SCROLLFORW },
	{ CTRL, KEY_PAUSE, K_BREAK },
	{ ALT, KEY_ESC, K(KT_META, ESC) }, { ALT, KEY_BACKSPACE, K(KT_META, DEL) },
	{ ALT, KEY_TAB, K(KT_META, '\t') }, { ALT, KEY_ENTER, K(KT_META, '\r') },
	{ ALT, KEY_LEFT, K_DECRCONSOLE }, { ALT, KEY_RIGHT, K_INCRCONSOLE }, { ALT, KEY_UP, K_SPAWNCONSOLE },
	{ ALT, KEY_SYSRQ, K_CONS },
	{ CTRL | ALT, KEY_DELETE, K_BOOT }, { CTRL | ALT, KEY_KPDOT, K_BOOT },
	{ ALTGR | CTRL, KEY_DELETE, K_BOOT }, { ALTGR | CTRL, KEY_KPDOT, K_BOOT },
};

static const u8 keypad_digits[] = {
	KEY_KP0, KEY_KP1, KEY_KP2, KEY_KP3, KEY_KP4, KEY_KP5, KEY_KP6, KEY_KP7, KEY_KP8, KEY_KP9,
};

/* --- Characters --- */

static u16 symbol_of(u16 c)
{
	static const u16 dead[][2] = {
		{ 0x300, K_DGRAVE }, { 0x301, K_DACUTE }, { 0x302, K_DCIRCM }, { 0x303, K_DTILDE }, { 0x308, K_DDIERE },
		{ 0x327, K_DCEDIL },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(dead); i++)
		if (dead[i][0] == c)
			return dead[i][1];
	return !c ? K_HOLE : c < 0x100 ? K(KT_LATIN, c) : c ^ KEYMAP_UNICODE;
}

static bool is_letter(u16 lower, u16 upper)
{
	return ((lower >= 'a' && lower <= 'z') || (lower >= 0xe0 && lower <= 0xfe)) && upper == lower - 0x20;
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
static int control_of(const u16 *chars, unsigned level)
{
	unsigned order[] = { level, 0, 1 };

	for (unsigned i = 0; i < ARRAY_SIZE(order); i++) {
		int code = control_code(chars[order[i]]);
		if (code >= 0)
			return code;
	}
	return -1;
}

static u16 meta_of(u16 c)
{
	return c && c < 0x80 ? K(KT_META, c) : symbol_of(c);
}

static u16 character(const u16 *chars, unsigned set)
{
	unsigned level = (set & SHIFT ? 1 : 0) + (set & ALTGR ? 2 : 0);
	int control = control_of(chars, level);

	if (set & CTRL)
		return control < 0 ? K_HOLE : K(set & ALT ? KT_META : KT_LATIN, control);
	if (set & ALT)
		return meta_of(chars[level]);
	if (chars[level] && is_letter(chars[level & 2], chars[level | 1]))
		return K(KT_LETTER, chars[level]);
	return symbol_of(chars[level]);
}

/* --- The other keys --- */

static u16 function_key(unsigned set, unsigned f)
{
	if (set & ALT)
		return K(KT_CONS, f - 1);
	if (set == ALTGR)
		return K(KT_CONS, f + 11);
	if (set & SHIFT)
		f += 12;
	return f <= 20 ? K(KT_FN, f - 1) : K_HOLE; /* there are strings for 20 */
}

static void fill_functions(struct keymap_map *m, unsigned set)
{
	for (unsigned f = 1; f <= 12; f++)
		m->symbols[f <= 10 ? KEY_F1 + f - 1 : KEY_F11 + f - 11] = function_key(set, f);
}

static void fill_common(struct keymap_map *m, unsigned set)
{
	for (unsigned i = 0; i < ARRAY_SIZE(common); i++)
		m->symbols[common[i].key] = common[i].symbol;
	fill_functions(m, set);
	for (unsigned i = 0; i < ARRAY_SIZE(keypad_digits) && (set == ALT || set == ALTGR); i++)
		m->symbols[keypad_digits[i]] = K(KT_ASCII, set == ALT ? i : i + 10);
	for (unsigned i = 0; i < ARRAY_SIZE(exceptions); i++)
		if (exceptions[i].set == set)
			m->symbols[exceptions[i].key] = exceptions[i].symbol;
}

static void fill_characters(struct keymap_map *m, const struct keymap_layout *l, unsigned set)
{
	u16 chars[KEYMAP_LEVELS];

	for (unsigned key = 0; key < KEYMAP_KEYS; key++) {
		for (unsigned level = 0; level < KEYMAP_LEVELS; level++)
			chars[level] = keymap_layout_symbol(l, key, level);
		if (chars[0] && key != KEY_KPDOT)
			m->symbols[key] = character(chars, set);
	}
	/* On some keypads the point is a comma. */
	if (keymap_layout_symbol(l, KEY_KPDOT, 0) == ',' && m->symbols[KEY_KPDOT] == K_PDOT)
		m->symbols[KEY_KPDOT] = K_PCOMMA;
	m->symbols[KEY_RIGHTALT] = l->altgr ? K_ALTGR : K_ALT;
}

/* --- Strings and accents --- */

static const char *const strings[] = {
	"\033[[A", "\033[[B", "\033[[C", "\033[[D", "\033[[E", "\033[17~", "\033[18~",
	"\033[19~", "\033[20~", "\033[21~", "\033[23~", "\033[24~", "\033[25~", "\033[26~",
	"\033[28~", "\033[29~", "\033[31~", "\033[32~", "\033[33~", "\033[34~",
	[KVAL(K_FIND)] = "\033[1~", [KVAL(K_INSERT)] = "\033[2~", [KVAL(K_REMOVE)] = "\033[3~",
	[KVAL(K_SELECT)] = "\033[4~", [KVAL(K_PGUP)] = "\033[5~", [KVAL(K_PGDN)] = "\033[6~",
	[KVAL(K_MACRO)] = "\033[M", [KVAL(K_PAUSE)] = "\033[P",
};

/* Base letters and the letters with the accent by turns, behind the accent. */
static const struct {
	char dead;
	const u16 *pairs;
} accents[] = {
	{ '`', u"AÀaàEÈeèIÌiìOÒoòUÙuù" }, { '\'', u"AÁaáEÉeéIÍiíOÓoóUÚuúYÝyý" },
	{ '^', u"AÂaâEÊeêIÎiîOÔoôUÛuû" }, { '~', u"AÃaãNÑnñOÕoõ" }, { '"', u"AÄaäEËeëIÏiïOÖoöUÜuüyÿ" },
	{ 'O', u"AÅ" }, { 'o', u"aå" }, { '0', u"AÅaå" }, { 'A', u"AÅEÆ" }, { 'a', u"aåeæ" }, { ',', u"CÇcç" },
	{ '-', u"DÐdð" }, { '/', u"OØoø" }, { 'T', u"HÞ" }, { 't', u"hþ" }, { 's', u"sßzß" }, { 'i', u"jÿ" },
};

static void build_accents(struct keymap_tables *t)
{
	for (unsigned i = 0; i < ARRAY_SIZE(accents); i++)
		for (const u16 *p = accents[i].pairs; *p; p += 2)
			t->accents[t->accent_count++] =
				(struct kbdiacruc){ .diacr = accents[i].dead, .base = p[0], .result = p[1] };
}

void keymap_build(struct keymap_tables *t, const struct keymap_layout *l, struct keymap_map *space)
{
	for (unsigned i = 0; i < KEYMAP_BUILT; i++) {
		struct keymap_map *m = &space[i];
		if (sets[i] & ALTGR && !l->altgr)
			continue;
		for (unsigned key = 0; key < NR_KEYS; key++)
			m->symbols[key] = K_HOLE;
		fill_common(m, sets[i]);
		fill_characters(m, l, sets[i]);
		t->maps[sets[i]] = m;
	}
	for (unsigned i = 0; i < ARRAY_SIZE(strings); i++)
		t->strings[i] = (char *)strings[i];
	build_accents(t);
}
