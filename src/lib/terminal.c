/* SPDX-License-Identifier: MIT */
/*
 * The terminal's parser: bytes to operations on the screen.
 *
 * A state machine after ECMA-48 and the VT100, with Linux's additions: controls act in the midst
 * of sequences, CAN and SUB end them, unknown ones are read to their end and do nothing.
 * A character in the last column leaves the cursor there with wrap_next set; only the next
 * character moves to the next line, any movement of the cursor forgets it.
 *
 *   terminal.c          this: states, sequences, which operation each means
 *   terminal_screen.c   cells, lines, cursor, history
 *   terminal_colour.c   SGR, palette, what a cell looks like
 *   terminal_charset.c  character sets
 *   terminal_report.c   answers
 *   terminal_width.c    columns of a character
 *
 * Parameters saturate at PARAM_MAX, so that sums of a few do not overflow.
 *
 * Not synchronized: the caller has a lock.
 */
#include <lib/terminal_internal.h>

#include <lib/string.h>

enum { PARAM_MAX = 9999, PALETTE_DIGITS = 7 };

enum state {
	GROUND,
	ESCAPE,
	ESCAPE_INTERMEDIATE, /* ESC ( and the like: one more byte */
	CSI,
	CSI_FUNCTION_KEY,    /* CSI [: one more byte, as Linux's function keys send */
	OSC_START,
	OSC_PALETTE,         /* Linux's OSC P has seven digits and no end */
	OSC_TEXT,
	STRING,              /* to be swallowed up to BEL or ST */
	STRING_ESCAPE,
	OSC_ESCAPE,
};

enum { BEL = 7, BS = 8, HT = 9, LF = 10, VT = 11, FF = 12, CR = 13, SO = 14, SI = 15, CAN = 24,
       SUB = 26, ESC = 27, DEL = 127 };
/* With SGR 11 the other controls are characters. */
enum { ALWAYS_CONTROLS = 1 << 0 | 1 << BS | 1 << LF | 1 << FF | 1 << CR | 1 << SO | 1 << SI | 1 << ESC };

static void request(struct terminal *t, enum terminal_request what, unsigned value)
{
	if (t->request)
		t->request(t, what, value);
}

/* --- Modes ----------------------------------------------------------------------------------------- */

static void private_mode(struct terminal *t, unsigned mode, bool on)
{
	switch (mode) {
	case 1:
		t->app_cursor_keys = on;
		break;
	case 3:
		if (t->columns_may_change)
			screen_change_columns(t);
		break;
	case 5:
		t->screen_reversed = on;
		terminal_damage_all(t);
		break;
	case 6:
		t->pen.origin = on;
		screen_move_to(t, 0, 0);
		break;
	case 7:
		t->autowrap = on;
		if (!on)
			t->pen.wrap_next = false;
		break;
	case 12:
		t->cursor_blinks = on;
		break;
	case 25:
		t->cursor_visible = on;
		break;
	case 40:
		t->columns_may_change = on;
		break;
	case 47:
	case 1047:
		screen_select(t, on, false);
		break;
	case 1048:
		if (on)
			screen_save(t);
		else
			screen_restore(t);
		break;
	case 1049:
		screen_alternate(t, on);
		break;
	default: /* mouse, bracketed paste and so on are not there */
		break;
	}
}

static void ansi_mode(struct terminal *t, unsigned mode, bool on)
{
	if (mode == 3)
		t->control_pictures = on;
	else if (mode == 4)
		t->insert = on;
	else if (mode == 20)
		t->newline_mode = on;
}

static void set_modes(struct terminal *t, bool on)
{
	for (unsigned i = 0; i < t->nparams; i++) {
		if (t->prefix == '?')
			private_mode(t, t->params[i], on);
		else if (!t->prefix)
			ansi_mode(t, t->params[i], on);
	}
}

/* DECSCUSR: 0 and odd ones but the first blink; 0 is ours, which does not. */
static void cursor_style(struct terminal *t, unsigned style)
{
	static const u8 shapes[] = { TERMINAL_CURSOR_BLOCK, TERMINAL_CURSOR_BLOCK, TERMINAL_CURSOR_UNDERLINE,
				     TERMINAL_CURSOR_BAR };

	if (style > 6)
		return;
	t->cursor = shapes[(style + 1) / 2];
	t->cursor_blinks = style & 1;
}

/* Linux's CSI ? n c: the size in the lowest four bits, 0 as it was at first. */
static void cursor_size(struct terminal *t, unsigned n)
{
	static const u8 shapes[] = {
		TERMINAL_CURSOR_BLOCK, TERMINAL_CURSOR_NONE, TERMINAL_CURSOR_UNDERLINE,
		TERMINAL_CURSOR_LOWER_THIRD, TERMINAL_CURSOR_LOWER_HALF, TERMINAL_CURSOR_TWO_THIRDS,
	};

	n &= 15;
	t->cursor = n < ARRAY_SIZE(shapes) ? shapes[n] : TERMINAL_CURSOR_BLOCK;
	t->cursor_blinks = false;
}

/* Linux's CSI n ]: what setterm(1) sends. */
static void setterm(struct terminal *t)
{
	unsigned value = t->nparams > 1 ? t->params[1] : 0;

	switch (t->params[0]) {
	case 8:
		t->default_fg = t->pen.fg;
		t->default_bg = t->pen.bg;
		t->default_attrs = t->pen.attrs;
		break;
	case 9:
		request(t, TERMINAL_BLANK_AFTER, min(value, 60U));
		break;
	case 12:
		request(t, TERMINAL_BRING_TO_FRONT, value);
		break;
	case 13:
		request(t, TERMINAL_UNBLANK, 0);
		break;
	case 14:
		request(t, TERMINAL_POWER_DOWN_AFTER, min(value, 60U));
		break;
	case 15:
		request(t, TERMINAL_PREVIOUS, 0);
		break;
	default: /* colours of underlining and dimming, pitch and length of the bell */
		break;
	}
}

/* --- Control sequences ------------------------------------------------------------------------------ */

/* Sequences that move; false: another one. `n` is the first parameter, at least 1. */
static bool csi_move(struct terminal *t, u8 c, int n, int second)
{
	switch (c) {
	case 'A':
		screen_move_up(t, n);
		return true;
	case 'B':
	case 'e':
		screen_move_down(t, n);
		return true;
	case 'C':
	case 'a':
		screen_move_column(t, t->pen.x + n);
		return true;
	case 'D':
		screen_move_column(t, t->pen.x - n);
		return true;
	case 'E':
	case 'F':
		(c == 'E' ? screen_move_down : screen_move_up)(t, n);
		screen_move_column(t, 0);
		return true;
	case 'G':
	case '`':
		screen_move_column(t, n - 1);
		return true;
	case 'd':
		screen_move_to(t, t->pen.x, n - 1);
		return true;
	case 'H':
	case 'f':
		screen_move_to(t, second - 1, n - 1);
		return true;
	case 'I':
		screen_tab(t, n);
		return true;
	case 'Z':
		screen_tab_back(t, n);
		return true;
	default:
		return false;
	}
}

/* Sequences that change cells; false: another one. */
static bool csi_edit(struct terminal *t, u8 c, unsigned n)
{
	switch (c) {
	case '@':
		screen_insert_cells(t, n);
		return true;
	case 'P':
		screen_delete_cells(t, n);
		return true;
	case 'X':
		screen_erase_cells(t, n);
		return true;
	case 'L':
		screen_insert_lines(t, n);
		return true;
	case 'M':
		screen_delete_lines(t, n);
		return true;
	case 'S':
		screen_scroll_up(t, n);
		return true;
	case 'T':
		screen_scroll_down(t, n);
		return true;
	case 'b':
		screen_repeat(t, n);
		return true;
	case 'J':
		screen_erase_display(t, t->params[0]);
		return true;
	case 'K':
		screen_erase_line(t, t->params[0]);
		return true;
	default:
		return false;
	}
}

static void csi_other(struct terminal *t, u8 c)
{
	unsigned first = t->params[0];

	switch (c) {
	case 'c':
		if (first == 0)
			report_device(t);
		break;
	case 'g':
		screen_tabs_clear(t, first);
		break;
	case 'h':
	case 'l':
		set_modes(t, c == 'h');
		break;
	case 'm':
		colour_sgr(t);
		break;
	case 'n':
		report_status(t, first);
		break;
	case 'r':
		screen_set_region(t, first, t->nparams > 1 ? t->params[1] : 0);
		break;
	case 's':
		screen_save(t);
		break;
	case 'u':
		screen_restore(t);
		break;
	case ']':
		setterm(t);
		break;
	default:
		break;
	}
}

static void csi_intermediate(struct terminal *t, u8 c)
{
	if (t->intermediate == '!' && c == 'p')
		screen_soft_reset(t);
	else if (t->intermediate == ' ' && c == 'q' && !t->prefix)
		cursor_style(t, t->params[0]);
	else if (t->intermediate == '$' && c == 'p' && (!t->prefix || t->prefix == '?'))
		report_mode(t, t->params[0], t->prefix);
}

static void csi_end(struct terminal *t, u8 c)
{
	t->state = GROUND;
	t->nparams++; /* the one being read */
	if (t->intermediate) {
		csi_intermediate(t, c);
	} else if (t->prefix) {
		if (c == 'h' || c == 'l')
			set_modes(t, c == 'h');
		else if (c == 'c' && t->prefix == '?')
			cursor_size(t, t->params[0]);
	} else {
		int n = max(t->params[0], (u16)1), second = t->nparams > 1 ? max(t->params[1], (u16)1) : 1;

		if (!csi_move(t, c, n, second) && !csi_edit(t, c, n))
			csi_other(t, c);
	}
	t->last = 0; /* REP wants the character just before it: ECMA-48, 8.3.103 */
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
	} else if (c == '[' && !t->nparams && !t->params[0] && !t->prefix && !t->intermediate) {
		t->state = CSI_FUNCTION_KEY;
	} else if (c >= 0x40 && c < DEL) {
		csi_end(t, c);
	}
}

/* --- Escape sequences and controls -------------------------------------------------------------------- */

/* ESC and a byte that means something at once; false: it begins something longer, or nothing. */
static bool escape_final(struct terminal *t, u8 c)
{
	switch (c) {
	case '7':
		screen_save(t);
		return true;
	case '8':
		screen_restore(t);
		return true;
	case 'D':
		screen_index_down(t);
		return true;
	case 'E':
		screen_move_column(t, 0);
		screen_index_down(t);
		return true;
	case 'M':
		screen_index_up(t);
		return true;
	case 'H':
		t->tabs[t->pen.x / 64] |= 1ULL << t->pen.x % 64;
		return true;
	case 'Z':
		report_device(t);
		return true;
	case 'c':
		terminal_reset(t);
		return true;
	case '=':
	case '>':
		t->app_keypad = c == '=';
		return true;
	default:
		return false;
	}
}

static void escape_byte(struct terminal *t, u8 c)
{
	t->state = GROUND;
	if (escape_final(t, c)) {
		t->last = 0;
		return;
	}
	if (c == '[') {
		csi_start(t);
	} else if (c == ']') {
		t->state = OSC_START;
		t->osc_length = 0;
	} else if (c == 'P' || c == 'X' || c == '^' || c == '_') {
		t->state = STRING;
	} else if (c >= 0x20 && c < 0x30) {
		t->intermediate = c;
		t->state = ESCAPE_INTERMEDIATE;
	}
}

static void escape_intermediate(struct terminal *t, u8 c)
{
	t->state = GROUND;
	if (t->intermediate == '#' && c == '8')
		screen_alignment_pattern(t);
	else if (t->intermediate == '(' || t->intermediate == ')')
		t->pen.sets[t->intermediate == ')'] = c == '0' || c == 'A' ? c : 'B';
	else if (c >= 0x20 && c < 0x30)
		t->state = ESCAPE_INTERMEDIATE;
}

static void control(struct terminal *t, u8 c)
{
	if (c != ESC)
		t->last = 0;
	switch (c) {
	case BEL:
		if (t->bell)
			t->bell(t);
		break;
	case BS:
		screen_move_column(t, t->pen.x - 1);
		break;
	case HT:
		screen_tab(t, 1);
		break;
	case LF:
	case VT:
	case FF:
		if (t->newline_mode)
			screen_move_column(t, 0);
		screen_index_down(t);
		break;
	case CR:
		screen_move_column(t, 0);
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

/* --- Strings ------------------------------------------------------------------------------------------ */

static void osc_add(struct terminal *t, u8 c)
{
	if (t->osc_length < TERMINAL_OSC - 1)
		t->osc[t->osc_length++] = c;
}

static void osc_end(struct terminal *t)
{
	t->osc[t->osc_length] = 0;
	t->state = GROUND;
	if (t->osc_length < TERMINAL_OSC - 1) /* one that was cut means something else */
		colour_osc(t);
}

static void osc_start(struct terminal *t, u8 c)
{
	if (c == 'R') {
		t->state = GROUND;
		colour_palette_reset(t);
	} else if (c == 'P') {
		t->state = OSC_PALETTE;
	} else {
		t->state = OSC_TEXT;
		osc_add(t, c);
	}
}

static void osc_palette(struct terminal *t, u8 c)
{
	if (char_hex_value(c) < 0) {
		t->state = GROUND;
		return;
	}
	osc_add(t, c);
	if (t->osc_length == PALETTE_DIGITS) {
		t->state = GROUND;
		colour_palette_set(t, t->osc);
	}
}

/* In OSC, DCS and the like nothing counts but their end. */
static void string_byte(struct terminal *t, u8 c)
{
	if (t->state == STRING_ESCAPE || t->state == OSC_ESCAPE) {
		bool osc = t->state == OSC_ESCAPE;

		t->state = GROUND;
		if (c != '\\') {
			t->state = ESCAPE;
			escape_byte(t, c);
		} else if (osc) {
			osc_end(t);
		}
	} else if (c == BEL && t->state == OSC_TEXT) {
		osc_end(t);
	} else if (c == BEL || c == CAN || c == SUB) {
		t->state = GROUND;
	} else if (c == ESC) {
		t->state = t->state == OSC_TEXT ? OSC_ESCAPE : STRING_ESCAPE;
	} else if (t->state == OSC_START) {
		osc_start(t, c);
	} else if (t->state == OSC_PALETTE) {
		osc_palette(t, c);
	} else if (t->state == OSC_TEXT) {
		osc_add(t, c);
	}
}

/* --- Bytes -------------------------------------------------------------------------------------------- */

static void ground_byte(struct terminal *t, u8 c)
{
	u32 code;
	enum utf8_state s;

	if (t->control_pictures || (c < 0x80 && !t->utf8.left)) {
		if (c != DEL || t->control_pictures)
			screen_put_byte(t, c);
		return;
	}
	while ((s = utf8_feed(&t->utf8, c, &code)) == UTF8_BAD)
		screen_put(t, UTF8_REPLACEMENT);
	if (s == UTF8_BAD_BYTE)
		screen_put(t, UTF8_REPLACEMENT);
	else if (s == UTF8_CODE && code != DEL && (code < 0x80 || code >= 0xa0))
		screen_put(t, code); /* C1 controls are no controls in UTF-8 */
}

static bool is_control(const struct terminal *t, u8 c)
{
	if (c >= 0x20)
		return false;
	return !t->control_pictures || t->state != GROUND || ALWAYS_CONTROLS >> c & 1;
}

static void byte(struct terminal *t, u8 c)
{
	if (t->state >= OSC_START) {
		string_byte(t, c);
	} else if (is_control(t, c)) {
		if (t->utf8.left) { /* cut short */
			utf8_init(&t->utf8);
			screen_put(t, UTF8_REPLACEMENT);
		}
		control(t, c);
	} else if (t->state == GROUND) {
		ground_byte(t, c);
	} else if (t->state == CSI) {
		csi_byte(t, c);
	} else if (t->state == ESCAPE) {
		escape_byte(t, c);
	} else if (t->state == ESCAPE_INTERMEDIATE) {
		escape_intermediate(t, c);
	} else {
		t->state = GROUND; /* CSI_FUNCTION_KEY: its letter */
	}
}

void terminal_write(struct terminal *t, const void *bytes, size_t n)
{
	const u8 *s = bytes, *end = s + n;

	while (s < end) {
		if (t->state == GROUND)
			s += screen_put_run(t, s, end - s);
		if (s < end)
			byte(t, *s++);
	}
}

void terminal_message(struct terminal *t, const char *text, size_t n, bool begins)
{
	struct terminal_pen pen = t->pen;
	struct utf8_decoder utf8 = t->utf8;
	u8 state = t->state;
	u32 last = t->last;
	bool insert = t->insert, pictures = t->control_pictures, autowrap = t->autowrap;

	colour_pen_reset(t, &t->pen);
	t->pen.x = pen.x;
	t->pen.y = pen.y;
	t->pen.wrap_next = pen.wrap_next;
	t->state = GROUND;
	t->insert = t->control_pictures = false;
	t->autowrap = true;
	utf8_init(&t->utf8);
	if (begins && t->pen.x)
		terminal_write(t, "\r\n", 2);
	for (const char *end = text + n; text < end;) {
		const char *nl = memchr(text, '\n', end - text);

		for (; text < (nl ? nl : end); text++)
			if (*text >= ' ' || (u8)*text >= 0x80 || *text == HT)
				terminal_write(t, text, 1);
		if (!nl)
			break;
		terminal_write(t, "\r\n", 2);
		text = nl + 1;
	}
	pen.x = t->pen.x;
	pen.y = t->pen.y;
	pen.wrap_next = t->pen.wrap_next;
	t->pen = pen;
	t->utf8 = utf8;
	t->state = state;
	t->last = last;
	t->insert = insert;
	t->control_pictures = pictures;
	t->autowrap = autowrap;
}

void terminal_init(struct terminal *t, unsigned cols, unsigned rows, unsigned history, void *buffer)
{
	t->cols = cols;
	t->rows = rows;
	t->history_size = history;
	t->cells = buffer;
	t->state = GROUND;
	t->screen = 0;
	utf8_init(&t->utf8);
	screen_init(t);
}
