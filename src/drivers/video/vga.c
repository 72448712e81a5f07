/* SPDX-License-Identifier: MIT */
/*
 * VGA registers (IBM's PS/2 Video Subsystem Technical Reference).  A palette entry is written as
 * three bytes behind its number.  They have six bits, or eight when the boot loader has asked the
 * VGA BIOS for that: what is written and read back tells.
 */
#include <drivers/video/vga.h>

#include <arch/io.h>
#include <lib/compiler.h>
#include <lib/terminal.h>

enum {
	DAC_READ_INDEX = 0x3c7, DAC_WRITE_INDEX = 0x3c8, DAC_DATA = 0x3c9,
	CRTC_INDEX = 0x3d4, CRTC_DATA = 0x3d5,
	CRTC_CURSOR_START = 0x0a, CRTC_CURSOR_END = 0x0b, CRTC_CURSOR_HIGH = 0x0e, CRTC_CURSOR_LOW = 0x0f,
	CURSOR_OFF = 0x20, SIX_BITS = 63,
};

static unsigned dac_shift; /* imm after vga_palette_init: 8 minus the bits of a channel */

void vga_palette_set(u8 place, u32 rgb)
{
	io_out8(DAC_WRITE_INDEX, place);
	io_out8(DAC_DATA, (rgb >> 16 & 255) >> dac_shift);
	io_out8(DAC_DATA, (rgb >> 8 & 255) >> dac_shift);
	io_out8(DAC_DATA, (rgb & 255) >> dac_shift);
}

static u8 dac_red(u8 place)
{
	io_out8(DAC_READ_INDEX, place);
	return io_in8(DAC_DATA);
}

void vga_palette_init(void)
{
	vga_palette_set(0, 0xffffff);
	dac_shift = dac_red(0) > SIX_BITS ? 0 : 2;
	for (unsigned i = 0; i < 256; i++)
		vga_palette_set(i, terminal_rgb(i));
}

static unsigned distance(u32 a, u32 b)
{
	int red = (a >> 16 & 255) - (b >> 16 & 255), green = (a >> 8 & 255) - (b >> 8 & 255);
	int blue = (a & 255) - (b & 255);

	return red * red + green * green + blue * blue;
}

u8 vga_nearest(u32 rgb, unsigned n)
{
	u8 best = 0;

	if (n == 256)
		return terminal_nearest(rgb);
	for (u8 i = 1; i < n; i++)
		if (distance(terminal_rgb(i), rgb) < distance(terminal_rgb(best), rgb))
			best = i;
	return best;
}

static void crtc_write(u8 index, u8 value)
{
	io_out8(CRTC_INDEX, index);
	io_out8(CRTC_DATA, value);
}

void vga_text_cursor(unsigned cell, u8 first, u8 last)
{
	crtc_write(CRTC_CURSOR_HIGH, cell >> 8);
	crtc_write(CRTC_CURSOR_LOW, cell);
	crtc_write(CRTC_CURSOR_START, first);
	crtc_write(CRTC_CURSOR_END, last);
}

void vga_text_cursor_off(void)
{
	crtc_write(CRTC_CURSOR_START, CURSOR_OFF);
}
