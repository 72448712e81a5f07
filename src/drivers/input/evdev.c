/* SPDX-License-Identifier: MIT */
/*
 * /dev/input/eventN: a stream of struct input_event.
 *
 * Each reader has a ring of its own.  Only complete packets (up to SYN_REPORT) are read.  A reader
 * that is too slow loses all that its ring holds, and finds SYN_DROPPED in front of the newest
 * event: it has to ask for the state of the keys (EVIOCGKEY) and skip to the next SYN_REPORT.
 *
 *     tail            packet_head     head
 *   ---|  what is read  |  incomplete  |---      free-running numbers
 *
 * The rings are protected by the device's lock.
 */
#include <drivers/input/evdev.h>

#include <fs/poll.h>
#include <fs/uio.h>
#include <lib/string.h>
#include <linux/major.h>
#include <linux/time.h>
#include <mm/slab.h>
#include <time/clock.h>

enum { MINOR_FIRST = 64 };

static struct input_event make_event(u8 clock, u64 monotonic_ns, unsigned type, unsigned code, s32 value)
{
	u64 ns = monotonic_ns + (clock == CLOCK_REALTIME ? clock_realtime_offset_ns() : 0);
	struct input_event e = { .type = type, .code = code, .value = value };

	e.input_event_sec = ns / NSEC_PER_SEC;
	e.input_event_usec = ns % NSEC_PER_SEC / NSEC_PER_USEC;
	return e;
}

/* Does the reader want it? What is not an event of its own (SYN) always. */
static bool wanted(const struct evdev_client *c, unsigned type, unsigned code)
{
	return type == EV_SYN || !c->masks[type] ||
	       (code < evdev_mask_bits(type) && bitmap_test(c->masks[type], code));
}

void evdev_put(struct evdev_client *c, u64 ns, unsigned type, unsigned code, s32 value)
{
	if (!wanted(c, type, code))
		return;
	if (type == EV_SYN && code == SYN_REPORT && c->head == c->packet_head)
		return; /* nothing of the packet was wanted */
	if (c->head - c->tail == EVDEV_RING) {
		c->tail = c->packet_head = c->head - 1;
		c->ring[c->tail % EVDEV_RING] = make_event(c->clock, ns, EV_SYN, SYN_DROPPED, 0);
	}
	c->ring[c->head++ % EVDEV_RING] = make_event(c->clock, ns, type, code, value);
	if (type == EV_SYN) {
		c->packet_head = c->head;
		wait_wake_key(&c->wait, 0, EPOLLIN | EPOLLRDNORM);
	}
}

void evdev_deliver(struct input_device *d, unsigned type, unsigned code, s32 value)
{
	struct evdev_client *c;

	list_for_each(c, &d->clients, link)
		if (!c->revoked && (!d->grab || d->grab == c))
			evdev_put(c, d->packet_ns, type, code, value);
}

void evdev_drop_type(struct evdev_client *c, unsigned type)
{
	u32 to = c->tail, packet = c->tail; /* packet: where the one being looked at begins in what is kept */
	u32 packet_head = c->tail;

	for (u32 from = c->tail; from != c->head; from++) {
		struct input_event e = c->ring[from % EVDEV_RING];
		if (e.type == type)
			continue;
		if (e.type == EV_SYN && e.code == SYN_REPORT && to == packet)
			continue; /* the packet has become empty */
		c->ring[to++ % EVDEV_RING] = e;
		if (e.type == EV_SYN && e.code == SYN_REPORT)
			packet = packet_head = to;
	}
	c->head = to;
	c->packet_head = packet_head;
}

static int evdev_open(struct inode *i, struct file *f)
{
	const struct file_ops *ops;
	void *device;
	int err = chardev_find(i->rdev, &ops, &device);

	if (err)
		return err;
	struct evdev_client *c = kzalloc(sizeof(*c));
	if (!c)
		return -ENOMEM;
	c->device = device;
	c->clock = CLOCK_REALTIME;
	wait_queue_init(&c->wait);
	f->priv = c;
	IRQSPIN_GUARD(&c->device->lock);
	list_push_back(&c->device->clients, &c->link);
	return 0;
}

static void evdev_release(struct file *f)
{
	struct evdev_client *c = f->priv;
	{
		IRQSPIN_GUARD(&c->device->lock);
		if (c->device->grab == c)
			c->device->grab = NULL;
		list_remove(&c->link);
	}
	for (unsigned i = 0; i < EV_CNT; i++)
		kfree(c->masks[i]);
	kfree(c);
}

static bool has_packet(const struct evdev_client *c)
{
	return READ_ONCE(c->packet_head) != READ_ONCE(c->tail) || READ_ONCE(c->revoked);
}

static bool take_event(struct evdev_client *c, struct input_event *e)
{
	IRQSPIN_GUARD(&c->device->lock);

	if (c->tail == c->packet_head)
		return false;
	*e = c->ring[c->tail++ % EVDEV_RING];
	return true;
}

static ssize_t evdev_read(struct file *f, struct uio *u, u64 *pos)
{
	struct evdev_client *c = f->priv;
	struct input_event e;
	ssize_t done = 0;

	if (u->left && u->left < sizeof(e))
		return -EINVAL;
	for (;;) {
		if (READ_ONCE(c->revoked))
			return -ENODEV;
		while (u->left >= sizeof(e) && take_event(c, &e)) {
			if (uio_put(u, &e, sizeof(e)) != sizeof(e))
				return -EFAULT;
			done += sizeof(e);
		}
		if (done || !u->left)
			return done;
		if (u->nowait || f->flags & O_NONBLOCK)
			return -EAGAIN;
		int err = wait_event(&c->wait, WAIT_INTERRUPTIBLE, has_packet(c));
		if (err)
			return err;
	}
}

/* Events as if the device had reported them; for LEDs: to the device. */
static ssize_t evdev_write(struct file *f, struct uio *u, u64 *pos)
{
	struct evdev_client *c = f->priv;
	struct input_event e;
	ssize_t done = 0;

	if (u->left && u->left < sizeof(e))
		return -EINVAL;
	while (u->left >= sizeof(e)) {
		if (READ_ONCE(c->revoked))
			return -ENODEV;
		if (uio_get(u, &e, sizeof(e)) != sizeof(e))
			return -EFAULT;
		input_report(c->device, e.type, e.code, e.value);
		done += sizeof(e);
	}
	return done;
}

static unsigned evdev_poll(struct file *f, struct poll_table *pt)
{
	struct evdev_client *c = f->priv;

	poll_wait(f, &c->wait, pt);
	if (READ_ONCE(c->revoked))
		return EPOLLHUP | EPOLLERR;
	return EPOLLOUT | EPOLLWRNORM | (has_packet(c) ? EPOLLIN | EPOLLRDNORM : 0);
}

static const struct file_ops evdev_ops = {
	.open = evdev_open, .release = evdev_release, .read = evdev_read, .write = evdev_write,
	.poll = evdev_poll, .ioctl = evdev_ioctl, .stream = true,
};

int evdev_register(struct input_device *d)
{
	return chardev_register(DEVNO(INPUT_MAJOR, MINOR_FIRST + d->number), d->node, 0660, 0, &evdev_ops, d);
}
