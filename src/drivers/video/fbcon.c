/* SPDX-License-Identifier: MIT */
/*
 * The console's screen: the frame buffer that the boot loader has set up, in 16, 24 or
 * 32 bits a pixel with any masks, or the PC's text mode.
 *
 * The memory is mapped write-combining and only ever written.  A glyph's row of eight
 * pixels is two, three or four stores of 64 bits, made of pieces that are computed once
 * for a pair of colours.
 */
#include <drivers/video/video.h>

#include <arch/io.h>
#include <debug/log.h>
#include <drivers/video/font.h>
#include <lib/multiboot2.h>
#include <lib/string.h>
#include <mm/kmap.h>
#include <mm/layout.h>
#include <tty/vt.h>

enum { TEXT_CELL = 2, CRTC_INDEX = 0x3d4, CRTC_DATA = 0x3d5, CRTC_CURSOR_START = 0x0a, CURSOR_OFF = 0x20,
       UNDERLINE_ROW = 14, STRIKE_ROW = 8, DIM_GREY = 8 };

struct fbcon {
	struct vt_screen screen;
	u8 *memory;        /* imm */
	size_t pitch;      /* imm */
	unsigned bytes;    /* imm: of a pixel */
	u32 pixels[256];   /* imm: the palette in this frame buffer's format */
	u8 ega[256];       /* imm: the same as text mode colours */
};

static struct fbcon fbcon;

struct colours {
	u8 fg, bg;
};

/* What the attributes make of a cell's colours. */
static struct colours colours_of(const struct terminal_cell *c)
{
	u8 fg = c->fg, bg = c->bg;

	if (c->attrs & TERMINAL_BOLD && fg < 8)
		fg += 8;
	else if (c->attrs & TERMINAL_DIM && fg < 16)
		fg = DIM_GREY;
	if (c->attrs & TERMINAL_HIDDEN)
		fg = bg;
	/* A cursor on reversed text is normal. */
	if (!(c->attrs & TERMINAL_REVERSE) != !(c->attrs & TERMINAL_CURSOR))
		return (struct colours){ .fg = bg, .bg = fg };
	return (struct colours){ .fg = fg, .bg = bg };
}

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

static const u8 *decorate(const u8 *rows, u16 attrs, u8 *copy)
{
	if (!(attrs & (TERMINAL_UNDERLINE | TERMINAL_STRIKE)))
		return rows;
	memcpy(copy, rows, FONT_HEIGHT);
	if (attrs & TERMINAL_UNDERLINE)
		copy[UNDERLINE_ROW] = 0xff;
	if (attrs & TERMINAL_STRIKE)
		copy[STRIKE_ROW] = 0xff;
	return copy;
}

static void draw_pixels(struct vt_screen *s, unsigned x, unsigned y, const struct terminal_cell *c, unsigned n)
{
	struct fbcon *fb = container_of(s, struct fbcon, screen);
	u8 *to = fb->memory + y * FONT_HEIGHT * fb->pitch + (size_t)x * FONT_WIDTH * fb->bytes;
	u8 copy[FONT_HEIGHT];

	for (; n--; c++, to += FONT_WIDTH * fb->bytes) {
		struct colours col = colours_of(c);
		u32 fg = fb->pixels[col.fg], bg = fb->pixels[col.bg];
		const u8 *rows = decorate(font_glyph(c->code ? c->code : ' '), c->attrs, copy);

		if (fb->bytes == 4)
			blit_32(to, fb->pitch, rows, fg, bg);
		else if (fb->bytes == 2)
			blit_16(to, fb->pitch, rows, fg, bg);
		else
			blit_24(to, fb->pitch, rows, fg, bg);
	}
}

/* --- Text mode ------------------------------------------------------------------------------------ */

static void draw_text(struct vt_screen *s, unsigned x, unsigned y, const struct terminal_cell *c, unsigned n)
{
	struct fbcon *fb = container_of(s, struct fbcon, screen);
	volatile u16 *to = (u16 *)(fb->memory + y * fb->pitch) + x;

	for (; n--; c++) {
		struct colours col = colours_of(c);
		/* The highest bit would blink. */
		u8 attribute = fb->ega[col.fg] | (fb->ega[col.bg] & 7) << 4;
		*to++ = font_cp437(c->code ? c->code : ' ') | attribute << 8;
	}
}

static unsigned distance(u32 a, u32 b)
{
	int r = (a >> 16 & 255) - (b >> 16 & 255), g = (a >> 8 & 255) - (b >> 8 & 255);
	int blue = (a & 255) - (b & 255);

	return r * r + g * g + blue * blue;
}

/* The nearest of the 16 colours, in the hardware's order: red and blue change places. */
static u8 ega_colour(u8 colour)
{
	u8 best = 0;

	for (u8 i = 1; i < 16; i++)
		if (distance(terminal_rgb(colour), terminal_rgb(i)) <
		    distance(terminal_rgb(colour), terminal_rgb(best)))
			best = i;
	return (best & 10) | (best & 1) << 2 | (best >> 2 & 1);
}

/* --- Set-up --------------------------------------------------------------------------------------- */

/* Eight bits of a colour in a field of `bits`. */
static u32 channel(u8 value, u8 pos, u8 bits)
{
	if (bits >= 8)
		return (u32)value << (bits - 8) << pos;
	return (u32)(value >> (8 - bits)) << pos;
}

static u32 pixel_of(const struct boot_fb *fb, u32 rgb)
{
	return channel(rgb >> 16, fb->red_pos, fb->red_bits) | channel(rgb >> 8, fb->green_pos, fb->green_bits) |
	       channel(rgb, fb->blue_pos, fb->blue_bits);
}

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
	if (fb->type != BOOT_FB_RGB || fb->bpp < 15 || fb->bpp > 32 || !masks_fit(fb))
		return false;
	return fb->width >= FONT_WIDTH && fb->height >= FONT_HEIGHT &&
	       fb->pitch / DIV_ROUND_UP(fb->bpp, 8) >= fb->width;
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
	for (unsigned i = 0; i < 256; i++)
		fbcon.ega[i] = ega_colour(i);
	io_out8(CRTC_INDEX, CRTC_CURSOR_START); /* ours is an inverted cell */
	io_out8(CRTC_DATA, CURSOR_OFF);
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
	for (unsigned i = 0; i < 256; i++)
		fbcon.pixels[i] = pixel_of(fb, terminal_rgb(i));
}

static void set_up(const struct boot_fb *fb, void *memory)
{
	fbcon.memory = memory;
	fbcon.pitch = fb->pitch;
	if (fb->type == BOOT_FB_TEXT)
		set_up_text(fb);
	else
		set_up_pixels(fb);
}

/* --- Before there are terminals ------------------------------------------------------------------- */

enum { LIGHT_GREY = 7, BLACK = 0 };

static unsigned early_line;

/* Lines go from top to bottom, and again from the top. */
static void early_draw(const char *text, size_t n)
{
	static struct terminal_cell cells[TERMINAL_MAX_COLS];
	struct vt_screen *s = &fbcon.screen;

	for (unsigned x = 0; x < s->cols; x++)
		cells[x] = (struct terminal_cell){ .code = x < n ? (u8)text[x] : ' ', .fg = LIGHT_GREY, .bg = BLACK };
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
	log_info("fbcon: %u x %u characters", fbcon.screen.cols, fbcon.screen.rows);
}
