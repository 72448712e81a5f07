/* SPDX-License-Identifier: MIT */
/*
 * The programs' side of the line discipline: read, write, poll.
 *
 * One task at a time reads and one writes (t->reading, t->writing), also while it
 * sleeps, so that a line or a write stays in one piece.  Bytes pass through a
 * small buffer on the stack, because user memory cannot be touched under the lock.
 */
#include <fs/poll.h>
#include <fs/uio.h>
#include <linux/signal.h>
#include <proc/process.h>
#include <time/clock.h>
#include <tty/n_tty.h>

enum { CHUNK = 512, POLL_OUT_PENDING = 256, WRITE_ROOM = 16 };

static bool marked(const u64 *map, u32 pos)
{
	u32 i = pos % TTY_LINE_SIZE;

	return map[i / 64] >> i % 64 & 1;
}

static void unmark(u64 *map, u32 pos)
{
	u32 i = pos % TTY_LINE_SIZE;

	map[i / 64] &= ~(1ULL << i % 64);
}

static bool take_end_of_file(struct n_tty *n)
{
	if (n->tail == n->line || !marked(n->line_eof, n->tail))
		return false;
	unmark(n->line_end, n->tail);
	unmark(n->line_eof, n->tail++);
	return true;
}

/* Moves up to max bytes of one line to out; *whole: the line's end was reached. Locked. */
static size_t take_line(struct n_tty *n, u8 *out, size_t max, bool *whole)
{
	size_t got = 0;

	while (got < max && n->tail != n->line) {
		if (take_end_of_file(n)) {
			*whole = true;
			return got;
		}
		bool last = marked(n->line_end, n->tail);
		if (last)
			unmark(n->line_end, n->tail);
		out[got++] = n->buf[n->tail++ % TTY_LINE_SIZE];
		if (last) {
			*whole = true;
			return got;
		}
	}
	*whole = take_end_of_file(n); /* a full buffer must not leave it for a read of its own */
	return got;
}

static size_t take_raw(struct n_tty *n, u8 *out, size_t max)
{
	size_t got = 0;

	while (got < max && n->tail != n->head)
		out[got++] = n->buf[n->tail++ % TTY_LINE_SIZE];
	n->line = n->tail;
	return got;
}

/* Is there something for a reader, `need` bytes of it in raw mode? Also without the lock, as a hint. */
static bool readable(struct tty *t, u32 need)
{
	struct n_tty *n = &t->n;

	if (T_LFLAG(t, ICANON))
		return READ_ONCE(n->line) != READ_ONCE(n->tail);
	return READ_ONCE(n->head) - READ_ONCE(n->tail) >= need;
}

u32 n_tty_readable(struct tty *t)
{
	struct n_tty *n = &t->n;
	u32 count = 0;

	if (!T_LFLAG(t, ICANON))
		return n->head - n->tail;
	for (u32 i = n->tail; i != n->line; i++)
		count += !marked(n->line_eof, i);
	return count;
}

/* Waits for the turn that *taken stands for. Locked. */
static int turn_begin(struct tty *t, bool *taken, bool nowait)
{
	if (*taken && nowait)
		return -EAGAIN;
	int err = wait_event_locked(&t->turn, WAIT_INTERRUPTIBLE, !*taken, &t->lock);
	if (!err)
		*taken = true;
	return err;
}

static void turn_end(struct tty *t, bool *taken)
{
	*taken = false;
	if (wait_queue_active(&t->turn))
		wait_wake_all(&t->turn);
}

static u64 deadline_in(u8 tenths)
{
	return clock_monotonic_ns() + tenths * (NSEC_PER_SEC / 10);
}

/* Some bytes to the user. 1: the read is complete, 0: go on, or an error. Locked; unlocks meanwhile. */
static int read_chunk(struct tty *t, struct uio *u, size_t *done)
{
	u8 buf[CHUNK];
	bool whole = false, canonical = T_LFLAG(t, ICANON);
	size_t want = min(u->left, sizeof(buf));
	size_t got = canonical ? take_line(&t->n, buf, want, &whole) : take_raw(&t->n, buf, want);

	spin_unlock(&t->lock);
	size_t moved = uio_put(u, buf, got);
	spin_lock(&t->lock);
	*done += moved;
	if (moved < got)
		return -EFAULT;
	return whole;
}

static bool input_waiting(const struct tty *t)
{
	return READ_ONCE(t->input_head) != READ_ONCE(t->input_tail);
}

/* Nothing to read: sleeps. 0: look again; 1: no more is to be waited for; or an error. Locked; unlocks meanwhile. */
static int read_wait(struct tty_file *tf, u64 deadline)
{
	struct tty *t = tf->tty;

	spin_unlock(&t->lock);
	int err = wait_event_until(&t->read_wait, WAIT_INTERRUPTIBLE,
				   readable(t, 1) || tty_file_dead(tf) || READ_ONCE(t->other_closed), deadline);
	spin_lock(&t->lock);
	return err == -ETIMEDOUT ? 1 : err;
}

static int read_locked(struct tty_file *tf, struct uio *u, size_t *done)
{
	struct tty *t = tf->tty;
	bool raw = !T_LFLAG(t, ICANON);
	u8 tenths = raw ? T_CC(t, VTIME) : 0;
	u32 least = raw ? T_CC(t, VMIN) : 1;
	bool at_once = raw && !least && !tenths;
	u64 deadline = raw && !least && tenths ? deadline_in(tenths) : 0;
	int err;

	while (u->left) {
		if (!readable(t, 1) && input_waiting(t)) {
			spin_unlock(&t->lock);
			n_tty_process_input(t);
			spin_lock(&t->lock);
		}
		if (!readable(t, 1)) {
			if (tty_file_dead(tf) || at_once)
				return 0;
			if (t->other_closed)
				return -EIO;
			if (u->nowait)
				return -EAGAIN;
			err = read_wait(tf, deadline);
			if (err)
				return err < 0 ? err : 0;
			continue;
		}
		err = read_chunk(t, u, done);
		if (err)
			return err < 0 ? err : 0;
		/* Raw: all there is has been taken when the buffer ran empty. */
		if (!T_LFLAG(t, ICANON) && *done >= least && !readable(t, 1))
			return 0;
		if (least && tenths)
			deadline = deadline_in(tenths);
	}
	return 0;
}

ssize_t n_tty_read(struct tty_file *tf, struct uio *u)
{
	struct tty *t = tf->tty;
	size_t done = 0;
	int err = tty_check_foreground(t, SIGTTIN);

	if (err)
		return err;
	spin_lock(&t->lock);
	err = turn_begin(t, &t->reading, u->nowait);
	if (!err) {
		err = read_locked(tf, u, &done);
		turn_end(t, &t->reading);
	}
	spin_unlock(&t->lock);
	if (input_waiting(t)) /* there is room for it now */
		n_tty_process_input(t);
	return done ? (ssize_t)done : err;
}

/* Room for the driver to take something whatever it is. */
static bool writable(struct tty *t)
{
	return t->driver->ops->write_room(t) >= WRITE_ROOM;
}

static int write_wait(struct tty_file *tf, bool nowait)
{
	struct tty *t = tf->tty;

	if (nowait)
		return -EAGAIN;
	spin_unlock(&t->lock);
	int err = wait_event(&t->write_wait, WAIT_INTERRUPTIBLE,
			     writable(t) || tty_file_dead(tf) || READ_ONCE(t->other_closed));
	spin_lock(&t->lock);
	return err;
}

/* All of buf to the driver, in as many steps as that needs; *done counts. Locked; unlocks meanwhile. */
static int write_chunk(struct tty_file *tf, const u8 *buf, size_t n, bool nowait, size_t *done)
{
	struct tty *t = tf->tty;

	for (;;) {
		if (tty_file_dead(tf) || t->other_closed)
			return -EIO;
		size_t m = n_tty_output(t, buf, n);
		*done += m;
		buf += m;
		n -= m;
		if (!n)
			return 0;
		int err = write_wait(tf, nowait);
		if (err)
			return err;
	}
}

static int write_locked(struct tty_file *tf, struct uio *u, size_t *done)
{
	struct tty *t = tf->tty;
	u8 buf[CHUNK];

	while (u->left) {
		size_t want = min(u->left, sizeof(buf));
		spin_unlock(&t->lock);
		size_t got = uio_get(u, buf, want);
		spin_lock(&t->lock);
		int err = write_chunk(tf, buf, got, u->nowait, done);
		if (err)
			return err;
		if (got < want)
			return -EFAULT;
		/* A driver that is always ready never sleeps: signals end a long write here. */
		if (u->left && task_signal_pending && task_signal_pending(current, WAIT_INTERRUPTIBLE))
			return -ERESTARTSYS;
	}
	return 0;
}

ssize_t n_tty_write(struct tty_file *tf, struct uio *u)
{
	struct tty *t = tf->tty;
	size_t done = 0;
	int err = T_LFLAG(t, TOSTOP) ? tty_check_foreground(t, SIGTTOU) : 0;

	if (err)
		return err;
	spin_lock(&t->lock);
	err = turn_begin(t, &t->writing, u->nowait);
	if (!err) {
		err = write_locked(tf, u, &done);
		turn_end(t, &t->writing);
	}
	spin_unlock(&t->lock);
	return done ? (ssize_t)done : err;
}

unsigned n_tty_poll(struct tty_file *tf, struct file *f, struct poll_table *pt)
{
	struct tty *t = tf->tty;
	unsigned events = 0;

	poll_wait(f, &t->read_wait, pt);
	poll_wait(f, &t->write_wait, pt);
	if (tty_file_dead(tf))
		return EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP | EPOLLRDNORM | EPOLLWRNORM;
	if (readable(t, T_CC(t, VMIN) && !T_CC(t, VTIME) ? T_CC(t, VMIN) : 1))
		events |= EPOLLIN | EPOLLRDNORM;
	if (t->other_closed)
		events |= EPOLLHUP;
	if (writable(t) && t->driver->ops->pending(t) < POLL_OUT_PENDING)
		events |= EPOLLOUT | EPOLLWRNORM;
	return events;
}
