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
#include <drivers/input/input.h>

#include <fs/device_file.h>
#include <fs/poll.h>
#include <fs/uio.h>
#include <lib/string.h>
#include <linux/major.h>
#include <linux/time.h>
#include <mm/slab.h>
#include <time/clock.h>

enum { RING = 64, MINOR_FIRST = 64 };

struct evdev_client {
	struct input_device *device; /* imm */
	struct list link;            /* device->lock, as all below */
	struct wait_queue wait;
	u32 head, packet_head, tail;
	u8 clock;                    /* CLOCK_* */
	bool revoked;
	struct input_event ring[RING];
};

static struct input_event make_event(u8 clock, u64 monotonic_ns, unsigned type, unsigned code, s32 value)
{
	u64 ns = monotonic_ns + (clock == CLOCK_REALTIME ? clock_realtime_offset_ns() : 0);
	struct input_event e = { .type = type, .code = code, .value = value };

	e.input_event_sec = ns / NSEC_PER_SEC;
	e.input_event_usec = ns % NSEC_PER_SEC / NSEC_PER_USEC;
	return e;
}

static void put_event(struct evdev_client *c, u64 ns, unsigned type, unsigned code, s32 value)
{
	if (c->head - c->tail == RING) {
		c->tail = c->packet_head = c->head - 1;
		c->ring[c->tail % RING] = make_event(c->clock, ns, EV_SYN, SYN_DROPPED, 0);
	}
	c->ring[c->head++ % RING] = make_event(c->clock, ns, type, code, value);
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
			put_event(c, d->packet_ns, type, code, value);
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
	*e = c->ring[c->tail++ % RING];
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

/* --- ioctl --- */

/* As much as `size` takes; how much that was. */
static s64 put_bytes(uptr_t arg, const void *from, size_t n, size_t size)
{
	n = min(n, size);
	return copy_to_user(arg, from, n) ? -EFAULT : (s64)n;
}

static s64 put_name(uptr_t arg, const char *s, size_t size)
{
	return s ? put_bytes(arg, s, strlen(s) + 1, size) : -ENOENT;
}

/* A snapshot of a changing bitmap of up to KEY_CNT bits. */
static s64 put_state(struct evdev_client *c, uptr_t arg, const u64 *map, unsigned bits, size_t size)
{
	BITMAP_DECLARE(copy, KEY_CNT);
	size_t n = BITMAP_WORDS(bits) * sizeof(u64);
	{
		IRQSPIN_GUARD(&c->device->lock);
		memcpy(copy, map, n);
	}
	return put_bytes(arg, copy, n, size);
}

static s64 put_supported(const struct input_device *d, uptr_t arg, unsigned type, size_t size)
{
	static const u64 none[BITMAP_WORDS(ABS_CNT)];

#define BITS(map, bits) put_bytes(arg, map, BITMAP_WORDS(bits) * sizeof(u64), size)
	switch (type) {
	case 0: return BITS(d->types, EV_CNT);
	case EV_KEY: return BITS(d->keys, KEY_CNT);
	case EV_REL: return BITS(d->axes, REL_CNT);
	case EV_LED: return BITS(d->leds, LED_CNT);
	case EV_MSC: return BITS(d->misc, MSC_CNT);
	case EV_ABS: return BITS(none, ABS_CNT);
	case EV_SND: return BITS(none, SND_CNT);
	case EV_SW: return BITS(none, SW_CNT);
	case EV_FF: return put_bytes(arg, none, min(sizeof(none), BITMAP_WORDS(FF_CNT) * sizeof(u64)), size);
	default: return -EINVAL;
	}
#undef BITS
}

static s64 set_grab(struct evdev_client *c, bool on)
{
	struct input_device *d = c->device;
	IRQSPIN_GUARD(&d->lock);

	if (on && d->grab)
		return -EBUSY;
	if (!on && d->grab != c)
		return -EINVAL;
	d->grab = on ? c : NULL;
	return 0;
}

static s64 revoke(struct evdev_client *c, uptr_t arg)
{
	if (!uptr_null(arg))
		return -EINVAL;
	IRQSPIN_GUARD(&c->device->lock);
	c->revoked = true;
	if (c->device->grab == c)
		c->device->grab = NULL;
	wait_wake_key(&c->wait, 0, EPOLLHUP | EPOLLERR);
	return 0;
}

static s64 set_clock(struct evdev_client *c, uptr_t arg)
{
	u32 clock;

	if (get_user_u32(&clock, arg))
		return -EFAULT;
	if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC && clock != CLOCK_BOOTTIME)
		return -EINVAL;
	IRQSPIN_GUARD(&c->device->lock);
	if (c->clock == clock)
		return 0;
	c->clock = clock;
	if (c->head != c->tail) { /* times of the old clock are not mixed with the new one's */
		c->tail = c->packet_head = c->head;
		put_event(c, clock_monotonic_ns(), EV_SYN, SYN_DROPPED, 0);
	}
	return 0;
}

/* Those whose number has the buffer's size in it. */
static s64 sized_ioctl(struct evdev_client *c, unsigned cmd, uptr_t arg)
{
	struct input_device *d = c->device;
	size_t size = _IOC_SIZE(cmd);
	unsigned nr = _IOC_NR(cmd);
	static const u64 none[1];

	if (_IOC_TYPE(cmd) != 'E' || _IOC_DIR(cmd) != _IOC_READ)
		return -EINVAL;
	if (nr >= _IOC_NR(EVIOCGBIT(0, 0)) && nr <= _IOC_NR(EVIOCGBIT(EV_MAX, 0)))
		return put_supported(d, arg, nr - _IOC_NR(EVIOCGBIT(0, 0)), size);
	switch (nr) {
	case _IOC_NR(EVIOCGNAME(0)): return put_name(arg, d->name, size);
	case _IOC_NR(EVIOCGPHYS(0)): return put_name(arg, d->phys, size);
	case _IOC_NR(EVIOCGUNIQ(0)): return -ENOENT;
	case _IOC_NR(EVIOCGPROP(0)): /* fall through */
	case _IOC_NR(EVIOCGSND(0)): /* fall through */
	case _IOC_NR(EVIOCGSW(0)): return put_bytes(arg, none, sizeof(none), size);
	case _IOC_NR(EVIOCGKEY(0)): return put_state(c, arg, d->key_state, KEY_CNT, size);
	case _IOC_NR(EVIOCGLED(0)): return put_state(c, arg, d->led_state, LED_CNT, size);
	default: return -EINVAL;
	}
}

static s64 evdev_ioctl(struct file *f, unsigned cmd, uptr_t arg)
{
	struct evdev_client *c = f->priv;
	struct input_device *d = c->device;

	if (READ_ONCE(c->revoked))
		return -ENODEV;
	switch (cmd) {
	case EVIOCGVERSION: return put_user_u32(arg, EV_VERSION);
	case EVIOCGID: return copy_to_user(arg, &d->id, sizeof(d->id));
	case EVIOCGREP:
		return bitmap_test(d->types, EV_REP) ? copy_to_user(arg, d->repeat, sizeof(d->repeat)) : -ENOSYS;
	case EVIOCGRAB: return set_grab(c, !uptr_null(arg));
	case EVIOCREVOKE: return revoke(c, arg);
	case EVIOCSCLOCKID: return set_clock(c, arg);
	default: return sized_ioctl(c, cmd, arg);
	}
}

static const struct file_ops evdev_ops = {
	.open = evdev_open, .release = evdev_release, .read = evdev_read, .write = evdev_write,
	.poll = evdev_poll, .ioctl = evdev_ioctl, .stream = true,
};

int evdev_register(struct input_device *d)
{
	return chardev_register(DEVNO(INPUT_MAJOR, MINOR_FIRST + d->number), d->node, 0660, 0, &evdev_ops, d);
}
