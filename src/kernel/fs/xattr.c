/* SPDX-License-Identifier: MIT */
/*
 * Extended attributes: named values that a file system keeps beside an inode (xattr(7)).
 *
 * The first part of a name says who may use it, which is decided here; what exists is the file
 * system's to know (inode_ops.getxattr and its kin, which get names of known spaces only).
 *
 *   user.      regular files and directories, by the permissions of the file itself
 *   trusted.   CAP_SYS_ADMIN; for others there are none
 *   security.  read by all, written with CAP_SYS_ADMIN.  security.capability would have to be obeyed
 *              by exec: it cannot be set, as long as it is not
 *   system.    access-control lists: there are none
 *
 * Values pass through one kernel buffer of the size that the caller names, 64 KiB at most.
 */
#include <fs/internal.h>
#include <linux/xattr.h>
#include <syscall/handlers.h>

struct xattr_name {
	char text[XATTR_NAME_MAX + 1];
};

static int name_from_user(struct xattr_name *n, uptr_t from)
{
	ssize_t length = strncpy_from_user(n->text, from, sizeof n->text);

	if (length == -ENAMETOOLONG || length == 0)
		return -ERANGE;
	return length < 0 ? (int)length : 0;
}

/* A prefix with nothing behind it is no name. */
static int check_space(const struct inode *i, const char *name, bool supported)
{
	static const char *const spaces[] = { XATTR_USER_PREFIX, XATTR_TRUSTED_PREFIX, XATTR_SECURITY_PREFIX };

	if (!supported || inode_is(i, S_IFSOCK))
		return -EOPNOTSUPP;
	for (unsigned s = 0; s < ARRAY_SIZE(spaces); s++)
		if (str_has_prefix(name, spaces[s]))
			return name[strlen(spaces[s])] ? 0 : -EINVAL;
	return -EOPNOTSUPP;
}

static int user_space_permission(struct inode *i, int mask)
{
	bool write = mask & MAY_WRITE;

	if (!inode_is(i, S_IFREG) && !inode_is(i, S_IFDIR))
		return write ? -EPERM : -ENODATA;
	if (write && inode_is(i, S_IFDIR) && i->mode & S_ISVTX && !inode_owner_or_capable(i))
		return -EPERM;
	return inode_permission(i, mask);
}

static int xattr_permission(struct inode *i, const char *name, int mask)
{
	bool write = mask & MAY_WRITE;

	if (write && i->flags & (INODE_IMMUTABLE | INODE_APPEND))
		return -EPERM;
	if (str_has_prefix(name, XATTR_SECURITY_PREFIX))
		return write && !capable(CAP_SYS_ADMIN) ? -EPERM : 0;
	if (str_has_prefix(name, XATTR_SYSTEM_PREFIX))
		return 0;
	if (str_has_prefix(name, XATTR_TRUSTED_PREFIX))
		return capable(CAP_SYS_ADMIN) ? 0 : write ? -EPERM : -ENODATA;
	if (str_has_prefix(name, XATTR_USER_PREFIX))
		return user_space_permission(i, mask);
	return inode_permission(i, mask);
}

/* --- Getting ---------------------------------------------------------------------------------- */

static s64 get_into(struct inode *i, const char *name, uptr_t to, size_t size)
{
	void *value = NULL;
	int err = xattr_permission(i, name, MAY_READ);

	if (err)
		return err;
	if ((err = check_space(i, name, i->ops && i->ops->getxattr)))
		return err;
	if (size && !(value = kmalloc(min(size, (size_t)XATTR_SIZE_MAX), 0)))
		return -ENOMEM;
	ssize_t n = i->ops->getxattr(i, name, value, min(size, (size_t)XATTR_SIZE_MAX));
	if (n > 0 && size && copy_to_user(to, value, (size_t)n))
		n = -EFAULT;
	kfree(value);
	return n;
}

static s64 do_getxattr(const struct path *p, uptr_t name, uptr_t to, size_t size)
{
	struct xattr_name n;
	int err = name_from_user(&n, name);

	return err ? err : get_into(p->dentry->inode, n.text, to, size);
}

/* --- Setting ---------------------------------------------------------------------------------- */

struct new_value {
	struct xattr_name name;
	void *bytes; /* kmalloc'ed; NULL: empty */
	size_t size;
	int flags;
};

static int value_from_user(struct new_value *v, uptr_t name, uptr_t from, size_t size, int flags)
{
	int err;

	*v = (struct new_value){ .size = size, .flags = flags };
	if (flags & ~(XATTR_CREATE | XATTR_REPLACE))
		return -EINVAL;
	if ((err = name_from_user(&v->name, name)))
		return err;
	if (size > XATTR_SIZE_MAX)
		return -E2BIG;
	if (!size)
		return 0;
	if (!(v->bytes = kmalloc(size, 0)))
		return -ENOMEM;
	if (copy_from_user(v->bytes, from, size)) {
		kfree(v->bytes);
		return -EFAULT;
	}
	return 0;
}

static int set_locked(struct inode *i, const struct new_value *v)
{
	int err = xattr_permission(i, v->name.text, MAY_WRITE);

	if (err)
		return err;
	if ((err = check_space(i, v->name.text, i->ops && i->ops->setxattr)))
		return err;
	if (str_eq(v->name.text, XATTR_NAME_CAPS))
		return -EOPNOTSUPP;
	return i->ops->setxattr(i, v->name.text, v->bytes, v->size, v->flags);
}

static s64 do_setxattr(const struct path *p, const struct new_value *v)
{
	struct inode *i = p->dentry->inode;
	int err = path_writable(p);

	if (err)
		return err;
	rwsem_write_lock(&i->lock);
	err = set_locked(i, v);
	rwsem_write_unlock(&i->lock);
	return err;
}

/* --- Listing and removing --------------------------------------------------------------------- */

static s64 do_listxattr(const struct path *p, uptr_t to, size_t size)
{
	struct inode *i = p->dentry->inode;
	char *names = NULL;

	if (!i->ops || !i->ops->listxattr || inode_is(i, S_IFSOCK))
		return 0;
	size = min(size, (size_t)XATTR_LIST_MAX);
	if (size && !(names = kmalloc(size, 0)))
		return -ENOMEM;
	ssize_t n = i->ops->listxattr(i, names, size);
	if (n > 0 && size && copy_to_user(to, names, (size_t)n))
		n = -EFAULT;
	kfree(names);
	return n == -ERANGE && size == XATTR_LIST_MAX ? -E2BIG : n;
}

static int remove_locked(struct inode *i, const char *name)
{
	int err = xattr_permission(i, name, MAY_WRITE);

	if (err)
		return err;
	if ((err = check_space(i, name, i->ops && i->ops->removexattr)))
		return err;
	return i->ops->removexattr(i, name);
}

static s64 do_removexattr(const struct path *p, uptr_t name)
{
	struct inode *i = p->dentry->inode;
	struct xattr_name n;
	int err = name_from_user(&n, name);

	if (err)
		return err;
	if ((err = path_writable(p)))
		return err;
	rwsem_write_lock(&i->lock);
	err = remove_locked(i, n.text);
	rwsem_write_unlock(&i->lock);
	return err;
}

/* --- The calls: by path, by path without following a last link, by descriptor ------------------ */

static s64 get_at(uptr_t path, unsigned lookup, uptr_t name, uptr_t to, size_t size)
{
	struct path p;
	int err = path_lookup_user(AT_FDCWD, path, lookup, &p);

	if (err)
		return err;
	s64 n = do_getxattr(&p, name, to, size);
	path_put(&p);
	return n;
}

s64 sys_getxattr(uptr_t path, uptr_t name, uptr_t to, size_t size)
{
	return get_at(path, LOOKUP_FOLLOW, name, to, size);
}

s64 sys_lgetxattr(uptr_t path, uptr_t name, uptr_t to, size_t size)
{
	return get_at(path, 0, name, to, size);
}

s64 sys_fgetxattr(int fd, uptr_t name, uptr_t to, size_t size)
{
	FD_GUARD(f, fd);
	return f ? do_getxattr(&f->path, name, to, size) : -EBADF;
}

static s64 set_at(uptr_t path, unsigned lookup, uptr_t name, uptr_t from, size_t size, int flags)
{
	struct new_value v;
	struct path p;
	s64 err = value_from_user(&v, name, from, size, flags);

	if (err)
		return err;
	if (!(err = path_lookup_user(AT_FDCWD, path, lookup, &p))) {
		err = do_setxattr(&p, &v);
		path_put(&p);
	}
	kfree(v.bytes);
	return err;
}

s64 sys_setxattr(uptr_t path, uptr_t name, uptr_t from, size_t size, int flags)
{
	return set_at(path, LOOKUP_FOLLOW, name, from, size, flags);
}

s64 sys_lsetxattr(uptr_t path, uptr_t name, uptr_t from, size_t size, int flags)
{
	return set_at(path, 0, name, from, size, flags);
}

s64 sys_fsetxattr(int fd, uptr_t name, uptr_t from, size_t size, int flags)
{
	FD_GUARD(f, fd);
	struct new_value v;

	if (!f)
		return -EBADF;
	s64 err = value_from_user(&v, name, from, size, flags);
	if (err)
		return err;
	err = do_setxattr(&f->path, &v);
	kfree(v.bytes);
	return err;
}

static s64 list_at(uptr_t path, unsigned lookup, uptr_t to, size_t size)
{
	struct path p;
	int err = path_lookup_user(AT_FDCWD, path, lookup, &p);

	if (err)
		return err;
	s64 n = do_listxattr(&p, to, size);
	path_put(&p);
	return n;
}

s64 sys_listxattr(uptr_t path, uptr_t to, size_t size)
{
	return list_at(path, LOOKUP_FOLLOW, to, size);
}

s64 sys_llistxattr(uptr_t path, uptr_t to, size_t size)
{
	return list_at(path, 0, to, size);
}

s64 sys_flistxattr(int fd, uptr_t to, size_t size)
{
	FD_GUARD(f, fd);
	return f ? do_listxattr(&f->path, to, size) : -EBADF;
}

static s64 remove_at(uptr_t path, unsigned lookup, uptr_t name)
{
	struct path p;
	int err = path_lookup_user(AT_FDCWD, path, lookup, &p);

	if (err)
		return err;
	s64 r = do_removexattr(&p, name);
	path_put(&p);
	return r;
}

s64 sys_removexattr(uptr_t path, uptr_t name)
{
	return remove_at(path, LOOKUP_FOLLOW, name);
}

s64 sys_lremovexattr(uptr_t path, uptr_t name)
{
	return remove_at(path, 0, name);
}

s64 sys_fremovexattr(int fd, uptr_t name)
{
	FD_GUARD(f, fd);
	return f ? do_removexattr(&f->path, name) : -EBADF;
}
