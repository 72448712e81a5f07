/* SPDX-License-Identifier: MIT */
/*
 * Terminals: objects, opening, closing, hanging up.
 *
 *   program --- struct file --- struct tty_file --- struct tty --- driver
 *                                                    |  line discipline: n_tty*.c
 *                                                    |  session, foreground group: job.c
 *
 * A driver makes its struct tty once (tty_create); that of a serial line stays for
 * ever, that of a pseudo terminal as long as one of its ends is open.  Received
 * bytes go from the driver's interrupt handler into the ring t->input and are
 * worked on by a kernel worker, or by a reader who has made room, with t->lock
 * held.  No interrupt takes t->lock, and so signals can be sent under it.
 *
 * A hangup does not touch open files: it raises t->generation, and a file of an
 * older generation reads end of file and fails with EIO for the rest.  Files that
 * were opened as /dev/console are immune, as in Linux.
 *
 * Lock order: open_lock > the turns (reading, writing) > t->lock > tree_lock >
 * process->lock; t->lock > a driver's own lock.  tty_list_lock is a leaf.
 */
#include <tty/tty.h>

#include <debug/log.h>
#include <fs/poll.h>
#include <fs/uio.h>
#include <lib/format.h>
#include <lib/string.h>
#include <linux/major.h>
#include <mm/kmap.h>
#include <mm/slab.h>
#include <proc/cred.h>
#include <proc/process.h>
#include <sync/atomic.h>
#include <time/clock.h>
#include <tty/n_tty.h>
#include <tty/pty.h>
#include <tty/vt.h>

#define DEV_TTY0 DEVNO(TTY_MAJOR, 0)
#define DEV_TTY DEVNO(TTYAUX_MAJOR, 0)
#define DEV_CONSOLE DEVNO(TTYAUX_MAJOR, 1)

static spinlock_t tty_list_lock = SPINLOCK_INIT;
static struct list ttys = LIST_INIT(ttys); /* tty_list_lock */

/* --- Objects ------------------------------------------------------------------------------ */

static const u8 initial_cc[NCCS] = {
	[VINTR] = 'C' & 037, [VQUIT] = '\\' & 037, [VERASE] = 0177, [VKILL] = 'U' & 037,
	[VEOF] = 'D' & 037, [VMIN] = 1, [VSTART] = 'Q' & 037, [VSTOP] = 'S' & 037,
	[VSUSP] = 'Z' & 037, [VREPRINT] = 'R' & 037, [VDISCARD] = 'O' & 037,
	[VWERASE] = 'W' & 037, [VLNEXT] = 'V' & 037,
};

static void termios_init(struct ktermios *k, u32 cflag)
{
	k->c_iflag = ICRNL | IXON;
	k->c_oflag = OPOST | ONLCR;
	k->c_cflag = cflag;
	k->c_lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN;
	memcpy(k->c_cc, initial_cc, sizeof(k->c_cc));
	k->c_ospeed = k->c_ispeed = tty_speed(k);
}

static void input_work(struct work *w)
{
	n_tty_process_input(container_of(w, struct tty, input_work));
}

static void free_work(struct work *w)
{
	struct tty *t = container_of(w, struct tty, free_work);

	if (t->driver->ops->destroy)
		t->driver->ops->destroy(t);
	kvfree(t->input);
	kfree(t);
}

void tty_put(struct tty *t)
{
	if (t && ref_put(&t->refs))
		work_queue(&t->free_work); /* from wherever the last reference went */
}

struct tty *tty_create(const struct tty_driver *d, unsigned index, void *priv)
{
	struct tty *t = kzalloc(sizeof(*t));

	if (!t)
		return NULL;
	ref_init(&t->refs, 1);
	t->driver = d;
	t->index = index;
	t->priv = priv;
	t->dev = DEVNO(d->major, d->minor + index);
	snprintf(t->name, sizeof(t->name), "%s%u", d->name, index);
	mutex_init(&t->open_lock);
	spin_init(&t->lock);
	wait_queue_init(&t->turn);
	wait_queue_init(&t->read_wait);
	wait_queue_init(&t->write_wait);
	work_init(&t->input_work, input_work);
	work_init(&t->free_work, free_work);
	termios_init(&t->termios, d->cflag);
	n_tty_init(t);
	spin_lock(&tty_list_lock);
	list_push_back(&ttys, &t->link);
	spin_unlock(&tty_list_lock);
	if (d->flags & TTY_NO_NODE)
		return t;
	int err = chardev_register(t->dev, t->name, d->mode, d->gid, &tty_file_ops, t);
	if (err)
		log_err("tty: %s: no node in /dev (error %d)", t->name, -err);
	return t;
}

void tty_remove(struct tty *t)
{
	if (!(t->driver->flags & TTY_NO_NODE))
		chardev_unregister(t->dev);
	spin_lock(&tty_list_lock);
	list_remove(&t->link);
	spin_unlock(&tty_list_lock);
	tty_hangup(t);
	tty_put(t);
}

struct tty *tty_find(dev_t dev)
{
	struct tty *t;
	SPIN_GUARD(&tty_list_lock);

	list_for_each(t, &ttys, link)
		if (t->dev == dev && ref_get_unless_zero(&t->refs))
			return t;
	return NULL;
}

struct tty *tty_find_name(const char *name)
{
	struct tty *t;
	SPIN_GUARD(&tty_list_lock);

	list_for_each(t, &ttys, link)
		if (str_eq(t->name, name) && ref_get_unless_zero(&t->refs))
			return t;
	return NULL;
}

/* --- Opening and closing -------------------------------------------------------------------- */

static int open_locked(struct tty *t)
{
	if (t->exclusive && t->opens && !capable(CAP_SYS_ADMIN))
		return -EBUSY;
	if (!t->input && !(t->driver->flags & TTY_PSEUDO)) {
		t->input = kvmalloc(TTY_INPUT_SIZE * sizeof(*t->input));
		if (!t->input)
			return -ENOMEM;
	}
	int err = t->driver->ops->open ? t->driver->ops->open(t) : 0;
	if (!err)
		t->opens++;
	return err;
}

int tty_open_file(struct tty *t, struct file *f, bool controlling, bool immune)
{
	struct tty_file *tf = kmalloc(sizeof(*tf), 0);
	int err = -ENOMEM;

	if (tf) {
		MUTEX_GUARD(&t->open_lock);
		err = open_locked(t);
		*tf = (struct tty_file){ .tty = t, .generation = t->generation, .immune = immune };
	}
	if (err) {
		kfree(tf);
		tty_put(t);
		return err;
	}
	f->priv = tf;
	if (controlling && !(f->flags & O_NOCTTY))
		tty_open_controlling(t, f);
	return 0;
}

static int tty_open(struct inode *i, struct file *f)
{
	struct tty *t;

	if (i->rdev == DEV_TTY) {
		t = tty_current();
		return t ? tty_open_file(t, f, false, false) : -ENXIO;
	}
	if (i->rdev == DEV_CONSOLE) {
		t = tty_console();
		return t ? tty_open_file(t, f, false, true) : -ENODEV;
	}
	t = i->rdev == DEV_TTY0 ? vt_foreground() : tty_find(i->rdev);
	if (!t)
		t = vt_find(i->rdev);
	return t ? tty_open_file(t, f, true, false) : -ENXIO;
}

static void tty_release(struct file *f)
{
	struct tty_file *tf = f->priv;
	struct tty *t = tf->tty;

	mutex_lock(&t->open_lock);
	if (--t->opens == 0) {
		t->exclusive = false;
		if (t->driver->ops->close)
			t->driver->ops->close(t);
	}
	mutex_unlock(&t->open_lock);
	kfree(tf);
	tty_put(t);
}

/* --- Using ---------------------------------------------------------------------------------- */

static ssize_t tty_read(struct file *f, struct uio *u, u64 *pos)
{
	struct tty_file *tf = f->priv;

	u->nowait |= (f->flags & O_NONBLOCK) != 0;
	return tty_file_dead(tf) ? 0 : n_tty_read(tf, u);
}

static ssize_t tty_write(struct file *f, struct uio *u, u64 *pos)
{
	struct tty_file *tf = f->priv;

	u->nowait |= (f->flags & O_NONBLOCK) != 0;
	return tty_file_dead(tf) ? -EIO : n_tty_write(tf, u);
}

static unsigned tty_poll(struct file *f, struct poll_table *pt)
{
	return n_tty_poll(f->priv, f, pt);
}

const struct file_ops tty_file_ops = {
	.open = tty_open,
	.release = tty_release,
	.read = tty_read,
	.write = tty_write,
	.poll = tty_poll,
	.ioctl = tty_ioctl,
	.stream = true,
};

void tty_output_ready(struct tty *t)
{
	memory_barrier(); /* the driver's room first, then who waits for it */
	if (wait_queue_active(&t->write_wait))
		wait_wake_key(&t->write_wait, 0, EPOLLOUT | EPOLLWRNORM);
	if (READ_ONCE(t->n.echo_head) != READ_ONCE(t->n.echo_tail))
		work_queue(&t->input_work);
}

void tty_stop_locked(struct tty *t)
{
	if (t->stopped)
		return;
	t->stopped = true;
	if (t->driver->ops->stop)
		t->driver->ops->stop(t);
}

void tty_start_locked(struct tty *t)
{
	t->stopped_by_call = false;
	if (!t->stopped)
		return;
	t->stopped = false;
	if (t->driver->ops->start)
		t->driver->ops->start(t);
}

void tty_flush_locked(struct tty *t, bool input, bool output)
{
	if (input) {
		__atomic_store_n(&t->input_tail, READ_ONCE(t->input_head), __ATOMIC_RELEASE);
		n_tty_flush_input(t);
		if (t->input)
			work_queue(&t->input_work); /* ends a throttling */
	}
	if (output) {
		t->n.echo_tail = t->n.echo_head;
		if (t->driver->ops->flush)
			t->driver->ops->flush(t);
		wait_wake_all(&t->write_wait);
	}
}

static bool drained(struct tty *t)
{
	return READ_ONCE(t->n.echo_head) == READ_ONCE(t->n.echo_tail) && !t->driver->ops->pending(t);
}

/* The driver says when its buffer has run empty, not when the hardware has: so look again and again. */
int tty_drain(struct tty *t, u64 ns)
{
	u64 end = ns ? clock_monotonic_ns() + ns : 0;

	while (!drained(t)) {
		u64 now = clock_monotonic_ns();
		if (end && now >= end)
			return 0;
		int err = wait_event_until(&t->write_wait, WAIT_INTERRUPTIBLE, drained(t),
					   now + 10 * NSEC_PER_MSEC);
		if (err && err != -ETIMEDOUT)
			return err;
	}
	return 0;
}

void tty_drain_all(void)
{
	u64 end = clock_monotonic_ns() + NSEC_PER_SEC;
	struct tty *t;
	bool done;

	do {
		done = true;
		spin_lock(&tty_list_lock);
		list_for_each(t, &ttys, link)
			if (!(t->driver->flags & TTY_PSEUDO) && !t->stopped && !drained(t))
				done = false;
		spin_unlock(&tty_list_lock);
		cond_resched();
	} while (!done && clock_monotonic_ns() < end);
}

void tty_init(void)
{
	int err = chardev_register(DEV_TTY, "tty", 0666, 5, &tty_file_ops, NULL);

	if (!err)
		err = chardev_register(DEV_CONSOLE, "console", 0600, 5, &tty_file_ops, NULL);
	if (err)
		log_err("tty: no nodes in /dev (error %d)", -err);
	tty_job_init();
	pty_init();
}
