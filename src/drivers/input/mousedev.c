/* SPDX-License-Identifier: MIT */
/*
 * /dev/input/mice and mouseN: mice as gpm(8) and old programs know them, as if a PS/2 mouse stood on the line.
 * A reader gets three bytes a packet (ps2_mouse.c has the picture), or four after writing the
 * rates that make a mouse one with a wheel.  What it writes else is answered as a mouse does.
 *
 * Motion adds up until it is read; a change of the buttons ends a packet, so that no click is lost (but in a
 * reader that leaves RING of them unread, whose motion then goes to the last one).
 */
#include <drivers/input/input.h>

#include <debug/log.h>
#include <fs/device_file.h>
#include <fs/poll.h>
#include <fs/uio.h>
#include <lib/format.h>
#include <lib/string.h>
#include <linux/major.h>
#include <mm/slab.h>

enum { RING = 16, PACKET_MAX = 4, REPLY_MAX = 6, MINOR_MOUSE = 32, MINOR_MICE = 63, KNOCK = 6 };
enum { PLAIN = 0, WHEEL = 3, EXPLORER = 4 }; /* also what the mouse says it is */
enum { CMD_INFO = 0xe9, CMD_POLL = 0xeb, CMD_ID = 0xf2, CMD_RESET = 0xff, ACK = 0xfa, TESTED = 0xaa };

struct packet {
	s32 dx, dy, dz;
	u8 buttons;
};

struct client {
	struct input_device *device; /* imm; NULL: all mice */
	struct list link;            /* lock, as all below */
	struct wait_queue wait;
	struct packet ring[RING];    /* head is being added to */
	u32 head, tail;
	bool moved;                  /* the packet at head holds something */
	u8 buttons;                  /* of the packet read last */
	u8 mode;                     /* PLAIN, WHEEL, EXPLORER */
	u8 wheel_knock, explorer_knock; /* bytes of those that have come */
	u8 reply[REPLY_MAX];
	u8 left, size;               /* bytes of it not read yet */
};

static spinlock_t lock = SPINLOCK_INIT; /* interrupts off; inside the devices' locks */
static struct list clients = LIST_INIT(clients);

/* --- Events --- */

static u8 button_bit(unsigned code)
{
	switch (code) {
	case BTN_LEFT: return 1;
	case BTN_RIGHT: return 2;
	case BTN_MIDDLE: return 4;
	case BTN_SIDE: return 8;
	case BTN_EXTRA: return 16;
	default: return 0;
	}
}

static void press(struct client *c, u8 bit, bool down)
{
	struct packet *p = &c->ring[c->head % RING];
	u8 buttons = down ? p->buttons | bit : p->buttons & ~bit;

	if (buttons == p->buttons)
		return;
	if (c->moved && c->head - c->tail < RING - 1) {
		c->head++;
		p = &c->ring[c->head % RING];
		*p = (struct packet){ 0 };
	}
	p->buttons = buttons;
	c->moved = true;
}

/* Sums that nobody reads do not overflow. */
static void add(s32 *sum, s32 n)
{
	s64 total = (s64)*sum + n;

	*sum = total > 1 << 20 ? 1 << 20 : total < -(1 << 20) ? -(1 << 20) : total;
}

static void move(struct client *c, unsigned axis, s32 value)
{
	struct packet *p = &c->ring[c->head % RING];

	if (axis == REL_X)
		add(&p->dx, value);
	else if (axis == REL_Y)
		add(&p->dy, -(s64)value > INT32_MAX ? INT32_MAX : -value);
	else if (axis == REL_WHEEL)
		add(&p->dz, -(s64)value > INT32_MAX ? INT32_MAX : -value);
	else
		return;
	c->moved = true;
}

static bool readable(const struct client *c)
{
	return c->left || c->moved || c->head != c->tail;
}

void mousedev_deliver(struct input_device *d, unsigned type, unsigned code, s32 value)
{
	struct client *c;

	if (d->grab)
		return;
	SPIN_GUARD(&lock);
	list_for_each(c, &clients, link) {
		if (c->device && c->device != d)
			continue;
		if (type == EV_KEY && value != 2)
			press(c, button_bit(code), value);
		else if (type == EV_REL)
			move(c, code, value);
		else if (type == EV_SYN && readable(c))
			wait_wake_key(&c->wait, 0, EPOLLIN | EPOLLRDNORM);
	}
}

/* --- Packets --- */

static s32 take(s32 *sum, s32 limit)
{
	s32 n = *sum > limit ? limit : *sum < -limit ? -limit : *sum;

	*sum -= n;
	return n;
}

/* The next packet's bytes; how many. */
static size_t put_packet(struct client *c, u8 *out)
{
	struct packet *p = &c->ring[c->tail % RING];
	s32 dx = take(&p->dx, 127), dy = take(&p->dy, 127);
	u8 buttons = p->buttons, more = (buttons & 16) >> 3 | (buttons & 8) >> 1;

	out[0] = 8 | (buttons & 7) | (dx < 0 ? 16 : 0) | (dy < 0 ? 32 : 0) | (c->mode == EXPLORER ? 0 : more);
	out[1] = dx;
	out[2] = dy;
	if (c->mode == PLAIN)
		p->dz = 0;
	else if (c->mode == WHEEL)
		out[3] = take(&p->dz, 127);
	else
		out[3] = (take(&p->dz, 7) & 15) | (buttons & 24) << 1;
	c->buttons = buttons;
	if (!p->dx && !p->dy && !p->dz) {
		if (c->head != c->tail)
			c->tail++;
		else
			c->moved = false;
	}
	return c->mode == PLAIN ? 3 : 4;
}

/* One more byte of a sequence of rates; true: all have come. */
static bool knocked(u8 *count, const u8 *rates, u8 byte)
{
	*count = byte == rates[*count] ? *count + 1 : 0;
	if (*count < KNOCK)
		return false;
	*count = 0;
	return true;
}

static void command(struct client *c, u8 byte)
{
	static const u8 wheel[KNOCK] = { 0xf3, 200, 0xf3, 100, 0xf3, 80 };
	static const u8 explorer[KNOCK] = { 0xf3, 200, 0xf3, 200, 0xf3, 80 };
	size_t n = 1;

	if (knocked(&c->explorer_knock, explorer, byte))
		c->mode = EXPLORER;
	if (knocked(&c->wheel_knock, wheel, byte))
		c->mode = WHEEL;
	c->reply[0] = ACK;
	switch (byte) {
	case CMD_POLL: n += put_packet(c, c->reply + 1); break;
	case CMD_ID: c->reply[n++] = c->mode; break;
	case CMD_INFO: /* its state, resolution and rate */
		c->reply[n++] = 0x60;
		c->reply[n++] = 3;
		c->reply[n++] = 200;
		break;
	case CMD_RESET:
		c->mode = PLAIN;
		c->wheel_knock = c->explorer_knock = 0;
		c->reply[n++] = TESTED;
		c->reply[n++] = PLAIN;
		break;
	default: break;
	}
	c->left = c->size = n;
}

/* --- Files --- */

static int mouse_open(struct inode *i, struct file *f)
{
	const struct file_ops *ops;
	void *device;
	int err = chardev_find(i->rdev, &ops, &device);

	if (err)
		return err;
	struct client *c = kzalloc(sizeof(*c));
	if (!c)
		return -ENOMEM;
	c->device = device;
	wait_queue_init(&c->wait);
	f->priv = c;
	IRQSPIN_GUARD(&lock);
	list_push_back(&clients, &c->link);
	return 0;
}

static void mouse_release(struct file *f)
{
	struct client *c = f->priv;
	{
		IRQSPIN_GUARD(&lock);
		list_remove(&c->link);
	}
	kfree(c);
}

static size_t take_bytes(struct client *c, u8 *out, size_t size)
{
	IRQSPIN_GUARD(&lock);

	if (!c->left && readable(c))
		c->left = c->size = put_packet(c, c->reply);
	size_t n = min(size, (size_t)c->left);
	memcpy(out, c->reply + c->size - c->left, n);
	c->left -= n;
	return n;
}

/* One packet a call, as in Linux. */
static ssize_t mouse_read(struct file *f, struct uio *u, u64 *pos)
{
	struct client *c = f->priv;
	u8 bytes[REPLY_MAX];
	size_t n;

	if (!u->left)
		return 0;
	while (!(n = take_bytes(c, bytes, min(u->left, sizeof(bytes))))) {
		if (u->nowait || f->flags & O_NONBLOCK)
			return -EAGAIN;
		int err = wait_event(&c->wait, WAIT_INTERRUPTIBLE, readable(c));
		if (err)
			return err;
	}
	return uio_put(u, bytes, n) == n ? (ssize_t)n : -EFAULT;
}

static ssize_t mouse_write(struct file *f, struct uio *u, u64 *pos)
{
	struct client *c = f->priv;
	ssize_t done = 0;
	u8 byte;

	for (; u->left; done++) {
		if (uio_get(u, &byte, 1) != 1)
			return done ?: -EFAULT;
		IRQSPIN_GUARD(&lock);
		command(c, byte);
	}
	wait_wake_key(&c->wait, 0, EPOLLIN | EPOLLRDNORM);
	return done;
}

static unsigned mouse_poll(struct file *f, struct poll_table *pt)
{
	struct client *c = f->priv;

	poll_wait(f, &c->wait, pt);
	IRQSPIN_GUARD(&lock);
	return EPOLLOUT | EPOLLWRNORM | (readable(c) ? EPOLLIN | EPOLLRDNORM : 0);
}

static const struct file_ops mouse_ops = {
	.open = mouse_open, .release = mouse_release, .read = mouse_read, .write = mouse_write, .poll = mouse_poll,
	.stream = true,
};

int mousedev_register(struct input_device *d)
{
	static char names[INPUT_DEVICES][16];
	static unsigned mice; /* devices are registered one after the other */

	snprintf(names[mice], sizeof(names[mice]), "input/mouse%u", mice);
	int err = chardev_register(DEVNO(INPUT_MAJOR, MINOR_MOUSE + mice), names[mice], 0660, 0, &mouse_ops, d);
	if (!err)
		d->mouse_node = names[mice++];
	return err;
}

void mousedev_init(void)
{
	if (chardev_register(DEVNO(INPUT_MAJOR, MINOR_MICE), "input/mice", 0660, 0, &mouse_ops, NULL))
		log_warn("input: no /dev/input/mice");
}
