/* SPDX-License-Identifier: MIT */
/*
 * devtmpfs: a tmpfs that all its mounts share.  The kernel makes the nodes of
 * registered devices in it; for the rest user space may do in it what it likes,
 * so a node that is there already, or was removed, is left alone.
 */
#include <fs/devfs/devfs.h>

#include <debug/log.h>
#include <fs/device_file.h>
#include <lib/string.h>
#include <linux/magic.h>

static struct super *shared;

static int get_super(const struct fs_type *t, const char *source, unsigned flags, const char *data,
		     struct super **out)
{
	ref_get(&shared->refs);
	*out = shared;
	return 0;
}

static struct fs_type devfs_type = { .name = "devtmpfs", .magic = TMPFS_MAGIC, .nodev = true, .get_super = get_super };

/* A new name in `dir`, made by `make`; 0 and a referenced dentry, the one that is there if any. */
static int make_name(struct dentry *dir, const char *name, size_t n, u32 mode, dev_t dev, struct dentry **out)
{
	struct inode *i = dir->inode;
	int err = 0;

	rwsem_write_lock(&i->lock);
	struct dentry *d = dentry_find(dir, name, n);
	if (!d && (d = dentry_alloc(dir, name, n))) {
		err = S_ISDIR(mode) ? i->ops->mkdir(i, d, mode) : i->ops->mknod(i, d, mode, dev);
		if (err)
			dentry_put(d);
	}
	rwsem_write_unlock(&i->lock);
	if (!d || err)
		return err ? err : -ENOMEM;
	*out = d;
	return 0;
}

/* The directory that is to hold `path`'s last name; referenced. */
static int walk(const char *path, const char **last, struct dentry **out)
{
	struct dentry *dir = shared->root, *next;

	dentry_get(dir);
	for (const char *slash; (slash = strchr(path, '/')); path = slash + 1) {
		int err = make_name(dir, path, (size_t)(slash - path), S_IFDIR | 0755, 0, &next);
		dentry_put(dir);
		if (err)
			return err;
		dir = next;
	}
	*last = path;
	*out = dir;
	return 0;
}

static int add_node(const char *path, u32 mode, gid_t gid, dev_t dev)
{
	struct dentry *dir, *d;
	const char *last;
	int err = walk(path, &last, &dir);

	if (err)
		return err;
	err = make_name(dir, last, strlen(last), mode, dev, &d);
	dentry_put(dir);
	if (err)
		return err;
	spin_lock(&d->inode->attr_lock);
	d->inode->mode = (d->inode->mode & S_IFMT) | (mode & 07777);
	d->inode->uid = 0;
	d->inode->gid = gid;
	spin_unlock(&d->inode->attr_lock);
	dentry_put(d);
	return 0;
}

static void remove_node(const char *path)
{
	struct dentry *dir, *d;
	const char *last;

	if (walk(path, &last, &dir))
		return;
	rwsem_write_lock(&dir->inode->lock);
	d = dentry_find(dir, last, strlen(last));
	if (d) {
		if (d->inode && S_ISCHR(d->inode->mode) && !dir->inode->ops->unlink(dir->inode, d))
			dentry_unpin(d);
		dentry_put(d);
	}
	rwsem_write_unlock(&dir->inode->lock);
	dentry_put(dir);
}

static void device_changed(const char *name, u32 mode, gid_t gid, dev_t dev, bool added)
{
	int err = 0;

	if (added)
		err = add_node(name, S_IFCHR | mode, gid, dev);
	else
		remove_node(name);
	if (err)
		log_err("devtmpfs: no node for %s (error %d)", name, -err);
}

void devfs_init(void)
{
	struct fs_type *tmpfs = fs_type_find("tmpfs");

	VERIFY(tmpfs && tmpfs->get_super(tmpfs, "devtmpfs", 0, "mode=755", &shared) == 0);
	shared->type = &devfs_type;
	fs_type_register(&devfs_type);
	chardev_changed = device_changed;
}
