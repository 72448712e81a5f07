/* SPDX-License-Identifier: MIT */
/* open(2) and its kin: flags in, what may be opened, truncation. */
#include <fs/internal.h>
#include <linux/openat2.h>
#include <syscall/handlers.h>

/* What open(2) keeps of its flags; openat2 refuses others. */
#define OPEN_FLAGS                                                             \
	(O_ACCMODE | O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_APPEND | O_NONBLOCK | O_DSYNC | O_SYNC | \
	 FASYNC | O_DIRECT | O_LARGEFILE | O_DIRECTORY | O_NOFOLLOW | O_NOATIME | O_CLOEXEC | O_PATH |  \
	 __O_TMPFILE)
#define PATH_FLAGS (O_DIRECTORY | O_NOFOLLOW | O_PATH | O_CLOEXEC)
#ifndef FASYNC
#define FASYNC 00020000
#endif

static unsigned access_of(int flags)
{
	static const u8 by_mode[] = { MAY_READ, MAY_WRITE, MAY_READ | MAY_WRITE, MAY_READ | MAY_WRITE };
	unsigned access = by_mode[flags & O_ACCMODE];

	return flags & O_TRUNC ? access | MAY_WRITE : access;
}

/* Decodes what open(2) was asked for. */
static int request_make(struct open_request *r, int flags, u32 mode)
{
	bool creates = flags & (O_CREAT | __O_TMPFILE);

	r->mode = creates ? S_IFREG | (mode & 07777) : 0;
	r->lookup = flags & O_NOFOLLOW ? 0 : LOOKUP_FOLLOW;
	if (unlikely(flags & O_PATH))
		flags &= PATH_FLAGS;
	if (unlikely(flags & __O_TMPFILE)) {
		if ((flags & O_TMPFILE) != O_TMPFILE || !(access_of(flags) & MAY_WRITE) || flags & O_CREAT)
			return -EINVAL;
	} else if ((flags & (O_CREAT | O_DIRECTORY)) == (O_CREAT | O_DIRECTORY)) {
		return -EINVAL;
	}
	if (flags & O_DIRECTORY)
		r->lookup |= LOOKUP_DIRECTORY;
	if ((flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL))
		r->lookup &= ~(u32)LOOKUP_FOLLOW;
	r->flags = flags;
	r->access = flags & O_PATH ? 0 : access_of(flags);
	return 0;
}

/* May the file at `p` be opened so? */
int open_may(const struct path *p, const struct open_request *r, bool created)
{
	struct inode *i = p->dentry->inode;
	int err;

	if (r->flags & O_PATH)
		return 0;
	switch (i->mode & S_IFMT) {
	case S_IFLNK:
		return -ELOOP;
	case S_IFDIR:
		if (r->access & MAY_WRITE)
			return -EISDIR;
		break;
	case S_IFBLK:
	case S_IFCHR:
		if (p->mount->flags & MS_NODEV)
			return -EACCES;
		break;
	case S_IFREG:
		if (r->access & MAY_WRITE && mount_readonly(p->mount))
			return -EROFS;
		break;
	}
	if (created)
		return 0;
	if ((err = inode_permission(i, (int)r->access)))
		return err;
	if (i->flags & INODE_APPEND && r->access & MAY_WRITE && (!(r->flags & O_APPEND) || r->flags & O_TRUNC))
		return -EPERM;
	if (r->flags & O_NOATIME && !inode_owner_or_capable(i))
		return -EPERM;
	if (r->flags & O_DIRECT && inode_is(i, S_IFREG) && !i->fops->direct)
		return -EINVAL;
	return 0;
}

/* O_TMPFILE: a file in a directory's file system, without a name (until linkat gives it one). */
static int open_tmpfile(int dirfd, const char *name, struct open_request *r, struct file **out)
{
	struct path dir, p;
	struct inode *i;
	int err = path_lookup_name(dirfd, name, r->lookup | LOOKUP_DIRECTORY, &dir);

	if (err)
		return err;
	struct inode *d = dir.dentry->inode;
	if (!(err = path_writable(&dir)))
		err = inode_permission(d, MAY_WRITE | MAY_EXEC);
	if (!err && !d->ops->tmpfile)
		err = -EOPNOTSUPP;
	if (!err)
		err = d->ops->tmpfile(d, &i, S_IFREG | (r->mode & 07777 & ~fs_current()->umask));
	if (!err) {
		char shown[24];
		if (!(r->flags & O_EXCL))
			i->flags |= INODE_LINKABLE;
		scnprintf(shown, sizeof shown, "#%lu", i->ino);
		p = (struct path){ dir.mount, dentry_alloc(dir.dentry, shown, strlen(shown)) };
		if (p.dentry) {
			dentry_drop(p.dentry); /* readdir does not list it */
			p.dentry->inode = i;
			mount_get(p.mount);
			r->flags &= ~O_DIRECTORY;
			err = file_new(&p, r, true, out);
		} else {
			inode_put(i);
			err = -ENOMEM;
		}
	}
	path_put(&dir);
	return err;
}

static int open_name(int dirfd, const char *name, struct open_request *r, struct file **out)
{
	if (unlikely(r->flags & __O_TMPFILE))
		return open_tmpfile(dirfd, name, r, out);
	return path_open(dirfd, name, r, out);
}

static s64 open_user(int dirfd, uptr_t name, struct open_request *r)
{
	USER_NAME(u);
	struct file *f;
	int err = user_name_get(&u, name, 0);

	if (likely(!err))
		err = open_name(dirfd, u.s, r, &f);
	if (unlikely(err))
		return err;
	return fd_install_new(f, r->flags & O_CLOEXEC);
}

s64 sys_openat(int dirfd, uptr_t name, int flags, uint mode)
{
	struct open_request r;
	int err = request_make(&r, flags & OPEN_FLAGS, mode);

	return err ? err : open_user(dirfd, name, &r);
}

s64 sys_open(uptr_t name, int flags, uint mode)
{
	return sys_openat(AT_FDCWD, name, flags, mode);
}

s64 sys_creat(uptr_t name, uint mode)
{
	return sys_openat(AT_FDCWD, name, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

/* A struct from user space that may be older (shorter: zeros follow) or newer (the rest must be zeros). */
static int copy_struct(void *dst, size_t size, uptr_t src, size_t usize)
{
	u8 rest[64];

	memset(dst, 0, size);
	if (copy_from_user(dst, src, min(size, usize)))
		return -EFAULT;
	for (size_t at = size; at < usize;) {
		size_t n = min(usize - at, sizeof rest);
		if (copy_from_user(rest, uptr_add(src, at), n))
			return -EFAULT;
		if (memchr_inv(rest, 0, n))
			return -E2BIG;
		at += n;
	}
	return 0;
}

static int resolve_flags(u64 resolve, unsigned *lookup)
{
	if (resolve & ~(u64)(RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH |
			     RESOLVE_IN_ROOT | RESOLVE_CACHED))
		return -EINVAL;
	if ((resolve & (RESOLVE_BENEATH | RESOLVE_IN_ROOT)) == (RESOLVE_BENEATH | RESOLVE_IN_ROOT))
		return -EINVAL;
	if (resolve & RESOLVE_CACHED)
		return -EAGAIN; /* may always be answered so: the caller tries again without */
	if (resolve & RESOLVE_NO_XDEV)
		*lookup |= LOOKUP_NO_XDEV;
	if (resolve & RESOLVE_NO_MAGICLINKS)
		*lookup |= LOOKUP_NO_MAGICLINKS;
	if (resolve & RESOLVE_NO_SYMLINKS)
		*lookup |= LOOKUP_NO_SYMLINKS | LOOKUP_NO_MAGICLINKS;
	if (resolve & RESOLVE_BENEATH)
		*lookup |= LOOKUP_BENEATH;
	if (resolve & RESOLVE_IN_ROOT)
		*lookup |= LOOKUP_IN_ROOT;
	return 0;
}

s64 sys_openat2(int dirfd, uptr_t name, uptr_t uhow, size_t usize)
{
	struct open_how how;
	struct open_request r;
	int err;

	if (usize < sizeof how)
		return -EINVAL;
	if (usize > PAGE_SIZE)
		return -E2BIG;
	if ((err = copy_struct(&how, sizeof how, uhow, usize)))
		return err;
	if (how.flags & ~(u64)(u32)OPEN_FLAGS || how.mode & ~(u64)07777)
		return -EINVAL;
	if (how.mode && !(how.flags & (O_CREAT | __O_TMPFILE)))
		return -EINVAL;
	if (how.flags & O_PATH && how.flags & ~(u64)PATH_FLAGS)
		return -EINVAL;
	if ((err = request_make(&r, (int)how.flags, (u32)how.mode)))
		return err;
	if ((err = resolve_flags(how.resolve, &r.lookup)))
		return err;
	return open_user(dirfd, name, &r);
}

int vfs_open(int dirfd, const char *name, int flags, u32 mode, struct file **out)
{
	struct open_request r;
	size_t n = strlen(name);
	char *padded KFREE_GUARD = NULL;
	int err = request_make(&r, flags & OPEN_FLAGS, mode);

	if (err)
		return err;
	if (n >= PATH_LENGTH_MAX)
		return -ENAMETOOLONG;
	if (!(padded = kmalloc(n + 9, 0)))
		return -ENOMEM;
	memcpy(padded, name, n + 1);
	return open_name(dirfd, padded, &r, out);
}

int vfs_open_path(const struct path *p, int flags, struct file **out)
{
	struct open_request r;
	struct path own = *p;
	int err = request_make(&r, flags & OPEN_FLAGS & ~O_CREAT, 0);

	if (err)
		return err;
	path_get(&own);
	return file_new(&own, &r, false, out);
}

int vfs_open_exec(const struct path *p, struct file **out)
{
	struct open_request r = { .flags = O_RDONLY, .access = MAY_EXEC };
	struct path own = *p;

	path_get(&own);
	return file_new(&own, &r, false, out);
}

/* --- Truncation ------------------------------------------------------------------------------- */

int inode_truncate(const struct path *p, struct file *f, u64 size)
{
	struct inode *i = p->dentry->inode;
	struct setattr a = { .valid = SETATTR_SIZE | SETATTR_MTIME | SETATTR_CTIME, .size = size };
	int err = rwsem_write_lock_killable(&i->lock);

	if (err)
		return err;
	if (i->flags & INODE_APPEND && !(f && f->flags & O_TRUNC))
		err = -EPERM;
	a.mtime = timestamp_now();
	if (!err && i->ops && i->ops->setattr) {
		err = i->ops->setattr(i, &a);
		if (!err)
			inode_strip_suid(i);
	} else if (!err && i->cache) {
		err = page_cache_resize(i, size);
		if (!err) {
			inode_strip_suid(i);
			inode_touch(i, SETATTR_MTIME | SETATTR_CTIME);
		}
	}
	rwsem_write_unlock(&i->lock);
	return err;
}

/* The new size against limits. */
static int check_size(const struct inode *i, u64 size)
{
	if (size > i->size && size > rlimit_current(RLIMIT_FSIZE)) {
		if (fs_send_sigxfsz)
			fs_send_sigxfsz();
		return -EFBIG;
	}
	return size > i->super->max_file_size ? -EFBIG : 0;
}

s64 sys_truncate(uptr_t name, slong size)
{
	struct path p;

	if (size < 0)
		return -EINVAL;
	int err = path_lookup_user(AT_FDCWD, name, LOOKUP_FOLLOW, &p);
	if (err)
		return err;
	struct inode *i = p.dentry->inode;
	if (inode_is(i, S_IFDIR))
		err = -EISDIR;
	else if (!inode_is(i, S_IFREG))
		err = -EINVAL;
	else if (!(err = path_writable(&p)) && !(err = inode_permission(i, MAY_WRITE)) &&
		 !(err = inode_deny_exec(i))) {
		if (!(err = check_size(i, (u64)size)))
			err = inode_truncate(&p, NULL, (u64)size);
		inode_allow_exec(i);
	}
	path_put(&p);
	return err;
}

s64 sys_ftruncate(int fd, slong size)
{
	if (size < 0)
		return -EINVAL;
	FD_GUARD(f, fd);
	if (!f)
		return -EBADF;
	if (!inode_is(f->inode, S_IFREG) || !(f->mode & FMODE_WRITE))
		return -EINVAL;
	int err = check_size(f->inode, (u64)size);
	return err ? err : inode_truncate(&f->path, f, (u64)size);
}
