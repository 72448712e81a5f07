/* SPDX-License-Identifier: MIT */
/* The console's font: Terminus 8x16 from Debian's console-setup-linux; see tools/mkfont.py. */
#pragma once

#include <lib/types.h>

enum { FONT_WIDTH = 8, FONT_HEIGHT = 16 };

/* Of the characters from 0x20 to 0x7e; head.asm draws with them, too. */
extern const u8 font_ascii[][FONT_HEIGHT];
/* Rows of a character, the leftmost pixel in the highest bit; never NULL. */
const u8 *font_glyph(u32 code);
/* The same in the character set of the PC's text mode. */
u8 font_cp437(u32 code);
