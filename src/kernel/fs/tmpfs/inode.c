/* SPDX-License-Identifier: MIT */
/* Inodes of tmpfs, and the directory operations, which are mostly counting links. */
#include "internal.h"

static struct slab_cache *file_nodes, *small_nodes;

/* Other types need no page cache: their node begins behind it, so to say. */
#define SMALL_SKIPS offsetof(struct tmpfs_node, xattrs)

static struct tmpfs_node *node_new(bool file)
{
	char *memory = slab_alloc(file ? file_nodes : small_nodes, 0);

	if (!memory)
		return NULL;
	struct tmpfs_node *n = (struct tmpfs_node *)(file ? memory : memory - SMALL_SKIPS);
	list_init(&n->xattrs);
	n->xattr_bytes = 0;
	mutex_init(&n->attr_mutex);
	n->target = NULL;
	n->target_length = 0;
	n->seals = F_SEAL_SEAL;
	return n;
}

static void node_free(struct tmpfs_node *n, bool file)
{
	if (file)
		slab_free(file_nodes, n);
	else
		slab_free(small_nodes, (char *)n + SMALL_SKIPS);
}

static void set_operations(struct inode *i, struct tmpfs_node *n, u32 mode, dev_t rdev)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		i->ops = &tmpfs_file_inode_ops;
		i->fops = &tmpfs_file_ops;
		i->cache = &n->cache;
		page_cache_init(&n->cache, i, &tmpfs_cache_ops);
		break;
	case S_IFDIR:
		i->ops = &tmpfs_dir_ops;
		i->fops = &dcache_dir_ops;
		i->nlink = 2;
		i->size = 40;
		break;
	case S_IFLNK:
		i->ops = &tmpfs_link_ops;
		i->fops = &dcache_dir_ops; /* never opened */
		break;
	default:
		i->ops = &tmpfs_special_ops;
		inode_init_special(i, i->mode, rdev);
	}
}

/* Counts an inode, or a further link, which needs about as much memory. */
static int count_inode(struct tmpfs_super *t)
{
	if (atomic_add_fetch(&t->used_inodes, 1) <= t->limit_inodes || !t->limit_inodes)
		return 0;
	atomic_dec(&t->used_inodes);
	return -ENOSPC;
}

int tmpfs_inode_new(struct super *s, const struct inode *dir, u32 mode, dev_t rdev, struct inode **out)
{
	struct tmpfs_super *t = s->priv;
	bool file = S_ISREG(mode);
	int err = count_inode(t);

	if (err)
		return err;
	struct inode *i = inode_alloc(s);
	struct tmpfs_node *n = i ? node_new(file) : NULL;
	if (!n) {
		if (i)
			inode_put(i); /* evict counts it down */
		else
			atomic_dec(&t->used_inodes);
		return -ENOMEM;
	}
	i->priv = n;
	inode_init_owner(i, dir, mode);
	set_operations(i, n, mode, rdev);
	*out = i;
	return 0;
}

void tmpfs_evict(struct inode *i)
{
	struct tmpfs_node *n = tmpfs_node_of(i);

	atomic_dec(&tmpfs_super_of(i)->used_inodes);
	if (!n)
		return;
	if (i->cache)
		page_cache_destroy(i->cache);
	if (n->target != n->short_target)
		kfree(n->target);
	if (!list_empty(&n->xattrs))
		tmpfs_xattrs_free(i);
	node_free(n, i->cache != NULL);
}

/* --- Links ------------------------------------------------------------------------------------ */

int tmpfs_set_target(struct inode *i, const char *target)
{
	struct tmpfs_node *n = tmpfs_node_of(i);
	size_t length = strlen(target);

	n->target = n->short_target;
	if (length >= sizeof n->short_target && !(n->target = kmalloc(length + 1, 0)))
		return -ENOMEM;
	memcpy(n->target, target, length + 1);
	n->target_length = (u32)length;
	i->size = length;
	i->mode = S_IFLNK | 0777;
	return 0;
}

static ssize_t tmpfs_readlink(struct inode *i, char *buf, size_t size)
{
	const struct tmpfs_node *n = tmpfs_node_of(i);
	size_t length = min((size_t)n->target_length, size);

	memcpy(buf, n->target, length);
	return (ssize_t)length;
}

/* --- Directories ------------------------------------------------------------------------------ */

#define ENTRY_SIZE 20 /* what a name adds to a directory's size */

static void dir_changed(struct inode *dir, s64 entries)
{
	WRITE_ONCE(dir->size, dir->size + (u64)(entries * ENTRY_SIZE));
	inode_touch(dir, SETATTR_MTIME | SETATTR_CTIME);
}

static int tmpfs_mknod(struct inode *dir, struct dentry *d, u32 mode, dev_t rdev)
{
	struct inode *i;
	int err = tmpfs_inode_new(dir->super, dir, mode, rdev, &i);

	if (err)
		return err;
	dentry_pin(d, i);
	dir_changed(dir, 1);
	return 0;
}

static int tmpfs_create(struct inode *dir, struct dentry *d, u32 mode)
{
	return tmpfs_mknod(dir, d, mode, 0);
}

static int tmpfs_mkdir(struct inode *dir, struct dentry *d, u32 mode)
{
	int err = tmpfs_mknod(dir, d, mode, 0);

	if (!err)
		dir->nlink++;
	return err;
}

static int tmpfs_symlink(struct inode *dir, struct dentry *d, const char *target)
{
	struct inode *i;
	int err = tmpfs_inode_new(dir->super, dir, S_IFLNK | 0777, 0, &i);

	if (err)
		return err;
	if ((err = tmpfs_set_target(i, target))) {
		inode_put(i);
		return err;
	}
	dentry_pin(d, i);
	dir_changed(dir, 1);
	return 0;
}

static int tmpfs_link(struct inode *dir, struct dentry *d, struct inode *target)
{
	int err = target->nlink ? count_inode(tmpfs_super_of(target)) : 0;

	if (err)
		return err;
	inode_get(target);
	target->nlink++;
	inode_touch(target, SETATTR_CTIME);
	dentry_pin(d, target);
	dir_changed(dir, 1);
	return 0;
}

/* A link to what is no directory goes; the last one is uncounted with the inode. */
static void drop_link(struct inode *i)
{
	if (--i->nlink)
		atomic_dec(&tmpfs_super_of(i)->used_inodes);
}

static int tmpfs_unlink(struct inode *dir, struct dentry *d)
{
	drop_link(d->inode);
	inode_touch(d->inode, SETATTR_CTIME);
	dir_changed(dir, -1);
	return 0;
}

static int tmpfs_rmdir(struct inode *dir, struct dentry *d)
{
	if (dentry_has_children(d))
		return -ENOTEMPTY;
	d->inode->nlink = 0;
	dir->nlink--;
	inode_touch(d->inode, SETATTR_CTIME);
	dir_changed(dir, -1);
	return 0;
}

static void count_parent_links(struct inode *old_dir, struct inode *new_dir, bool old_is_dir, bool new_is_dir)
{
	if (old_dir == new_dir || old_is_dir == new_is_dir)
		return;
	old_dir->nlink += old_is_dir ? -1U : 1U;
	new_dir->nlink += old_is_dir ? 1U : -1U;
}

static int tmpfs_rename(struct inode *old_dir, struct dentry *old, struct inode *new_dir, struct dentry *new,
			unsigned flags)
{
	struct inode *victim = new->inode;
	bool old_is_dir = inode_is(old->inode, S_IFDIR), new_is_dir = victim && inode_is(victim, S_IFDIR);

	if (flags & RENAME_EXCHANGE) {
		count_parent_links(old_dir, new_dir, old_is_dir, new_is_dir);
		inode_touch(victim, SETATTR_CTIME);
		dir_changed(old_dir, 0);
	} else {
		if (new_is_dir && dentry_has_children(new))
			return -ENOTEMPTY;
		if (victim) {
			if (new_is_dir)
				victim->nlink = 0;
			else
				drop_link(victim);
			inode_touch(victim, SETATTR_CTIME);
		}
		if (old_is_dir) {
			old_dir->nlink--;
			if (!new_is_dir)
				new_dir->nlink++;
		}
		dir_changed(old_dir, -1);
	}
	dir_changed(new_dir, flags & RENAME_EXCHANGE || victim ? 0 : 1);
	inode_touch(old->inode, SETATTR_CTIME);
	return 0;
}

static int tmpfs_tmpfile(struct inode *dir, struct inode **out, u32 mode)
{
	int err = tmpfs_inode_new(dir->super, dir, mode, 0, out);

	if (!err)
		(*out)->nlink = 0;
	return err;
}

#define XATTR_OPS                                                              \
	.getxattr = tmpfs_getxattr, .setxattr = tmpfs_setxattr, .listxattr = tmpfs_listxattr, \
	.removexattr = tmpfs_removexattr

const struct inode_ops tmpfs_dir_ops = {
	.create = tmpfs_create,
	.mknod = tmpfs_mknod,
	.mkdir = tmpfs_mkdir,
	.symlink = tmpfs_symlink,
	.link = tmpfs_link,
	.unlink = tmpfs_unlink,
	.rmdir = tmpfs_rmdir,
	.rename = tmpfs_rename,
	.tmpfile = tmpfs_tmpfile,
	XATTR_OPS,
};
const struct inode_ops tmpfs_link_ops = { .readlink = tmpfs_readlink, XATTR_OPS };
const struct inode_ops tmpfs_special_ops = { XATTR_OPS };

void tmpfs_inodes_init(void)
{
	file_nodes = slab_create("tmpfs_file", sizeof(struct tmpfs_node), 0);
	small_nodes = slab_create("tmpfs_node", sizeof(struct tmpfs_node) - SMALL_SKIPS, 0);
}
