/* SPDX-License-Identifier: MIT */
/* The registered character devices: a hash table by number, read under its spinlock on each open. */
#include <fs/device_file.h>

#include <lib/format.h>
#include <lib/list.h>
#include <mm/slab.h>

#define BUCKETS 64

struct chardev {
	struct hlist_node hash;
	dev_t dev;
	const char *name;
	u32 mode;
	gid_t gid;
	const struct file_ops *ops;
	void *priv;
};

void (*chardev_changed)(const char *name, u32 mode, gid_t gid, dev_t dev, bool added);

static spinlock_t chardevs_lock = SPINLOCK_INIT; /* leaf */
static struct hlist chardevs[BUCKETS];

static struct hlist *bucket(dev_t dev)
{
	return &chardevs[(DEVNO_MAJOR(dev) * 31 + DEVNO_MINOR(dev)) % BUCKETS];
}

static struct chardev *find(dev_t dev)
{
	struct chardev *c;
	hlist_for_each(c, bucket(dev), hash) {
		if (c->dev == dev)
			return c;
	}
	return NULL;
}

int chardev_register(dev_t dev, const char *name, u32 mode, gid_t gid, const struct file_ops *ops, void *priv)
{
	struct chardev *c = kmalloc(sizeof *c, 0);
	if (!c)
		return -ENOMEM;
	*c = (struct chardev){ .dev = dev, .name = name, .mode = mode, .gid = gid, .ops = ops, .priv = priv };
	spin_lock(&chardevs_lock);
	bool taken = find(dev) != NULL;
	if (!taken)
		hlist_add(bucket(dev), &c->hash);
	spin_unlock(&chardevs_lock);
	if (taken) {
		kfree(c);
		return -EEXIST;
	}
	if (chardev_changed)
		chardev_changed(name, mode, gid, dev, true);
	return 0;
}

void chardev_unregister(dev_t dev)
{
	spin_lock(&chardevs_lock);
	struct chardev *c = find(dev);
	if (c)
		hlist_remove(&c->hash);
	spin_unlock(&chardevs_lock);
	if (!c)
		return;
	if (chardev_changed)
		chardev_changed(c->name, c->mode, c->gid, dev, false);
	kfree(c);
}

int chardev_find(dev_t dev, const struct file_ops **ops, void **priv)
{
	SPIN_GUARD(&chardevs_lock);
	struct chardev *c = find(dev);
	if (!c)
		return -ENXIO;
	*ops = c->ops;
	*priv = c->priv;
	return 0;
}

bool chardev_describe(unsigned i, char *buf, size_t size)
{
	struct chardev *c;
	SPIN_GUARD(&chardevs_lock);
	for (unsigned b = 0; b < BUCKETS; b++)
		hlist_for_each(c, &chardevs[b], hash) {
			if (i--)
				continue;
			snprintf(buf, size, "%3u %s\n", DEVNO_MAJOR(c->dev), c->name);
			return true;
		}
	return false;
}
