/* SPDX-License-Identifier: MIT */
/*
 * Output side of the line discipline: OPOST processing and echo.
 *
 * Both write in the order in which they happen, under tty->lock.  A program's
 * write waits for room in the driver; an echo cannot wait, so what the driver does
 * not take stays in n->echo, ahead of all later output.  n->column is the
 * column after all of that.
 */
#include <lib/string.h>
#include <tty/n_tty.h>

enum { OUTPUT_CHUNK = 256, MOST = 8 /* that one byte can become */ };

static u32 echo_pending(const struct n_tty *n)
{
	return n->echo_head - n->echo_tail;
}

bool n_tty_echo_flush(struct tty *t)
{
	struct n_tty *n = &t->n;

	while (echo_pending(n)) {
		u32 at = n->echo_tail % TTY_ECHO_SIZE;
		size_t part = min(echo_pending(n), TTY_ECHO_SIZE - at);
		size_t taken = t->driver->ops->write(t, n->echo + at, part);
		n->echo_tail += taken;
		if (taken < part)
			return false;
	}
	return true;
}

/* Final bytes of an echo. */
static void echo_final(struct tty *t, const u8 *p, size_t len)
{
	struct n_tty *n = &t->n;

	if (n_tty_echo_flush(t)) {
		size_t taken = t->driver->ops->write(t, p, len);
		p += taken;
		len -= taken;
	}
	while (len-- && echo_pending(n) < TTY_ECHO_SIZE)
		n->echo[n->echo_head++ % TTY_ECHO_SIZE] = *p++;
}

void n_tty_echo_bytes(struct tty *t, const char *s)
{
	echo_final(t, (const u8 *)s, strlen(s));
}

/* What `c` becomes with OPOST on: up to 8 bytes in out; returns how many. Moves the column. */
static unsigned post_process(struct tty *t, u8 c, u8 out[static 8])
{
	struct n_tty *n = &t->n;
	unsigned spaces;

	out[0] = c;
	switch (c) {
	case '\n':
		if (T_OFLAG(t, ONLRET))
			n->column = 0;
		if (T_OFLAG(t, ONLCR)) {
			n->column = n->line_column = 0;
			out[0] = '\r';
			out[1] = '\n';
			return 2;
		}
		n->line_column = n->column;
		return 1;
	case '\r':
		if (T_OFLAG(t, ONOCR) && n->column == 0)
			return 0;
		if (T_OFLAG(t, OCRNL)) {
			out[0] = '\n';
			if (T_OFLAG(t, ONLRET))
				n->column = n->line_column = 0;
			return 1;
		}
		n->column = n->line_column = 0;
		return 1;
	case '\t':
		spaces = 8 - (n->column & 7);
		n->column += spaces;
		if (T_OFLAG(t, TABDLY) != XTABS)
			return 1;
		memset(out, ' ', spaces);
		return spaces;
	case '\b':
		if (n->column)
			n->column--;
		return 1;
	default:
		if (n_tty_is_control(c))
			return 1;
		if (T_OFLAG(t, OLCUC))
			out[0] = char_to_upper(c);
		if (!n_tty_is_continuation(t, c))
			n->column++;
		return 1;
	}
}

/* Copies bytes at p that OPOST leaves as they are, at most n; moves the column. */
static size_t plain_run(struct tty *t, const u8 *p, size_t n, u8 *out)
{
	size_t i;
	bool upper = T_OFLAG(t, OLCUC), utf8 = n_tty_is_continuation(t, 0x80);
	u32 columns = 0;

	for (i = 0; i < n; i++) {
		u8 c = p[i];
		if (c < ' ' || (upper && char_to_upper(c) != c))
			break;
		out[i] = c;
		columns += c != 127 && !(utf8 && (c & 0xc0) == 0x80);
	}
	t->n.column += columns;
	return i;
}

/* What becomes of bytes at p goes into out, at most `room`; returns how many of them were used up. */
static size_t process(struct tty *t, const u8 *p, size_t n, u8 *out, size_t room, size_t *filled)
{
	size_t done = 0, at = 0;

	while (done < n && room - at >= MOST) {
		size_t run = plain_run(t, p + done, min(n - done, room - at), out + at);
		done += run;
		at += run;
		if (done < n && room - at >= MOST)
			at += post_process(t, p[done++], out + at);
	}
	*filled = at;
	return done;
}

size_t n_tty_output(struct tty *t, const u8 *p, size_t n)
{
	const struct tty_ops *ops = t->driver->ops;
	size_t done = 0, filled;
	u8 out[OUTPUT_CHUNK];

	if (!n_tty_echo_flush(t))
		return 0;
	if (!T_OFLAG(t, OPOST))
		return ops->write(t, p, n);
	while (done < n) {
		size_t room = ops->write_room(t);
		if (room < MOST)
			break;
		done += process(t, p + done, n - done, out, min(room, sizeof(out)), &filled);
		if (filled)
			ops->write(t, out, filled);
	}
	return done;
}

void n_tty_echo_raw(struct tty *t, u8 c)
{
	u8 out[8];
	unsigned m = 1;

	if (T_OFLAG(t, OPOST))
		m = post_process(t, c, out);
	else
		out[0] = c;
	echo_final(t, out, m);
}

void n_tty_echo(struct tty *t, u8 c)
{
	if (T_LFLAG(t, ECHOCTL) && n_tty_is_control(c) && c != '\t') {
		u8 out[2] = { '^', c ^ 0100 };
		echo_final(t, out, 2);
		t->n.column += 2;
		return;
	}
	n_tty_echo_raw(t, c);
}
