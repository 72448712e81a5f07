/* SPDX-License-Identifier: MIT */
/*
 * The tree consists of pinned dentries: they are the contents, as in tmpfs.
 * Additions take the directory's lock for writing, as a create would.
 */
#include <fs/tree.h>

#include <debug/log.h>
#include <lib/string.h>
#include <mm/slab.h>

struct tree_file {
	int (*show)(struct text *t, void *ctx);
	int (*write)(void *ctx, char *buf, size_t n);
	void *ctx;
};

static int file_open(struct inode *i, struct file *f)
{
	const struct tree_file *tf = i->priv;
	struct text_source src = { .show = tf->show, .write = tf->write, .ctx = tf->ctx };

	if (f->mode & FMODE_READ && !tf->show)
		return -EACCES;
	if (f->mode & FMODE_WRITE && !tf->write)
		return -EACCES;
	return text_open(f, &src);
}

static const struct file_ops file_fops = {
	.open = file_open, .read = text_read, .write = text_write, .release = text_release, .llseek = text_llseek,
};

static ssize_t link_read(struct inode *i, char *buf, size_t size)
{
	size_t n = min(strlen(i->priv), size);
	memcpy(buf, i->priv, n);
	return (ssize_t)n;
}

/* A file of size 0 may be "truncated" by shells' redirection: times and sizes are nobody's business here. */
static int file_setattr(struct inode *i, const struct setattr *a)
{
	return a->valid & (SETATTR_MODE | SETATTR_UID | SETATTR_GID) ? -EPERM : 0;
}

static const struct inode_ops file_iops = { .setattr = file_setattr };
static const struct inode_ops link_iops = { .readlink = link_read, .setattr = file_setattr };
static const struct inode_ops dir_iops = { .setattr = file_setattr };

static struct inode *new_inode(struct tree *t, u32 mode, const struct inode_ops *ops, const struct file_ops *fops)
{
	struct inode *i = inode_alloc(t->super);
	if (!i)
		return NULL;
	i->mode = mode;
	i->ops = ops;
	i->fops = fops;
	i->flags |= INODE_PINNED;
	if (S_ISDIR(mode))
		i->nlink = 2;
	return i;
}

static const struct super_ops plain_super_ops = { 0 };

int tree_init(struct tree *t, const struct fs_type *type)
{
	t->super = super_alloc(type, t->super_ops ? t->super_ops : &plain_super_ops, type->name, 0);
	if (!t->super)
		return -ENOMEM;
	struct inode *root = new_inode(t, S_IFDIR | 0555, &dir_iops, &dcache_dir_ops);
	if (!root)
		return -ENOMEM;
	t->super->root = dentry_make_root(root);
	return t->super->root ? 0 : -ENOMEM;
}

/* The child of that name; it is pinned for ever, so no reference is needed. */
static struct dentry *find(struct dentry *dir, const char *name, size_t n)
{
	struct dentry *d = dentry_find(dir, name, n);
	if (d)
		dentry_put(d);
	return d;
}

/* Attaches `i` (reference taken over) as `name` in `dir`; the existing dentry when there is one. */
static struct dentry *attach(struct dentry *dir, const char *name, size_t n, struct inode *i)
{
	rwsem_write_lock(&dir->inode->lock);
	struct dentry *d = dentry_alloc(dir, name, n);
	if (d) {
		dentry_pin(d, i);
		dentry_put(d); /* the pin keeps it */
		if (S_ISDIR(i->mode))
			dir->inode->nlink++;
	}
	rwsem_write_unlock(&dir->inode->lock);
	if (!d)
		inode_put(i);
	return d;
}

/* Walks to the directory that is to hold the last name of `path`, making what is missing. */
static struct dentry *walk(struct tree *t, const char *path, bool make, const char **last)
{
	struct dentry *d = t->super->root;

	for (const char *slash; (slash = strchr(path, '/')); path = slash + 1) {
		size_t n = (size_t)(slash - path);
		struct dentry *next = find(d, path, n);
		if (!next && make) {
			struct inode *i = new_inode(t, S_IFDIR | 0555, &dir_iops, &dcache_dir_ops);
			next = i ? attach(d, path, n, i) : NULL;
		}
		if (!next)
			return NULL;
		d = next;
	}
	*last = path;
	return d;
}

int tree_add_dir(struct tree *t, const char *path)
{
	const char *last;
	struct dentry *dir = walk(t, path, true, &last);

	if (!dir)
		return -ENOMEM;
	if (find(dir, last, strlen(last)))
		return 0;
	struct inode *i = new_inode(t, S_IFDIR | 0555, &dir_iops, &dcache_dir_ops);
	return i && attach(dir, last, strlen(last), i) ? 0 : -ENOMEM;
}

static int add(struct tree *t, const char *path, struct inode *i)
{
	const char *last;
	struct dentry *dir = walk(t, path, true, &last);
	int err = !dir ? -ENOMEM : find(dir, last, strlen(last)) ? -EEXIST : 0;

	if (err) {
		inode_put(i);
		log_err("%s: %s cannot be added (error %d)", t->name, path, -err);
		return err;
	}
	return attach(dir, last, strlen(last), i) ? 0 : -ENOMEM;
}

int tree_add_file(struct tree *t, const char *path, u32 mode, int (*show)(struct text *t, void *ctx),
		  int (*write)(void *ctx, char *buf, size_t n), void *ctx)
{
	struct tree_file *tf = kmalloc(sizeof *tf, 0);
	struct inode *i = tf ? new_inode(t, S_IFREG | mode, &file_iops, &file_fops) : NULL;

	if (!i) {
		kfree(tf);
		return -ENOMEM;
	}
	*tf = (struct tree_file){ .show = show, .write = write, .ctx = ctx };
	i->priv = tf;
	return add(t, path, i);
}

int tree_add_link(struct tree *t, const char *path, const char *target)
{
	struct inode *i = new_inode(t, S_IFLNK | 0777, &link_iops, NULL);

	if (!i)
		return -ENOMEM;
	i->priv = (void *)target;
	i->size = strlen(target);
	return add(t, path, i);
}

struct inode *tree_find(struct tree *t, const char *path)
{
	const char *last;
	struct dentry *dir = walk(t, path, false, &last);
	struct dentry *d = dir ? find(dir, last, strlen(last)) : NULL;
	return d ? d->inode : NULL;
}
