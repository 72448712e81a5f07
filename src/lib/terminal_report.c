/* SPDX-License-Identifier: MIT */
/* What a terminal answers when it is asked: DA, DSR, CPR, DECRQM. */
#include <lib/terminal_internal.h>

#include <lib/string.h>

static void answer(struct terminal *t, const char *s, size_t n)
{
	if (t->reply)
		t->reply(t, s, n);
}

static char *decimal(char *p, unsigned v)
{
	if (v >= 10)
		p = decimal(p, v / 10);
	*p = '0' + v % 10;
	return p + 1;
}

static void answer_pair(struct terminal *t, const char *start, unsigned a, unsigned b, const char *end)
{
	char buf[32], *p = buf;

	while (*start)
		*p++ = *start++;
	p = decimal(p, a);
	*p++ = ';';
	p = decimal(p, b);
	while (*end)
		*p++ = *end++;
	answer(t, buf, p - buf);
}

/* A VT102, as Linux says. */
void report_device(struct terminal *t)
{
	answer(t, "\033[?6c", 5);
}

void report_status(struct terminal *t, unsigned what)
{
	if (what == 5)
		answer(t, "\033[0n", 4);
	else if (what == 6)
		answer_pair(t, "\033[", t->pen.y + 1 - (t->pen.origin ? t->top : 0), t->pen.x + 1, "R");
}

enum mode_state { MODE_UNKNOWN, MODE_SET, MODE_RESET, MODE_ALWAYS_SET, MODE_ALWAYS_RESET };

static enum mode_state state_of(bool on)
{
	return on ? MODE_SET : MODE_RESET;
}

static enum mode_state private_mode(const struct terminal *t, unsigned mode)
{
	switch (mode) {
	case 1: return state_of(t->app_cursor_keys);
	case 3: return MODE_ALWAYS_RESET; /* 132 columns */
	case 5: return state_of(t->screen_reversed);
	case 6: return state_of(t->pen.origin);
	case 7: return state_of(t->autowrap);
	case 12: return state_of(t->cursor_blinks);
	case 25: return state_of(t->cursor_visible);
	case 40: return state_of(t->columns_may_change);
	case 47: case 1047: case 1049: return state_of(t->screen);
	default: return MODE_UNKNOWN;
	}
}

static enum mode_state ansi_mode(const struct terminal *t, unsigned mode)
{
	switch (mode) {
	case 3: return state_of(t->control_pictures);
	case 4: return state_of(t->insert);
	case 20: return state_of(t->newline_mode);
	default: return MODE_UNKNOWN;
	}
}

void report_mode(struct terminal *t, unsigned mode, bool dec)
{
	answer_pair(t, dec ? "\033[?" : "\033[", mode, dec ? private_mode(t, mode) : ansi_mode(t, mode), "$y");
}
