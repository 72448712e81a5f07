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
			REQUIRE(c[x].attrs < 1 << TERMINAL_CURSOR_SHIFT);
			REQUIRE(c[x].fg < 256 || c[x].fg >> 24 == 1);
			REQUIRE(x || c[x].code);
			REQUIRE(terminal_look(t, c[x], x & 1).fg <= 0xffffff && terminal_look(t, c[x], 0).bg <= 0xffffff);
		}
	}
}

static void check_row(u8 *seen, unsigned row, unsigned rows)
{
	REQUIRE(row < rows && !seen[row]);
	seen[row] = 1;
}

/* Behind what was used a row is as new. */
static void check_used(const struct terminal *t)
{
	for (unsigned row = 0; row < 2U * t->rows + t->history_size; row++) {
		const struct terminal_cell *c = t->cells + row * t->cols;
		REQUIRE(t->used[row] <= t->cols);
		for (unsigned x = t->used[row]; x < t->cols; x++)
			REQUIRE(c[x].code == ' ' && c[x].fg == 7 && c[x].bg == 0 && c[x].attrs == 0);
	}
}

/* Each row of the buffer is in one place. */
static void check_order(const struct terminal *t)
{
	u8 seen[2 * TERMINAL_MAX_ROWS + TERMINAL_HISTORY] = { 0 };
	unsigned rows = 2 * t->rows + t->history_size;

	for (unsigned y = 0; y < t->rows; y++) {
		check_row(seen, t->order[0][y], rows);
		check_row(seen, t->order[1][y], rows);
	}
	for (unsigned i = 0; i < t->history_size; i++)
		check_row(seen, t->history[i], rows);
	REQUIRE(t->history_count <= t->history_size);
	for (unsigned i = 1; i <= t->history_count; i++)
		REQUIRE(terminal_history_line(t, i)[0].code);
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
	unsigned cols, rows, history;

	if (size < 2)
		return 0;
	cols = data[0] % 200 + 1;
	rows = data[1] % 60 + 1;
	history = data[1] % 7 * 8;
	t.reply = reply;
	void *cells = malloc(terminal_buffer_size(cols, rows, history));
	terminal_init(&t, cols, rows, history, cells);
	terminal_write(&t, data + 2, size - 2);
	REQUIRE(t.pen.x < cols && t.pen.y < rows);
	REQUIRE(t.top <= t.bottom && t.bottom < rows);
	check_screen(&t);
	check_order(&t);
	check_used(&t);
	terminal_message(&t, (const char *)data, size, data[0] & 1);
	check_order(&t);
	check_reset(&t);
	free(cells);
	return 0;
}
