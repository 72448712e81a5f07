/* SPDX-License-Identifier: MIT */
/* The console's font: Terminus 8x16 from Debian's console-setup-linux; see tools/mkfont.py. */
#pragma once

#include <lib/types.h>

enum { FONT_WIDTH = 8, FONT_HEIGHT = 16 };

/* Rows of a character, the leftmost pixel in the highest bit; never NULL. */
const u8 *font_glyph(u32 code);
/* The same in the character set of the PC's text mode. */
u8 font_cp437(u32 code);
