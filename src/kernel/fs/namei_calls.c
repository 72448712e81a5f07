/* SPDX-License-Identifier: MIT */
/*
 * Calls that make and remove names: mkdir, mknod, symlink, link, unlink, rmdir.
 *
 * All go the same way: find the directory, lock it for writing, look the last component up, check, act.
 * The order of the checks is Linux's, because it decides which error is reported.
 */
#include <fs/device_file.h>
#include <fs/internal.h>
#include <syscall/handlers.h>

int dir_may_create(struct inode *dir)
{
	if (dir->flags & INODE_DEAD)
		return -ENOENT;
	return inode_permission(dir, MAY_WRITE | MAY_EXEC);
}

int dir_may_delete(struct inode *dir, struct inode *victim, bool is_dir)
{
	int err = inode_permission(dir, MAY_WRITE | MAY_EXEC);

	if (err)
		return err;
	if (dir->flags & INODE_APPEND)
		return -EPERM;
	u32 me = current->cred->fsuid;
	if (dir->mode & S_ISVTX && victim->uid != me && dir->uid != me && !capable(CAP_FOWNER))
		return -EPERM;
	if (victim->flags & (INODE_APPEND | INODE_IMMUTABLE))
		return -EPERM;
	if (is_dir != inode_is(victim, S_IFDIR))
		return is_dir ? -ENOTDIR : -EISDIR;
	return dir->flags & INODE_DEAD ? -ENOENT : 0;
}

/* Drops a dentry that came to nothing. */
static void dentry_forget(struct dentry *d)
{
	if (!d->inode && d->flags & DENTRY_UNHASHED)
		dentry_drop(d);
	dentry_put(d);
}

struct creation {
	struct parent_path parent;
	struct dentry *dentry;
};

/* Directory locked, name looked up and known not to exist. */
static int creation_begin(struct creation *c, int dirfd, const char *name, unsigned flags, bool is_dir)
{
	int err = path_lookup_parent(dirfd, name, flags, &c->parent);

	if (err)
		return err;
	struct dentry *dir = c->parent.path.dentry;
	if (c->parent.type != LAST_NAME) {
		parent_path_end(&c->parent);
		return -EEXIST;
	}
	rwsem_write_lock(&dir->inode->lock);
	err = dir_lookup(dir, c->parent.last, c->parent.length, &c->dentry);
	if (!err && c->dentry->inode)
		err = -EEXIST;
	else if (!err && dir_is_closed(dir->inode))
		err = -ENOENT;
	else if (!err && c->parent.trailing_slash && !is_dir)
		err = -ENOENT;
	else if (!err)
		err = path_writable(&c->parent.path);
	if (!err || err == -ENAMETOOLONG || !c->dentry)
		goto done;
	dentry_forget(c->dentry);
done:
	if (err) {
		rwsem_write_unlock(&dir->inode->lock);
		parent_path_end(&c->parent);
	}
	return err;
}

static void creation_end(struct creation *c)
{
	rwsem_write_unlock(&c->parent.path.dentry->inode->lock);
	dentry_forget(c->dentry);
	parent_path_end(&c->parent);
}

static inline struct inode *creation_dir(const struct creation *c)
{
	return c->parent.path.dentry->inode;
}

static u32 with_umask(u32 mode)
{
	return mode & ~fs_current()->umask;
}

/* --- mkdir, mknod, symlink --------------------------------------------------------------------- */

s64 sys_mkdirat(int dirfd, uptr_t uname, uint mode)
{
	struct creation c = { .dentry = NULL };
	USER_NAME(u);
	int err = user_name_get(&u, uname, 0);

	if (err || (err = creation_begin(&c, dirfd, u.s, 0, true)))
		return err;
	struct inode *dir = creation_dir(&c);
	if (!(err = dir_may_create(dir)))
		err = dir->ops->mkdir ? dir->ops->mkdir(dir, c.dentry, S_IFDIR | with_umask(mode & (0777 | S_ISVTX))) :
					-EPERM;
	creation_end(&c);
	return err;
}

s64 sys_mkdir(uptr_t name, uint mode)
{
	return sys_mkdirat(AT_FDCWD, name, mode);
}

static int do_mknod(struct inode *dir, struct dentry *d, u32 mode, dev_t rdev)
{
	int err = dir_may_create(dir);

	if (err)
		return err;
	if (S_ISREG(mode))
		return dir->ops->create ? dir->ops->create(dir, d, mode) : -EACCES;
	if ((S_ISCHR(mode) || S_ISBLK(mode)) && !(S_ISCHR(mode) && rdev == 0) && !capable(CAP_MKNOD))
		return -EPERM;
	return dir->ops->mknod ? dir->ops->mknod(dir, d, mode, rdev) : -EPERM;
}

s64 sys_mknodat(int dirfd, uptr_t uname, uint mode, ulong dev)
{
	struct creation c = { .dentry = NULL };
	int err;

	if (!(mode & S_IFMT))
		mode |= S_IFREG;
	switch (mode & S_IFMT) {
	case S_IFREG: case S_IFCHR: case S_IFBLK: case S_IFIFO: case S_IFSOCK:
		break;
	case S_IFDIR:
		return -EPERM;
	default:
		return -EINVAL;
	}
	USER_NAME(u);
	if ((err = user_name_get(&u, uname, 0)) || (err = creation_begin(&c, dirfd, u.s, 0, false)))
		return err;
	dev_t rdev = S_ISCHR(mode) || S_ISBLK(mode) ? devno_from_user((u32)dev) : 0;
	err = do_mknod(creation_dir(&c), c.dentry, with_umask(mode), rdev);
	creation_end(&c);
	return err;
}

int vfs_make_socket(const char *name, u32 mode, struct path *made)
{
	struct creation c = { .dentry = NULL };
	int err = creation_begin(&c, AT_FDCWD, name, 0, false);

	if (err)
		return err;
	err = do_mknod(creation_dir(&c), c.dentry, S_IFSOCK | with_umask(mode), 0);
	if (!err) {
		*made = (struct path){ c.parent.path.mount, c.dentry };
		path_get(made);
	}
	creation_end(&c);
	return err;
}

s64 sys_mknod(uptr_t name, uint mode, ulong dev)
{
	return sys_mknodat(AT_FDCWD, name, mode, dev);
}

s64 sys_symlinkat(uptr_t utarget, int dirfd, uptr_t uname)
{
	struct creation c = { .dentry = NULL };
	USER_NAME(target);
	USER_NAME(u);
	int err = user_name_get(&target, utarget, 0);

	u.s = u.small;
	if (err || (err = user_name_get(&u, uname, 0)) || (err = creation_begin(&c, dirfd, u.s, 0, false)))
		return err;
	struct inode *dir = creation_dir(&c);
	if (!(err = dir_may_create(dir)))
		err = dir->ops->symlink ? dir->ops->symlink(dir, c.dentry, target.s) : -EPERM;
	creation_end(&c);
	return err;
}

s64 sys_symlink(uptr_t target, uptr_t name)
{
	return sys_symlinkat(target, AT_FDCWD, name);
}

/* --- link ------------------------------------------------------------------------------------- */

/* As fs.protected_hardlinks=1: only files that one owns or could change may be linked. */
static int may_link(struct inode *i)
{
	if (inode_owner_or_capable(i))
		return 0;
	bool special = !inode_is(i, S_IFREG) || i->mode & S_ISUID || (i->mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP);
	return special || inode_permission(i, MAY_READ | MAY_WRITE) ? -EPERM : 0;
}

static int do_link(const struct path *from, struct creation *c)
{
	struct inode *i = from->dentry->inode, *dir = creation_dir(c);
	int err;

	if (from->mount != c->parent.path.mount)
		return -EXDEV;
	if ((err = may_link(i)) || (err = dir_may_create(dir)))
		return err;
	if (i->super != dir->super)
		return -EXDEV;
	if (i->flags & (INODE_APPEND | INODE_IMMUTABLE) || !dir->ops->link || inode_is(i, S_IFDIR))
		return -EPERM;
	rwsem_write_lock_nested(&i->lock, INODE_VICTIM);
	if (!i->nlink && !(i->flags & INODE_LINKABLE))
		err = -ENOENT;
	else if (!(err = dir->ops->link(dir, c->dentry, i)))
		i->flags &= ~(u32)INODE_LINKABLE;
	rwsem_write_unlock(&i->lock);
	return err;
}

s64 sys_linkat(int old_fd, uptr_t uold, int new_fd, uptr_t unew, int flags)
{
	struct creation c = { .dentry = NULL };
	struct path from;
	int err;

	if (flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if (flags & AT_EMPTY_PATH && !capable(CAP_DAC_READ_SEARCH))
		return -ENOENT;
	err = path_lookup_user(old_fd, uold,
			       (flags & AT_SYMLINK_FOLLOW ? LOOKUP_FOLLOW : 0) |
				       (flags & AT_EMPTY_PATH ? LOOKUP_EMPTY : 0),
			       &from);
	if (err)
		return err;
	USER_NAME(u);
	if (!(err = user_name_get(&u, unew, 0)) && !(err = creation_begin(&c, new_fd, u.s, 0, false))) {
		err = do_link(&from, &c);
		creation_end(&c);
	}
	path_put(&from);
	return err;
}

s64 sys_link(uptr_t old, uptr_t new)
{
	return sys_linkat(AT_FDCWD, old, AT_FDCWD, new, 0);
}

/* --- unlink, rmdir ----------------------------------------------------------------------------- */

static int remove_locked(struct parent_path *p, struct dentry *d, bool is_dir)
{
	struct inode *dir = p->path.dentry->inode, *victim = d->inode;
	int err;

	if (p->trailing_slash && !is_dir)
		return !victim ? -ENOENT : inode_is(victim, S_IFDIR) ? -EISDIR : -ENOTDIR;
	if (!victim)
		return -ENOENT;
	if ((err = path_writable(&p->path)) || (err = dir_may_delete(dir, victim, is_dir)))
		return err;
	if (dentry_is_mountpoint(d))
		return -EBUSY;
	int (*op)(struct inode *, struct dentry *) = is_dir ? dir->ops->rmdir : dir->ops->unlink;
	if (!op)
		return -EPERM;
	rwsem_write_lock_nested(&victim->lock, INODE_VICTIM);
	err = op(dir, d);
	if (!err && is_dir)
		victim->flags |= INODE_DEAD;
	rwsem_write_unlock(&victim->lock);
	if (!err)
		dentry_unpin(d);
	return err;
}

static s64 remove_name(int dirfd, uptr_t uname, bool is_dir)
{
	struct parent_path p;
	struct dentry *d = NULL;
	USER_NAME(u);
	int err = user_name_get(&u, uname, 0);

	if (err || (err = path_lookup_parent(dirfd, u.s, 0, &p)))
		return err;
	if (p.type == LAST_NAME) {
		struct dentry *dir = p.path.dentry;
		rwsem_write_lock(&dir->inode->lock);
		if (dir_is_pinned(dir->inode)) {
			d = p.length > NAME_LENGTH_MAX ? NULL : dentry_find_hashed(dir, p.last, p.length, name_hash(dir, p.last, p.length));
			err = d ? 0 : p.length > NAME_LENGTH_MAX ? -ENAMETOOLONG : -ENOENT;
		} else {
			err = dir_lookup(dir, p.last, p.length, &d);
		}
		if (!err)
			err = remove_locked(&p, d, is_dir);
		rwsem_write_unlock(&dir->inode->lock);
		if (d)
			dentry_put(d);
	} else if (is_dir) {
		err = p.type == LAST_DOT ? -EINVAL : p.type == LAST_DOTDOT ? -ENOTEMPTY : -EBUSY;
	} else {
		err = -EISDIR;
	}
	parent_path_end(&p);
	return err;
}

s64 sys_unlinkat(int dirfd, uptr_t name, int flags)
{
	return flags & ~AT_REMOVEDIR ? -EINVAL : remove_name(dirfd, name, flags & AT_REMOVEDIR);
}

s64 sys_unlink(uptr_t name)
{
	return remove_name(AT_FDCWD, name, false);
}

s64 sys_rmdir(uptr_t name)
{
	return remove_name(AT_FDCWD, name, true);
}
