/* SPDX-License-Identifier: MIT */
/*
 * Device files: numbers to operations, and nodes in devfs.  A driver registers
 * a character device and its node appears in /dev of every devtmpfs mount.
 */
#pragma once

#include <fs/vfs.h>

/* Kernel encoding of device numbers: 20 bits minor, as stat(2) reports it is done by new_encode_dev. */
#define DEVNO(major, minor) ((dev_t)(major) << 20 | (minor))
#define DEVNO_MAJOR(d) ((u32)((d) >> 20))
#define DEVNO_MINOR(d) ((u32)((d) & 0xfffff))
/* As struct stat carries it (Linux's huge encoding: glibc's makedev). */
static inline u64 devno_to_user(dev_t d)
{
	u64 ma = DEVNO_MAJOR(d), mi = DEVNO_MINOR(d);
	return (mi & 0xff) | (ma & 0xfff) << 8 | (mi & ~0xffULL) << 12 | (ma & ~0xfffULL) << 32;
}
static inline dev_t devno_from_user(u64 u)
{
	return DEVNO((u >> 8 & 0xfff) | (u >> 32 & ~0xfffULL), (u & 0xff) | (u >> 12 & 0xffffff00ULL));
}

/* `name` may contain slashes ("input/event0") and lives as long as the registration. mode: permissions. -EEXIST, -ENOMEM. May sleep. */
int chardev_register(dev_t dev, const char *name, u32 mode, gid_t gid, const struct file_ops *ops, void *priv);
void chardev_unregister(dev_t dev);
/* For file_ops.open of a device inode: operations and private pointer of rdev; -ENXIO. */
int chardev_find(dev_t dev, const struct file_ops **ops, void **priv);
bool chardev_describe(unsigned i, char *buf, size_t size); /* /proc/devices */

/* Set by devfs: a device was registered or went away (then added is false). May sleep. */
extern void (*chardev_changed)(const char *name, u32 mode, gid_t gid, dev_t dev, bool added);
