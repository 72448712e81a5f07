/* SPDX-License-Identifier: MIT */
/*
 * A terminal as programs see it: bytes go in, a grid of cells comes out.  The escape
 * sequences are those of TERM=linux and the common ones of xterm.  Nothing is drawn
 * here and nothing allocated; see terminal.c for the theory.
 */
#pragma once

#include <lib/compiler.h>
#include <lib/utf8.h>

enum { TERMINAL_MAX_COLS = 512, TERMINAL_MAX_ROWS = 256, TERMINAL_PARAMS = 24 };

enum terminal_attr {
	TERMINAL_BOLD = 1, TERMINAL_DIM = 2, TERMINAL_ITALIC = 4, TERMINAL_UNDERLINE = 8,
	TERMINAL_BLINK = 16, TERMINAL_REVERSE = 32, TERMINAL_HIDDEN = 64, TERMINAL_STRIKE = 128,
	TERMINAL_CURSOR = 256, /* for those who draw; never set here */
};

/* Colours are places in xterm's palette: 16 named, a cube of 6 x 6 x 6, 24 greys. */
struct terminal_cell {
	u32 code;       /* Unicode; 0: the right half of a wide character */
	u8 fg, bg;
	u16 attrs;      /* enum terminal_attr */
};

/* What DECSC saves; also the state that printing uses. */
struct terminal_pen {
	u16 x, y;
	u16 attrs;
	u8 fg, bg;
	u8 charset;     /* which of G0, G1 is in use */
	u8 sets[2];     /* 'B' ASCII, '0' line drawing, 'A' United Kingdom */
	bool origin;    /* ?6: rows count from the scroll region's top */
	bool wrap_next; /* the last column was just filled: the next character wraps first */
};

struct terminal {
	u16 cols, rows;
	struct terminal_cell *cells;               /* of both screens */
	u16 order[2][TERMINAL_MAX_ROWS];           /* which row of the buffer is shown in each line */
	u64 damage[TERMINAL_MAX_ROWS / 64];        /* lines changed since the reader cleared the bit */
	u64 tabs[TERMINAL_MAX_COLS / 64];
	struct terminal_pen pen, saved[2];
	u16 top, bottom;                           /* scroll region, both included */
	u8 screen;                                 /* 0 main, 1 alternate */
	bool autowrap, insert, newline_mode, cursor_visible, screen_reversed;
	bool app_cursor_keys, app_keypad;          /* for the keyboard */

	u8 state;
	u8 prefix, intermediate;                   /* of the sequence being read */
	u8 nparams;
	u8 palette_digits;                         /* still to come of OSC P */
	u16 params[TERMINAL_PARAMS];
	u32 sub;                                   /* bit i: params[i] came after a colon */
	u32 last;                                  /* printed last, for REP */
	struct utf8_decoder utf8;

	/* Answers to questions, and BEL; may be NULL. */
	void (*reply)(struct terminal *t, const char *s, size_t n);
	void (*bell)(struct terminal *t);
	void (*on_reset)(struct terminal *t); /* ESC c */
};

/* Bytes that terminal_init wants for the cells. */
static inline size_t terminal_buffer_size(unsigned cols, unsigned rows)
{
	return 2 * sizeof(struct terminal_cell) * cols * rows;
}

/* 1 <= cols <= TERMINAL_MAX_COLS, 1 <= rows <= TERMINAL_MAX_ROWS; the call-backs are kept as they are. */
void terminal_init(struct terminal *t, unsigned cols, unsigned rows, void *buffer);
void terminal_write(struct terminal *t, const void *bytes, size_t n);

/* What line y of the visible screen shows: t->cols cells. */
static inline struct terminal_cell *terminal_line(const struct terminal *t, unsigned y)
{
	return t->cells + ((size_t)t->screen * t->rows + t->order[t->screen][y]) * t->cols;
}

static inline bool terminal_damaged(const struct terminal *t, unsigned y)
{
	return t->damage[y / 64] >> y % 64 & 1;
}
static inline void terminal_undamage(struct terminal *t, unsigned y)
{
	t->damage[y / 64] &= ~(1ULL << y % 64);
}
void terminal_damage_all(struct terminal *t);

/* 0xRRGGBB of a palette place. */
u32 terminal_rgb(u8 colour);
