/* SPDX-License-Identifier: MIT */
/* Devices, drivers and how they meet. One mutex, device_lock, orders everything. */
#include <device/device.h>

#include <debug/log.h>
#include <debug/panic.h>
#include <lib/string.h>
#include <linux/errno.h>
#include <sched/mutex.h>

extern const struct driver *const drivers_start[], *const drivers_end[]; /* kernel.ld */

static struct mutex device_lock = MUTEX_INIT(device_lock);

static bool try_driver(struct device *d, const struct driver *drv)
{
	int err;

	if (drv->bus != d->bus || !d->bus->match(d, drv))
		return false;
	err = drv->probe(d);
	if (err == -ENODEV)
		return false;
	if (err) {
		log_err("%s %s: driver %s failed: error %d", d->bus->name, d->name, drv->name, -err);
		return false;
	}
	d->driver = drv;
	return true;
}

static void bind(struct device *d)
{
	for (const struct driver *const *p = drivers_start; p < drivers_end; p++)
		if (try_driver(d, *p))
			return;
}

static bool name_taken(const struct device *d)
{
	struct device *other;

	list_for_each(other, &d->bus->devices, bus_link)
		if (str_eq(other->name, d->name))
			return true;
	return false;
}

int device_register(struct device *d)
{
	MUTEX_GUARD(&device_lock);

	ASSERT(d->bus && d->name[0]);
	if (name_taken(d))
		return -EEXIST;
	ref_init(&d->refs, 1);
	if (d->parent)
		device_get(d->parent);
	list_push_back(&d->bus->devices, &d->bus_link);
	bind(d);
	return 0;
}

int device_unregister(struct device *d)
{
	{
		MUTEX_GUARD(&device_lock);
		if (d->driver) {
			if (!d->driver->remove)
				return -EBUSY;
			d->driver->remove(d);
			d->driver = NULL;
		}
		list_remove(&d->bus_link);
	}
	device_put(d);
	return 0;
}

void device_put(struct device *d)
{
	struct device *parent = d->parent;

	if (!ref_put(&d->refs))
		return;
	if (d->release)
		d->release(d);
	if (parent)
		device_put(parent);
}

int bus_for_each(struct bus *bus, int (*fn)(struct device *d, void *ctx), void *ctx)
{
	MUTEX_GUARD(&device_lock);
	struct device *d, *next;

	list_for_each_safe(d, next, &bus->devices, bus_link) {
		int result = fn(d, ctx);
		if (result)
			return result;
	}
	return 0;
}

const struct resource *device_resource(const struct device *d, enum resource_type type, unsigned n)
{
	for (unsigned i = 0; i < d->resource_count; i++)
		if (d->resources[i].type == type && n-- == 0)
			return &d->resources[i];
	return NULL;
}

static bool platform_match(struct device *d, const struct driver *drv)
{
	for (const char *const *id = drv->ids; *id; id++) {
		if (str_eq(*id, d->name)) {
			d->match = *id;
			return true;
		}
	}
	return false;
}

struct bus platform_bus = {
	.name = "platform",
	.match = platform_match,
	.devices = LIST_INIT(platform_bus.devices),
};
