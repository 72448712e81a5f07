/* SPDX-License-Identifier: MIT */
/*
 * Pseudo terminals: a terminal (the slave) whose line is a file (the master).
 *
 *   master read   <-- p->ring  <-- slave's output
 *   master write  --> t->input --> line discipline --> slave's reader
 *
 * The slave is an ordinary struct tty; struct pty is its driver's part.  Opening ptmx
 * makes both and the node in devpts.  Closing the master hangs the slave up for good and
 * takes the node away; the number is free again when the last file of the slave is closed.
 * While no file of the slave is open (after there was one) the master reads EIO.
 *
 * Locking: the slave's t->lock protects the ring and the flags, too.  master_lock
 * lets one writer at a time fill t->input, and one reader take from the ring.
 */
#include <tty/pty.h>

#include <debug/log.h>
#include <fs/files.h>
#include <fs/poll.h>
#include <fs/uio.h>
#include <lib/format.h>
#include <lib/string.h>
#include <linux/major.h>
#include <linux/signal.h>
#include <mm/kmap.h>
#include <mm/slab.h>
#include <proc/signal.h>
#include <sync/atomic.h>
#include <tty/n_tty.h>

enum { RING_SIZE = 16384, CHUNK = 512 };

struct pty {
	struct tty *tty;          /* imm: the slave; referenced by the master's file */
	u8 *ring;                 /* imm */
	u32 head, tail;           /* t->lock */
	bool locked;              /* t->lock: TIOCSPTLCK: the slave cannot be opened */
	bool slave_closed;        /* t->lock: there was one, and there is none now */
	bool packet;              /* t->lock: TIOCPKT */
	u8 packet_status;         /* t->lock: what the next packet says */
	struct mutex master_lock;
	struct wait_queue read_wait, write_wait; /* of the master */
};

static spinlock_t numbers_lock = SPINLOCK_INIT;
static u64 numbers[PTY_MAX / 64]; /* numbers_lock */

static int number_take(void)
{
	SPIN_GUARD(&numbers_lock);

	for (unsigned i = 0; i < PTY_MAX; i++) {
		if (numbers[i / 64] >> i % 64 & 1)
			continue;
		numbers[i / 64] |= 1ULL << i % 64;
		return i;
	}
	return -ENOSPC;
}

static void number_free(unsigned i)
{
	SPIN_GUARD(&numbers_lock);
	numbers[i / 64] &= ~(1ULL << i % 64);
}

/* --- The slave's driver -------------------------------------------------------------------------- */

static int slave_open(struct tty *t)
{
	struct pty *p = t->priv;
	SPIN_GUARD(&t->lock);

	if (p->locked || t->other_closed)
		return -EIO;
	p->slave_closed = false;
	return 0;
}

static void slave_close(struct tty *t)
{
	struct pty *p = t->priv;

	spin_lock(&t->lock);
	p->slave_closed = true;
	spin_unlock(&t->lock);
	wait_wake_all(&p->read_wait);
	wait_wake_all(&p->write_wait);
}

static size_t slave_write_room(struct tty *t)
{
	struct pty *p = t->priv;

	return t->stopped ? 0 : RING_SIZE - (READ_ONCE(p->head) - READ_ONCE(p->tail));
}

static size_t slave_write(struct tty *t, const u8 *bytes, size_t n)
{
	struct pty *p = t->priv;
	size_t at = p->head % RING_SIZE;

	n = min(n, slave_write_room(t));
	if (!n)
		return 0;
	size_t first = min(n, RING_SIZE - at);
	memcpy(p->ring + at, bytes, first);
	memcpy(p->ring, bytes + first, n - first);
	p->head += n;
	memory_barrier(); /* against a reader that queues itself, then looks at head */
	if (wait_queue_active(&p->read_wait))
		wait_wake_key(&p->read_wait, 1, EPOLLIN | EPOLLRDNORM);
	return n;
}

static size_t slave_pending(struct tty *t)
{
	return 0; /* what the master has not read has left the terminal */
}

static void packet_event(struct pty *p, u8 status, u8 cancels)
{
	if (!p->packet)
		return;
	p->packet_status = (p->packet_status & ~cancels) | status;
	wait_wake_key(&p->read_wait, 0, EPOLLIN | EPOLLPRI);
}

static void slave_flush(struct tty *t)
{
	struct pty *p = t->priv;

	p->tail = p->head;
	packet_event(p, TIOCPKT_FLUSHWRITE, 0);
}

static void slave_stop(struct tty *t)
{
	packet_event(t->priv, TIOCPKT_STOP, TIOCPKT_START);
}

static void slave_start(struct tty *t)
{
	packet_event(t->priv, TIOCPKT_START, TIOCPKT_STOP);
	tty_output_ready(t);
}

/* Does the other end do ^S and ^Q, as rlogin wants to know? */
static bool usual_flow(const struct ktermios *k)
{
	return k->c_iflag & IXON && k->c_cc[VSTOP] == ('S' & 037) && k->c_cc[VSTART] == ('Q' & 037);
}

static void slave_set_termios(struct tty *t, const struct ktermios *old)
{
	bool was = usual_flow(old), is = usual_flow(&t->termios);

	t->termios.c_cflag = (t->termios.c_cflag & ~(u32)(CSIZE | PARENB)) | CS8 | CREAD;
	if (was != is)
		packet_event(t->priv, is ? TIOCPKT_DOSTOP : TIOCPKT_NOSTOP, is ? TIOCPKT_NOSTOP : TIOCPKT_DOSTOP);
}

static void slave_input_room(struct tty *t)
{
	struct pty *p = t->priv;

	memory_barrier(); /* the ring's room first, then who waits for it */
	if (wait_queue_active(&p->write_wait))
		wait_wake_key(&p->write_wait, 0, EPOLLOUT | EPOLLWRNORM);
}

static void slave_destroy(struct tty *t)
{
	struct pty *p = t->priv;

	number_free(t->index);
	kvfree(p->ring);
	kfree(p);
}

static const struct tty_ops slave_ops = {
	.open = slave_open,
	.close = slave_close,
	.write = slave_write,
	.write_room = slave_write_room,
	.pending = slave_pending,
	.flush = slave_flush,
	.start = slave_start,
	.stop = slave_stop,
	.set_termios = slave_set_termios,
	.input_room = slave_input_room,
	.destroy = slave_destroy,
};

static const struct tty_driver slave_driver = {
	.name = "pts/", .major = UNIX98_PTY_SLAVE_MAJOR, .flags = TTY_NO_NODE | TTY_PSEUDO,
	.cflag = B38400 | CS8 | CREAD, .ops = &slave_ops,
};

/* --- The master: making ---------------------------------------------------------------------------- */

static struct pty *pty_new(unsigned number)
{
	struct pty *p = kzalloc(sizeof(*p));

	if (!p)
		return NULL;
	p->locked = true;
	mutex_init(&p->master_lock);
	wait_queue_init(&p->read_wait);
	wait_queue_init(&p->write_wait);
	p->ring = kvmalloc(RING_SIZE);
	p->tty = p->ring ? tty_create(&slave_driver, number, p) : NULL;
	if (!p->tty) {
		kvfree(p->ring);
		kfree(p);
		return NULL;
	}
	return p;
}

static int master_open(struct inode *i, struct file *f)
{
	int number = number_take();

	if (number < 0)
		return number;
	struct pty *p = pty_new(number);
	if (!p) {
		number_free(number);
		return -ENOMEM;
	}
	int err = devpts_add(p->tty);
	if (err) {
		tty_remove(p->tty); /* and with it all */
		return err;
	}
	f->priv = p;
	return 0;
}

static void master_release(struct file *f)
{
	struct pty *p = f->priv;
	struct tty *t = p->tty;

	devpts_remove(t);
	spin_lock(&t->lock);
	t->other_closed = true;
	spin_unlock(&t->lock);
	tty_remove(t); /* may free p */
}

/* --- The master: reading and writing ------------------------------------------------------------------ */

static bool master_readable(struct pty *p)
{
	return READ_ONCE(p->head) != READ_ONCE(p->tail) || READ_ONCE(p->packet_status);
}

/* A packet's first byte, or bytes of the ring; how many. 0: nothing. t->lock held. */
static size_t master_take(struct pty *p, u8 *out, size_t max)
{
	size_t n = 0;

	if (p->packet) {
		out[n++] = p->packet_status;
		if (p->packet_status || p->head == p->tail) {
			n = p->packet_status != 0;
			p->packet_status = 0;
			return n;
		}
	}
	while (n < max && p->tail != p->head) {
		u32 at = p->tail % RING_SIZE;
		size_t part = min(min((size_t)(p->head - p->tail), max - n), (size_t)(RING_SIZE - at));
		memcpy(out + n, p->ring + at, part);
		p->tail += part;
		n += part;
	}
	return n;
}

static ssize_t master_read_some(struct pty *p, struct uio *u)
{
	struct tty *t = p->tty;
	u8 buf[CHUNK];
	size_t done = 0;
	bool packet = READ_ONCE(p->packet);

	MUTEX_GUARD(&p->master_lock);
	while (u->left && !(packet && done)) {
		spin_lock(&t->lock);
		size_t n = master_take(p, buf, min(u->left, sizeof(buf)));
		spin_unlock(&t->lock);
		if (!n)
			break;
		size_t moved = uio_put(u, buf, n);
		done += moved;
		if (moved < n)
			return done ? (ssize_t)done : -EFAULT;
	}
	if (done)
		tty_output_ready(t);
	return done;
}

static ssize_t master_read(struct file *f, struct uio *u, u64 *pos)
{
	struct pty *p = f->priv;

	if (!u->left)
		return 0;
	u->nowait |= (f->flags & O_NONBLOCK) != 0;
	for (;;) {
		ssize_t n = master_read_some(p, u);
		if (n)
			return n;
		if (READ_ONCE(p->slave_closed))
			return master_readable(p) ? master_read_some(p, u) : -EIO;
		if (u->nowait)
			return -EAGAIN;
		int err = wait_event(&p->read_wait, WAIT_INTERRUPTIBLE,
				     master_readable(p) || READ_ONCE(p->slave_closed));
		if (err)
			return err;
	}
}

static int input_alloc(struct tty *t)
{
	if (t->input)
		return 0;
	u16 *ring = kvmalloc(TTY_INPUT_SIZE * sizeof(*ring));
	if (!ring)
		return -ENOMEM;
	SPIN_GUARD(&t->lock);
	t->input = ring;
	return 0;
}

/* Room for at least a byte in the slave's input ring. */
static int wait_for_room(struct pty *p, bool nowait)
{
	struct tty *t = p->tty;

	if (tty_input_room(t))
		return 0;
	if (nowait)
		return -EAGAIN;
	return wait_event(&p->write_wait, WAIT_INTERRUPTIBLE, tty_input_room(t) || READ_ONCE(p->slave_closed));
}

static ssize_t master_write(struct file *f, struct uio *u, u64 *pos)
{
	struct pty *p = f->priv;
	struct tty *t = p->tty;
	u8 buf[CHUNK];
	size_t done = 0;
	int err = 0;

	u->nowait |= (f->flags & O_NONBLOCK) != 0;
	while (u->left && !err) {
		err = wait_for_room(p, u->nowait);
		MUTEX_GUARD(&p->master_lock);
		if (!err)
			err = input_alloc(t);
		if (!err && READ_ONCE(p->slave_closed))
			err = -EIO;
		if (err)
			break;
		size_t want = min(min(u->left, sizeof(buf)), (size_t)tty_input_room(t));
		size_t got = uio_get(u, buf, want);
		for (size_t i = 0; i < got; i++)
			tty_input(t, buf[i]);
		n_tty_process_input(t);
		done += got;
		if (got < want)
			err = -EFAULT;
	}
	return done ? (ssize_t)done : err;
}

static unsigned master_poll(struct file *f, struct poll_table *pt)
{
	struct pty *p = f->priv;
	unsigned events = 0;

	poll_wait(f, &p->read_wait, pt);
	poll_wait(f, &p->write_wait, pt);
	if (master_readable(p))
		events |= EPOLLIN | EPOLLRDNORM;
	if (READ_ONCE(p->packet_status))
		events |= EPOLLPRI;
	if (READ_ONCE(p->slave_closed))
		events |= EPOLLHUP;
	if (tty_input_room(p->tty))
		events |= EPOLLOUT | EPOLLWRNORM;
	return events;
}

/* --- The master: calls ----------------------------------------------------------------------------------- */

static s64 set_flag(struct pty *p, bool *flag, uptr_t arg)
{
	u32 on;
	int err = get_user_u32(&on, arg);

	if (err)
		return err;
	SPIN_GUARD(&p->tty->lock);
	if (flag == &p->packet && on && !p->packet)
		p->packet_status = 0;
	*flag = on != 0;
	return 0;
}

/* The slave's descriptor without its name being needed by the caller; it is looked up here. */
static s64 open_peer(struct pty *p, int flags)
{
	char name[24];
	struct file *s;

	snprintf(name, sizeof(name), "/dev/%s", p->tty->name);
	int err = vfs_open(AT_FDCWD, name, flags & ~O_CLOEXEC, 0, &s);
	if (err)
		return err;
	if (s->ops != &tty_file_ops || ((struct tty_file *)s->priv)->tty != p->tty) {
		file_put(s); /* somebody else's /dev/pts */
		return -EIO;
	}
	return fd_install_new(s, flags & O_CLOEXEC);
}

static s64 send_signal(struct pty *p, u64 signo)
{
	if (signo != SIGINT && signo != SIGQUIT && signo != SIGTSTP)
		return -EINVAL;
	tty_signal_foreground(p->tty, signo);
	return 0;
}

static s64 flush_other_way(struct pty *p, u64 what)
{
	struct tty *t = p->tty;

	if (what > TCIOFLUSH)
		return -EINVAL;
	SPIN_GUARD(&t->lock);
	tty_flush_locked(t, what != TCIFLUSH, false); /* the master's output is the slave's input */
	if (what != TCOFLUSH)
		p->tail = p->head;
	return 0;
}

static s64 master_ioctl(struct file *f, unsigned cmd, uptr_t arg)
{
	struct pty *p = f->priv;

	switch (cmd) {
	case TIOCGPTN:
		return put_user_u32(arg, p->tty->index);
	case TIOCSPTLCK:
		return set_flag(p, &p->locked, arg);
	case TIOCGPTLCK:
		return put_user_u32(arg, READ_ONCE(p->locked));
	case TIOCPKT:
		return set_flag(p, &p->packet, arg);
	case TIOCGPKT:
		return put_user_u32(arg, READ_ONCE(p->packet));
	case TIOCGPTPEER:
		return open_peer(p, (int)arg.raw);
	case TIOCSIG:
		return send_signal(p, arg.raw);
	case FIONREAD:
		return put_user_u32(arg, READ_ONCE(p->head) - READ_ONCE(p->tail));
	case TIOCOUTQ:
		return put_user_u32(arg, TTY_INPUT_SIZE - tty_input_room(p->tty));
	case TCFLSH:
		return flush_other_way(p, arg.raw);
	case TIOCSCTTY:
	case TIOCNOTTY:
		return -ENOTTY; /* a master controls nobody */
	default:
		return tty_ioctl_on(p->tty, f, cmd, arg);
	}
}

const struct file_ops ptmx_ops = {
	.open = master_open,
	.release = master_release,
	.read = master_read,
	.write = master_write,
	.poll = master_poll,
	.ioctl = master_ioctl,
	.stream = true,
};

void pty_init(void)
{
	int err = devpts_init();

	if (!err)
		err = chardev_register(DEVNO(TTYAUX_MAJOR, 2), "ptmx", 0666, 5, &ptmx_ops, NULL);
	if (err)
		log_err("pty: no pseudo terminals (error %d)", -err);
}
