/* SPDX-License-Identifier: MIT */
/* The line discipline over a driver that keeps what it is given. */
#include <debug/selftest.h>
#include <fs/poll.h>
#include <fs/uio.h>
#include <lib/string.h>
#include <mm/kmap.h>
#include <sched/task.h>
#include <time/clock.h>
#include <tty/n_tty.h>

enum { OUT_MAX = 1024 };

static u8 out[OUT_MAX];
static size_t out_length, out_limit;

static size_t fake_write(struct tty *t, const u8 *p, size_t n)
{
	n = min(n, out_limit - out_length);
	memcpy(out + out_length, p, n);
	out_length += n;
	return n;
}

static size_t fake_room(struct tty *t)
{
	return out_limit - out_length;
}

static size_t fake_pending(struct tty *t)
{
	return 0;
}

static const struct tty_ops fake_ops = { .write = fake_write, .write_room = fake_room, .pending = fake_pending };
static const struct tty_driver fake_driver = {
	.name = "fake", .major = 250, .flags = TTY_NO_NODE, .cflag = B38400 | CS8 | CREAD, .ops = &fake_ops,
};

struct fixture {
	struct tty *t;
	struct file f;
};

static bool fixture_begin(struct fixture *x)
{
	memset(x, 0, sizeof(*x));
	out_length = 0;
	out_limit = OUT_MAX;
	x->t = tty_create(&fake_driver, 0, NULL);
	if (!x->t)
		return false;
	tty_get(x->t); /* for the file */
	return tty_open_file(x->t, &x->f, false, false) == 0;
}

static void fixture_end(struct fixture *x)
{
	tty_file_ops.release(&x->f);
	tty_remove(x->t);
}

static void type_bytes(struct tty *t, const void *p, size_t n)
{
	SPIN_GUARD(&t->lock);
	n_tty_receive(t, p, n);
}

static void type(struct tty *t, const char *s)
{
	type_bytes(t, s, strlen(s));
}

/* What one read gives equals `want`. */
static bool reads(struct fixture *x, size_t size, const char *want)
{
	char buf[256];
	struct uio u = uio_kernel(buf, min(size, sizeof(buf)));

	u.nowait = true;
	ssize_t n = n_tty_read(x->f.priv, &u);
	return n == (ssize_t)strlen(want) && !memcmp(buf, want, n);
}

static ssize_t read_error(struct fixture *x)
{
	char buf[16];
	struct uio u = uio_kernel(buf, sizeof(buf));

	u.nowait = true;
	return n_tty_read(x->f.priv, &u);
}

/* All output since the last call equals `want`. */
static bool shown(const char *want)
{
	bool same = out_length == strlen(want) && !memcmp(out, want, out_length);

	out_length = 0;
	return same;
}

static void set(struct tty *t, void (*change)(struct ktermios *k))
{
	SPIN_GUARD(&t->lock);
	struct ktermios old = t->termios;

	change(&t->termios);
	n_tty_set_termios(t, &old);
}

static void no_echo(struct ktermios *k) { k->c_lflag &= ~(u32)ECHO; }
static void make_raw(struct ktermios *k)
{
	k->c_iflag = 0;
	k->c_oflag &= ~(u32)OPOST;
	k->c_lflag = 0;
	k->c_cc[VMIN] = 1;
	k->c_cc[VTIME] = 0;
}
static void utf8(struct ktermios *k) { k->c_iflag |= IUTF8; }
static void expand_tabs(struct ktermios *k) { k->c_oflag |= XTABS; }
static void print_erased(struct ktermios *k) { k->c_lflag |= ECHOPRT; }
static void min_0(struct ktermios *k) { k->c_cc[VMIN] = 0; }
static void min_3(struct ktermios *k) { k->c_cc[VMIN] = 3; }
static void min_0_time_1(struct ktermios *k) { k->c_cc[VMIN] = 0; k->c_cc[VTIME] = 1; }

SELFTEST(tty_lines_and_eof)
{
	struct fixture x;

	CHECK(fixture_begin(&x));
	type(x.t, "hello\rwo");
	CHECK(shown("hello\r\nwo"));
	CHECK(reads(&x, 3, "hel"));
	CHECK(reads(&x, 100, "lo\n"));
	CHECK(read_error(&x) == -EAGAIN);
	type(x.t, "rld\n\4part\4");
	CHECK(reads(&x, 100, "world\n"));
	CHECK(reads(&x, 100, ""));
	CHECK(reads(&x, 4, "part")); /* the end of file behind it goes with it */
	CHECK(read_error(&x) == -EAGAIN);
	fixture_end(&x);
}

SELFTEST(tty_editing)
{
	struct fixture x;

	CHECK(fixture_begin(&x));
	type(x.t, "abx\177c\n");
	CHECK(shown("abx\b \bc\r\n"));
	CHECK(reads(&x, 100, "abc\n"));
	type(x.t, "one two-three  \027four\n"); /* ^W: blanks and the word before them */
	CHECK(shown("one two-three  \b \b\b \b\b \b\b \b\b \b\b \b\b \bfour\r\n"));
	CHECK(reads(&x, 100, "one two-four\n"));
	type(x.t, "ab\001\025z\n"); /* ^A shows as two columns; ^U */
	CHECK(shown("ab^A\b \b\b \b\b \b\b \bz\r\n"));
	CHECK(reads(&x, 100, "z\n"));
	type(x.t, "\177\026\003\n"); /* nothing to erase; a literal ^C */
	CHECK(shown("^\b^C\r\n"));
	CHECK(reads(&x, 100, "\003\n"));
	type(x.t, "ab\022c\n"); /* ^R */
	CHECK(shown("ab^R\r\nabc\r\n"));
	CHECK(reads(&x, 100, "abc\n"));
	type(x.t, "a\tb\177\177\n"); /* a tab takes 7 columns here */
	CHECK(shown("a\tb\b \b\b\b\b\b\b\b\b\r\n"));
	CHECK(reads(&x, 100, "a\n"));
	fixture_end(&x);
}

SELFTEST(tty_editing_variants)
{
	struct fixture x;

	CHECK(fixture_begin(&x));
	set(x.t, utf8);
	type(x.t, "a\303\274\177b\n");
	CHECK(shown("a\303\274\b \bb\r\n"));
	CHECK(reads(&x, 100, "ab\n"));
	set(x.t, expand_tabs);
	type(x.t, "ab\tc\n");
	CHECK(shown("ab      c\r\n"));
	CHECK(reads(&x, 100, "ab\tc\n"));
	set(x.t, print_erased);
	type(x.t, "abc\177\177d\n");
	CHECK(shown("abc\\cb/d\r\n"));
	CHECK(reads(&x, 100, "ad\n"));
	set(x.t, no_echo);
	type(x.t, "secret\177\n");
	CHECK(shown(""));
	CHECK(reads(&x, 100, "secre\n"));
	fixture_end(&x);
}

SELFTEST(tty_signal_characters)
{
	struct fixture x;

	CHECK(fixture_begin(&x));
	type(x.t, "lost\003kept\n");
	CHECK(shown("lost^Ckept\r\n"));
	CHECK(reads(&x, 100, "kept\n"));
	type(x.t, "\023"); /* ^S */
	CHECK(x.t->stopped);
	type(x.t, "\021");
	CHECK(!x.t->stopped && shown(""));
	fixture_end(&x);
}

/* A line that nobody can end otherwise is cut at 4095 bytes. */
SELFTEST(tty_line_limit)
{
	struct fixture x;
	static u8 big[5000], back[5000];

	CHECK(fixture_begin(&x));
	set(x.t, no_echo);
	memset(big, 'x', sizeof(big));
	type_bytes(x.t, big, sizeof(big));
	type(x.t, "\n");
	struct uio u = uio_kernel(back, sizeof(back));
	u.nowait = true;
	CHECK(n_tty_read(x.f.priv, &u) == TTY_LINE_SIZE);
	CHECK(back[TTY_LINE_SIZE - 2] == 'x' && back[TTY_LINE_SIZE - 1] == '\n');
	CHECK(read_error(&x) == -EAGAIN);
	fixture_end(&x);
}

SELFTEST(tty_raw_min_time)
{
	struct fixture x;

	CHECK(fixture_begin(&x));
	set(x.t, make_raw);
	CHECK(read_error(&x) == -EAGAIN);
	type(x.t, "\003\r\n");
	CHECK(reads(&x, 2, "\003\r"));
	CHECK(reads(&x, 2, "\n"));
	set(x.t, min_0);
	CHECK(read_error(&x) == 0);
	set(x.t, min_3);
	type(x.t, "ab");
	CHECK(!(n_tty_poll(x.f.priv, &x.f, NULL) & EPOLLIN));
	CHECK(reads(&x, 2, "ab")); /* the buffer is full: enough */
	type(x.t, "abc");
	CHECK(n_tty_poll(x.f.priv, &x.f, NULL) & EPOLLIN);
	CHECK(reads(&x, 10, "abc"));
	set(x.t, min_0_time_1);
	u64 start = clock_monotonic_ns();
	char buf[4];
	struct uio u = uio_kernel(buf, sizeof(buf));
	CHECK(n_tty_read(x.f.priv, &u) == 0);
	CHECK(clock_monotonic_ns() - start >= 100 * NSEC_PER_MSEC);
	fixture_end(&x);
}

/* What was typed before a change of mode stays readable. */
SELFTEST(tty_mode_change_keeps_input)
{
	struct fixture x;

	CHECK(fixture_begin(&x));
	type(x.t, "half");
	set(x.t, make_raw);
	CHECK(reads(&x, 100, "half"));
	fixture_end(&x);
}

SELFTEST(tty_output_waits_for_room)
{
	struct fixture x;

	CHECK(fixture_begin(&x));
	out_limit = 20;
	struct uio u = uio_kernel("0123456789\n0123456789\n", 22);
	u.nowait = true;
	ssize_t n = n_tty_write(x.f.priv, &u);
	CHECK(n > 0 && n < 22);
	type(x.t, "echo");
	out_limit = OUT_MAX;
	u = uio_kernel("!", 1);
	CHECK(n_tty_write(x.f.priv, &u) == 1);
	CHECK(!memcmp(out + out_length - 5, "echo!", 5)); /* in order */
	fixture_end(&x);
}

SELFTEST(tty_hangup_ends_files)
{
	struct fixture x;

	CHECK(fixture_begin(&x));
	type(x.t, "lost\n");
	tty_hangup(x.t);
	struct uio u = uio_kernel("x", 1);
	CHECK(tty_file_ops.write(&x.f, &u, NULL) == -EIO);
	CHECK(tty_file_ops.read(&x.f, &u, NULL) == 0);
	CHECK(n_tty_poll(x.f.priv, &x.f, NULL) & EPOLLHUP);
	fixture_end(&x);
}

/* --- Through the ring -------------------------------------------------------------------------- */

enum { PASTE = 256 * 1024 };

static u8 paste_byte(size_t i)
{
	return (i & 63) == 63 ? '\n' : 'a' + i % 23;
}

/* The device's part: puts bytes in as long as there is room, as an interrupt handler would. */
static void paste(void *arg)
{
	struct tty *t = arg;

	for (size_t i = 0; i < PASTE;) {
		if (tty_input(t, paste_byte(i)))
			i++;
		else
			sched_yield_current();
		if (!(i & 15))
			tty_input_ready(t);
	}
	tty_input_ready(t);
	tty_put(t);
}

SELFTEST(tty_paste_loses_nothing)
{
	struct fixture x;
	u8 buf[100];
	size_t got = 0;

	CHECK(fixture_begin(&x));
	set(x.t, no_echo);
	tty_get(x.t);
	CHECK(kthread_start("paste", paste, x.t));
	while (got < PASTE) {
		struct uio u = uio_kernel(buf, sizeof(buf));
		ssize_t n = n_tty_read(x.f.priv, &u);
		CHECK(n == 64);
		for (ssize_t i = 0; i < n; i++)
			CHECK(buf[i] == paste_byte(got + i));
		got += n;
	}
	fixture_end(&x);
}
