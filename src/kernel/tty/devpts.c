/* SPDX-License-Identifier: MIT */
/*
 * devpts: a directory with a node for each pseudo terminal, and ptmx.
 *
 * All mounts show the same terminals; options of a later mount hold for nodes made
 * after it.  The dentries are the contents: the kernel alone adds and removes them.
 */
#include <lib/format.h>
#include <lib/parse.h>
#include <lib/string.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <proc/cred.h>
#include <sched/task.h>
#include <tty/pty.h>

enum { INO_PTMX = 2, INO_FIRST = 3 };

static struct super *pts;
static struct mutex options_lock = MUTEX_INIT(options_lock);
static u32 node_mode = 0600; /* options_lock, these too */
static bool uid_given, gid_given;
static uid_t node_uid;
static gid_t node_gid;

static int take_option(const char *key, const char *value)
{
	bool octal = str_eq(key, "mode") || str_eq(key, "ptmxmode");
	u32 n = 0;

	if (str_eq(key, "newinstance"))
		return 0;
	if (!value || parse_u32(value, octal ? 8 : 10, &n))
		return -EINVAL;
	if (str_eq(key, "mode")) {
		node_mode = n & 0777;
	} else if (str_eq(key, "gid")) {
		node_gid = n;
		gid_given = true;
	} else if (str_eq(key, "uid")) {
		node_uid = n;
		uid_given = true;
	} else if (str_eq(key, "ptmxmode")) {
		struct dentry *d = dentry_find(pts->root, "ptmx", 4);
		spin_lock(&d->inode->attr_lock);
		d->inode->mode = S_IFCHR | (n & 0777);
		spin_unlock(&d->inode->attr_lock);
		dentry_put(d);
	} else if (!str_eq(key, "max")) {
		return -EINVAL;
	}
	return 0;
}

static int take_options(const char *data)
{
	char buf[128], *rest = buf, *word;
	int err = 0;

	if (!data || !*data)
		return 0;
	if (strlcpy(buf, data, sizeof(buf)) >= sizeof(buf))
		return -EINVAL;
	MUTEX_GUARD(&options_lock);
	while (!err && (word = strsep(&rest, ","))) {
		char *value = strchr(word, '=');
		if (value)
			*value++ = 0;
		if (*word)
			err = take_option(word, value);
	}
	return err;
}

static int remount(struct super *s, unsigned flags, const char *data)
{
	return take_options(data);
}

static int show_options(struct super *s, char *buf, size_t size)
{
	size_t n = 0;
	MUTEX_GUARD(&options_lock);
	struct dentry *d = dentry_find(pts->root, "ptmx", 4);

	if (uid_given)
		n += scnprintf(buf + n, size - n, ",uid=%u", node_uid);
	if (gid_given)
		n += scnprintf(buf + n, size - n, ",gid=%u", node_gid);
	n += scnprintf(buf + n, size - n, ",mode=%03o,ptmxmode=%03o", node_mode, d->inode->mode & 0777);
	dentry_put(d);
	return n;
}

static const struct super_ops devpts_super_ops = { .remount = remount, .show_options = show_options };

static int get_super(const struct fs_type *t, const char *source, unsigned flags, const char *data,
		     struct super **out)
{
	int err = take_options(data);

	if (err)
		return err;
	ref_get(&pts->refs);
	*out = pts;
	return 0;
}

static struct fs_type devpts_type = {
	.name = "devpts", .magic = DEVPTS_SUPER_MAGIC, .nodev = true, .get_super = get_super,
};

static const struct inode_ops dir_inode_ops = { 0 };
static const struct inode_ops node_inode_ops = { 0 };

static int add(const char *name, u64 ino, u32 mode, dev_t dev, uid_t uid, gid_t gid, const struct file_ops *fops)
{
	struct inode *dir = pts->root->inode, *i = inode_alloc(pts);

	if (!i)
		return -ENOMEM;
	inode_init_special(i, S_IFCHR | mode, dev);
	i->ino = ino;
	i->uid = uid;
	i->gid = gid;
	i->ops = &node_inode_ops;
	i->fops = fops;
	rwsem_write_lock(&dir->lock);
	struct dentry *d = dentry_alloc(pts->root, name, strlen(name));
	if (d) {
		dentry_pin(d, i);
		dentry_put(d); /* the pin keeps it */
	}
	rwsem_write_unlock(&dir->lock);
	if (!d)
		inode_put(i);
	return d ? 0 : -ENOMEM;
}

int devpts_add(struct tty *t)
{
	const struct cred *c = current->cred;
	char name[12];
	MUTEX_GUARD(&options_lock);

	snprintf(name, sizeof(name), "%u", t->index);
	return add(name, INO_FIRST + t->index, node_mode, t->dev, uid_given ? node_uid : c->fsuid,
		   gid_given ? node_gid : c->fsgid, &tty_file_ops);
}

void devpts_remove(struct tty *t)
{
	struct inode *dir = pts->root->inode;
	char name[12];
	size_t n = scnprintf(name, sizeof(name), "%u", t->index);

	rwsem_write_lock(&dir->lock);
	struct dentry *d = dentry_find(pts->root, name, n);
	if (d) {
		dentry_unpin(d);
		dentry_put(d);
	}
	rwsem_write_unlock(&dir->lock);
}

int devpts_init(void)
{
	pts = super_alloc(&devpts_type, &devpts_super_ops, "devpts", 0);
	struct inode *root = pts ? inode_alloc(pts) : NULL;

	if (!root)
		return -ENOMEM;
	root->mode = S_IFDIR | 0755;
	root->nlink = 2;
	root->ino = 1;
	root->ops = &dir_inode_ops;
	root->fops = &dcache_dir_ops;
	root->flags |= INODE_PINNED;
	pts->root = dentry_make_root(root);
	if (!pts->root)
		return -ENOMEM;
	int err = add("ptmx", INO_PTMX, 0, DEVNO(5, 2), 0, 0, &ptmx_ops);
	if (!err)
		fs_type_register(&devpts_type);
	return err;
}
