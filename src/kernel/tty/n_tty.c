/* SPDX-License-Identifier: MIT */
/*
 * The line discipline N_TTY: what a terminal's input becomes.
 *
 *            tail            line            head
 *   buf  ----|###############|...............|-----    canonical mode
 *             readers' lines  being edited
 *   buf  ----|###############################|-----    raw mode (line is not used)
 *
 * n->line_end marks the last byte of each line in canonical mode; an end of file
 * is a place of its own, marked in n->line_eof as well, which readers do not get.
 * n->special is a bitmap of the input bytes that need attention in the present
 * mode, so that all others are stored at once.
 *
 * Received bytes come from the tty's input ring (n_tty_process_input) or straight
 * from a pty's master (n_tty_receive).  Both stop when there is no room: the rest
 * waits in the ring, and when that is full in the hardware.  In canonical mode a
 * line that is longer than the buffer is cut, as in Linux: else nobody could ever
 * end it.
 *
 * All is done under tty->lock, by tasks: signals are sent from here.
 */
#include <debug/panic.h>
#include <fs/poll.h>
#include <lib/string.h>
#include <linux/signal.h>
#include <tty/n_tty.h>

#define DISABLED 0 /* _POSIX_VDISABLE */

static u32 used(const struct n_tty *n)
{
	return n->head - n->tail;
}

static void mark(u64 *map, u32 pos, bool on)
{
	u32 i = pos % TTY_LINE_SIZE;

	if (on)
		map[i / 64] |= 1ULL << i % 64;
	else
		map[i / 64] &= ~(1ULL << i % 64);
}

/* --- Settings ----------------------------------------------------------------------------- */

static void special_add(struct n_tty *n, u8 c)
{
	n->special[c / 8] |= 1 << c % 8;
}

/* Adds the control character `which` unless it is disabled. */
static void special_cc(struct tty *t, unsigned which)
{
	if (T_CC(t, which) != DISABLED)
		special_add(&t->n, T_CC(t, which));
}

static void special_update(struct tty *t)
{
	struct n_tty *n = &t->n;

	memset(n->special, 0, sizeof(n->special));
	if (T_IFLAG(t, ISTRIP | IUCLC)) /* a byte may become any other */
		memset(n->special, 0xff, sizeof(n->special));
	if (T_IFLAG(t, IGNCR | ICRNL))
		special_add(n, '\r');
	if (T_IFLAG(t, INLCR))
		special_add(n, '\n');
	if (T_IFLAG(t, PARMRK))
		special_add(n, 0xff);
	if (T_IFLAG(t, IXON)) {
		special_cc(t, VSTART);
		special_cc(t, VSTOP);
	}
	if (T_LFLAG(t, ISIG)) {
		special_cc(t, VINTR);
		special_cc(t, VQUIT);
		special_cc(t, VSUSP);
	}
	if (!T_LFLAG(t, ICANON))
		return;
	special_add(n, '\n');
	special_cc(t, VERASE);
	special_cc(t, VKILL);
	special_cc(t, VEOF);
	special_cc(t, VEOL);
	if (T_LFLAG(t, IEXTEN)) {
		special_cc(t, VWERASE);
		special_cc(t, VLNEXT);
		special_cc(t, VEOL2);
		if (T_LFLAG(t, ECHO))
			special_cc(t, VREPRINT);
	}
}

void n_tty_set_termios(struct tty *t, const struct ktermios *old)
{
	struct n_tty *n = &t->n;

	if ((old->c_lflag ^ t->termios.c_lflag) & ICANON) {
		/* What nobody has read yet becomes one line, or plain bytes. */
		memset(n->line_end, 0, sizeof(n->line_end));
		memset(n->line_eof, 0, sizeof(n->line_eof));
		n->line = n->tail;
		if (T_LFLAG(t, ICANON) && used(n)) {
			mark(n->line_end, n->head - 1, true);
			n->line = n->head;
		}
		n->erasing = false;
	}
	if (!T_LFLAG(t, ICANON))
		n->literal = false;
	special_update(t);
	if (!T_IFLAG(t, IXON) && (old->c_iflag & IXON) && !t->stopped_by_call)
		tty_start_locked(t);
	wait_wake_all(&t->read_wait);
	wait_wake_all(&t->write_wait);
}

void n_tty_init(struct tty *t)
{
	special_update(t);
}

void n_tty_flush_input(struct tty *t)
{
	struct n_tty *n = &t->n;

	n->head = n->line = n->tail = 0;
	n->literal = n->erasing = false;
	memset(n->line_end, 0, sizeof(n->line_end));
	memset(n->line_eof, 0, sizeof(n->line_eof));
}

/* --- Storing ------------------------------------------------------------------------------ */

static void put(struct n_tty *n, u8 c)
{
	if (used(n) < TTY_LINE_SIZE)
		n->buf[n->head++ % TTY_LINE_SIZE] = c;
}

/* A byte of the line being edited. The last place is kept for what ends the line. */
static void put_text(struct tty *t, u8 c)
{
	struct n_tty *n = &t->n;

	if (T_LFLAG(t, ICANON) && used(n) >= TTY_LINE_SIZE - 1)
		return;
	put(n, c);
}

/* \377 is doubled where it also introduces marked errors. */
static void put_data(struct tty *t, u8 c)
{
	if (c == 0xff && T_IFLAG(t, PARMRK))
		put_text(t, c);
	put_text(t, c);
}

static void end_line(struct n_tty *n, u8 c, bool eof)
{
	ASSERT_OP(used(n), <, TTY_LINE_SIZE);
	mark(n->line_end, n->head, true);
	mark(n->line_eof, n->head, eof);
	put(n, c);
	n->line = n->head;
}

/* --- Editing ------------------------------------------------------------------------------ */

static void finish_erasing(struct tty *t)
{
	if (t->n.erasing) {
		n_tty_echo_raw(t, '/');
		t->n.erasing = false;
	}
}

static void echo_typed(struct tty *t, u8 c)
{
	struct n_tty *n = &t->n;

	if (!T_LFLAG(t, ECHO))
		return;
	finish_erasing(t);
	if (n->head == n->line)
		n->line_column = n->column;
	n_tty_echo(t, c);
}

/* Column after the bytes of the line being edited, when it began at line_column. */
static u32 line_width(const struct tty *t)
{
	const struct n_tty *n = &t->n;
	u32 column = n->line_column;

	for (u32 i = n->line; i != n->head; i++) {
		u8 c = n->buf[i % TTY_LINE_SIZE];
		if (c == '\t')
			column = (column | 7) + 1;
		else if (n_tty_is_control(c))
			column += T_LFLAG(t, ECHOCTL) ? 2 : 0;
		else if (!n_tty_is_continuation(t, c))
			column++;
	}
	return column;
}

static void back_one(struct tty *t)
{
	n_tty_echo_bytes(t, "\b \b");
	if (t->n.column)
		t->n.column--;
}

/* Makes the erased character `c`, whose first byte is at n->head, vanish from the screen. */
static void erase_shown(struct tty *t, u8 c)
{
	struct n_tty *n = &t->n;

	if (c == '\t') {
		for (u32 want = line_width(t); n->column > want; n->column--)
			n_tty_echo_bytes(t, "\b");
		return;
	}
	if (n_tty_is_control(c)) {
		if (!T_LFLAG(t, ECHOCTL))
			return;
		back_one(t);
	}
	back_one(t);
}

/* Takes the last character off the line; its first byte. The line is not empty. */
static u8 drop_last(struct tty *t)
{
	struct n_tty *n = &t->n;
	u32 start = n->head;
	u8 c;

	do
		c = n->buf[--n->head % TTY_LINE_SIZE];
	while (n_tty_is_continuation(t, c) && n->head != n->line);
	if (T_LFLAG(t, ECHO) && T_LFLAG(t, ECHOPRT)) {
		if (!n->erasing) {
			n_tty_echo_raw(t, '\\');
			n->erasing = true;
		}
		for (u32 i = n->head; i != start; i++)
			n_tty_echo(t, n->buf[i % TTY_LINE_SIZE]);
	}
	return c;
}

static bool is_word_byte(u8 c)
{
	return c == '_' || c >= 0x80 || char_is_digit(c) || (char_to_lower(c) >= 'a' && char_to_lower(c) <= 'z');
}

/* The byte that the last character begins with. */
static u8 last_char(const struct tty *t)
{
	const struct n_tty *n = &t->n;
	u32 i = n->head - 1;

	while (n_tty_is_continuation(t, n->buf[i % TTY_LINE_SIZE]) && i != n->line)
		i--;
	return n->buf[i % TTY_LINE_SIZE];
}

static void erase_one(struct tty *t, bool whole_word)
{
	u8 c = drop_last(t);

	if (!T_LFLAG(t, ECHO) || T_LFLAG(t, ECHOPRT))
		return;
	if (!whole_word && !T_LFLAG(t, ECHOE))
		n_tty_echo(t, T_CC(t, VERASE));
	else
		erase_shown(t, c);
}

static void erase_word(struct tty *t)
{
	struct n_tty *n = &t->n;
	bool in_word = false;

	while (n->head != n->line) {
		bool word = is_word_byte(last_char(t));
		if (in_word && !word)
			break;
		in_word |= word;
		erase_one(t, true);
	}
}

static void kill_line(struct tty *t)
{
	struct n_tty *n = &t->n;
	bool visible = T_LFLAG(t, ECHO) && T_LFLAG(t, ECHOK) && T_LFLAG(t, ECHOKE) && T_LFLAG(t, ECHOE);

	if (visible) {
		while (n->head != n->line)
			erase_one(t, true);
		return;
	}
	n->head = n->line;
	if (!T_LFLAG(t, ECHO))
		return;
	finish_erasing(t);
	n_tty_echo(t, T_CC(t, VKILL));
	if (T_LFLAG(t, ECHOK))
		n_tty_echo_raw(t, '\n');
}

static void reprint(struct tty *t, u8 c)
{
	struct n_tty *n = &t->n;

	finish_erasing(t);
	n_tty_echo(t, c);
	n_tty_echo_raw(t, '\n');
	for (u32 i = n->line; i != n->head; i++)
		n_tty_echo(t, n->buf[i % TTY_LINE_SIZE]);
}

static bool is_cc(const struct tty *t, u8 c, unsigned which)
{
	return c != DISABLED && c == T_CC(t, which);
}

/* true: `c` was an editing character or ended the line. */
static bool canonical_char(struct tty *t, u8 c)
{
	struct n_tty *n = &t->n;
	bool extended = T_LFLAG(t, IEXTEN);

	if (is_cc(t, c, VERASE) || is_cc(t, c, VKILL) || (extended && is_cc(t, c, VWERASE))) {
		if (n->head != n->line) {
			if (is_cc(t, c, VERASE))
				erase_one(t, false);
			else if (is_cc(t, c, VKILL))
				kill_line(t);
			else
				erase_word(t);
		}
		if (n->head == n->line && T_LFLAG(t, ECHO))
			finish_erasing(t);
		return true;
	}
	if (extended && is_cc(t, c, VLNEXT)) {
		n->literal = true;
		if (T_LFLAG(t, ECHO)) {
			finish_erasing(t);
			if (T_LFLAG(t, ECHOCTL))
				n_tty_echo_bytes(t, "^\b");
		}
		return true;
	}
	if (extended && is_cc(t, c, VREPRINT) && T_LFLAG(t, ECHO)) {
		reprint(t, c);
		return true;
	}
	if (c == '\n') {
		if (T_LFLAG(t, ECHO | ECHONL)) {
			finish_erasing(t);
			n_tty_echo_raw(t, '\n');
		}
		end_line(n, c, false);
		return true;
	}
	if (is_cc(t, c, VEOF)) {
		end_line(n, c, true);
		return true;
	}
	if (is_cc(t, c, VEOL) || (extended && is_cc(t, c, VEOL2))) {
		echo_typed(t, c);
		end_line(n, c, false);
		return true;
	}
	return false;
}

/* --- Receiving ---------------------------------------------------------------------------- */

static void signal_char(struct tty *t, u8 c, int signo)
{
	tty_signal_foreground(t, signo);
	if (!T_LFLAG(t, NOFLSH)) {
		n_tty_flush_input(t);
		t->n.echo_head = t->n.echo_tail = 0;
		if (t->driver->ops->flush)
			t->driver->ops->flush(t);
		wait_wake_all(&t->write_wait);
	}
	if (T_IFLAG(t, IXON))
		tty_start_locked(t);
	if (T_LFLAG(t, ECHO))
		n_tty_echo(t, c);
}

/* true: `c` was about flow or signals. */
static bool control_char(struct tty *t, u8 c)
{
	if (T_IFLAG(t, IXON)) {
		if (is_cc(t, c, VSTART)) {
			tty_start_locked(t);
			return true;
		}
		if (is_cc(t, c, VSTOP)) {
			tty_stop_locked(t);
			return true;
		}
	}
	if (T_LFLAG(t, ISIG)) {
		int signo = is_cc(t, c, VINTR) ? SIGINT : is_cc(t, c, VQUIT) ? SIGQUIT :
			    is_cc(t, c, VSUSP) ? SIGTSTP : 0;
		if (signo) {
			signal_char(t, c, signo);
			return true;
		}
	}
	return false;
}

static void restart_by_any(struct tty *t)
{
	if (t->stopped && !t->stopped_by_call && T_IFLAG(t, IXON) && T_IFLAG(t, IXANY))
		tty_start_locked(t);
}

static void special_char(struct tty *t, u8 c)
{
	if (T_IFLAG(t, ISTRIP))
		c &= 0x7f;
	if (T_IFLAG(t, IUCLC) && T_LFLAG(t, IEXTEN))
		c = char_to_lower(c);
	if (control_char(t, c))
		return;
	restart_by_any(t);
	if (c == '\r') {
		if (T_IFLAG(t, IGNCR))
			return;
		if (T_IFLAG(t, ICRNL))
			c = '\n';
	} else if (c == '\n' && T_IFLAG(t, INLCR)) {
		c = '\r';
	}
	if (T_LFLAG(t, ICANON) && canonical_char(t, c))
		return;
	if (c != '\n')
		echo_typed(t, c);
	else if (T_LFLAG(t, ECHO)) /* made of a carriage return; one as it came shows as ^J, as in Linux */
		n_tty_echo_raw(t, c);
	put_data(t, c);
}

static void receive_break(struct tty *t)
{
	if (T_IFLAG(t, IGNBRK))
		return;
	if (T_IFLAG(t, BRKINT)) {
		if (!T_LFLAG(t, NOFLSH))
			tty_flush_locked(t, true, true);
		tty_signal_foreground(t, SIGINT);
		return;
	}
	if (T_IFLAG(t, PARMRK)) {
		put_text(t, 0xff);
		put_text(t, 0);
	}
	put_text(t, 0);
}

static void receive_flagged(struct tty *t, u8 c, unsigned flag)
{
	if (flag == TTY_BREAK) {
		receive_break(t);
		return;
	}
	if (flag == TTY_OVERRUN || T_IFLAG(t, IGNPAR))
		return;
	if (!T_IFLAG(t, INPCK)) {
		put_data(t, c);
	} else if (T_IFLAG(t, PARMRK)) {
		put_text(t, 0xff);
		put_text(t, 0);
		put_text(t, c);
	} else {
		put_text(t, 0);
	}
}

static void receive_char(struct tty *t, u8 c)
{
	struct n_tty *n = &t->n;

	if (unlikely(n->literal)) {
		n->literal = false;
		if (T_IFLAG(t, ISTRIP))
			c &= 0x7f;
		echo_typed(t, c);
		put_data(t, c);
		return;
	}
	if (unlikely(n->special[c / 8] & 1 << c % 8)) {
		special_char(t, c);
		return;
	}
	restart_by_any(t);
	echo_typed(t, c);
	put_data(t, c);
}

/* No byte is to be taken now: no room, or a reader must make some first. */
bool n_tty_input_full(const struct tty *t)
{
	const struct n_tty *n = &t->n;
	u32 need = T_IFLAG(t, PARMRK) ? 3 : 1;

	if (T_LFLAG(t, ICANON)) /* without a whole line nobody can read: then a line is cut */
		return n->line != n->tail && used(n) + need >= TTY_LINE_SIZE;
	return used(n) + need >= TTY_LINE_SIZE;
}

/* Is there an echo that will find its way out, but has not yet? */
static bool echo_behind(const struct tty *t)
{
	u32 pending = t->n.echo_head - t->n.echo_tail;

	return pending > TTY_ECHO_SIZE / 2 && !t->stopped && !(t->driver->flags & TTY_PSEUDO);
}

static void wake_readers(struct tty *t)
{
	const struct n_tty *n = &t->n;

	if (T_LFLAG(t, ICANON) ? n->line != n->tail : used(n) != 0)
		wait_wake_key(&t->read_wait, 1, EPOLLIN | EPOLLRDNORM);
}

size_t n_tty_receive(struct tty *t, const u8 *p, size_t n)
{
	size_t i = 0;

	while (i < n && !n_tty_input_full(t))
		receive_char(t, p[i++]);
	wake_readers(t);
	return i;
}

/* Hardware flow control by how full the ring is. */
static void throttle(struct tty *t)
{
	u32 waiting = READ_ONCE(t->input_head) - t->input_tail;
	bool on = waiting > TTY_INPUT_SIZE / 4 * 3;

	if (on == t->throttled || (!on && waiting > TTY_INPUT_SIZE / 4))
		return;
	t->throttled = on;
	if (T_IFLAG(t, IXOFF) && t->driver->ops->send_xchar)
		t->driver->ops->send_xchar(t, T_CC(t, on ? VSTOP : VSTART));
	if (t->driver->ops->throttle)
		t->driver->ops->throttle(t, on);
}

void n_tty_process_input(struct tty *t)
{
	spin_lock(&t->lock);
	u32 head = __atomic_load_n(&t->input_head, __ATOMIC_ACQUIRE), tail = t->input_tail;

	n_tty_echo_flush(t);
	while (tail != head && !n_tty_input_full(t) && !echo_behind(t)) {
		u16 c = t->input[tail++ % TTY_INPUT_SIZE];
		__atomic_store_n(&t->input_tail, tail, __ATOMIC_RELEASE);
		if (unlikely(c >> 8))
			receive_flagged(t, c, c & 0xff00);
		else
			receive_char(t, c);
		tail = t->input_tail; /* a signal character may have dropped all */
	}
	throttle(t);
	wake_readers(t);
	spin_unlock(&t->lock);
	if (t->driver->ops->input_room)
		t->driver->ops->input_room(t);
}
