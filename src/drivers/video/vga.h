/* SPDX-License-Identifier: MIT */
/* The parts of a VGA that a frame buffer or text mode needs: palette and text cursor. No locks. */
#pragma once

#include <lib/types.h>

/* Programs xterm's 256 colours. Boot. */
void vga_palette_init(void);
/* One place, eight bits a channel. */
void vga_palette_set(u8 place, u32 rgb);
/* The nearest of the first `n` (16 or 256) colours of that palette. */
u8 vga_nearest(u32 rgb, unsigned n);
/* One of the 16 as text mode numbers them: there red and blue change places. */
static inline u8 vga_text_colour(u8 colour)
{
	return (colour & 10) | (colour & 1) << 2 | (colour >> 2 & 1);
}
/* The text mode's cursor at a cell, on these lines of the font. */
void vga_text_cursor(unsigned cell, u8 first, u8 last);
void vga_text_cursor_off(void);
