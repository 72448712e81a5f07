/* SPDX-License-Identifier: MIT */
/*
 * The way of an event:
 *
 *   driver --input_report--> state of keys and LEDs --> rings of readers (evdev.c)
 *                                                  \--> keyboard_key (keyboard.c), if console
 *
 * An event that changes nothing stops at the state.  The readers are served under the device's
 * lock, the console after it is released, because it may light LEDs.
 */
#include <drivers/input/input.h>

#include <debug/log.h>
#include <drivers/input/i8042.h>
#include <drivers/input/keyboard.h>
#include <drivers/input/keymap.h>
#include <lib/format.h>
#include <linux/errno.h>
#include <sync/atomic.h>
#include <time/clock.h>

static struct input_device *devices[INPUT_DEVICES]; /* written by input_register; read with atomic_load */

int input_register(struct input_device *d)
{
	unsigned n = 0;

	while (n < INPUT_DEVICES && devices[n])
		n++;
	if (n == INPUT_DEVICES)
		return -ENOSPC;
	spin_init(&d->lock);
	list_init(&d->clients);
	bitmap_set(d->types, EV_SYN);
	d->number = n;
	snprintf(d->node, sizeof(d->node), "input/event%u", n);
	int err = evdev_register(d);
	if (!err && input_is_mouse(d))
		err = mousedev_register(d);
	if (err)
		return err;
	input_show_register(d);
	atomic_store(&devices[n], d);
	log_info("input: %s is /dev/%s", d->name, d->node);
	return 0;
}

bool input_supports(const struct input_device *d, unsigned type, unsigned code)
{
	if (type >= EV_CNT || !bitmap_test(d->types, type))
		return false;
	switch (type) {
	case EV_SYN: return code == SYN_REPORT;
	case EV_KEY: return code < KEY_CNT && bitmap_test(d->keys, code);
	case EV_REL: return code < REL_CNT && bitmap_test(d->axes, code);
	case EV_LED: return code < LED_CNT && bitmap_test(d->leds, code);
	case EV_MSC: return code < MSC_CNT && bitmap_test(d->misc, code);
	case EV_REP: return code < REP_CNT;
	default: return false;
	}
}

static void set_bit_to(u64 *map, unsigned i, bool on)
{
	if (on)
		bitmap_set(map, i);
	else
		bitmap_clear(map, i);
}

/* Brings the device's state up to the event; false: it says nothing new. d->lock held. */
static bool apply(struct input_device *d, unsigned type, unsigned code, s32 value)
{
	bool was;

	switch (type) {
	case EV_SYN:
		return d->packet_ns != 0;
	case EV_REL:
		return value != 0;
	case EV_KEY:
		was = bitmap_test(d->key_state, code);
		if (value == 2)
			return was;
		set_bit_to(d->key_state, code, value);
		return was != !!value;
	case EV_LED:
		was = bitmap_test(d->led_state, code);
		set_bit_to(d->led_state, code, value);
		if (was != !!value && d->leds_changed)
			d->leds_changed(d);
		return was != !!value;
	case EV_REP:
		if (value < 0 || d->repeat[code] == (u32)value)
			return false;
		d->repeat[code] = value;
		if (d->repeat_changed)
			d->repeat_changed(d);
		return true;
	default:
		return true;
	}
}

void input_report(struct input_device *d, unsigned type, unsigned code, s32 value)
{
	bool to_console;

	if (!input_supports(d, type, code))
		return;
	{
		IRQSPIN_GUARD(&d->lock);
		if (!apply(d, type, code, value))
			return;
		if (!d->packet_ns)
			d->packet_ns = clock_monotonic_ns();
		evdev_deliver(d, type, code, value);
		if (input_is_mouse(d))
			mousedev_deliver(d, type, code, value);
		if (type == EV_SYN)
			d->packet_ns = 0;
		/* Who grabs a keyboard does not leave the console with keys held down for ever. */
		to_console = type == EV_KEY && d->console && (!d->grab || !value);
	}
	if (to_console)
		keyboard_key(code, value);
}

void input_report_key(struct input_device *d, unsigned key, bool pressed)
{
	/* Racy only against programs that write events: then a repetition may get lost. */
	bool down = key < KEY_CNT && bitmap_test(d->key_state, key);

	input_report(d, EV_KEY, key, pressed ? 1 + down : 0);
}

void input_show_locks(unsigned locks)
{
	for (unsigned i = 0; i < INPUT_DEVICES; i++) {
		struct input_device *d = atomic_load(&devices[i]);
		if (!d || !bitmap_test(d->types, EV_LED))
			continue;
		input_report(d, EV_LED, LED_NUML, !!(locks & KEYMAP_NUM_LOCK));
		input_report(d, EV_LED, LED_CAPSL, !!(locks & KEYMAP_CAPS_LOCK));
		input_report(d, EV_LED, LED_SCROLLL, !!(locks & KEYMAP_SCROLL_LOCK));
		input_sync(d);
	}
}

struct input_device *input_device(unsigned n)
{
	return n < INPUT_DEVICES ? atomic_load(&devices[n]) : NULL;
}

/* --- Key codes, repetition --- */

int input_keycode(struct input_device *d, unsigned scan)
{
	IRQSPIN_GUARD(&d->lock);

	return d->keycodes && scan < d->keycode_count ? d->keycodes[scan] : -EINVAL;
}

static bool any_code_gives(const struct input_device *d, unsigned key)
{
	for (unsigned i = 0; i < d->keycode_count; i++)
		if (d->keycodes[i] == key)
			return true;
	return false;
}

int input_set_keycode(struct input_device *d, unsigned scan, unsigned key)
{
	unsigned old;
	bool gone;

	if (key > KEY_MAX)
		return -EINVAL;
	{
		IRQSPIN_GUARD(&d->lock);
		if (!d->keycodes || scan >= d->keycode_count)
			return -EINVAL;
		old = d->keycodes[scan];
		d->keycodes[scan] = key;
		if (key)
			bitmap_set(d->keys, key);
		gone = old && !any_code_gives(d, old);
	}
	if (!gone)
		return 0;
	input_report(d, EV_KEY, old, 0); /* nothing could release it any more */
	input_sync(d);
	IRQSPIN_GUARD(&d->lock);
	if (!any_code_gives(d, old))
		bitmap_clear(d->keys, old);
	return 0;
}

static struct input_device *console_keyboard(void)
{
	for (unsigned i = 0; i < INPUT_DEVICES; i++) {
		struct input_device *d = input_device(i);
		if (d && d->console && d->keycodes)
			return d;
	}
	return NULL;
}

int input_keycode_any(unsigned scan)
{
	struct input_device *d = console_keyboard();

	return d ? input_keycode(d, scan) : -ENODEV;
}

int input_set_keycode_any(unsigned scan, unsigned key)
{
	struct input_device *d = console_keyboard();

	return d ? input_set_keycode(d, scan, key) : -ENODEV;
}

void input_repeat_all(s32 *delay, s32 *period)
{
	s32 wanted[REP_CNT] = { [REP_DELAY] = *delay, [REP_PERIOD] = *period };

	*delay = *period = 0;
	for (unsigned i = 0; i < INPUT_DEVICES; i++) {
		struct input_device *d = input_device(i);
		if (!d || !bitmap_test(d->types, EV_REP))
			continue;
		for (unsigned what = 0; what < REP_CNT; what++)
			if (wanted[what] > 0)
				input_report(d, EV_REP, what, wanted[what]);
		input_sync(d);
		*delay = READ_ONCE(d->repeat[REP_DELAY]);
		*period = READ_ONCE(d->repeat[REP_PERIOD]);
	}
}

void input_init(void)
{
	keyboard_init();
	mousedev_init();
	input_show_init();
	i8042_init();
}
