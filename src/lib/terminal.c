/* SPDX-License-Identifier: MIT */
/*
 * The terminal's state machine.
 *
 * The cells of a screen lie in one buffer; `order` says which of its rows is shown in
 * which line, so that scrolling moves numbers and clears rows, and copies nothing.
 * A character in the last column leaves the cursor there with wrap_next set; only the next
 * character moves to the next line, any movement of the cursor forgets it.
 *
 * Invariants: pen.x < cols, pen.y < rows, top < bottom < rows (or the whole screen, when
 * that is one line); each order[] is a permutation of 0..rows-1.  Parameters saturate at
 * PARAM_MAX, so that sums of a few do not overflow.
 *
 * Not synchronized: the caller has a lock.
 */
#include <lib/terminal.h>

#include <lib/string.h>

enum { PARAM_MAX = 9999, DEFAULT_FG = 7, DEFAULT_BG = 0 };

enum state {
	GROUND,
	ESCAPE,
	ESCAPE_INTERMEDIATE, /* ESC ( and the like: one more byte */
	CSI,
	OSC_START,
	OSC_PALETTE,         /* Linux's OSC P has seven digits and no end */
	STRING,              /* to be swallowed up to BEL or ST */
	STRING_ESCAPE,
};

enum { BEL = 7, BS = 8, HT = 9, LF = 10, VT = 11, FF = 12, CR = 13, SO = 14, SI = 15, CAN = 24,
       SUB = 26, ESC = 27, DEL = 127 };

/* VT100 graphics for 0x60 to 0x7e. */
static const u16 line_drawing[] = {
	0x25c6, 0x2592, 0x2409, 0x240c, 0x240d, 0x240a, 0x00b0, 0x00b1, 0x2424, 0x240b, 0x2518, 0x2510,
	0x250c, 0x2514, 0x253c, 0x23ba, 0x23bb, 0x2500, 0x23bc, 0x23bd, 0x251c, 0x2524, 0x2534, 0x252c,
	0x2502, 0x2264, 0x2265, 0x03c0, 0x2260, 0x00a3, 0x00b7,
};

/* --- Cells -------------------------------------------------------------------------------------- */

static void damage(struct terminal *t, unsigned y)
{
	t->damage[y / 64] |= 1ULL << y % 64;
}

static void damage_range(struct terminal *t, unsigned from, unsigned to)
{
	for (unsigned y = from; y <= to; y++)
		damage(t, y);
}

void terminal_damage_all(struct terminal *t)
{
	memset(t->damage, 0xff, sizeof(t->damage));
}

/* What erasing leaves: the background colour stays ("bce"). */
static struct terminal_cell blank(const struct terminal *t)
{
	return (struct terminal_cell){ .code = ' ', .fg = t->pen.fg, .bg = t->pen.bg };
}

static void fill(struct terminal_cell *p, size_t n, struct terminal_cell c)
{
	size_t done = min(n, (size_t)8);

	for (size_t i = 0; i < done; i++)
		p[i] = c;
	for (; done < n; done += min(done, n - done)) /* doubling: long moves are cheap */
		memcpy(p + done, p, min(done, n - done) * sizeof(*p));
}

/* Line y, columns from <= x < to. */
static void erase(struct terminal *t, unsigned y, unsigned from, unsigned to)
{
	if (from >= to)
		return;
	fill(terminal_line(t, y) + from, to - from, blank(t));
	damage(t, y);
}

static void erase_lines(struct terminal *t, unsigned from, unsigned to)
{
	for (unsigned y = from; y < to; y++)
		erase(t, y, 0, t->cols);
}

/* Lines from..to go up by n: n blank ones come in below. */
static void scroll_up(struct terminal *t, unsigned from, unsigned to, unsigned n)
{
	u16 *order = t->order[t->screen] + from, gone[TERMINAL_MAX_ROWS];
	unsigned height = to - from + 1;

	n = min(n, height);
	memcpy(gone, order, n * sizeof(*order));
	memmove(order, order + n, (height - n) * sizeof(*order));
	memcpy(order + height - n, gone, n * sizeof(*order));
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

static void insert_cells(struct terminal *t, unsigned n)
{
	struct terminal_cell *line = terminal_line(t, t->pen.y);
	unsigned x = t->pen.x;

	n = min(n, t->cols - x);
	memmove(line + x + n, line + x, (t->cols - x - n) * sizeof(*line));
	erase(t, t->pen.y, x, x + n);
}

static void delete_cells(struct terminal *t, unsigned n)
{
	struct terminal_cell *line = terminal_line(t, t->pen.y);
	unsigned x = t->pen.x;

	n = min(n, t->cols - x);
	memmove(line + x, line + x + n, (t->cols - x - n) * sizeof(*line));
	erase(t, t->pen.y, t->cols - n, t->cols);
}

/* --- The cursor --------------------------------------------------------------------------------- */

static void move_column(struct terminal *t, int x)
{
	t->pen.x = max(0, min(x, t->cols - 1));
	t->pen.wrap_next = false;
}

static void move_line(struct terminal *t, int y)
{
	t->pen.y = max(0, min(y, t->rows - 1));
	t->pen.wrap_next = false;
}

/* To a line as programs name them: within the region in origin mode. */
static void move_to(struct terminal *t, int x, int y)
{
	if (t->pen.origin)
		move_line(t, min(y + t->top, (int)t->bottom));
	else
		move_line(t, y);
	move_column(t, x);
}

/* The region stops a cursor that is inside of it. */
static void move_up(struct terminal *t, int n)
{
	int stop = t->pen.y >= t->top ? t->top : 0;

	move_line(t, max(t->pen.y - n, stop));
}

static void move_down(struct terminal *t, int n)
{
	int stop = t->pen.y <= t->bottom ? t->bottom : t->rows - 1;

	move_line(t, min(t->pen.y + n, stop));
}

static void index_down(struct terminal *t)
{
	if (t->pen.y == t->bottom)
		scroll_up(t, t->top, t->bottom, 1);
	else if (t->pen.y < t->rows - 1)
		t->pen.y++;
	t->pen.wrap_next = false;
}

static void index_up(struct terminal *t)
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

static void tab_forward(struct terminal *t, unsigned n)
{
	unsigned x = t->pen.x;

	for (; n && x < t->cols - 1; n--)
		do
			x++;
		while (x < t->cols - 1 && !tab_at(t, x));
	move_column(t, x);
}

static void tab_back(struct terminal *t, unsigned n)
{
	unsigned x = t->pen.x;

	for (; n && x > 0; n--)
		do
			x--;
		while (x > 0 && !tab_at(t, x));
	move_column(t, x);
}

static void tabs_reset(struct terminal *t)
{
	memset(t->tabs, 0x01, sizeof(t->tabs)); /* every eighth */
}

/* --- Printing ----------------------------------------------------------------------------------- */

struct range {
	u32 first, last;
};

static bool in_ranges(const struct range *r, unsigned n, u32 code)
{
	for (unsigned i = 0; i < n; i++)
		if (code >= r[i].first && code <= r[i].last)
			return true;
	return false;
}

/* Columns that a character takes: an approximation of wcwidth. */
static unsigned width_of(u32 code)
{
	static const struct range nothing[] = {
		{ 0x300, 0x36f }, { 0x483, 0x489 }, { 0x591, 0x5bd }, { 0x200b, 0x200f }, { 0x202a, 0x202e },
		{ 0x2060, 0x2064 }, { 0x20d0, 0x20f0 }, { 0xfe00, 0xfe0f }, { 0xfe20, 0xfe2f }, { 0xfeff, 0xfeff },
	};
	static const struct range wide[] = {
		{ 0x1100, 0x115f }, { 0x2e80, 0x303e }, { 0x3041, 0xa4cf }, { 0xac00, 0xd7a3 }, { 0xf900, 0xfaff },
		{ 0xfe30, 0xfe6f }, { 0xff00, 0xff60 }, { 0xffe0, 0xffe6 }, { 0x1f300, 0x1f64f },
		{ 0x1f900, 0x1f9ff }, { 0x20000, 0x3fffd },
	};

	if (code < 0x300)
		return 1;
	return in_ranges(nothing, ARRAY_SIZE(nothing), code) ? 0 : in_ranges(wide, ARRAY_SIZE(wide), code) ? 2 : 1;
}

static void wrap(struct terminal *t)
{
	t->pen.x = 0;
	index_down(t);
}

static void put(struct terminal *t, u32 code)
{
	struct terminal_pen *p = &t->pen;
	unsigned width = width_of(code);

	if (!width || width > t->cols)
		return;
	if (t->autowrap && (p->wrap_next || p->x + width > t->cols))
		wrap(t);
	p->x = min((unsigned)p->x, t->cols - width);
	if (t->insert)
		insert_cells(t, width);
	struct terminal_cell *c = terminal_line(t, p->y) + p->x;
	for (unsigned i = 0; i < width; i++)
		c[i] = (struct terminal_cell){ i ? 0 : code, p->fg, p->bg, p->attrs };
	damage(t, p->y);
	t->last = code;
	p->wrap_next = p->x + width >= t->cols;
	p->x = min(p->x + width, t->cols - 1U);
}

static void put_byte_of_set(struct terminal *t, u8 c)
{
	u8 set = t->pen.sets[t->pen.charset];

	if (set == '0' && c >= 0x5f)
		put(t, c == 0x5f ? 0xa0 : line_drawing[c - 0x60]);
	else
		put(t, set == 'A' && c == '#' ? 0xa3 : c);
}

/* Plain ASCII up to the line's end at once; how many bytes were used. */
static size_t put_run(struct terminal *t, const u8 *s, size_t n)
{
	struct terminal_pen *p = &t->pen;
	struct terminal_cell c = { 0, p->fg, p->bg, p->attrs };
	size_t i = 0;

	if (t->insert || p->sets[p->charset] != 'B' || p->wrap_next || t->utf8.left)
		return 0;
	struct terminal_cell *out = terminal_line(t, p->y) + p->x;
	n = min(n, (size_t)(t->cols - p->x - 1)); /* the last column is put()'s */
	for (; i < n && s[i] >= ' ' && s[i] < DEL; i++) {
		c.code = s[i];
		out[i] = c;
	}
	if (!i)
		return 0;
	damage(t, p->y);
	p->x += i;
	t->last = s[i - 1];
	return i;
}

/* --- Modes, colours, reports --------------------------------------------------------------------- */

static void pen_reset(struct terminal_pen *p)
{
	*p = (struct terminal_pen){ .fg = DEFAULT_FG, .bg = DEFAULT_BG, .sets = { 'B', 'B' } };
}

static void soft_reset(struct terminal *t)
{
	u16 x = t->pen.x, y = t->pen.y;

	pen_reset(&t->pen);
	pen_reset(&t->saved[0]);
	pen_reset(&t->saved[1]);
	t->pen.x = x;
	t->pen.y = y;
	t->top = 0;
	t->bottom = t->rows - 1;
	t->autowrap = t->cursor_visible = true;
	t->insert = t->newline_mode = t->app_cursor_keys = t->app_keypad = false;
}

static void reset(struct terminal *t)
{
	soft_reset(t);
	t->screen_reversed = false;
	t->screen = 0;
	t->last = ' ';
	t->pen.x = t->pen.y = 0;
	tabs_reset(t);
	erase_lines(t, 0, t->rows);
	terminal_damage_all(t);
	if (t->on_reset)
		t->on_reset(t);
}

static void restore_pen(struct terminal *t)
{
	t->pen = t->saved[t->screen];
}

static void select_screen(struct terminal *t, u8 screen, bool clear)
{
	if (t->screen != screen) {
		t->screen = screen;
		terminal_damage_all(t);
	}
	if (clear)
		erase_lines(t, 0, t->rows);
}

/* ?1049: the main screen's cursor is saved, the alternate one starts empty. */
static void alternate(struct terminal *t, bool on)
{
	if (on) {
		if (t->screen == 0)
			t->saved[0] = t->pen;
		select_screen(t, 1, true);
		return;
	}
	if (t->screen == 0)
		return;
	select_screen(t, 0, false);
	restore_pen(t);
}

static void private_mode(struct terminal *t, unsigned mode, bool on)
{
	switch (mode) {
	case 1:
		t->app_cursor_keys = on;
		break;
	case 5:
		t->screen_reversed = on;
		terminal_damage_all(t);
		break;
	case 6:
		t->pen.origin = on;
		move_to(t, 0, 0);
		break;
	case 7:
		t->autowrap = on;
		break;
	case 25:
		t->cursor_visible = on;
		break;
	case 47:
	case 1047:
		select_screen(t, on, false);
		break;
	case 1048:
		if (on)
			t->saved[t->screen] = t->pen;
		else
			restore_pen(t);
		break;
	case 1049:
		alternate(t, on);
		break;
	default: /* mouse, bracketed paste and so on are not there */
		break;
	}
}

static void set_modes(struct terminal *t, bool on)
{
	for (unsigned i = 0; i < t->nparams; i++) {
		if (t->prefix == '?')
			private_mode(t, t->params[i], on);
		else if (t->params[i] == 4)
			t->insert = on;
		else if (t->params[i] == 20)
			t->newline_mode = on;
	}
}

static const u8 cube_steps[6] = { 0, 95, 135, 175, 215, 255 };
static const u32 named_colours[16] = {
	0x000000, 0xaa0000, 0x00aa00, 0xaa5500, 0x0000aa, 0xaa00aa, 0x00aaaa, 0xaaaaaa,
	0x555555, 0xff5555, 0x55ff55, 0xffff55, 0x5555ff, 0xff55ff, 0x55ffff, 0xffffff,
};

u32 terminal_rgb(u8 colour)
{
	unsigned i = colour - 16;

	if (colour < 16)
		return named_colours[colour];
	if (colour >= 232)
		return (8 + 10 * (colour - 232)) * 0x010101;
	return cube_steps[i / 36] << 16 | cube_steps[i / 6 % 6] << 8 | cube_steps[i % 6];
}

static unsigned nearest_step(unsigned v)
{
	return v < 48 ? 0 : v < 115 ? 1 : (min(v, 255U) - 35) / 40;
}

/* The palette's place that is like a 24-bit colour. */
static u8 nearest_colour(unsigned r, unsigned g, unsigned b)
{
	if (r == g && g == b && r >= 8 && r < 243)
		return 232 + (r - 8) / 10;
	return 16 + 36 * nearest_step(r) + 6 * nearest_step(g) + nearest_step(b);
}

static bool is_sub(const struct terminal *t, unsigned i)
{
	return i < t->nparams && t->sub >> i & 1;
}

/* After 38 or 48 at params[i]: 5;N or 2;R;G;B, also with colons. Returns the last one used. */
static unsigned extended_colour(struct terminal *t, unsigned i, u8 *colour)
{
	const u16 *p = t->params + i + 1;
	unsigned left = t->nparams - i - 1;

	if (is_sub(t, i + 1)) {
		unsigned n = 0;
		while (is_sub(t, i + 1 + n))
			n++;
		if (n >= 2 && p[0] == 5)
			*colour = min(p[1], 255);
		else if (n >= 4 && p[0] == 2) /* five: a colour space comes first */
			*colour = nearest_colour(p[n >= 5 ? 2 : 1], p[n >= 5 ? 3 : 2], p[n >= 5 ? 4 : 3]);
		return i + n;
	}
	if (left >= 2 && p[0] == 5) {
		*colour = min(p[1], 255);
		return i + 2;
	}
	if (left >= 4 && p[0] == 2) {
		*colour = nearest_colour(p[1], p[2], p[3]);
		return i + 4;
	}
	return t->nparams;
}

/* SGR 1 to 9, and what 21 to 29 take away again. */
static const u8 sgr_attrs[10] = {
	0, TERMINAL_BOLD, TERMINAL_DIM, TERMINAL_ITALIC, TERMINAL_UNDERLINE, TERMINAL_BLINK, TERMINAL_BLINK,
	TERMINAL_REVERSE, TERMINAL_HIDDEN, TERMINAL_STRIKE,
};

static void graphics_flag(struct terminal *t, unsigned v, unsigned i)
{
	struct terminal_pen *p = &t->pen;

	if (v == 0) {
		p->attrs = 0;
		p->fg = DEFAULT_FG;
		p->bg = DEFAULT_BG;
	} else if (v == 4 && is_sub(t, i + 1) && !t->params[i + 1]) {
		p->attrs &= ~TERMINAL_UNDERLINE; /* 4:0 */
	} else if (v < 10) {
		p->attrs |= sgr_attrs[v];
	} else if (v == 21) { /* double */
		p->attrs |= TERMINAL_UNDERLINE;
	} else if (v == 22) {
		p->attrs &= ~(TERMINAL_BOLD | TERMINAL_DIM);
	} else if (v > 22 && v < 30) {
		p->attrs &= ~sgr_attrs[v - 20];
	}
}

static void graphics(struct terminal *t)
{
	struct terminal_pen *p = &t->pen;

	for (unsigned i = 0; i < t->nparams; i++) {
		unsigned v = t->params[i];

		if (is_sub(t, i))
			continue;
		if (v < 30)
			graphics_flag(t, v, i);
		else if (v < 38)
			p->fg = v - 30;
		else if (v == 38)
			i = extended_colour(t, i, &p->fg);
		else if (v == 39)
			p->fg = DEFAULT_FG;
		else if (v < 48)
			p->bg = v - 40;
		else if (v == 48)
			i = extended_colour(t, i, &p->bg);
		else if (v == 49)
			p->bg = DEFAULT_BG;
		else if (v >= 90 && v < 98)
			p->fg = v - 90 + 8;
		else if (v >= 100 && v < 108)
			p->bg = v - 100 + 8;
	}
}

static void answer(struct terminal *t, const char *s)
{
	if (t->reply)
		t->reply(t, s, strlen(s));
}

static char *decimal(char *p, unsigned v)
{
	if (v >= 10)
		p = decimal(p, v / 10);
	*p = '0' + v % 10;
	return p + 1;
}

static void report(struct terminal *t, unsigned what)
{
	char buf[24] = "\033[", *p = buf + 2;

	if (what == 5)
		answer(t, "\033[0n");
	if (what != 6)
		return;
	p = decimal(p, t->pen.y + 1 - (t->pen.origin ? t->top : 0));
	*p++ = ';';
	p = decimal(p, t->pen.x + 1);
	*p++ = 'R';
	*p = 0;
	answer(t, buf);
}

/* --- Control sequences --------------------------------------------------------------------------- */

static void erase_display(struct terminal *t, unsigned how)
{
	if (how == 0) {
		erase(t, t->pen.y, t->pen.x, t->cols);
		erase_lines(t, t->pen.y + 1, t->rows);
	} else if (how == 1) {
		erase_lines(t, 0, t->pen.y);
		erase(t, t->pen.y, 0, t->pen.x + 1);
	} else if (how <= 3) {
		erase_lines(t, 0, t->rows);
	}
}

static void erase_line(struct terminal *t, unsigned how)
{
	if (how <= 2)
		erase(t, t->pen.y, how == 0 ? t->pen.x : 0, how == 1 ? t->pen.x + 1 : t->cols);
}

static void edit_lines(struct terminal *t, bool insert, unsigned n)
{
	if (t->pen.y < t->top || t->pen.y > t->bottom)
		return;
	if (insert)
		scroll_down(t, t->pen.y, t->bottom, n);
	else
		scroll_up(t, t->pen.y, t->bottom, n);
	move_column(t, 0);
}

static void set_region(struct terminal *t, unsigned top, unsigned bottom)
{
	bottom = bottom ? min(bottom, (unsigned)t->rows) : t->rows;
	top = top ? top : 1;
	if (top >= bottom)
		return;
	t->top = top - 1;
	t->bottom = bottom - 1;
	move_to(t, 0, 0);
}

static void clear_tabs(struct terminal *t, unsigned how)
{
	if (how == 0)
		t->tabs[t->pen.x / 64] &= ~(1ULL << t->pen.x % 64);
	else if (how == 3)
		memset(t->tabs, 0, sizeof(t->tabs));
}

static void repeat(struct terminal *t, unsigned n)
{
	for (n = min(n, (unsigned)t->cols * t->rows); n; n--)
		put(t, t->last);
}

/* Sequences that move; false: another one. `n` is the first parameter, at least 1. */
static bool csi_move(struct terminal *t, u8 c, int n, int second)
{
	switch (c) {
	case 'A':
		move_up(t, n);
		return true;
	case 'B':
	case 'e':
		move_down(t, n);
		return true;
	case 'C':
	case 'a':
		move_column(t, t->pen.x + n);
		return true;
	case 'D':
		move_column(t, t->pen.x - n);
		return true;
	case 'E':
	case 'F':
		(c == 'E' ? move_down : move_up)(t, n);
		move_column(t, 0);
		return true;
	case 'G':
	case '`':
		move_column(t, n - 1);
		return true;
	case 'd':
		move_to(t, t->pen.x, n - 1);
		return true;
	case 'H':
	case 'f':
		move_to(t, second - 1, n - 1);
		return true;
	case 'I':
		tab_forward(t, n);
		return true;
	case 'Z':
		tab_back(t, n);
		return true;
	default:
		return false;
	}
}

static void csi_edit(struct terminal *t, u8 c, unsigned n)
{
	struct terminal_pen *p = &t->pen;

	switch (c) {
	case '@':
		insert_cells(t, n);
		break;
	case 'P':
		delete_cells(t, n);
		break;
	case 'X':
		erase(t, p->y, p->x, min(p->x + n, (unsigned)t->cols));
		break;
	case 'L':
	case 'M':
		edit_lines(t, c == 'L', n);
		break;
	case 'S':
		scroll_up(t, t->top, t->bottom, n);
		break;
	case 'T':
		scroll_down(t, t->top, t->bottom, n);
		break;
	case 'b':
		repeat(t, n);
		return;
	default:
		return;
	}
	p->wrap_next = false;
}

static void csi_other(struct terminal *t, u8 c)
{
	unsigned first = t->params[0];

	switch (c) {
	case 'J':
		erase_display(t, first);
		break;
	case 'K':
		erase_line(t, first);
		break;
	case 'c':
		if (first == 0)
			answer(t, "\033[?6c"); /* a VT102, as Linux says */
		break;
	case 'g':
		clear_tabs(t, first);
		break;
	case 'm':
		graphics(t);
		break;
	case 'n':
		report(t, first);
		break;
	case 'r':
		set_region(t, first, t->nparams > 1 ? t->params[1] : 0);
		break;
	case 's':
		t->saved[t->screen] = t->pen;
		break;
	case 'u':
		restore_pen(t);
		break;
	default:
		break;
	}
}

static void csi_end(struct terminal *t, u8 c)
{
	t->state = GROUND;
	t->nparams++; /* the one being read */
	if (t->intermediate) {
		if (t->intermediate == '!' && c == 'p')
			soft_reset(t);
		return;
	}
	if (c == 'h' || c == 'l') {
		set_modes(t, c == 'h');
		return;
	}
	if (t->prefix)
		return;
	int n = max(t->params[0], (u16)1), second = t->nparams > 1 ? max(t->params[1], (u16)1) : 1;
	if (csi_move(t, c, n, second))
		return;
	csi_edit(t, c, n);
	csi_other(t, c);
}

static void csi_start(struct terminal *t)
{
	t->state = CSI;
	t->prefix = t->intermediate = 0;
	t->nparams = 0; /* complete ones */
	t->params[0] = 0;
	t->sub = 0;
}

static void csi_byte(struct terminal *t, u8 c)
{
	if (c >= '0' && c <= '9') {
		u16 *p = &t->params[t->nparams];
		*p = min(*p * 10 + (c - '0'), PARAM_MAX);
	} else if (c == ';' || c == ':') {
		if (t->nparams == TERMINAL_PARAMS - 1) { /* the rest overwrites the last */
			t->params[t->nparams] = 0;
			return;
		}
		t->params[++t->nparams] = 0;
		t->sub |= (u32)(c == ':') << t->nparams;
	} else if (c >= '<' && c <= '?') {
		t->prefix = c;
	} else if (c >= 0x20 && c < 0x30) {
		t->intermediate = c;
	} else if (c >= 0x40 && c < DEL) {
		csi_end(t, c);
	}
}

/* --- Escape sequences and controls ----------------------------------------------------------------- */

static void alignment_pattern(struct terminal *t)
{
	struct terminal_cell e = { 'E', DEFAULT_FG, DEFAULT_BG, 0 };

	t->top = 0;
	t->bottom = t->rows - 1;
	for (unsigned y = 0; y < t->rows; y++)
		fill(terminal_line(t, y), t->cols, e);
	terminal_damage_all(t);
	move_line(t, 0);
	move_column(t, 0);
}

static void escape_byte(struct terminal *t, u8 c)
{
	t->state = GROUND;
	switch (c) {
	case '[':
		csi_start(t);
		break;
	case ']':
		t->state = OSC_START;
		break;
	case 'P':
	case 'X':
	case '^':
	case '_':
		t->state = STRING;
		break;
	case '7':
		t->saved[t->screen] = t->pen;
		break;
	case '8':
		restore_pen(t);
		break;
	case 'D':
		index_down(t);
		break;
	case 'E':
		move_column(t, 0);
		index_down(t);
		break;
	case 'M':
		index_up(t);
		break;
	case 'H':
		t->tabs[t->pen.x / 64] |= 1ULL << t->pen.x % 64;
		break;
	case 'Z':
		answer(t, "\033[?6c");
		break;
	case 'c':
		reset(t);
		break;
	case '=':
	case '>':
		t->app_keypad = c == '=';
		break;
	default:
		if (c >= 0x20 && c < 0x30) {
			t->intermediate = c;
			t->state = ESCAPE_INTERMEDIATE;
		}
	}
}

static void escape_intermediate(struct terminal *t, u8 c)
{
	t->state = GROUND;
	if (t->intermediate == '#' && c == '8')
		alignment_pattern(t);
	else if (t->intermediate == '(' || t->intermediate == ')')
		t->pen.sets[t->intermediate == ')'] = c == '0' || c == 'A' ? c : 'B';
	else if (c >= 0x20 && c < 0x30)
		t->state = ESCAPE_INTERMEDIATE;
}

/* Control characters act in the midst of sequences, too. */
static void control(struct terminal *t, u8 c)
{
	switch (c) {
	case BEL:
		if (t->bell)
			t->bell(t);
		break;
	case BS:
		move_column(t, t->pen.x - 1);
		break;
	case HT:
		tab_forward(t, 1);
		break;
	case LF:
	case VT:
	case FF:
		if (t->newline_mode)
			move_column(t, 0);
		index_down(t);
		break;
	case CR:
		move_column(t, 0);
		break;
	case SO:
	case SI:
		t->pen.charset = c == SO;
		break;
	case CAN:
	case SUB:
		t->state = GROUND;
		break;
	case ESC:
		t->state = ESCAPE;
		break;
	default:
		break;
	}
}

/* In OSC, DCS and the like nothing counts but their end. */
static void string_byte(struct terminal *t, u8 c)
{
	if (t->state == STRING_ESCAPE && c != '\\') {
		t->state = ESCAPE;
		escape_byte(t, c);
		return;
	}
	if (t->state == STRING_ESCAPE || c == BEL || c == CAN || c == SUB) {
		t->state = GROUND;
	} else if (c == ESC) {
		t->state = STRING_ESCAPE;
	} else if (t->state == OSC_START) {
		t->state = c == 'P' ? OSC_PALETTE : c == 'R' ? GROUND : STRING;
		t->palette_digits = 7;
	} else if (t->state == OSC_PALETTE) {
		if (char_hex_value(c) < 0 || --t->palette_digits == 0)
			t->state = GROUND;
	}
}

static void ground_byte(struct terminal *t, u8 c)
{
	u32 code;
	enum utf8_state s;

	if (c < 0x80 && !t->utf8.left) {
		if (c != DEL)
			put_byte_of_set(t, c);
		return;
	}
	while ((s = utf8_feed(&t->utf8, c, &code)) == UTF8_BAD)
		put(t, UTF8_REPLACEMENT);
	if (s == UTF8_BAD_BYTE)
		put(t, UTF8_REPLACEMENT);
	else if (s == UTF8_CODE && code != DEL && (code < 0x80 || code >= 0xa0))
		put(t, code); /* C1 controls are no controls in UTF-8 */
}

static void byte(struct terminal *t, u8 c)
{
	if (t->state >= OSC_START) {
		string_byte(t, c);
		return;
	}
	if (c < 0x20) {
		if (t->utf8.left) { /* cut short */
			utf8_init(&t->utf8);
			put(t, UTF8_REPLACEMENT);
		}
		control(t, c);
	} else if (t->state == GROUND) {
		ground_byte(t, c);
	} else if (t->state == CSI) {
		csi_byte(t, c);
	} else if (t->state == ESCAPE) {
		escape_byte(t, c);
	} else {
		escape_intermediate(t, c);
	}
}

void terminal_write(struct terminal *t, const void *bytes, size_t n)
{
	const u8 *s = bytes, *end = s + n;

	while (s < end) {
		if (t->state == GROUND)
			s += put_run(t, s, end - s);
		if (s < end)
			byte(t, *s++);
	}
}

void terminal_init(struct terminal *t, unsigned cols, unsigned rows, void *buffer)
{
	t->cols = cols;
	t->rows = rows;
	t->cells = buffer;
	t->state = GROUND;
	utf8_init(&t->utf8);
	for (unsigned y = 0; y < rows; y++)
		t->order[0][y] = t->order[1][y] = y;
	pen_reset(&t->pen);
	fill(t->cells, 2UL * cols * rows, blank(t));
	reset(t);
}
