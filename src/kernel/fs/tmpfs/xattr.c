/* SPDX-License-Identifier: MIT */
/*
 * Extended attributes of tmpfs: a list for each inode that has any, in the order of their setting.  Names and
 * permissions are the VFS's business (fs/xattr.c).  What they take counts against the instance's size, in
 * whole pages for each inode.
 */
#include "internal.h"

#include <debug/panic.h>
#include <linux/xattr.h>

static struct tmpfs_xattr *find(struct tmpfs_node *n, const char *name)
{
	struct tmpfs_xattr *x;

	list_for_each(x, &n->xattrs, link)
		if (str_eq(x->name, name))
			return x;
	return NULL;
}

ssize_t tmpfs_getxattr(struct inode *i, const char *name, void *buf, size_t size)
{
	struct tmpfs_node *n = tmpfs_node_of(i);

	MUTEX_GUARD(&n->attr_mutex);
	struct tmpfs_xattr *x = find(n, name);
	if (!x)
		return -ENODATA;
	if (!size)
		return (ssize_t)x->size;
	if (size < x->size)
		return -ERANGE;
	memcpy(buf, x->value, x->size);
	return (ssize_t)x->size;
}

static void xattr_free(struct tmpfs_xattr *x)
{
	kfree(x->name);
	kfree(x);
}

/* An attribute's part in what its inode holds, in bytes. */
static u64 weight(const struct tmpfs_xattr *x)
{
	return x ? sizeof *x + strlen(x->name) + 1 + x->size : 0;
}

/* The inode's attributes will take `bytes`: the pages that they fill count as the instance's. */
static int account(struct inode *i, u64 bytes)
{
	struct tmpfs_node *n = tmpfs_node_of(i);
	u64 old = DIV_ROUND_UP(n->xattr_bytes, PAGE_SIZE), new = DIV_ROUND_UP(bytes, PAGE_SIZE);

	if (new > old) {
		int err = tmpfs_charge(tmpfs_super_of(i), new - old);
		if (err)
			return err;
	} else {
		tmpfs_uncharge(tmpfs_super_of(i), old - new);
	}
	n->xattr_bytes = bytes;
	return 0;
}

/* One that leaves makes room: that cannot fail. */
static void forget(struct inode *i, struct tmpfs_xattr *x)
{
	VERIFY(!account(i, tmpfs_node_of(i)->xattr_bytes - weight(x)));
	list_remove(&x->link);
	xattr_free(x);
}

int tmpfs_setxattr(struct inode *i, const char *name, const void *buf, size_t size, int flags)
{
	struct tmpfs_node *n = tmpfs_node_of(i);

	struct tmpfs_xattr *x = kmalloc(sizeof *x + size, 0);
	if (!x || !(x->name = kstrdup(name))) {
		kfree(x);
		return -ENOMEM;
	}
	x->size = size;
	if (size)
		memcpy(x->value, buf, size);
	MUTEX_GUARD(&n->attr_mutex);
	struct tmpfs_xattr *old = find(n, name);
	int err = 0;
	if (old && flags & XATTR_CREATE)
		err = -EEXIST;
	else if (!old && flags & XATTR_REPLACE)
		err = -ENODATA;
	else
		err = account(i, n->xattr_bytes + weight(x));
	if (err) {
		xattr_free(x);
		return err;
	}
	if (old)
		forget(i, old);
	list_push_back(&n->xattrs, &x->link);
	inode_touch(i, SETATTR_CTIME);
	return 0;
}

ssize_t tmpfs_listxattr(struct inode *i, char *buf, size_t size)
{
	struct tmpfs_node *n = tmpfs_node_of(i);
	struct tmpfs_xattr *x;
	size_t used = 0;

	MUTEX_GUARD(&n->attr_mutex);
	list_for_each(x, &n->xattrs, link) {
		size_t length = strlen(x->name) + 1;
		if (str_has_prefix(x->name, XATTR_TRUSTED_PREFIX) && !capable(CAP_SYS_ADMIN))
			continue;
		if (size && used + length > size)
			return -ERANGE;
		if (size)
			memcpy(buf + used, x->name, length);
		used += length;
	}
	return (ssize_t)used;
}

int tmpfs_removexattr(struct inode *i, const char *name)
{
	struct tmpfs_node *n = tmpfs_node_of(i);

	MUTEX_GUARD(&n->attr_mutex);
	struct tmpfs_xattr *x = find(n, name);
	if (!x)
		return -ENODATA;
	forget(i, x);
	inode_touch(i, SETATTR_CTIME);
	return 0;
}

void tmpfs_xattrs_free(struct inode *i)
{
	struct tmpfs_xattr *x, *next;

	list_for_each_safe(x, next, &tmpfs_node_of(i)->xattrs, link)
		forget(i, x);
}
