/* SPDX-License-Identifier: MIT */
/*
 * Colours and attributes: SGR, the palette, and what both make of a cell.
 *
 * Cells keep what programs said (a name or a true colour); terminal_look computes what is
 * seen when a line is drawn, so a changed palette changes what stands on the screen already.
 */
#include <lib/terminal_internal.h>

#include <lib/string.h>

enum { DIM_GREY = 8, BRIGHT = 8, NAMED = 16, GREYS = 232 };

static const u8 cube_steps[6] = { 0, 95, 135, 175, 215, 255 };
static const u32 named_colours[NAMED] = {
	0x000000, 0xaa0000, 0x00aa00, 0xaa5500, 0x0000aa, 0xaa00aa, 0x00aaaa, 0xaaaaaa,
	0x555555, 0xff5555, 0x55ff55, 0xffff55, 0x5555ff, 0xff55ff, 0x55ffff, 0xffffff,
};

/* --- The palette --------------------------------------------------------------------------------- */

u32 terminal_rgb(u8 colour)
{
	unsigned i = colour - NAMED;

	if (colour < NAMED)
		return named_colours[colour];
	if (colour >= GREYS)
		return (8 + 10 * (colour - GREYS)) * 0x010101;
	return cube_steps[i / 36] << 16 | cube_steps[i / 6 % 6] << 8 | cube_steps[i % 6];
}

static unsigned distance(u32 a, u32 b)
{
	int red = (a >> 16 & 255) - (b >> 16 & 255), green = (a >> 8 & 255) - (b >> 8 & 255);
	int blue = (a & 255) - (b & 255);

	return red * red + green * green + blue * blue;
}

static unsigned nearest_step(unsigned v)
{
	return v < 48 ? 0 : v < 115 ? 1 : (min(v, 255U) - 35) / 40;
}

/* The best of cube, greys and names. */
u8 terminal_nearest(u32 rgb)
{
	unsigned r = rgb >> 16 & 255, g = rgb >> 8 & 255, b = rgb & 255, mean = (r + g + b) / 3;
	u8 best = NAMED + 36 * nearest_step(r) + 6 * nearest_step(g) + nearest_step(b);
	u8 grey = GREYS + (mean < 8 ? 0 : min((mean - 3) / 10, 23U));

	if (distance(terminal_rgb(grey), rgb) < distance(terminal_rgb(best), rgb))
		best = grey;
	for (u8 i = 0; i < NAMED; i++)
		if (distance(named_colours[i], rgb) < distance(terminal_rgb(best), rgb))
			best = i;
	return best;
}

void colour_palette_reset(struct terminal *t)
{
	memcpy(t->palette, named_colours, sizeof(t->palette));
	terminal_damage_all(t);
}

static void set_named(struct terminal *t, unsigned i, u32 rgb)
{
	t->palette[i] = rgb;
	terminal_damage_all(t);
}

void colour_palette_set(struct terminal *t, const char *digits)
{
	u32 rgb = 0;

	for (unsigned i = 1; i < 7; i++)
		rgb = rgb << 4 | char_hex_value(digits[i]);
	set_named(t, char_hex_value(digits[0]), rgb);
}

/* Decimal digits at *s; -1: there are none. */
static int number(const char **s)
{
	int v = -1;

	for (; **s >= '0' && **s <= '9'; ++*s)
		v = min(max(v, 0) * 10 + (**s - '0'), 9999);
	return v;
}

/* One to four hexadecimal digits, scaled to eight bits; -1: none. */
static int channel(const char **s)
{
	int v = 0, n = 0;

	for (; n < 4 && char_hex_value(**s) >= 0; n++)
		v = v << 4 | char_hex_value(*(*s)++);
	return n ? v * 255 / ((1 << 4 * n) - 1) : -1;
}

/* "rgb:RR/GG/BB" or "#RRGGBB"; -1: something else. */
static s64 parse_colour(const char **s)
{
	s64 rgb = 0;
	int v, n = 0;

	if (**s == '#') {
		for (++*s; n < 6 && (v = char_hex_value(**s)) >= 0; n++, ++*s)
			rgb = rgb << 4 | v;
		return n == 6 ? rgb : -1;
	}
	if (strncmp(*s, "rgb:", 4))
		return -1;
	*s += 4;
	for (n = 0; n < 3; n++) {
		if ((n && *(*s)++ != '/') || (v = channel(s)) < 0)
			return -1;
		rgb = rgb << 8 | v;
	}
	return rgb;
}

/* xterm's OSC 4 ; place ; colour ... sets, OSC 104 ; place ... takes back. */
void colour_osc(struct terminal *t)
{
	const char *s = t->osc;
	int what = number(&s);

	if (what == 104 && !*s)
		colour_palette_reset(t);
	while ((what == 4 || what == 104) && *s == ';') {
		s++;
		int place = number(&s);
		s64 rgb = place >= 0 && place < NAMED ? named_colours[place] : 0;

		if (place < 0)
			return;
		if (what == 4) {
			if (*s++ != ';' || (rgb = parse_colour(&s)) < 0)
				return;
		}
		if (place < NAMED)
			set_named(t, place, rgb);
	}
}

/* --- What is seen -------------------------------------------------------------------------------- */

static u32 rgb_of(const struct terminal *t, u32 colour)
{
	if (colour & TERMINAL_TRUE)
		return colour & 0xffffff;
	return colour < NAMED ? t->palette[colour] : terminal_rgb(colour);
}

struct terminal_cell terminal_look(const struct terminal *t, struct terminal_cell c, bool lit)
{
	u32 fg = c.fg, swap;

	if (c.attrs & TERMINAL_BOLD && fg < BRIGHT)
		fg += BRIGHT;
	else if (c.attrs & TERMINAL_DIM && fg < NAMED)
		fg = DIM_GREY;
	c.fg = rgb_of(t, fg);
	c.bg = rgb_of(t, c.bg);
	if (!(c.attrs & TERMINAL_REVERSE) != !t->screen_reversed) {
		swap = c.fg;
		c.fg = c.bg;
		c.bg = swap;
	}
	if (c.attrs & TERMINAL_HIDDEN || (c.attrs & TERMINAL_BLINK && !lit))
		c.fg = c.bg;
	if (!c.code)
		c.code = ' ';
	c.attrs &= ~(TERMINAL_BOLD | TERMINAL_DIM | TERMINAL_REVERSE | TERMINAL_HIDDEN | TERMINAL_BLINK);
	return c;
}

/* --- SGR ----------------------------------------------------------------------------------------- */

void colour_pen_reset(const struct terminal *t, struct terminal_pen *p)
{
	*p = (struct terminal_pen){ .fg = t->default_fg, .bg = t->default_bg, .attrs = t->default_attrs,
				    .sets = { 'B', 'B' } };
}

static bool is_sub(const struct terminal *t, unsigned i)
{
	return i < t->nparams && t->sub >> i & 1;
}

static u32 true_colour(unsigned r, unsigned g, unsigned b)
{
	return TERMINAL_TRUE | min(r, 255U) << 16 | min(g, 255U) << 8 | min(b, 255U);
}

/* After 38 or 48 at params[i]: 5;N or 2;R;G;B, also with colons. Returns the last one used. */
static unsigned extended_colour(struct terminal *t, unsigned i, u32 *colour)
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
			*colour = true_colour(p[n >= 5 ? 2 : 1], p[n >= 5 ? 3 : 2], p[n >= 5 ? 4 : 3]);
		return i + n;
	}
	if (left >= 2 && p[0] == 5) {
		*colour = min(p[1], 255);
		return i + 2;
	}
	if (left >= 4 && p[0] == 2) {
		*colour = true_colour(p[1], p[2], p[3]);
		return i + 4;
	}
	return t->nparams;
}

/* SGR 1 to 9, and what 21 to 29 take away again. */
static const u8 sgr_attrs[10] = {
	0, TERMINAL_BOLD, TERMINAL_DIM, TERMINAL_ITALIC, TERMINAL_UNDERLINE, TERMINAL_BLINK, TERMINAL_BLINK,
	TERMINAL_REVERSE, TERMINAL_HIDDEN, TERMINAL_STRIKE,
};

static void sgr_flag(struct terminal *t, unsigned v, unsigned i)
{
	struct terminal_pen *p = &t->pen;

	if (v == 0) {
		p->attrs = t->default_attrs;
		p->fg = t->default_fg;
		p->bg = t->default_bg;
	} else if (v == 4 && is_sub(t, i + 1) && !t->params[i + 1]) {
		p->attrs &= ~TERMINAL_UNDERLINE; /* 4:0 */
	} else if (v < 10) {
		p->attrs |= sgr_attrs[v];
	} else if (v == 10) {
		t->control_pictures = false;
	} else if (v == 11 || v == 12) {
		t->control_pictures = true;
	} else if (v == 21) { /* double */
		p->attrs |= TERMINAL_UNDERLINE;
	} else if (v == 22) {
		p->attrs &= ~(TERMINAL_BOLD | TERMINAL_DIM);
	} else if (v > 22 && v < 30) {
		p->attrs &= ~sgr_attrs[v - 20];
	}
}

void colour_sgr(struct terminal *t)
{
	struct terminal_pen *p = &t->pen;

	for (unsigned i = 0; i < t->nparams; i++) {
		unsigned v = t->params[i];

		if (is_sub(t, i))
			continue;
		if (v < 30)
			sgr_flag(t, v, i);
		else if (v < 38)
			p->fg = v - 30;
		else if (v == 38)
			i = extended_colour(t, i, &p->fg);
		else if (v == 39)
			p->fg = t->default_fg;
		else if (v < 48)
			p->bg = v - 40;
		else if (v == 48)
			i = extended_colour(t, i, &p->bg);
		else if (v == 49)
			p->bg = t->default_bg;
		else if (v >= 90 && v < 98)
			p->fg = v - 90 + BRIGHT;
		else if (v >= 100 && v < 108)
			p->bg = v - 100 + BRIGHT;
	}
}
