/* SPDX-License-Identifier: MIT */
/* The first two bytes say how large the screen is; the rest is written to it. */
#include "fuzz.h"
#include <lib/terminal.h>

static void reply(struct terminal *t, const char *s, size_t n)
{
	REQUIRE(n > 0 && n < 32 && s[0] == '\033');
	use(s, n);
}

static void check_screen(const struct terminal *t)
{
	for (unsigned y = 0; y < t->rows; y++) {
		const struct terminal_cell *c = terminal_line(t, y);
		for (unsigned x = 0; x < t->cols; x++) {
			REQUIRE(c[x].code == 0 || (c[x].code >= ' ' && c[x].code < 0x110000));
			REQUIRE(c[x].attrs < TERMINAL_CURSOR);
		}
	}
}

static void check_order(const struct terminal *t)
{
	for (unsigned s = 0; s < 2; s++) {
		u8 seen[TERMINAL_MAX_ROWS] = { 0 };
		for (unsigned y = 0; y < t->rows; y++) {
			REQUIRE(t->order[s][y] < t->rows && !seen[t->order[s][y]]);
			seen[t->order[s][y]] = 1;
		}
	}
}

/* Whatever came before, a reset gives a clean screen. */
static void check_reset(struct terminal *t)
{
	terminal_write(t, "\030\033\\\033c", 5);
	for (unsigned y = 0; y < t->rows; y++)
		for (unsigned x = 0; x < t->cols; x++)
			REQUIRE(terminal_line(t, y)[x].code == ' ' && terminal_line(t, y)[x].bg == 0);
	REQUIRE(t->pen.x == 0 && t->pen.y == 0 && t->cursor_visible && t->screen == 0);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static struct terminal t;
	unsigned cols, rows;

	if (size < 2)
		return 0;
	cols = data[0] % 200 + 1;
	rows = data[1] % 60 + 1;
	t.reply = reply;
	void *cells = malloc(terminal_buffer_size(cols, rows));
	terminal_init(&t, cols, rows, cells);
	terminal_write(&t, data + 2, size - 2);
	REQUIRE(t.pen.x < cols && t.pen.y < rows);
	REQUIRE(t.top <= t.bottom && t.bottom < rows);
	check_screen(&t);
	check_order(&t);
	check_reset(&t);
	free(cells);
	return 0;
}
