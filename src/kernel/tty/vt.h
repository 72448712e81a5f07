/* SPDX-License-Identifier: MIT */
/* Virtual terminals: /dev/tty1 to /dev/tty6, of which one is on the screen; /dev/tty0 is that one. */
#pragma once

#include <lib/terminal.h>

struct tty;

enum { VT_COUNT = 6 };

/* What shows cells; made by a video driver. */
struct vt_screen {
	unsigned cols, rows;
	unsigned width, height; /* pixels; 0: characters only */
	/*
	 * Draws n cells of line y from column x on, in the colours 0xRRGGBB that they carry; of the
	 * attributes, lines, slant and cursor are to be drawn. One caller at a time (but in a panic).
	 */
	void (*draw)(struct vt_screen *s, unsigned x, unsigned y, const struct terminal_cell *c, unsigned n);
	/* A program may have changed more than pixels. NULL: nothing to do. As draw. */
	void (*restore)(struct vt_screen *s);
};

/* The screen, which must be cleared to black. Once; without it there are no virtual terminals. May sleep. */
void vt_init(struct vt_screen *s);

/* What was typed, as bytes, for the terminal on the screen. Any context. */
void vt_input(const char *bytes, size_t n);
/* Shows terminal 1..VT_COUNT, soon. Any context. */
void vt_switch(unsigned number);
/* Shows the terminal `step` (1 or -1) behind the one that is shown, round about. Any context. */
void vt_switch_by(int step);
/* How the program on the screen wants cursor keys (?1) and keypad (ESC =). */
bool vt_app_cursor_keys(void);
bool vt_app_keypad(void);

/* Shift-PageUp and Shift-PageDown: shows what went out at the top, half a screen further. Any context. */
void vt_scroll(bool back);
/* The same by lines, back if negative. */
void vt_scroll_lines(int lines);

/* A line for who watches the machine start when the log is not shown (quiet). May not be called in interrupts. */
void vt_banner(const char *text);

/* The terminal on the screen, referenced; NULL without a screen. */
struct tty *vt_foreground(void);
