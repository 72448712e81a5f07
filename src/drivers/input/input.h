/* SPDX-License-Identifier: MIT */
/*
 * Input devices: what a driver reports goes to the readers of /dev/input/eventN (evdev.c) and, for
 * keys, to the text console (keyboard.h).  Types, codes and values are those of
 * <linux/input-event-codes.h>.
 */
#pragma once

#include <lib/bitmap.h>
#include <lib/list.h>
#include <linux/input.h>
#include <sync/spinlock.h>

_Static_assert(sizeof(struct input_event) == 24, "as user space on x86-64 has it");

enum { INPUT_DEVICES = 8 };

struct evdev_client;

struct input_device {
	const char *name, *phys;     /* imm */
	struct input_id id;          /* imm */
	/* What it can report: immutable once registered. */
	BITMAP_DECLARE(types, EV_CNT);
	BITMAP_DECLARE(keys, KEY_CNT);
	BITMAP_DECLARE(axes, REL_CNT);
	BITMAP_DECLARE(leds, LED_CNT);
	BITMAP_DECLARE(misc, MSC_CNT);
	const char *parent;          /* imm: directory in /sys that it stands in */
	bool console;                /* imm: its keys are for the text console, too */
	u16 *keycodes;               /* d->lock; KEY_* by scan code; NULL: they cannot be changed */
	unsigned keycode_count;      /* imm */
	/* repeat has changed. As leds_changed. */
	void (*repeat_changed)(struct input_device *d);
	/* The LEDs' state has changed.  Any context, interrupts off, `lock` held; NULL: no LEDs. */
	void (*leds_changed)(struct input_device *d);

	spinlock_t lock;             /* interrupts off; all below. Inside it: wait queues */
	BITMAP_DECLARE(key_state, KEY_CNT);
	BITMAP_DECLARE(led_state, LED_CNT);
	u32 repeat[REP_CNT];         /* EV_REP: delay and period in ms */
	u64 packet_ns;               /* monotonic time of the packet being reported; 0: none */
	struct list clients;         /* readers */
	struct evdev_client *grab;   /* the only one that gets events; NULL: all do */
	unsigned number;             /* imm: of eventN */
	char node[16];               /* imm */
	const char *mouse_node;      /* imm; NULL: no mouse */
};

/* Fills in what is left and makes the device's node. May sleep. -ENOSPC, -ENOMEM. */
int input_register(struct input_device *d);
/*
 * Reports; what the device does not have and what changes nothing is dropped.  Any context; one
 * caller at a time where order matters.
 */
void input_report(struct input_device *d, unsigned type, unsigned code, s32 value);
/* A press of a key that is down already is a repetition. */
void input_report_key(struct input_device *d, unsigned key, bool pressed);
/* The packet is complete. */
static inline void input_sync(struct input_device *d) { input_report(d, EV_SYN, SYN_REPORT, 0); }
/* Shows KEYMAP_*_LOCK bits on all devices that have LEDs. Any context. */
void input_show_locks(unsigned locks);

/* The key of a scan code, or its new one. -EINVAL: there is no such code or key. Any context. */
int input_keycode(struct input_device *d, unsigned scan);
int input_set_keycode(struct input_device *d, unsigned scan, unsigned key);
/* The same on the console's keyboard; -ENODEV: there is none. */
int input_keycode_any(unsigned scan);
int input_set_keycode_any(unsigned scan, unsigned key);
/* Sets delay and period of all keyboards where they are positive; what they were before. */
void input_repeat_all(s32 *delay, s32 *period);
/* The nth device; NULL. */
struct input_device *input_device(unsigned n);

/* Finds controllers and what is attached to them; after chardevs can be registered. May sleep. */
void input_init(void);

/* For this folder. */
/* Puts the event into the readers' rings. d->lock held. */
void evdev_deliver(struct input_device *d, unsigned type, unsigned code, s32 value);
int evdev_register(struct input_device *d);
/* mousedev.c: the same for mice. d->lock held. */
void mousedev_deliver(struct input_device *d, unsigned type, unsigned code, s32 value);
int mousedev_register(struct input_device *d);
void mousedev_init(void);
/* input_show.c: /proc/bus/input and /sys/class/input. */
void input_show_init(void);
void input_show_register(struct input_device *d);
/* Is it a mouse: for /dev/input/mouseN? */
static inline bool input_is_mouse(const struct input_device *d)
{
	return bitmap_test(d->types, EV_REL) && bitmap_test(d->axes, REL_X) && bitmap_test(d->keys, BTN_LEFT);
}
bool input_supports(const struct input_device *d, unsigned type, unsigned code);
