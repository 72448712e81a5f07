/* SPDX-License-Identifier: MIT */
/* What programs ask of /dev/input/eventN (linux/input.h). */
#include <drivers/input/evdev.h>

#include <fs/poll.h>
#include <lib/string.h>
#include <linux/time.h>
#include <mm/slab.h>
#include <mm/usercopy.h>
#include <time/clock.h>

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
static s64 put_state(struct evdev_client *c, uptr_t arg, unsigned type, const u64 *map, unsigned bits, size_t size)
{
	BITMAP_DECLARE(copy, KEY_CNT);
	size_t n = BITMAP_WORDS(bits) * sizeof(u64);
	{
		IRQSPIN_GUARD(&c->device->lock);
		memcpy(copy, map, n);
		evdev_drop_type(c, type); /* what they said is in the answer */
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
		evdev_put(c, clock_monotonic_ns(), EV_SYN, SYN_DROPPED, 0);
	}
	return 0;
}

/* --- Masks --- */

unsigned evdev_mask_bits(unsigned type)
{
	switch (type) {
	case EV_SYN: return EV_CNT;
	case EV_KEY: return KEY_CNT;
	case EV_REL: return REL_CNT;
	case EV_ABS: return ABS_CNT;
	case EV_MSC: return MSC_CNT;
	case EV_SW: return SW_CNT;
	case EV_LED: return LED_CNT;
	case EV_SND: return SND_CNT;
	case EV_FF: return FF_CNT;
	default: return 0;
	}
}

/* Codes that the device cannot have are as 0. A type without codes takes an empty mask. */
static s64 get_mask(struct evdev_client *c, uptr_t arg)
{
	struct input_mask m;
	BITMAP_DECLARE(copy, KEY_CNT);

	if (copy_from_user(&m, arg, sizeof(m)))
		return -EFAULT;
	uptr_t to = UPTR(m.codes_ptr);
	size_t have = BITMAP_WORDS(evdev_mask_bits(m.type)) * sizeof(u64), n = min((size_t)m.codes_size, have);
	if (have) {
		IRQSPIN_GUARD(&c->device->lock);
		if (c->masks[m.type])
			memcpy(copy, c->masks[m.type], have);
		else
			memset(copy, 0xff, have);
	}
	if (copy_to_user(to, copy, n))
		return -EFAULT;
	return m.codes_size > n ? clear_user(uptr_add(to, n), m.codes_size - n) : 0;
}

static s64 set_mask(struct evdev_client *c, uptr_t arg)
{
	struct input_mask m;

	if (copy_from_user(&m, arg, sizeof(m)))
		return -EFAULT;
	size_t have = BITMAP_WORDS(evdev_mask_bits(m.type)) * sizeof(u64);
	if (!have) /* as in Linux: what does not exist is masked for ever */
		return 0;
	u64 *new = kzalloc(have);
	if (!new)
		return -ENOMEM;
	if (copy_from_user(new, UPTR(m.codes_ptr), min((size_t)m.codes_size, have))) {
		kfree(new);
		return -EFAULT;
	}
	u64 *old;
	{
		IRQSPIN_GUARD(&c->device->lock);
		old = c->masks[m.type];
		c->masks[m.type] = new;
	}
	kfree(old);
	return 0;
}

/* --- Key codes and repetition --- */

/* The old calls know codes by number alone. */
static s64 key_code(struct input_device *d, unsigned cmd, uptr_t arg)
{
	u32 pair[2]; /* scan code, key */

	if (copy_from_user(pair, arg, sizeof(pair)))
		return -EFAULT;
	if (cmd == EVIOCSKEYCODE)
		return input_set_keycode(d, pair[0], pair[1]);
	int key = input_keycode(d, pair[0]);
	return key < 0 ? key : put_user_u32(uptr_add(arg, sizeof(u32)), key);
}

/* The scan code of an entry: by place in the table, or as a number of 1, 2 or 4 bytes. */
static s64 entry_scan(const struct input_device *d, const struct input_keymap_entry *e)
{
	u32 scan = 0;

	if (e->flags & INPUT_KEYMAP_BY_INDEX)
		return e->index;
	if (e->len != 1 && e->len != 2 && e->len != 4)
		return -EINVAL;
	memcpy(&scan, e->scancode, e->len);
	return scan;
}

static s64 key_code_entry(struct input_device *d, unsigned cmd, uptr_t arg)
{
	struct input_keymap_entry e;

	if (copy_from_user(&e, arg, sizeof(e)))
		return -EFAULT;
	s64 scan = entry_scan(d, &e);
	if (scan < 0)
		return scan;
	if (cmd == EVIOCSKEYCODE_V2)
		return input_set_keycode(d, scan, e.keycode);
	int key = input_keycode(d, scan);
	if (key < 0)
		return key;
	u32 code = scan;
	e.keycode = key;
	e.index = scan;
	e.len = sizeof(code);
	memset(e.scancode, 0, sizeof(e.scancode));
	memcpy(e.scancode, &code, sizeof(code));
	return copy_to_user(arg, &e, sizeof(e));
}

static s64 repeat(struct input_device *d, unsigned cmd, uptr_t arg)
{
	u32 r[REP_CNT];

	if (!bitmap_test(d->types, EV_REP))
		return -ENOSYS;
	if (cmd == EVIOCGREP) {
		r[REP_DELAY] = READ_ONCE(d->repeat[REP_DELAY]);
		r[REP_PERIOD] = READ_ONCE(d->repeat[REP_PERIOD]);
		return copy_to_user(arg, r, sizeof(r));
	}
	if (copy_from_user(r, arg, sizeof(r)))
		return -EFAULT;
	input_report(d, EV_REP, REP_DELAY, r[REP_DELAY]);
	input_report(d, EV_REP, REP_PERIOD, r[REP_PERIOD]);
	return 0;
}

/* --- All --- */

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
	case _IOC_NR(EVIOCGKEY(0)): return put_state(c, arg, EV_KEY, d->key_state, KEY_CNT, size);
	case _IOC_NR(EVIOCGLED(0)): return put_state(c, arg, EV_LED, d->led_state, LED_CNT, size);
	default: return -EINVAL;
	}
}

s64 evdev_ioctl(struct file *f, unsigned cmd, uptr_t arg)
{
	struct evdev_client *c = f->priv;
	struct input_device *d = c->device;

	if (READ_ONCE(c->revoked))
		return -ENODEV;
	switch (cmd) {
	case EVIOCGVERSION: return put_user_u32(arg, EV_VERSION);
	case EVIOCGID: return copy_to_user(arg, &d->id, sizeof(d->id));
	case EVIOCGREP:
	case EVIOCSREP: return repeat(d, cmd, arg);
	case EVIOCGKEYCODE:
	case EVIOCSKEYCODE: return key_code(d, cmd, arg);
	case EVIOCGKEYCODE_V2:
	case EVIOCSKEYCODE_V2: return key_code_entry(d, cmd, arg);
	case EVIOCGMASK: return get_mask(c, arg);
	case EVIOCSMASK: return set_mask(c, arg);
	case EVIOCGEFFECTS: return put_user_u32(arg, 0);
	case EVIOCSFF:
	case EVIOCRMFF: return -ENOSYS; /* no force feedback */
	case EVIOCGRAB: return set_grab(c, !uptr_null(arg));
	case EVIOCREVOKE: return revoke(c, arg);
	case EVIOCSCLOCKID: return set_clock(c, arg);
	default: return sized_ioctl(c, cmd, arg);
	}
}
