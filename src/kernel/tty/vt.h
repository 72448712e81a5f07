/* SPDX-License-Identifier: MIT */
/* Virtual terminals: /dev/tty1 to /dev/tty63, made when they are first used, of which one is on the screen; /dev/tty0 is that one. */
#pragma once

#include <lib/terminal.h>

struct tty;

enum { VT_COUNT = 63 }; /* Linux's MAX_NR_CONSOLES */

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
/* Shows the one that was shown before. Any context. */
void vt_switch_last(void);
/* The visible terminal's output stops or goes on. Any context. */
void vt_hold(void);
/* A break, as on a serial line, for the terminal on the screen. Any context. */
void vt_break(void);
/* For a look at its modes (app_cursor_keys and the like) without a lock; NULL without a screen. */
const struct terminal *vt_visible_terminal(void);

/* Shift-PageUp and Shift-PageDown: shows what went out at the top, half a screen further. Any context. */
void vt_scroll(bool back);
/* The same by lines, back if negative. */
void vt_scroll_lines(int lines);

/* A line for who watches the machine start when the log is not shown (quiet). May not be called in interrupts. */
void vt_banner(const char *text);

/* The terminal on the screen, referenced; NULL without a screen. */
struct tty *vt_foreground(void);
/* That of a device number, made if need be, referenced; NULL: there is none. May sleep. */
struct tty *vt_find(dev_t dev);

/*
 * What the keyboard's driver does for terminals; all numbers from 1.  ioctl sleeps and returns -ENOTTY for what it
 * does not know; the others: any context.
 */
struct vt_keyboard {
	void (*show)(unsigned vt);            /* it is on the screen now */
	void (*forget)(unsigned vt);          /* it was given up */
	void (*reset)(unsigned vt);           /* ESC c */
	void (*held)(unsigned vt, bool held); /* its output has stopped */
	void (*bell)(void);
	unsigned (*shift_state)(void);        /* KG_* bits */
	s64 (*ioctl)(unsigned vt, unsigned cmd, uptr_t arg, bool permitted);
};
extern const struct vt_keyboard *vt_keyboard; /* set once at boot; NULL: none */
