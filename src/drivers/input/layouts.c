/* SPDX-License-Identifier: MIT */
/*
 * What is printed on the keys.  Each key has up to four characters: plain, with Shift, with
 * AltGr, with both.  A combining character (U+0300...) is a dead key: it waits for the letter that
 * it goes on top of.  Keys that a layout does not name are as in the first one.
 */
#include <drivers/input/keymap.h>

#include <lib/compiler.h>
#include <lib/string.h>
#include <linux/input-event-codes.h>

static const struct keymap_layout layouts[] = {
	{ .name = "us", .keys = {
		[KEY_1] = u"1!", [KEY_2] = u"2@", [KEY_3] = u"3#", [KEY_4] = u"4$", [KEY_5] = u"5%",
		[KEY_6] = u"6^", [KEY_7] = u"7&", [KEY_8] = u"8*", [KEY_9] = u"9(", [KEY_0] = u"0)",
		[KEY_MINUS] = u"-_", [KEY_EQUAL] = u"=+",
		[KEY_Q] = u"qQ", [KEY_W] = u"wW", [KEY_E] = u"eE", [KEY_R] = u"rR", [KEY_T] = u"tT",
		[KEY_Y] = u"yY", [KEY_U] = u"uU", [KEY_I] = u"iI", [KEY_O] = u"oO", [KEY_P] = u"pP",
		[KEY_LEFTBRACE] = u"[{", [KEY_RIGHTBRACE] = u"]}",
		[KEY_A] = u"aA", [KEY_S] = u"sS", [KEY_D] = u"dD", [KEY_F] = u"fF", [KEY_G] = u"gG",
		[KEY_H] = u"hH", [KEY_J] = u"jJ", [KEY_K] = u"kK", [KEY_L] = u"lL",
		[KEY_SEMICOLON] = u";:", [KEY_APOSTROPHE] = u"'\"", [KEY_GRAVE] = u"`~",
		[KEY_BACKSLASH] = u"\\|",
		[KEY_Z] = u"zZ", [KEY_X] = u"xX", [KEY_C] = u"cC", [KEY_V] = u"vV", [KEY_B] = u"bB",
		[KEY_N] = u"nN", [KEY_M] = u"mM", [KEY_COMMA] = u",<", [KEY_DOT] = u".>",
		[KEY_SLASH] = u"/?", [KEY_SPACE] = u"  ", [KEY_102ND] = u"<>|", [KEY_KPDOT] = u".",
	} },
	{ .name = "uk", .altgr = true, .keys = {
		[KEY_2] = u"2\"", [KEY_3] = u"3£", [KEY_4] = u"4$€", [KEY_APOSTROPHE] = u"'@",
		[KEY_GRAVE] = u"`¬|", [KEY_BACKSLASH] = u"#~", [KEY_102ND] = u"\\|",
	} },
	{ .name = "de", .altgr = true, .keys = {
		[KEY_2] = u"2\"²", [KEY_3] = u"3§³", [KEY_6] = u"6&", [KEY_7] = u"7/{",
		[KEY_8] = u"8([", [KEY_9] = u"9)]", [KEY_0] = u"0=}", [KEY_MINUS] = u"ß?\\",
		[KEY_EQUAL] = { 0x301, 0x300 },
		[KEY_Q] = u"qQ@", [KEY_E] = u"eE€", [KEY_Y] = u"zZ", [KEY_LEFTBRACE] = u"üÜ",
		[KEY_RIGHTBRACE] = u"+*~",
		[KEY_SEMICOLON] = u"öÖ", [KEY_APOSTROPHE] = u"äÄ", [KEY_GRAVE] = { 0x302, 0xb0 /* degree */ },
		[KEY_BACKSLASH] = u"#'",
		[KEY_102ND] = u"<>|", [KEY_Z] = u"yY", [KEY_M] = u"mMµ", [KEY_COMMA] = u",;",
		[KEY_DOT] = u".:", [KEY_SLASH] = u"-_", [KEY_KPDOT] = u",",
	} },
	{ .name = "fr", .altgr = true, .keys = {
		[KEY_1] = u"&1", [KEY_2] = u"é2~", [KEY_3] = u"\"3#", [KEY_4] = u"'4{",
		[KEY_5] = u"(5[", [KEY_6] = u"-6|", [KEY_7] = u"è7`", [KEY_8] = u"_8\\",
		[KEY_9] = u"ç9^", [KEY_0] = u"à0@", [KEY_MINUS] = u")°]", [KEY_EQUAL] = u"=+}",
		[KEY_Q] = u"aA", [KEY_W] = u"zZ", [KEY_E] = u"eE€", [KEY_LEFTBRACE] = { 0x302, 0x308 },
		[KEY_RIGHTBRACE] = u"$£¤",
		[KEY_A] = u"qQ", [KEY_SEMICOLON] = u"mM", [KEY_APOSTROPHE] = u"ù%", [KEY_GRAVE] = u"²~",
		[KEY_BACKSLASH] = u"*µ",
		[KEY_Z] = u"wW", [KEY_M] = u",?", [KEY_COMMA] = u";.", [KEY_DOT] = u":/",
		[KEY_SLASH] = u"!§",
	} },
};

const struct keymap_layout *keymap_layout_find(const char *name)
{
	if (!strcmp(name, "gb"))
		name = "uk";
	for (unsigned i = 0; i < ARRAY_SIZE(layouts); i++)
		if (!strcmp(layouts[i].name, name))
			return &layouts[i];
	return NULL;
}

u16 keymap_layout_symbol(const struct keymap_layout *l, unsigned key, unsigned level)
{
	if (key >= KEYMAP_KEYS || level >= KEYMAP_LEVELS)
		return 0;
	return (l->keys[key][0] ? l : &layouts[0])->keys[key][level];
}
