/* SPDX-License-Identifier: MIT */
#include "unit.h"
#include <lib/terminal.h>
#include <locale.h>
#include <wchar.h>

enum { COLS = 10, ROWS = 5, HISTORY = 4 };

static struct terminal t;
static char cells[(2 * ROWS + HISTORY) * COLS * sizeof(struct terminal_cell)];
static char replies[200];
static unsigned bells;
static unsigned requests[TERMINAL_PREVIOUS + 1];

static void on_reply(struct terminal *unused_t, const char *s, size_t n)
{
	size_t at = strlen(replies);

	assert_true(at + n < sizeof(replies));
	memcpy(replies + at, s, n);
	replies[at + n] = 0;
}

static void on_bell(struct terminal *unused_t)
{
	bells++;
}

static void on_request(struct terminal *unused_t, enum terminal_request what, unsigned value)
{
	requests[what] = value + 1;
}

static void start(void)
{
	t.request = on_request;
	memset(requests, 0, sizeof(requests));
	t.reply = on_reply;
	t.bell = on_bell;
	replies[0] = 0;
	bells = 0;
	assert_int_equal(sizeof(cells), terminal_buffer_size(COLS, ROWS, HISTORY));
	terminal_init(&t, COLS, ROWS, HISTORY, cells);
}

static void out(const char *s)
{
	terminal_write(&t, s, strlen(s));
}

/* A line as UTF-8, blanks at its end cut off. */
static const char *line(unsigned y)
{
	static char buf[COLS * 4 + 1];
	size_t n = 0, end = 0;

	for (unsigned x = 0; x < COLS; x++) {
		u32 code = terminal_line(&t, y)[x].code;
		if (!code)
			continue;
		n += utf8_encode(code, (u8 *)buf + n);
		if (code != ' ')
			end = n;
	}
	buf[end] = 0;
	return buf;
}

static struct terminal_cell cell(unsigned x, unsigned y)
{
	return terminal_line(&t, y)[x];
}

#define LINES(...) \
	do { \
		const char *want_[ROWS] = { __VA_ARGS__ }; \
		for (unsigned y_ = 0; y_ < ROWS; y_++) \
			assert_string_equal(line(y_), want_[y_] ? want_[y_] : ""); \
	} while (0)
#define AT(column, row) \
	do { \
		assert_int_equal(t.pen.x, column); \
		assert_int_equal(t.pen.y, row); \
	} while (0)

/* Screen after `s`, from a fresh terminal. */
#define SHOWS(s, ...) do { start(); out(s); LINES(__VA_ARGS__); } while (0)
#define NUMBERED "1\r\n2\r\n3\r\n4\r\n5"

TEST(text_and_controls)
{
	SHOWS("ab\r\ncd", "ab", "cd");
	AT(2, 1);
	SHOWS("abc\bX", "abX");
	SHOWS("abc\rX", "Xbc");
	SHOWS("a\nb", "a", " b");
	SHOWS("\033[20ha\nb", "a", "b");
	SHOWS("a\tb\tc", "a       bc");
	SHOWS("a\vb\fc", "a", " b", "  c");
	SHOWS("a\177b", "ab");
	SHOWS("\a\a", "");
	assert_int_equal(bells, 2);
}

TEST(wraps_late)
{
	SHOWS("0123456789", "0123456789");
	AT(9, 0);
	SHOWS("0123456789\rX", "X123456789");
	SHOWS("0123456789ab", "0123456789", "ab");
	SHOWS("0123456789\bX", "01234567X9");
	SHOWS("\033[?7l0123456789ab", "012345678b");
	SHOWS("\033[5;9Habc", "", "", "", "        ab", "c");
}

TEST(utf8)
{
	SHOWS("\303\244\342\202\254", "\303\244\342\202\254");
	SHOWS("\303(", "\357\277\275(");
	SHOWS("\377a", "\357\277\275a");
	SHOWS("\342\202\r\nb", "\357\277\275", "b");
	SHOWS("e\314\201x", "ex"); /* combining: not drawn */
	start();
	out("\344\270\255!"); /* two columns */
	AT(3, 0);
	assert_int_equal(cell(0, 0).code, 0x4e2d);
	assert_int_equal(cell(1, 0).code, 0);
	SHOWS("123456789\344\270\255", "123456789", "\344\270\255");
}

TEST(cursor)
{
	SHOWS("\033[3;4HX", "", "", "   X");
	SHOWS("\033[3;4fX\033[AY", "", "    Y", "   X");
	SHOWS("\033[99;99HX", "", "", "", "", "         X");
	SHOWS("\033[3;3H\033[2A\033[BX", "", "  X");
	SHOWS("\033[5CX\033[3DY", "   Y X");
	SHOWS("\033[2;5HX\033[EY\033[2FZ", "Z", "    X", "Y");
	SHOWS("\033[3GX\033[3dY", "  X", "", "   Y");
	SHOWS("ab\0337\033[5;5H\0338c", "abc");
	SHOWS("ab\033[s\033[5;5H\033[uc", "abc");
	SHOWS("\033[2;3Ha\033Db\033Ec\033Md", "", "  a", " d b", "c");
}

TEST(erasing)
{
	SHOWS("abcdef\033[3D\033[K", "abc");
	SHOWS("abcdef\033[3D\033[1K", "    ef");
	SHOWS("abcdef\033[3D\033[2K", "");
	SHOWS(NUMBERED "\033[3;1H\033[J", "1", "2");
	SHOWS(NUMBERED "\033[3;1H\033[1J", "", "", "", "4", "5");
	SHOWS(NUMBERED "\033[2J", "");
	SHOWS("abcdef\033[4D\033[2X", "ab  ef");
	start();
	out("\033[44mabc\033[2J");
	assert_int_equal(cell(9, 4).bg, 4);
}

TEST(inserting_and_deleting)
{
	SHOWS("abcdef\033[4D\033[2@", "ab  cdef");
	SHOWS("abcdef\033[4D\033[2P", "abef");
	SHOWS("abcdef\033[4D\033[99P", "ab");
	SHOWS("abc\r\033[4hX\033[4lY", "XYbc");
	SHOWS(NUMBERED "\033[2;1H\033[2L", "1", "", "", "2", "3");
	SHOWS(NUMBERED "\033[2;1H\033[2M", "1", "4", "5");
	SHOWS(NUMBERED "\033[2;4r\033[2;1H\033[M", "1", "3", "4", "", "5");
	SHOWS(NUMBERED "\033[2;4r\033[5;1H\033[M", "1", "2", "3", "4", "5");
	SHOWS("a\033[3b", "aaaa");
	/* Only what was printed just before is repeated, and once. */
	SHOWS("a\033[2b\033[9b", "aaa");
	SHOWS("a\n\033[3bb", "a", " b");
	SHOWS("a\033D\033[3bb", "a", " b");
	SHOWS("\033[3bb", "b");
}

TEST(scrolling)
{
	SHOWS(NUMBERED "\r\n6", "2", "3", "4", "5", "6");
	SHOWS(NUMBERED "\033[H\033M", "", "1", "2", "3", "4");
	SHOWS(NUMBERED "\033[2S", "3", "4", "5");
	SHOWS(NUMBERED "\033[2T", "", "", "1", "2", "3");
	SHOWS(NUMBERED "\033[2;4r\033[4;1H\n", "1", "3", "4", "", "5");
	SHOWS(NUMBERED "\033[2;4r\033[2;1H\033M", "1", "", "2", "3", "5");
	SHOWS(NUMBERED "\033[2;4r\033[5;1H\nx", "1", "2", "3", "4", "x");
	SHOWS(NUMBERED "\033[99S", "");
	/* Nonsense is refused. */
	SHOWS(NUMBERED "\033[4;2r\n6", "2", "3", "4", "5", " 6");
}

TEST(origin_mode)
{
	SHOWS("\033[2;4r\033[?6hX\033[9;1HY\033[?6l\033[HZ", "Z", "X", "", "Y");
	start();
	out("\033[2;4r\033[?6h\033[2;3H\033[6n");
	assert_string_equal(replies, "\033[2;3R");
}

TEST(colours)
{
	start();
	out("\033[31;42mA\033[0mB\033[91;103mC\033[38;5;200;48;5;17mD\033[38;2;255;0;0mE\033[39;49mF");
	assert_int_equal(cell(0, 0).fg, 1);
	assert_int_equal(cell(0, 0).bg, 2);
	assert_int_equal(cell(1, 0).fg, 7);
	assert_int_equal(cell(1, 0).bg, 0);
	assert_int_equal(cell(2, 0).fg, 9);
	assert_int_equal(cell(2, 0).bg, 11);
	assert_int_equal(cell(3, 0).fg, 200);
	assert_int_equal(cell(3, 0).bg, 17);
	assert_int_equal(cell(4, 0).fg, TERMINAL_TRUE | 0xff0000);
	assert_int_equal(terminal_rgb(196), 0xff0000);
	assert_int_equal(cell(5, 0).fg, 7);
	assert_int_equal(cell(5, 0).bg, 0);
	start();
	out("\033[38:5:99mA\033[38:2::0:255:0mB\033[48:2:0:0:255mC\033[38;5mD\033[38;2;128;128;128mE");
	assert_int_equal(cell(0, 0).fg, 99);
	assert_int_equal(cell(1, 0).fg, TERMINAL_TRUE | 0xff00);
	assert_int_equal(cell(2, 0).bg, TERMINAL_TRUE | 0xff);
	assert_int_equal(cell(4, 0).fg, TERMINAL_TRUE | 0x808080);
	assert_int_equal(terminal_rgb(244), 0x808080);
	assert_int_equal(terminal_rgb(231), 0xffffff);
	assert_int_equal(terminal_rgb(16), 0);
}

TEST(attributes)
{
	start();
	out("\033[1;4;7mA\033[22;24mB\033[mC\033[4:3mD\033[4:0mE\033[2;3;5;9mF");
	assert_int_equal(cell(0, 0).attrs, TERMINAL_BOLD | TERMINAL_UNDERLINE | TERMINAL_REVERSE);
	assert_int_equal(cell(1, 0).attrs, TERMINAL_REVERSE);
	assert_int_equal(cell(2, 0).attrs, 0);
	assert_int_equal(cell(3, 0).attrs, TERMINAL_UNDERLINE);
	assert_int_equal(cell(4, 0).attrs, 0);
	assert_int_equal(cell(5, 0).attrs,
			 TERMINAL_DIM | TERMINAL_ITALIC | TERMINAL_BLINK | TERMINAL_STRIKE);
}

TEST(alternate_screen)
{
	SHOWS("main\033[?1049h\033[Halt", "alt");
	out("\033[?1049l!");
	LINES("main!");
	SHOWS("one\033[?47h\033[Htwo", "two");
	out("\033[?47l");
	LINES("one");
	AT(3, 0);
	out("\033[?1047h");
	LINES("two");
}

TEST(character_sets)
{
	SHOWS("\033(0lqk\033(Bq", "\342\224\214\342\224\200\342\224\220q");
	SHOWS("\033)0\016x\017x", "\342\224\202x");
}

TEST(tabs)
{
	SHOWS("\033[3g\033[4G\033H\r\tX", "   X");
	SHOWS("\033[9G\033[g\r\tX", "         X");
	SHOWS("\033[10G\033[ZX", "        X");
}

TEST(reports)
{
	start();
	out("\033[c\033[5n\033[3;4H\033[6n\033Z");
	assert_string_equal(replies, "\033[?6c\033[0n\033[3;4R\033[?6c");
	t.reply = NULL;
	out("\033[c");
}

TEST(swallowed)
{
	SHOWS("\033]0;title\aA", "A");
	SHOWS("\033]0;title\033\\A", "A");
	SHOWS("\033]P0123456A", "A");
	SHOWS("\033]RA", "A");
	SHOWS("\033P1$qm\033\\A", "A");
	SHOWS("\033_x\033[2CA", "  A");
	SHOWS("\033[?2004h\033[?1000h\033[>c\033[2 qA", "A");
	SHOWS("\033[12\030A", "A");
	SHOWS("abc\033[\r2CX", "abX"); /* controls act within sequences */
}

TEST(resets)
{
	SHOWS("\033[2;3r\033[31mabc\033[?25l\033[?1049h\033c", "");
	AT(0, 0);
	assert_true(t.cursor_visible);
	assert_int_equal(t.bottom, ROWS - 1);
	assert_int_equal(t.pen.fg, 7);
	SHOWS("ab\033[4h\033[31m\033[!pc", "abc");
	assert_int_equal(cell(2, 0).fg, 7);
	SHOWS("\033#8", "EEEEEEEEEE", "EEEEEEEEEE", "EEEEEEEEEE", "EEEEEEEEEE", "EEEEEEEEEE");
}

TEST(modes)
{
	start();
	out("\033[?1h\033=\033[?25l");
	assert_true(t.app_cursor_keys && t.app_keypad && !t.cursor_visible);
	out("\033[?1;25l\033>\033[?25h");
	assert_true(!t.app_cursor_keys && !t.app_keypad && t.cursor_visible);
}

TEST(damage)
{
	start();
	for (unsigned y = 0; y < ROWS; y++)
		terminal_undamage(&t, y);
	out("\033[2;1Hx\033[4;1H");
	for (unsigned y = 0; y < ROWS; y++)
		assert_int_equal(terminal_damaged(&t, y), y == 1);
	out("\033[2;3r\033[3;1H\n");
	for (unsigned y = 0; y < ROWS; y++)
		assert_int_equal(terminal_damaged(&t, y), y == 1 || y == 2);
}

/* The nth last line that went out at the top, blanks at its end cut off. */
static const char *gone(unsigned n)
{
	static char buf[COLS + 1];
	const struct terminal_cell *c = terminal_history_line(&t, n);
	size_t end = 0;

	for (unsigned x = 0; x < COLS; x++) {
		buf[x] = c[x].code;
		if (c[x].code != ' ')
			end = x + 1;
	}
	buf[end] = 0;
	return buf;
}

TEST(history)
{
	SHOWS(NUMBERED "\r\n6\r\n7", "3", "4", "5", "6", "7");
	assert_int_equal(t.history_count, 2);
	assert_string_equal(gone(1), "2");
	assert_string_equal(gone(2), "1");
	out("\r\n8\r\n9\r\na\r\nb");
	LINES("7", "8", "9", "a", "b");
	assert_int_equal(t.history_count, HISTORY);
	assert_string_equal(gone(1), "6");
	assert_string_equal(gone(4), "3");
	/* Lines that are deleted, the alternate screen's, and those below a header are not kept. */
	out("\033[H\033[M\033[2;4r\033[4;1H\n\033[r\033[?1049h\033[5;1H\n\n\033[?1049l");
	assert_string_equal(gone(1), "6");
	out("\033[2S");
	assert_string_equal(gone(2), "8");
	out("\033[3J");
	assert_int_equal(t.history_count, 0);
}

TEST(cursor_shapes)
{
	static const u8 styles[] = { TERMINAL_CURSOR_BLOCK, TERMINAL_CURSOR_BLOCK, TERMINAL_CURSOR_BLOCK,
				     TERMINAL_CURSOR_UNDERLINE, TERMINAL_CURSOR_UNDERLINE,
				     TERMINAL_CURSOR_BAR, TERMINAL_CURSOR_BAR };
	static const u8 sizes[] = { TERMINAL_CURSOR_BLOCK, TERMINAL_CURSOR_NONE, TERMINAL_CURSOR_UNDERLINE,
				    TERMINAL_CURSOR_LOWER_THIRD, TERMINAL_CURSOR_LOWER_HALF,
				    TERMINAL_CURSOR_TWO_THIRDS, TERMINAL_CURSOR_BLOCK };
	char buf[16];

	start();
	for (unsigned i = 0; i < 7; i++) {
		snprintf(buf, sizeof(buf), "\033[%u q", i);
		out(buf);
		assert_int_equal(t.cursor, styles[i]);
		assert_int_equal(t.cursor_blinks, i & 1);
		snprintf(buf, sizeof(buf), "\033[?%uc", i);
		out(buf);
		assert_int_equal(t.cursor, sizes[i]);
	}
	out("\033[4 q\033[9 q");
	assert_int_equal(t.cursor, TERMINAL_CURSOR_UNDERLINE);
	/* terminfo's civis, cnorm, cvvis of linux; cvvis and cnorm of xterm. */
	out("\033[?25l\033[?1c");
	assert_false(t.cursor_visible);
	out("\033[?25h\033[?0c");
	assert_true(t.cursor_visible && t.cursor == TERMINAL_CURSOR_BLOCK);
	out("\033[?25h\033[?8c\033[?12;25h");
	assert_true(t.cursor_visible && t.cursor == TERMINAL_CURSOR_BLOCK && t.cursor_blinks);
	out("\033[?12l\033[?25h");
	assert_false(t.cursor_blinks);
	out("\033[3 q\033c");
	assert_true(t.cursor == TERMINAL_CURSOR_BLOCK && !t.cursor_blinks);
	assert_string_equal(replies, "");
}

TEST(palette)
{
	struct terminal_cell c = { .code = 'x', .fg = 1, .bg = 12 };

	start();
	assert_int_equal(terminal_look(&t, c, true).fg, 0xaa0000);
	out("\033]P1123456\033]PCabcdef.");
	LINES(".");
	assert_int_equal(terminal_look(&t, c, true).fg, 0x123456);
	assert_int_equal(terminal_look(&t, c, true).bg, 0xabcdef);
	out("\033]R");
	assert_int_equal(terminal_look(&t, c, true).fg, 0xaa0000);
	out("\033]4;1;rgb:11/22/33;12;#445566\033\\");
	assert_int_equal(terminal_look(&t, c, true).fg, 0x112233);
	assert_int_equal(terminal_look(&t, c, true).bg, 0x445566);
	out("\033]4;1;rgb:f/8080/00\a");
	assert_int_equal(terminal_look(&t, c, true).fg, 0xff8000);
	out("\033]104;1\a");
	assert_int_equal(terminal_look(&t, c, true).fg, 0xaa0000);
	assert_int_equal(terminal_look(&t, c, true).bg, 0x445566);
	out("\033]104\a");
	assert_int_equal(terminal_look(&t, c, true).bg, 0x5555ff);
	/* Nonsense changes nothing. */
	out("\033]4;1;rgb:1/2\a\033]4;;\a\033]4;99;rgb:1/2/3\a\033]4;1\a\033]P1zx\033]\a.");
	assert_int_equal(terminal_look(&t, c, true).fg, 0xaa0000);
	out("\033]P1123456\033c");
	assert_int_equal(terminal_look(&t, c, true).fg, 0xaa0000);
}

TEST(looks)
{
	struct terminal_cell c = { .code = 'x', .fg = 1, .bg = 2 };

	start();
	c.attrs = TERMINAL_BOLD;
	assert_int_equal(terminal_look(&t, c, true).fg, 0xff5555);
	c.attrs = TERMINAL_DIM | TERMINAL_UNDERLINE;
	assert_int_equal(terminal_look(&t, c, true).fg, 0x555555);
	assert_int_equal(terminal_look(&t, c, true).attrs, TERMINAL_UNDERLINE);
	c.attrs = TERMINAL_REVERSE;
	assert_int_equal(terminal_look(&t, c, true).fg, 0x00aa00);
	assert_int_equal(terminal_look(&t, c, true).bg, 0xaa0000);
	t.screen_reversed = true;
	assert_int_equal(terminal_look(&t, c, true).fg, 0xaa0000);
	t.screen_reversed = false;
	c.attrs = TERMINAL_HIDDEN;
	assert_int_equal(terminal_look(&t, c, true).fg, 0x00aa00);
	c.attrs = TERMINAL_BLINK;
	assert_int_equal(terminal_look(&t, c, true).fg, 0xaa0000);
	assert_int_equal(terminal_look(&t, c, false).fg, 0x00aa00);
	c = (struct terminal_cell){ .fg = TERMINAL_TRUE | 0x010203, .bg = 200, .attrs = TERMINAL_BOLD };
	assert_int_equal(terminal_look(&t, c, true).fg, 0x010203);
	assert_int_equal(terminal_look(&t, c, true).bg, 0xff00d7);
	assert_int_equal(terminal_look(&t, c, true).code, ' ');
	for (unsigned i = 0; i < 256; i++)
		assert_int_equal(terminal_rgb(terminal_nearest(terminal_rgb(i))), terminal_rgb(i));
	assert_int_equal(terminal_nearest(0xfe0101), 196);
	assert_int_equal(terminal_nearest(0xa90203), 1);
}

TEST(setterm)
{
	start();
	out("\033[9;5]\033[13]\033[14;99]\033[12;3]\033[15]\033[10;400]\033[11;100].");
	LINES(".");
	assert_int_equal(requests[TERMINAL_BLANK_AFTER], 6);
	assert_int_equal(requests[TERMINAL_UNBLANK], 1);
	assert_int_equal(requests[TERMINAL_POWER_DOWN_AFTER], 61);
	assert_int_equal(requests[TERMINAL_BRING_TO_FRONT], 4);
	assert_int_equal(requests[TERMINAL_PREVIOUS], 1);
	out("\033[31;44m\033[8]\033[32m\033[0mX");
	assert_int_equal(cell(1, 0).fg, 1);
	assert_int_equal(cell(1, 0).bg, 4);
	out("\033cX");
	assert_int_equal(cell(0, 0).fg, 7);
}

TEST(mode_reports)
{
	start();
	out("\033[?25$p\033[?1$p\033[4$p\033[?2004$p\033[?1049h\033[?1049$p");
	assert_string_equal(replies, "\033[?25;1$y\033[?1;2$y\033[4;2$y\033[?2004;0$y\033[?1049;1$y");
}

/* DECCOLM without a width to change: it clears and homes, if it was allowed to. */
TEST(column_mode)
{
	SHOWS("ab\033[?3h\033[?3lc", "abc");
	SHOWS("\033[?40hab\033[2;3r\033[?6h\033[3;3Hx\033[?3hc\n\n\n\nd", "c", "", "", "", " d");
	start();
	out("\033[44mab\033[?40h\033[?3l");
	assert_int_equal(cell(5, 3).bg, 4);
	out("\033[?3$p\033[?40$p\033c\033[?40$p");
	assert_string_equal(replies, "\033[?3;4$y\033[?40;1$y\033[?40;2$y");
}

TEST(wide_characters)
{
	/* Who changes one half clears the other. */
	SHOWS("\344\270\255\rx", "x");
	assert_int_equal(cell(1, 0).code, ' ');
	SHOWS("\344\270\255\033[2Gx", " x");
	SHOWS("\344\270\255\344\270\255\033[2Gxy", " xy");
	SHOWS("\344\270\255a\033[2G\033[K", "");
	SHOWS("\344\270\255a\033[2G\033[@", "   a");
	SHOWS("\344\270\255a\033[2G\033[P", " a");
	SHOWS("12345678\344\270\255\033[G\033[@", " 12345678");
	SHOWS("\033[?7l\033[10G\344\270\255x", "         x");
}

/* As glibc says, but for characters that its Unicode or ours does not know. */
TEST(widths)
{
	unsigned different = 0;

	assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
	for (u32 code = 0x20; code < 0x110000; code++) {
		int want = wcwidth((wchar_t)code);
		if (want >= 0 && (u32)want != terminal_width(code))
			different++;
	}
	assert_in_range(different, 0, 10);
	assert_int_equal(terminal_width(0x301), 0);
	assert_int_equal(terminal_width(0x4e2d), 2);
	assert_int_equal(terminal_width(0x1f600), 2);
	assert_int_equal(terminal_width(0xff21), 2);
	assert_int_equal(terminal_width(0x2500), 1);
	assert_int_equal(terminal_width(0x200b), 0);
	assert_int_equal(terminal_width(0xad), 1);
}

TEST(function_keys_and_pictures)
{
	SHOWS("\033[[Ax", "x");
	SHOWS("\033[11m\001\333\033[10m\001x", "\342\230\272\342\226\210x");
	SHOWS("\033[3h\003\033[3lx", "\342\231\245x");
}

/* The system's own lines, in the midst of whatever. */
TEST(messages)
{
	static const char text[] = "one\ntwo\033[2Jx\n";

	start();
	out("\033[31mab\033[4");
	terminal_message(&t, text, strlen(text), true);
	LINES("ab", "one", "two[2Jx");
	assert_int_equal(cell(0, 1).fg, 7);
	out("2mcd");
	LINES("ab", "one", "two[2Jx", "cd");
	assert_int_equal(cell(0, 3).fg, 1);
	assert_int_equal(cell(0, 3).bg, 2);
	start();
	out("\342\202");
	terminal_message(&t, "m", 1, false);
	out("\254");
	LINES("m\342\202\254");
}

TEST(one_cell)
{
	struct terminal_cell two[2];

	t.reply = NULL;
	terminal_init(&t, 1, 1, 0, two);
	out("abc\r\n\344\270\255\033[L\033[M\033[@\033[P\033[S\033[T\033M\033[2;1rx");
	assert_int_equal(two[0].code, 'x');
}

RUN(T(text_and_controls), T(wraps_late), T(utf8), T(cursor), T(erasing), T(inserting_and_deleting),
    T(scrolling), T(origin_mode), T(colours), T(attributes), T(alternate_screen), T(character_sets),
    T(tabs), T(reports), T(swallowed), T(resets), T(modes), T(damage), T(history),
    T(cursor_shapes), T(palette), T(looks), T(setterm), T(mode_reports), T(column_mode), T(wide_characters),
    T(widths), T(function_keys_and_pictures), T(messages), T(one_cell))
