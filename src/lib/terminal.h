/* SPDX-License-Identifier: MIT */
/*
 * A terminal as programs see it: bytes go in, a grid of cells comes out.  The escape
 * sequences are those of TERM=linux and the common ones of xterm.  Nothing is drawn
 * here and nothing allocated; see terminal.c for the theory.
 */
#pragma once

#include <lib/compiler.h>
#include <lib/utf8.h>

enum { TERMINAL_MAX_COLS = 512, TERMINAL_MAX_ROWS = 256, TERMINAL_HISTORY = 512, TERMINAL_PARAMS = 24,
       TERMINAL_OSC = 64 };

/* How a character looks; then, for those who draw alone, the cursor that stands on it. */
enum terminal_attr {
	TERMINAL_BOLD = 1, TERMINAL_DIM = 2, TERMINAL_ITALIC = 4, TERMINAL_UNDERLINE = 8,
	TERMINAL_BLINK = 16, TERMINAL_REVERSE = 32, TERMINAL_HIDDEN = 64, TERMINAL_STRIKE = 128,
	TERMINAL_CURSOR_SHIFT = 8, /* three bits: enum terminal_cursor */
};

/* From nothing to the whole cell; "lower" ones stand on the cell's bottom. */
enum terminal_cursor {
	TERMINAL_CURSOR_NONE, TERMINAL_CURSOR_BLOCK, TERMINAL_CURSOR_UNDERLINE, TERMINAL_CURSOR_LOWER_THIRD,
	TERMINAL_CURSOR_LOWER_HALF, TERMINAL_CURSOR_TWO_THIRDS, TERMINAL_CURSOR_BAR,
};

/*
 * A colour is a place in the palette (16 names, which programs may change, a cube of 6 x 6 x 6, 24
 * greys), or TERMINAL_TRUE with 0xRRGGBB.
 */
#define TERMINAL_TRUE (1U << 24)

struct terminal_cell {
	u32 code : 21;  /* Unicode; 0: the right half of a wide character */
	u32 attrs : 11; /* enum terminal_attr */
	u32 fg, bg;
};

/* What DECSC saves; also the state that printing uses. */
struct terminal_pen {
	u16 x, y;
	u16 attrs;
	u32 fg, bg;
	u8 charset;     /* which of G0, G1 is in use */
	u8 sets[2];     /* 'B' ASCII, '0' line drawing, 'A' United Kingdom */
	bool origin;    /* ?6: rows count from the scroll region's top */
	bool wrap_next; /* the last column was just filled: the next character wraps first */
};

/* What a sequence asks of the terminal's owner: Linux's setterm. */
enum terminal_request {
	TERMINAL_BLANK_AFTER, /* value: minutes, 0: never */
	TERMINAL_UNBLANK,
	TERMINAL_POWER_DOWN_AFTER,
	TERMINAL_BRING_TO_FRONT, /* value: terminal number */
	TERMINAL_PREVIOUS,
};

struct terminal {
	u16 cols, rows;
	struct terminal_cell *cells;               /* of both screens and the history */
	u16 order[2][TERMINAL_MAX_ROWS];           /* which row of the buffer is shown in each line */
	u16 used[2 * TERMINAL_MAX_ROWS + TERMINAL_HISTORY]; /* of a row of the buffer: from here on it is as new */
	u16 history[TERMINAL_HISTORY];             /* ring: rows of the buffer that went out at the top */
	u16 history_size;                          /* imm: slots in use of that, 0: nothing is kept */
	u16 history_next;                          /* the slot to fill next, the oldest when all are full */
	u16 history_count;
	u64 damage[TERMINAL_MAX_ROWS / 64];        /* lines changed since the reader cleared the bit */
	u64 tabs[TERMINAL_MAX_COLS / 64];
	struct terminal_pen pen, saved[2];
	u32 default_fg, default_bg;                /* CSI 8 ] */
	u16 default_attrs;
	u16 top, bottom;                           /* scroll region, both included */
	u8 screen;                                 /* 0 main, 1 alternate */
	bool autowrap, insert, newline_mode, cursor_visible, screen_reversed;
	bool control_pictures;                     /* SGR 11: bytes are code page 437 */
	bool app_cursor_keys, app_keypad;          /* for the keyboard */
	bool columns_may_change;                   /* ?40: ?3 clears, though the width stays */
	u8 cursor;                                 /* enum terminal_cursor */
	bool cursor_blinks;
	u32 palette[16];                           /* 0xRRGGBB of the named colours */

	u8 state;
	u8 prefix, intermediate;                   /* of the sequence being read */
	u8 nparams;
	u16 params[TERMINAL_PARAMS];
	u32 sub;                                   /* bit i: params[i] came after a colon */
	char osc[TERMINAL_OSC];                    /* the text of OSC, cut to size */
	u8 osc_length;
	u32 last;                                  /* printed just before, for REP; 0: something else came */
	struct utf8_decoder utf8;

	/* Answers to questions, BEL, and setterm's wishes; may be NULL. */
	void (*reply)(struct terminal *t, const char *s, size_t n);
	void (*bell)(struct terminal *t);
	void (*request)(struct terminal *t, enum terminal_request what, unsigned value);
	void (*on_reset)(struct terminal *t); /* ESC c */
};

/* Bytes that terminal_init wants for the cells. */
static inline size_t terminal_buffer_size(unsigned cols, unsigned rows, unsigned history)
{
	return sizeof(struct terminal_cell) * cols * (2 * rows + history);
}

/*
 * 1 <= cols <= TERMINAL_MAX_COLS, 1 <= rows <= TERMINAL_MAX_ROWS, history: lines that are kept when
 * they leave at the top, <= TERMINAL_HISTORY; the call-backs are kept as they are.
 */
void terminal_init(struct terminal *t, unsigned cols, unsigned rows, unsigned history, void *buffer);
void terminal_write(struct terminal *t, const void *bytes, size_t n);
/*
 * Text of the system's own, in default colours, on a line of its own, whatever a program is in the
 * midst of; LF begins a new line.  `begins`: the text does not continue the last one.
 */
void terminal_message(struct terminal *t, const char *text, size_t n, bool begins);
/* As ESC c. */
void terminal_reset(struct terminal *t);
/* Drops the history. */
void terminal_forget(struct terminal *t);

/* What line y of the visible screen shows: t->cols cells. */
static inline struct terminal_cell *terminal_line(const struct terminal *t, unsigned y)
{
	return t->cells + (size_t)t->order[t->screen][y] * t->cols;
}

/* The line that left at the top as the nth last: 1 <= n <= t->history_count. */
static inline const struct terminal_cell *terminal_history_line(const struct terminal *t, unsigned n)
{
	return t->cells + (size_t)t->history[(t->history_next + t->history_size - n) % t->history_size] * t->cols;
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
/* For those who change cells of line y of the visible screen themselves. */
void terminal_line_changed(struct terminal *t, unsigned y);

/* 0xRRGGBB of a palette place before any program has changed it. */
u32 terminal_rgb(u8 colour);
/* The default palette's place that comes nearest to a colour. */
u8 terminal_nearest(u32 rgb);
/*
 * The cell as it is to be seen: fg and bg 0xRRGGBB, of the attributes those that are lines and
 * slants.  `lit`: blinking characters are to be seen just now.
 */
struct terminal_cell terminal_look(const struct terminal *t, struct terminal_cell c, bool lit);

/* The columns that a character takes: 0 (combining, or nothing to see), 1 or 2. */
unsigned terminal_width(u32 code);
