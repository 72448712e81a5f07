/* SPDX-License-Identifier: MIT */
/* Between evdev.c and evdev_ioctl.c. */
#pragma once

#include <drivers/input/input.h>
#include <fs/device_file.h>

enum { EVDEV_RING = 64 };

struct evdev_client {
	struct input_device *device; /* imm */
	struct list link;            /* device->lock, as all below */
	struct wait_queue wait;
	u32 head, packet_head, tail;
	u8 clock;                    /* CLOCK_* */
	bool revoked;
	u64 *masks[EV_CNT];          /* EVIOCSMASK: the codes of a type that are wanted; NULL: all */
	struct input_event ring[EVDEV_RING];
};

/* Bits that a mask of that type has; 0: there is none. */
unsigned evdev_mask_bits(unsigned type);
/* device->lock held. */
void evdev_put(struct evdev_client *c, u64 ns, unsigned type, unsigned code, s32 value);
/* Takes events of a type out of the ring: their state was just asked for. device->lock held. */
void evdev_drop_type(struct evdev_client *c, unsigned type);
s64 evdev_ioctl(struct file *f, unsigned cmd, uptr_t arg);
