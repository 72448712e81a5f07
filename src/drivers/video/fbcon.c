/* SPDX-License-Identifier: MIT */
/*
 * The console's screen: the frame buffer that the boot loader has set up, in 15 to 32 bits a
 * pixel with any masks or in 8 bits with a palette, or the PC's text mode.
 *
 * The memory is mapped write-combining and only ever written.  A glyph's row of eight
 * pixels is one to four stores of 64 bits, made of pieces that are computed once
 * for a pair of colours.
 *
 * Text mode and palettes have no exact colours: the nearest are taken. Cells bring 0xRRGGBB, and
 * few different ones, so the last found are kept.
 */
#include <drivers/video/fbcon.h>

#include <arch/io.h>
#include <debug/log.h>
#include <drivers/video/fbdev.h>
#include <drivers/video/font.h>
#include <drivers/video/vga.h>
#include <drivers/video/video.h>
#include <lib/multiboot2.h>
#include <lib/string.h>
#include <mm/kmap.h>
#include <mm/layout.h>
#include <tty/vt.h>

enum { TEXT_CELL = 2, UNDERLINE_ROW = 14, STRIKE_ROW = 8, SLANT_ABOVE = 6, SLANT_BELOW = 11, BAR = 0xc0,
       KNOWN_COLOURS = 64 };

struct known_colour {
	u32 rgb; /* NO_COLOUR: none */
	u8 place;
};
#define NO_COLOUR (~0U)

struct fbcon {
	struct vt_screen screen;
	const struct boot_fb *boot; /* imm */
	u8 *memory;        /* imm */
	size_t pitch;      /* imm */
	unsigned bytes;    /* imm: of a pixel */
	unsigned cursor;   /* text mode: where the hardware's cursor is, or NO_CURSOR */
	struct known_colour known[KNOWN_COLOURS];
};
#define NO_CURSOR (~0U)

static struct fbcon fbcon;

/* --- Pixels ------------------------------------------------------------------------------------- */

static void blit_32(u8 *to, size_t pitch, const u8 *rows, u32 fg, u32 bg)
{
	u64 pair[4];

	for (unsigned i = 0; i < 4; i++)
		pair[i] = (i & 2 ? fg : bg) | (u64)(i & 1 ? fg : bg) << 32;
	for (unsigned y = 0; y < FONT_HEIGHT; y++, to += pitch) {
		u64 *out = (u64 *)to;
		out[0] = pair[rows[y] >> 6];
		out[1] = pair[rows[y] >> 4 & 3];
		out[2] = pair[rows[y] >> 2 & 3];
		out[3] = pair[rows[y] & 3];
	}
}

static void blit_16(u8 *to, size_t pitch, const u8 *rows, u32 fg, u32 bg)
{
	u64 four[16];

	for (unsigned i = 0; i < 16; i++)
		four[i] = (i & 8 ? fg : bg) | (u64)(i & 4 ? fg : bg) << 16 | (u64)(i & 2 ? fg : bg) << 32 |
			  (u64)(i & 1 ? fg : bg) << 48;
	for (unsigned y = 0; y < FONT_HEIGHT; y++, to += pitch) {
		u64 *out = (u64 *)to;
		out[0] = four[rows[y] >> 4];
		out[1] = four[rows[y] & 15];
	}
}

static void blit_24(u8 *to, size_t pitch, const u8 *rows, u32 fg, u32 bg)
{
	u8 line[FONT_WIDTH * 3];

	for (unsigned y = 0; y < FONT_HEIGHT; y++, to += pitch) {
		for (unsigned x = 0; x < FONT_WIDTH; x++) {
			u32 pixel = rows[y] & 0x80 >> x ? fg : bg;
			line[3 * x] = pixel;
			line[3 * x + 1] = pixel >> 8;
			line[3 * x + 2] = pixel >> 16;
		}
		memcpy(to, line, sizeof(line));
	}
}

static void blit_8(u8 *to, size_t pitch, const u8 *rows, u32 fg, u32 bg)
{
	u32 four[16];

	for (unsigned i = 0; i < 16; i++)
		four[i] = (i & 8 ? fg : bg) | (i & 4 ? fg : bg) << 8 | (i & 2 ? fg : bg) << 16 |
			  (i & 1 ? fg : bg) << 24;
	for (unsigned y = 0; y < FONT_HEIGHT; y++, to += pitch)
		*(u64 *)to = four[rows[y] >> 4] | (u64)four[rows[y] & 15] << 32;
}

static void fill_rows(u8 *rows, unsigned from)
{
	memset(rows + from, 0xff, FONT_HEIGHT - from);
}

/* The glyph turns over where the cursor stands; a line or a bar is drawn over it. */
static void add_cursor(u8 *rows, enum terminal_cursor shape)
{
	static const u8 top[] = {
		[TERMINAL_CURSOR_BLOCK] = 0,
		[TERMINAL_CURSOR_LOWER_THIRD] = FONT_HEIGHT * 2 / 3,
		[TERMINAL_CURSOR_LOWER_HALF] = FONT_HEIGHT / 2,
		[TERMINAL_CURSOR_TWO_THIRDS] = FONT_HEIGHT / 3,
	};

	if (shape == TERMINAL_CURSOR_UNDERLINE)
		fill_rows(rows, UNDERLINE_ROW);
	else if (shape == TERMINAL_CURSOR_BAR)
		for (unsigned y = 0; y < FONT_HEIGHT; y++)
			rows[y] |= BAR;
	else
		for (unsigned y = top[shape]; y < FONT_HEIGHT; y++)
			rows[y] ^= 0xff;
}

static void slant(u8 *rows)
{
	for (unsigned y = 0; y < SLANT_ABOVE; y++)
		rows[y] >>= 1;
	for (unsigned y = SLANT_BELOW; y < FONT_HEIGHT; y++)
		rows[y] <<= 1;
}

static const u8 *decorate(const u8 *rows, u16 attrs, u8 *copy)
{
	if (!attrs)
		return rows;
	memcpy(copy, rows, FONT_HEIGHT);
	if (attrs & TERMINAL_ITALIC)
		slant(copy);
	if (attrs & TERMINAL_UNDERLINE)
		copy[UNDERLINE_ROW] = 0xff;
	if (attrs & TERMINAL_STRIKE)
		copy[STRIKE_ROW] = 0xff;
	if (attrs >> TERMINAL_CURSOR_SHIFT)
		add_cursor(copy, attrs >> TERMINAL_CURSOR_SHIFT);
	return copy;
}

/* Eight bits of a colour in a field of `bits`. */
static u32 channel(u8 value, u8 pos, u8 bits)
{
	if (bits >= 8)
		return (u32)value << (bits - 8) << pos;
	return (u32)(value >> (8 - bits)) << pos;
}

/* The nearest place in the hardware's palette, of 16 or of 256 colours. */
static u8 place_of(struct fbcon *fb, u32 rgb)
{
	struct known_colour *k = &fb->known[(rgb * 0x9e3779b1U) >> 26];

	if (k->rgb != rgb)
		*k = (struct known_colour){ rgb, vga_nearest(rgb, fb->boot->type == BOOT_FB_TEXT ? 16 : 256) };
	return k->place;
}

static u32 pixel_of(struct fbcon *fb, u32 rgb)
{
	const struct boot_fb *b = fb->boot;

	if (b->type == BOOT_FB_INDEXED)
		return place_of(fb, rgb);
	return channel(rgb >> 16, b->red_pos, b->red_bits) | channel(rgb >> 8, b->green_pos, b->green_bits) |
	       channel(rgb, b->blue_pos, b->blue_bits);
}

static void draw_pixels(struct vt_screen *s, unsigned x, unsigned y, const struct terminal_cell *c, unsigned n)
{
	struct fbcon *fb = container_of(s, struct fbcon, screen);
	u8 *to = fb->memory + y * FONT_HEIGHT * fb->pitch + (size_t)x * FONT_WIDTH * fb->bytes;
	u32 fg_rgb = c->fg, bg_rgb = c->bg, fg = pixel_of(fb, fg_rgb), bg = pixel_of(fb, bg_rgb);
	u8 copy[FONT_HEIGHT];

	for (; n--; c++, to += FONT_WIDTH * fb->bytes) {
		const u8 *rows = decorate(font_glyph(c->code), c->attrs, copy);

		if (c->fg != fg_rgb)
			fg = pixel_of(fb, fg_rgb = c->fg);
		if (c->bg != bg_rgb)
			bg = pixel_of(fb, bg_rgb = c->bg);
		if (fb->bytes == 4)
			blit_32(to, fb->pitch, rows, fg, bg);
		else if (fb->bytes == 2)
			blit_16(to, fb->pitch, rows, fg, bg);
		else if (fb->bytes == 1)
			blit_8(to, fb->pitch, rows, fg, bg);
		else
			blit_24(to, fb->pitch, rows, fg, bg);
	}
}

/* --- Text mode ------------------------------------------------------------------------------------ */

/* A block is a reversed cell, so the hardware's cursor, which blinks always, is for the other shapes. */
static void text_cursor(struct fbcon *fb, unsigned at, enum terminal_cursor shape)
{
	static const u8 first[] = { [TERMINAL_CURSOR_UNDERLINE] = 14, [TERMINAL_CURSOR_LOWER_THIRD] = 10,
				    [TERMINAL_CURSOR_LOWER_HALF] = 8, [TERMINAL_CURSOR_TWO_THIRDS] = 5,
				    [TERMINAL_CURSOR_BAR] = 14 };

	if (shape > TERMINAL_CURSOR_BLOCK) {
		vga_text_cursor(at, first[shape], FONT_HEIGHT - 1);
		fb->cursor = at;
	} else if (fb->cursor == at) {
		vga_text_cursor_off();
		fb->cursor = NO_CURSOR;
	}
}

static void draw_text(struct vt_screen *s, unsigned x, unsigned y, const struct terminal_cell *c, unsigned n)
{
	struct fbcon *fb = container_of(s, struct fbcon, screen);
	volatile u16 *to = (u16 *)(fb->memory + y * fb->pitch) + x;
	unsigned at = y * (fb->pitch / TEXT_CELL) + x;

	for (; n--; c++, at++) {
		enum terminal_cursor shape = c->attrs >> TERMINAL_CURSOR_SHIFT;
		u8 fg = place_of(fb, c->fg), bg = place_of(fb, c->bg);

		text_cursor(fb, at, shape);
		if (shape == TERMINAL_CURSOR_BLOCK) {
			u8 swap = fg;
			fg = bg;
			bg = swap;
		}
		/* The highest bit would blink. */
		u8 attribute = vga_text_colour(fg) | (vga_text_colour(bg) & 7) << 4;
		*to++ = font_cp437(c->code) | attribute << 8;
	}
}

/* --- Set-up --------------------------------------------------------------------------------------- */

static bool masks_fit(const struct boot_fb *fb)
{
	return fb->red_pos + fb->red_bits <= fb->bpp && fb->green_pos + fb->green_bits <= fb->bpp &&
	       fb->blue_pos + fb->blue_bits <= fb->bpp && fb->red_bits <= 16 && fb->green_bits <= 16 &&
	       fb->blue_bits <= 16;
}

static bool usable(const struct boot_fb *fb)
{
	if (fb->type == BOOT_FB_TEXT)
		return fb->width && fb->height && fb->pitch >= fb->width * TEXT_CELL;
	if (fb->type == BOOT_FB_INDEXED ? fb->bpp != 8 : fb->bpp < 15 || fb->bpp > 32 || !masks_fit(fb))
		return false;
	return fb->width >= FONT_WIDTH && fb->height >= FONT_HEIGHT &&
	       fb->pitch / DIV_ROUND_UP(fb->bpp, 8) >= fb->width;
}

static void restore_palette(struct vt_screen *unused_s)
{
	vga_palette_init();
}

static size_t memory_size(const struct boot_fb *fb)
{
	return (size_t)fb->pitch * fb->height;
}

static void set_up_text(const struct boot_fb *fb)
{
	struct vt_screen *s = &fbcon.screen;

	s->cols = min(fb->width, (u32)TERMINAL_MAX_COLS);
	s->rows = min(fb->height, (u32)TERMINAL_MAX_ROWS);
	s->draw = draw_text;
	fbcon.cursor = NO_CURSOR;
	vga_text_cursor_off();
}

static void set_up_pixels(const struct boot_fb *fb)
{
	struct vt_screen *s = &fbcon.screen;

	s->width = fb->width;
	s->height = fb->height;
	s->cols = min(fb->width / FONT_WIDTH, (u32)TERMINAL_MAX_COLS);
	s->rows = min(fb->height / FONT_HEIGHT, (u32)TERMINAL_MAX_ROWS);
	s->draw = draw_pixels;
	fbcon.bytes = DIV_ROUND_UP(fb->bpp, 8);
	if (fb->type == BOOT_FB_INDEXED) {
		vga_palette_init();
		s->restore = restore_palette;
	}
}

void *fbcon_memory(void)
{
	return fbcon.bytes ? fbcon.memory : NULL;
}

static void set_up(const struct boot_fb *fb, void *memory)
{
	fbcon.boot = fb;
	fbcon.memory = memory;
	fbcon.pitch = fb->pitch;
	for (unsigned i = 0; i < KNOWN_COLOURS; i++)
		fbcon.known[i].rgb = NO_COLOUR;
	if (fb->type == BOOT_FB_TEXT)
		set_up_text(fb);
	else
		set_up_pixels(fb);
}

/* --- Before there are terminals ------------------------------------------------------------------- */

enum { EARLY_GREY = 0xaaaaaa }; /* cells come to `draw` with colours in RGB */

static unsigned early_line;

/* Lines go from top to bottom, and again from the top. */
static void early_draw(const char *text, size_t n)
{
	static struct terminal_cell cells[TERMINAL_MAX_COLS];
	struct vt_screen *s = &fbcon.screen;

	for (unsigned x = 0; x < s->cols; x++)
		cells[x] = (struct terminal_cell){ .code = x < n ? (u8)text[x] : ' ', .fg = EARLY_GREY };
	s->draw(s, 0, early_line, cells, s->cols);
	early_line = (early_line + 1) % s->rows;
}

static void early_write(struct log_console *unused_c, const char *text, size_t n)
{
	while (n) {
		const char *nl = memchr(text, '\n', n);
		size_t length = nl ? nl - text : n, part = min(length, (size_t)fbcon.screen.cols);

		early_draw(text, part);
		part += part == length && nl;
		text += part;
		n -= part;
	}
}

static struct log_console early_screen = { .name = "earlyfb", .write = early_write };
static bool early;

void fbcon_early_init(const struct boot_fb *fb)
{
	if (!fb->addr || !usable(fb) || fb->addr >= DIRECT_MAP_MIN ||
	    memory_size(fb) > DIRECT_MAP_MIN - fb->addr)
		return;
	set_up(fb, phys_to_virt(PADDR(fb->addr)));
	early = true;
	log_console_add(&early_screen, true);
}

/* --- The terminals' screen ------------------------------------------------------------------------- */

void fbcon_init(const struct boot_fb *fb)
{
	if (!fb->addr)
		return;
	if (!usable(fb)) {
		log_warn("fbcon: frame buffer of type %u with %u bits a pixel is not used", fb->type, fb->bpp);
		return;
	}
	void *memory = kmap_mmio(PADDR(fb->addr), memory_size(fb), KMAP_WRITE | KMAP_WRITE_COMBINING);
	if (!memory) {
		log_err("fbcon: out of memory");
		return;
	}
	if (early)
		log_console_remove(&early_screen);
	set_up(fb, memory);
	if (fb->type != BOOT_FB_TEXT)
		memset(memory, 0, memory_size(fb)); /* margins are not drawn */
	vt_init(&fbcon.screen);
	fbdev_init(fb);
	log_info("fbcon: %u x %u characters, %u x %u %s, %u bits each", fbcon.screen.cols, fbcon.screen.rows,
		 fb->width, fb->height, fb->type == BOOT_FB_TEXT ? "cells" : "pixels", fb->bpp);
}
