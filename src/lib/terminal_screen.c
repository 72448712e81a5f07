/* SPDX-License-Identifier: MIT */
/*
 * The terminal's screens: cells, lines, the cursor.
 *
 * The cells lie in one buffer of rows; `order` says which of them is shown in which line, so that
 * scrolling moves numbers and clears rows, and copies nothing:
 *
 *	cells   [main screen's rows][history's rows][alternate screen's rows]   at the start
 *
 * A row that leaves the main screen at the top goes into the history's ring, and the ring's
 * oldest becomes the empty row that comes in below.
 *
 * Most lines are short: `used` says how much of a row was ever written since it was empty, so that
 * clearing it costs no more than that.
 *
 * A wide character has its code in its left cell and 0 in the right one. Whoever changes one of the
 * two clears the other (mend).
 *
 * Invariants: pen.x < cols, pen.y < rows, top < bottom < rows (or the whole screen, when
 * that is one line); order[0] and history together, and order[1], are permutations of their rows.
 */
#include <lib/terminal_internal.h>

#include <lib/string.h>

enum { DEL = 127 };

/* At any address. */
struct packed_word {
	u64 word;
} __attribute__((packed));

/* --- Cells --------------------------------------------------------------------------------------- */

static void damage(struct terminal *t, unsigned y)
{
	t->damage[y / 64] |= 1ULL << y % 64;
}

/* Line y has changed, left of column `to`. */
static void touch(struct terminal *t, unsigned y, unsigned to)
{
	u16 *used = &t->used[t->order[t->screen][y]];

	damage(t, y);
	if (*used < to)
		*used = to;
}

void terminal_line_changed(struct terminal *t, unsigned y)
{
	touch(t, y, t->cols);
}

static void damage_range(struct terminal *t, unsigned from, unsigned to)
{
	if (!from && to == t->rows - 1U) {
		terminal_damage_all(t);
		return;
	}
	for (unsigned y = from; y <= to; y++)
		damage(t, y);
}

void terminal_damage_all(struct terminal *t)
{
	for (unsigned i = 0; i < ARRAY_SIZE(t->damage); i++)
		t->damage[i] = ~0ULL;
}

/* What erasing leaves: the background colour stays ("bce"). */
static struct terminal_cell blank(const struct terminal *t)
{
	return (struct terminal_cell){ .code = ' ', .fg = t->pen.fg, .bg = t->pen.bg };
}

/* Two cells are three words: a line is cleared each time that the screen scrolls. */
static void fill(struct terminal_cell *p, size_t n, struct terminal_cell c)
{
	struct terminal_cell pair[2] = { c, c };
	u64 a, b, d;

	BUILD_ASSERT(sizeof(pair) == 3 * sizeof(u64));
	memcpy(&a, (char *)pair, 8);
	memcpy(&b, (char *)pair + 8, 8);
	memcpy(&d, (char *)pair + 16, 8);
	for (; n >= 4; n -= 4, p += 4) {
		struct packed_word *out = (void *)p;
		out[0].word = out[3].word = a;
		out[1].word = out[4].word = b;
		out[2].word = out[5].word = d;
	}
	while (n--)
		*p++ = c;
}

/* The cells left and right of the border before column x are about to part: no wide character may lie there. */
static void mend(struct terminal *t, struct terminal_cell *line, unsigned x)
{
	if (x == 0 || x >= t->cols || line[x].code)
		return;
	line[x - 1].code = ' ';
	line[x].code = ' ';
}

static bool as_new(struct terminal_cell c)
{
	return c.fg == TERMINAL_DEFAULT_FG && c.bg == TERMINAL_DEFAULT_BG;
}

/* Line y, columns from <= x < to. */
static void erase(struct terminal *t, unsigned y, unsigned from, unsigned to)
{
	struct terminal_cell *line = terminal_line(t, y), c = blank(t);
	u16 *used = &t->used[t->order[t->screen][y]];

	if (from >= to)
		return;
	damage(t, y);
	mend(t, line, from);
	mend(t, line, to);
	if (as_new(c) && to >= *used) { /* the rest is so already */
		to = *used;
		*used = min(from, to);
	} else {
		touch(t, y, to);
	}
	if (from < to)
		fill(line + from, to - from, c);
}

static void erase_lines(struct terminal *t, unsigned from, unsigned to)
{
	for (unsigned y = from; y < to; y++)
		erase(t, y, 0, t->cols);
}

void screen_erase_display(struct terminal *t, unsigned how)
{
	struct terminal_pen *p = &t->pen;

	if (how == 0) {
		erase(t, p->y, p->x, t->cols);
		erase_lines(t, p->y + 1, t->rows);
	} else if (how == 1) {
		erase_lines(t, 0, p->y);
		erase(t, p->y, 0, p->x + 1);
	} else if (how <= 3) {
		erase_lines(t, 0, t->rows);
		if (how == 3)
			terminal_forget(t);
	}
	p->wrap_next = false;
}

void screen_erase_line(struct terminal *t, unsigned how)
{
	if (how <= 2)
		erase(t, t->pen.y, how == 0 ? t->pen.x : 0, how == 1 ? t->pen.x + 1 : t->cols);
	t->pen.wrap_next = false;
}

void screen_erase_cells(struct terminal *t, unsigned n)
{
	erase(t, t->pen.y, t->pen.x, min(t->pen.x + n, (unsigned)t->cols));
	t->pen.wrap_next = false;
}

void screen_insert_cells(struct terminal *t, unsigned n)
{
	struct terminal_cell *line = terminal_line(t, t->pen.y);
	unsigned x = t->pen.x;

	n = min(n, t->cols - x);
	mend(t, line, x);
	mend(t, line, t->cols - n);
	memmove(line + x + n, line + x, (t->cols - x - n) * sizeof(*line));
	fill(line + x, n, blank(t));
	touch(t, t->pen.y, t->cols);
	t->pen.wrap_next = false;
}

void screen_delete_cells(struct terminal *t, unsigned n)
{
	struct terminal_cell *line = terminal_line(t, t->pen.y);
	unsigned x = t->pen.x;

	n = min(n, t->cols - x);
	mend(t, line, x);
	mend(t, line, x + n);
	memmove(line + x, line + x + n, (t->cols - x - n) * sizeof(*line));
	fill(line + t->cols - n, n, blank(t));
	touch(t, t->pen.y, t->cols);
	t->pen.wrap_next = false;
}

/* --- Lines --------------------------------------------------------------------------------------- */

/* `row` leaves the main screen at the top; returns the one that is free for it. */
static u16 remember(struct terminal *t, u16 row)
{
	u16 *slot = &t->history[t->history_next], free = *slot;

	*slot = row;
	t->history_next = (t->history_next + 1) % t->history_size;
	t->history_count = min(t->history_count + 1, (int)t->history_size);
	return free;
}

void terminal_forget(struct terminal *t)
{
	t->history_count = 0;
}

/* Copies n numbers to a lower address, eight bytes at a time: what is read is never behind what was written. */
static void move_down_array(u16 *to, const u16 *from, unsigned n)
{
	for (; n >= 4; n -= 4, to += 4, from += 4)
		*(struct packed_word *)to = *(const struct packed_word *)from;
	while (n--)
		*to++ = *from++;
}

/* Lines from..to go up by n: n blank ones come in below. */
static void scroll_up(struct terminal *t, unsigned from, unsigned to, unsigned n, bool keep)
{
	u16 *order = t->order[t->screen] + from, gone[TERMINAL_MAX_ROWS];
	unsigned height = to - from + 1;

	n = min(n, height);
	for (unsigned i = 0; i < n; i++)
		gone[i] = order[i];
	if (keep && t->screen == 0 && from == 0 && t->history_size)
		for (unsigned i = 0; i < n; i++)
			gone[i] = remember(t, gone[i]);
	move_down_array(order, order + n, height - n);
	for (unsigned i = 0; i < n; i++)
		order[height - n + i] = gone[i];
	erase_lines(t, to + 1 - n, to + 1);
	damage_range(t, from, to);
}

static void scroll_down(struct terminal *t, unsigned from, unsigned to, unsigned n)
{
	u16 *order = t->order[t->screen] + from, gone[TERMINAL_MAX_ROWS];
	unsigned height = to - from + 1;

	n = min(n, height);
	memcpy(gone, order + height - n, n * sizeof(*order));
	memmove(order + n, order, (height - n) * sizeof(*order));
	memcpy(order, gone, n * sizeof(*order));
	erase_lines(t, from, from + n);
	damage_range(t, from, to);
}

void screen_scroll_up(struct terminal *t, unsigned n)
{
	scroll_up(t, t->top, t->bottom, n, true);
	t->pen.wrap_next = false;
}

void screen_scroll_down(struct terminal *t, unsigned n)
{
	scroll_down(t, t->top, t->bottom, n);
	t->pen.wrap_next = false;
}

static bool in_region(const struct terminal *t)
{
	return t->pen.y >= t->top && t->pen.y <= t->bottom;
}

void screen_insert_lines(struct terminal *t, unsigned n)
{
	if (!in_region(t))
		return;
	scroll_down(t, t->pen.y, t->bottom, n);
	screen_move_column(t, 0);
}

void screen_delete_lines(struct terminal *t, unsigned n)
{
	if (!in_region(t))
		return;
	scroll_up(t, t->pen.y, t->bottom, n, false);
	screen_move_column(t, 0);
}

void screen_set_region(struct terminal *t, unsigned top, unsigned bottom)
{
	bottom = bottom ? min(bottom, (unsigned)t->rows) : t->rows;
	top = top ? top : 1;
	if (top >= bottom)
		return;
	t->top = top - 1;
	t->bottom = bottom - 1;
	screen_move_to(t, 0, 0);
}

/* --- The cursor ---------------------------------------------------------------------------------- */

void screen_move_column(struct terminal *t, int x)
{
	t->pen.x = max(0, min(x, t->cols - 1));
	t->pen.wrap_next = false;
}

void screen_move_line(struct terminal *t, int y)
{
	t->pen.y = max(0, min(y, t->rows - 1));
	t->pen.wrap_next = false;
}

void screen_move_to(struct terminal *t, int x, int y)
{
	if (t->pen.origin)
		screen_move_line(t, min(y + t->top, (int)t->bottom));
	else
		screen_move_line(t, y);
	screen_move_column(t, x);
}

/* The region stops a cursor that is inside of it. */
void screen_move_up(struct terminal *t, int n)
{
	int stop = t->pen.y >= t->top ? t->top : 0;

	screen_move_line(t, max(t->pen.y - n, stop));
}

void screen_move_down(struct terminal *t, int n)
{
	int stop = t->pen.y <= t->bottom ? t->bottom : t->rows - 1;

	screen_move_line(t, min(t->pen.y + n, stop));
}

void screen_index_down(struct terminal *t)
{
	if (t->pen.y == t->bottom)
		scroll_up(t, t->top, t->bottom, 1, true);
	else if (t->pen.y < t->rows - 1)
		t->pen.y++;
	t->pen.wrap_next = false;
}

void screen_index_up(struct terminal *t)
{
	if (t->pen.y == t->top)
		scroll_down(t, t->top, t->bottom, 1);
	else if (t->pen.y > 0)
		t->pen.y--;
	t->pen.wrap_next = false;
}

static bool tab_at(const struct terminal *t, unsigned x)
{
	return t->tabs[x / 64] >> x % 64 & 1;
}

void screen_tab(struct terminal *t, unsigned n)
{
	unsigned x = t->pen.x;

	for (; n && x < t->cols - 1; n--)
		do
			x++;
		while (x < t->cols - 1 && !tab_at(t, x));
	screen_move_column(t, x);
}

void screen_tab_back(struct terminal *t, unsigned n)
{
	unsigned x = t->pen.x;

	for (; n && x > 0; n--)
		do
			x--;
		while (x > 0 && !tab_at(t, x));
	screen_move_column(t, x);
}

void screen_tabs_reset(struct terminal *t)
{
	memset(t->tabs, 0x01, sizeof(t->tabs)); /* every eighth */
}

void screen_tabs_clear(struct terminal *t, unsigned how)
{
	if (how == 0)
		t->tabs[t->pen.x / 64] &= ~(1ULL << t->pen.x % 64);
	else if (how == 3)
		memset(t->tabs, 0, sizeof(t->tabs));
}

void screen_save(struct terminal *t)
{
	t->saved[t->screen] = t->pen;
}

void screen_restore(struct terminal *t)
{
	t->pen = t->saved[t->screen];
}

/* --- Printing ------------------------------------------------------------------------------------ */

static void wrap(struct terminal *t)
{
	t->pen.x = 0;
	screen_index_down(t);
}

void screen_put(struct terminal *t, u32 code)
{
	struct terminal_pen *p = &t->pen;
	unsigned width = terminal_width(code);

	if (!width || width > t->cols)
		return;
	if (t->autowrap && (p->wrap_next || p->x + width > t->cols))
		wrap(t);
	p->x = min((unsigned)p->x, t->cols - width);
	if (t->insert)
		screen_insert_cells(t, width);
	struct terminal_cell *line = terminal_line(t, p->y), *c = line + p->x;
	mend(t, line, p->x);
	mend(t, line, p->x + width);
	for (unsigned i = 0; i < width; i++)
		c[i] = (struct terminal_cell){ i ? 0 : code, p->attrs, p->fg, p->bg };
	touch(t, p->y, p->x + width);
	t->last = code;
	p->wrap_next = p->x + width >= t->cols;
	p->x = min(p->x + width, t->cols - 1U);
}

#define EACH(byte) ((byte) * 0x0101010101010101ULL)

/* Are all eight bytes of the word from 0x20 to 0x7e? */
static bool all_printable(u64 w)
{
	/* Each line sets a byte's highest bit if it is below 0x20 (borrowed), 0x7f, or has it set already. */
	return !(((w - EACH(0x20)) | (w + EACH(0x01)) | w) & EACH(0x80));
}

/* Two cells in three words, as fill does. */
static void put_pair(struct terminal_cell *out, u32 first, u32 second, u64 colours)
{
	struct packed_word *w = (struct packed_word *)out;

	w[0].word = first | colours << 32;
	w[1].word = colours >> 32 | (u64)second << 32;
	w[2].word = colours;
}

size_t screen_put_run(struct terminal *t, const u8 *s, size_t n)
{
	struct terminal_pen *p = &t->pen;
	struct terminal_cell c = { 0, p->attrs, p->fg, p->bg }, *out;
	u64 colours = c.fg | (u64)c.bg << 32, w;
	size_t i = 0;
	u32 look;

	if (t->insert || p->sets[p->charset] != 'B' || p->wrap_next || t->utf8.left || t->control_pictures)
		return 0;
	n = min(n, (size_t)(t->cols - p->x - 1)); /* the last column is screen_put's */
	if (!n || s[0] < ' ' || s[0] >= DEL)
		return 0;
	struct terminal_cell *line = terminal_line(t, p->y);
	mend(t, line, p->x);
	out = line + p->x;
	__builtin_memcpy(&look, &c, sizeof(look));
	for (; n - i >= 8; i += 8, out += 8) {
		__builtin_memcpy(&w, s + i, 8);
		if (!all_printable(w))
			break;
		for (unsigned pair = 0; pair < 8; pair += 2, w >>= 16)
			put_pair(out + pair, look | (w & 255), look | (w >> 8 & 255), colours);
	}
	for (; i < n && s[i] >= ' ' && s[i] < DEL; i++, out++) {
		c.code = s[i];
		*out = c;
	}
	if (!out->code) /* a wide character has lost its left half */
		out->code = ' ';
	touch(t, p->y, p->x + i + 1);
	p->x += i;
	t->last = s[i - 1];
	return i;
}

void screen_repeat(struct terminal *t, unsigned n)
{
	u32 code = t->last;

	if (!code)
		return;
	for (n = min(n, (unsigned)t->cols * t->rows); n; n--)
		screen_put(t, code);
}

/* --- Two screens ---------------------------------------------------------------------------------- */

void screen_select(struct terminal *t, u8 screen, bool clear)
{
	if (t->screen != screen) {
		t->screen = screen;
		terminal_damage_all(t);
	}
	if (clear)
		erase_lines(t, 0, t->rows);
}

/* The main screen's cursor is saved, the alternate screen starts empty. */
void screen_alternate(struct terminal *t, bool on)
{
	if (on) {
		if (t->screen == 0)
			screen_save(t);
		screen_select(t, 1, true);
		return;
	}
	if (t->screen == 0)
		return;
	screen_select(t, 0, false);
	screen_restore(t);
}

void screen_alignment_pattern(struct terminal *t)
{
	struct terminal_cell e = { .code = 'E', .fg = t->default_fg, .bg = t->default_bg };

	t->top = 0;
	t->bottom = t->rows - 1;
	for (unsigned y = 0; y < t->rows; y++) {
		fill(terminal_line(t, y), t->cols, e);
		touch(t, y, t->cols);
	}
	terminal_damage_all(t);
	screen_move_line(t, 0);
	screen_move_column(t, 0);
}

/* The screen keeps its width, but what else DECCOLM does programs rely on. */
void screen_change_columns(struct terminal *t)
{
	t->top = 0;
	t->bottom = t->rows - 1;
	erase_lines(t, 0, t->rows);
	screen_move_line(t, 0);
	screen_move_column(t, 0);
}

/* --- Beginnings ------------------------------------------------------------------------------------ */

void screen_soft_reset(struct terminal *t)
{
	u16 x = t->pen.x, y = t->pen.y;

	colour_pen_reset(t, &t->pen);
	colour_pen_reset(t, &t->saved[0]);
	colour_pen_reset(t, &t->saved[1]);
	t->pen.x = x;
	t->pen.y = y;
	t->top = 0;
	t->bottom = t->rows - 1;
	t->autowrap = t->cursor_visible = true;
	t->insert = t->newline_mode = t->app_cursor_keys = t->app_keypad = t->control_pictures = false;
}

void terminal_reset(struct terminal *t)
{
	t->default_fg = TERMINAL_DEFAULT_FG;
	t->default_bg = TERMINAL_DEFAULT_BG;
	t->default_attrs = 0;
	t->cursor = TERMINAL_CURSOR_BLOCK;
	t->cursor_blinks = false;
	screen_soft_reset(t);
	colour_palette_reset(t);
	t->screen_reversed = false;
	t->screen = 0;
	t->columns_may_change = false;
	t->last = 0;
	t->pen.x = t->pen.y = 0;
	screen_tabs_reset(t);
	erase_lines(t, 0, t->rows);
	terminal_damage_all(t);
	if (t->on_reset)
		t->on_reset(t);
}

void screen_init(struct terminal *t)
{
	unsigned main_rows = t->rows + t->history_size;

	t->history_next = t->history_count = 0;
	for (unsigned y = 0; y < t->rows; y++) {
		t->order[0][y] = y;
		t->order[1][y] = main_rows + y;
	}
	for (unsigned i = 0; i < t->history_size; i++)
		t->history[i] = t->rows + i;
	memset(t->used, 0, sizeof(t->used));
	fill(t->cells, (size_t)t->cols * (main_rows + t->rows),
	     (struct terminal_cell){ .code = ' ', .fg = TERMINAL_DEFAULT_FG, .bg = TERMINAL_DEFAULT_BG });
	t->screen = 0;
	terminal_reset(t);
}
