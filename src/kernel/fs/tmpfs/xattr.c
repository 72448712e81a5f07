/* SPDX-License-Identifier: MIT */
/* Extended attributes of tmpfs: a list for each inode that has any. */
#include "internal.h"

#include <linux/xattr.h>

#define XATTR_MEMORY_MAX (128 * 1024UL) /* for one inode */

static struct tmpfs_xattr *find(struct tmpfs_node *n, const char *name)
{
	struct tmpfs_xattr *x;

	list_for_each(x, &n->xattrs, link)
		if (str_eq(x->name, name))
			return x;
	return NULL;
}

/* user. is for files and directories; trusted. and security. are the VFS's to guard. */
static bool known(const struct inode *i, const char *name)
{
	if (str_has_prefix(name, XATTR_USER_PREFIX))
		return inode_is(i, S_IFREG) || inode_is(i, S_IFDIR);
	return str_has_prefix(name, XATTR_TRUSTED_PREFIX) || str_has_prefix(name, XATTR_SECURITY_PREFIX);
}

ssize_t tmpfs_getxattr(struct inode *i, const char *name, void *buf, size_t size)
{
	struct tmpfs_node *n = tmpfs_node_of(i);

	if (!known(i, name))
		return -EOPNOTSUPP;
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

static size_t memory_used(struct tmpfs_node *n)
{
	struct tmpfs_xattr *x;
	size_t used = 0;

	list_for_each(x, &n->xattrs, link)
		used += x->size + strlen(x->name);
	return used;
}

int tmpfs_setxattr(struct inode *i, const char *name, const void *buf, size_t size, int flags)
{
	struct tmpfs_node *n = tmpfs_node_of(i);

	if (!known(i, name))
		return -EOPNOTSUPP;
	struct tmpfs_xattr *x = kmalloc(sizeof *x + size, 0);
	if (!x || !(x->name = kstrdup(name))) {
		kfree(x);
		return -ENOMEM;
	}
	x->size = size;
	memcpy(x->value, buf, size);
	MUTEX_GUARD(&n->attr_mutex);
	struct tmpfs_xattr *old = find(n, name);
	int err = 0;
	if (old && flags & XATTR_CREATE)
		err = -EEXIST;
	else if (!old && flags & XATTR_REPLACE)
		err = -ENODATA;
	else if (memory_used(n) + size > XATTR_MEMORY_MAX)
		err = -ENOSPC;
	if (err) {
		xattr_free(x);
		return err;
	}
	if (old) {
		list_remove(&old->link);
		xattr_free(old);
	}
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

	if (!known(i, name))
		return -EOPNOTSUPP;
	MUTEX_GUARD(&n->attr_mutex);
	struct tmpfs_xattr *x = find(n, name);
	if (!x)
		return -ENODATA;
	list_remove(&x->link);
	xattr_free(x);
	inode_touch(i, SETATTR_CTIME);
	return 0;
}

void tmpfs_xattrs_free(struct tmpfs_node *n)
{
	struct tmpfs_xattr *x, *next;

	list_for_each_safe(x, next, &n->xattrs, link)
		xattr_free(x);
}
