/* SPDX-License-Identifier: MIT */
/* stat(2), statx(2), access(2), readlink(2). */
#include <asm/stat.h>
#include <fs/device_file.h>
#include <fs/internal.h>
#include <syscall/handlers.h>

static int get_stat(const struct path *p, struct kstat *st)
{
	struct inode *i = p->dentry->inode;

	if (unlikely(i->ops && i->ops->getattr))
		return i->ops->getattr(i, st);
	inode_stat(i, st);
	return 0;
}

static s64 put_stat(const struct kstat *k, uptr_t to)
{
	struct stat st = {
		.st_dev = devno_to_user(k->dev),
		.st_ino = k->ino,
		.st_nlink = k->nlink,
		.st_mode = k->mode,
		.st_uid = k->uid,
		.st_gid = k->gid,
		.st_rdev = devno_to_user(k->rdev),
		.st_size = (long)k->size,
		.st_blksize = k->blksize,
		.st_blocks = (long)k->blocks,
		.st_atime = (u64)k->atime.sec,
		.st_atime_nsec = k->atime.nsec,
		.st_mtime = (u64)k->mtime.sec,
		.st_mtime_nsec = k->mtime.nsec,
		.st_ctime = (u64)k->ctime.sec,
		.st_ctime_nsec = k->ctime.nsec,
	};
	return copy_to_user(to, &st, sizeof st);
}

static s64 stat_path(int dirfd, uptr_t name, unsigned flags, uptr_t to)
{
	struct path p;
	struct kstat k;
	int err = path_lookup_user(dirfd, name, flags, &p);

	if (unlikely(err))
		return err;
	err = get_stat(&p, &k);
	path_put(&p);
	return unlikely(err) ? err : put_stat(&k, to);
}

s64 sys_stat(uptr_t name, uptr_t to)
{
	return stat_path(AT_FDCWD, name, LOOKUP_FOLLOW, to);
}

s64 sys_lstat(uptr_t name, uptr_t to)
{
	return stat_path(AT_FDCWD, name, 0, to);
}

s64 sys_fstat(int fd, uptr_t to)
{
	struct kstat k;

	FD_GUARD_ANY(f, fd);
	if (unlikely(!f))
		return -EBADF;
	int err = get_stat(&f->path, &k);
	return unlikely(err) ? err : put_stat(&k, to);
}

/* fstat in disguise, as glibc calls it: an empty name. */
static bool is_empty_name(uptr_t name, int flags)
{
	u8 c;

	return flags & AT_EMPTY_PATH && !get_user_u8(&c, name) && !c;
}

s64 sys_newfstatat(int dirfd, uptr_t name, uptr_t to, int flags)
{
	if (unlikely(flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT | AT_STATX_SYNC_TYPE)))
		return -EINVAL;
	if (dirfd >= 0 && is_empty_name(name, flags))
		return sys_fstat(dirfd, to);
	return stat_path(dirfd, name,
			 (flags & AT_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW) | (flags & AT_EMPTY_PATH ? LOOKUP_EMPTY : 0),
			 to);
}

/* --- statx ------------------------------------------------------------------------------------ */

static struct statx_timestamp statx_time(struct timestamp t)
{
	return (struct statx_timestamp){ .tv_sec = t.sec, .tv_nsec = t.nsec };
}

static void split_dev(dev_t d, u32 *ma, u32 *mi)
{
	*ma = DEVNO_MAJOR(d);
	*mi = DEVNO_MINOR(d);
}

static void statx_fill(struct statx *x, const struct kstat *k, const struct path *p)
{
	struct inode *i = p->dentry->inode;

	memset(x, 0, sizeof *x);
	x->stx_mask = STATX_BASIC_STATS | STATX_BTIME | STATX_MNT_ID;
	x->stx_blksize = k->blksize;
	x->stx_nlink = k->nlink;
	x->stx_uid = k->uid;
	x->stx_gid = k->gid;
	x->stx_mode = (u16)k->mode;
	x->stx_ino = k->ino;
	x->stx_size = k->size;
	x->stx_blocks = k->blocks;
	x->stx_atime = statx_time(k->atime);
	x->stx_btime = statx_time(k->btime);
	x->stx_ctime = statx_time(k->ctime);
	x->stx_mtime = statx_time(k->mtime);
	x->stx_mnt_id = p->mount->id;
	x->stx_attributes_mask = STATX_ATTR_IMMUTABLE | STATX_ATTR_APPEND | STATX_ATTR_MOUNT_ROOT;
	if (i->flags & INODE_IMMUTABLE)
		x->stx_attributes |= STATX_ATTR_IMMUTABLE;
	if (i->flags & INODE_APPEND)
		x->stx_attributes |= STATX_ATTR_APPEND;
	if (p->dentry == p->mount->root)
		x->stx_attributes |= STATX_ATTR_MOUNT_ROOT;
	split_dev(k->rdev, &x->stx_rdev_major, &x->stx_rdev_minor);
	split_dev(k->dev, &x->stx_dev_major, &x->stx_dev_minor);
}

s64 sys_statx(int dirfd, uptr_t name, int flags, uint mask, uptr_t to)
{
	struct statx x;
	struct kstat k;
	struct path p;

	if (mask & STATX__RESERVED || (flags & AT_STATX_SYNC_TYPE) == AT_STATX_SYNC_TYPE ||
	    flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT | AT_STATX_SYNC_TYPE))
		return -EINVAL;
	int err = path_lookup_user(dirfd, name,
				   (flags & AT_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW) |
					   (flags & AT_EMPTY_PATH ? LOOKUP_EMPTY : 0),
				   &p);
	if (err)
		return err;
	err = get_stat(&p, &k);
	if (!err)
		statx_fill(&x, &k, &p);
	path_put(&p);
	return err ? err : copy_to_user(to, &x, sizeof x);
}

/* --- access ----------------------------------------------------------------------------------- */

/* With the real ids, and the capabilities that go with them. */
static int swap_to_real(struct cred **saved)
{
	struct cred *c = cred_prepare();

	if (!c)
		return -ENOMEM;
	c->fsuid = c->uid;
	c->fsgid = c->gid;
	if (!(c->securebits & 4 /* SECBIT_NO_SETUID_FIXUP */))
		c->cap_effective = c->uid ? 0 : c->cap_permitted;
	*saved = current->cred;
	current->cred = c;
	return 0;
}

static int check_access(const struct path *p, int mode)
{
	struct inode *i = p->dentry->inode;

	if (mode & MAY_EXEC && inode_is(i, S_IFREG) && p->mount->flags & MS_NOEXEC)
		return -EACCES;
	int err = mode ? inode_permission(i, mode) : 0;
	u32 type = i->mode & S_IFMT;
	if (!err && mode & MAY_WRITE && (type == S_IFREG || type == S_IFDIR || type == S_IFLNK))
		err = path_writable(p);
	return err;
}

s64 sys_faccessat2(int dirfd, uptr_t name, int mode, int flags)
{
	const struct cred *c = current->cred;
	struct cred *saved = NULL;
	struct path p;
	int err;

	if (mode & ~7 || flags & ~(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	bool same = c->uid == c->fsuid && c->gid == c->fsgid && c->cap_effective == (c->uid ? 0 : c->cap_permitted);
	if (!(flags & AT_EACCESS) && !same && (err = swap_to_real(&saved)))
		return err;
	err = path_lookup_user(dirfd, name,
			       (flags & AT_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW) |
				       (flags & AT_EMPTY_PATH ? LOOKUP_EMPTY : 0),
			       &p);
	if (!err) {
		err = check_access(&p, mode);
		path_put(&p);
	}
	if (saved) {
		struct cred *real = current->cred;
		current->cred = saved;
		cred_put(real);
	}
	return err;
}

s64 sys_faccessat(int dirfd, uptr_t name, int mode)
{
	return sys_faccessat2(dirfd, name, mode, 0);
}

s64 sys_access(uptr_t name, int mode)
{
	return sys_faccessat2(AT_FDCWD, name, mode, 0);
}

/* --- readlink --------------------------------------------------------------------------------- */

/* A link without a text of its own says where it leads. */
static ssize_t read_jump(struct inode *i, char *buf, size_t size)
{
	char *name KFREE_GUARD = kmalloc(PATH_LENGTH_MAX, 0);
	struct path to;
	int err = name ? i->ops->follow(i, &to) : -ENOMEM;

	if (err)
		return err;
	const char *s = path_to_string(&to, name, PATH_LENGTH_MAX, &err);
	path_put(&to);
	if (!s)
		return err;
	size_t n = min(strlen(s), size);
	memcpy(buf, s, n);
	return (ssize_t)n;
}

static ssize_t read_link(struct inode *i, char *buf, size_t size)
{
	if (!inode_is(i, S_IFLNK) || !(i->ops->readlink || i->ops->follow))
		return -EINVAL;
	return i->ops->readlink ? i->ops->readlink(i, buf, size) : read_jump(i, buf, size);
}

s64 sys_readlinkat(int dirfd, uptr_t uname, uptr_t to, int size)
{
	struct path p;

	if (size <= 0)
		return -EINVAL;
	USER_NAME(name);
	int err = user_name_get(&name, uname, LOOKUP_EMPTY);
	if (err || (err = path_lookup_name(dirfd, name.s, LOOKUP_EMPTY, &p)))
		return err;
	size_t room = min((size_t)size, (size_t)PATH_LENGTH_MAX);
	char *buf KFREE_GUARD = kmalloc(room, 0);
	ssize_t n = buf ? read_link(p.dentry->inode, buf, room) : -ENOMEM;
	if (n == -EINVAL && !name.n)
		n = -ENOENT; /* the descriptor is of no link */
	if (n > 0)
		path_accessed(&p);
	if (n > 0 && copy_to_user(to, buf, (size_t)n))
		n = -EFAULT;
	path_put(&p);
	return n;
}

s64 sys_readlink(uptr_t name, uptr_t to, int size)
{
	return sys_readlinkat(AT_FDCWD, name, to, size);
}
