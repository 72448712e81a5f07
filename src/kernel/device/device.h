/* SPDX-License-Identifier: MIT */
/*
 * The device model: a bus finds devices, a driver says which it serves.
 *
 * A driver file ends with
 *
 *	static struct driver cmos_driver = {
 *		.name = "rtc_cmos", .bus = &platform_bus, .ids = cmos_ids,
 *		.probe = cmos_probe, .remove = cmos_remove,
 *	};
 *	DRIVER(cmos_driver);
 *
 * which puts it into the table that device_register() searches.  All drivers are there from the
 * start; a device is bound when it is registered.
 */
#pragma once

#include <lib/list.h>
#include <sync/refcount.h>

struct device;
struct driver;

struct bus {
	const char *name;
	/* Is `d` in the match table drv->ids, whose form is the bus's? Sets d->match to the entry. */
	bool (*match)(struct device *d, const struct driver *drv);
	struct list devices; /* device_lock */
};

enum resource_type { RESOURCE_MEMORY, RESOURCE_PORT, RESOURCE_IRQ };

struct resource {
	enum resource_type type;
	u64 start, len; /* physical address, port, or ISA line (RESOURCE_IRQ) */
};

struct device {
	char name[32];                /* imm; unique on its bus */
	struct bus *bus;              /* imm */
	struct device *parent;        /* imm; referenced */
	const struct driver *driver;  /* device_lock; NULL: not bound */
	const void *match;            /* entry of the driver's table; set before probe */
	void *driver_data;            /* the driver's */
	const struct resource *resources; /* imm */
	unsigned resource_count;      /* imm */
	refcount_t refs;
	void (*release)(struct device *d); /* imm: last reference gone; NULL: static */
	struct list bus_link;         /* device_lock */
};

struct driver {
	const char *name;
	struct bus *bus;
	const void *ids;
	/* Task context, may sleep, device_lock held. 0: bound; -ENODEV: not mine after all; an error. */
	int (*probe)(struct device *d);
	/* The same context. The device may be gone already. NULL: cannot be removed. */
	void (*remove)(struct device *d);
};

#define DRIVER(drv) \
	static const struct driver *const driver_entry_##drv in_section(".drivers") = &drv

/* Adds `d` (name, bus, resources filled in) and binds a driver if there is one. -EEXIST. */
int device_register(struct device *d);
/* Unbinds and takes it off its bus; drops the registration's reference. -EBUSY. */
int device_unregister(struct device *d);
static inline void device_get(struct device *d) { ref_get(&d->refs); }
void device_put(struct device *d);
/* Calls fn for each device of `bus` until it returns non-zero; returns that. device_lock held. */
int bus_for_each(struct bus *bus, int (*fn)(struct device *d, void *ctx), void *ctx);
/* The nth resource of a type, or NULL. */
const struct resource *device_resource(const struct device *d, enum resource_type type, unsigned n);

/* Devices that no bus can find. `ids` is a NULL-terminated array of names: const char *const []. */
extern struct bus platform_bus;
