/* SPDX-License-Identifier: MIT */
/* Shared by the terminal's files: parser (terminal.c), screen, colours, reports. */
#pragma once

#include <lib/terminal.h>

enum { TERMINAL_DEFAULT_FG = 7, TERMINAL_DEFAULT_BG = 0 };

/* terminal_screen.c: what changes cells and the cursor. Columns and rows count from 0. */
void screen_init(struct terminal *t);
void screen_put(struct terminal *t, u32 code);
void screen_put_byte(struct terminal *t, u8 c); /* by way of the character set in use */
size_t screen_put_run(struct terminal *t, const u8 *s, size_t n); /* plain ASCII; how many were used */
void screen_repeat(struct terminal *t, unsigned n);
void screen_move_column(struct terminal *t, int x);
void screen_move_line(struct terminal *t, int y);
void screen_move_to(struct terminal *t, int x, int y); /* as programs name places: see origin mode */
void screen_move_up(struct terminal *t, int n);
void screen_move_down(struct terminal *t, int n);
void screen_index_down(struct terminal *t);
void screen_index_up(struct terminal *t);
void screen_tab(struct terminal *t, unsigned n);
void screen_tab_back(struct terminal *t, unsigned n);
void screen_tabs_reset(struct terminal *t);
void screen_tabs_clear(struct terminal *t, unsigned how); /* TBC */
void screen_erase_display(struct terminal *t, unsigned how); /* ED */
void screen_erase_line(struct terminal *t, unsigned how);    /* EL */
void screen_erase_cells(struct terminal *t, unsigned n);     /* ECH */
void screen_insert_cells(struct terminal *t, unsigned n);
void screen_delete_cells(struct terminal *t, unsigned n);
void screen_insert_lines(struct terminal *t, unsigned n);
void screen_delete_lines(struct terminal *t, unsigned n);
void screen_scroll_up(struct terminal *t, unsigned n);
void screen_scroll_down(struct terminal *t, unsigned n);
void screen_set_region(struct terminal *t, unsigned top, unsigned bottom); /* from 1, 0: the default */
void screen_save(struct terminal *t);
void screen_restore(struct terminal *t);
void screen_select(struct terminal *t, u8 screen, bool clear);
void screen_alternate(struct terminal *t, bool on); /* ?1049 */
void screen_alignment_pattern(struct terminal *t);
void screen_change_columns(struct terminal *t); /* DECCOLM */
void screen_soft_reset(struct terminal *t);

/* terminal_colour.c */
void colour_pen_reset(const struct terminal *t, struct terminal_pen *p);
void colour_sgr(struct terminal *t);
void colour_palette_reset(struct terminal *t);
void colour_palette_set(struct terminal *t, const char *digits); /* OSC P: seven of them */
void colour_osc(struct terminal *t);                             /* the text is in t->osc */

/* terminal_report.c */
void report_device(struct terminal *t);                        /* DA */
void report_status(struct terminal *t, unsigned what);         /* DSR */
void report_mode(struct terminal *t, unsigned mode, bool dec); /* DECRQM */
