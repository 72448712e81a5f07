/* SPDX-License-Identifier: MIT */
/* Changing attributes: chmod, chown, utimensat and its ancestors. */
#include <fs/internal.h>
#include <linux/time.h>
#include <syscall/handlers.h>
#include <time/clock.h>

/*
 * Who may change what is decided with the inode's lock held: an owner's chmod that was allowed
 * before a chown, but done after it, would make a set-user-ID program of the new owner's.
 */
static int apply(struct inode *i, const struct setattr *a)
{
	if (i->flags & (INODE_IMMUTABLE | INODE_APPEND))
		return -EPERM;
	if (i->ops && i->ops->setattr)
		return i->ops->setattr(i, a);
	inode_apply(i, a);
	return 0;
}

static unsigned lookup_of_at(int flags)
{
	return (flags & AT_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW) | (flags & AT_EMPTY_PATH ? LOOKUP_EMPTY : 0);
}

/* --- chmod ------------------------------------------------------------------------------------ */

static int chmod_locked(struct inode *i, u32 mode)
{
	struct setattr a = { .valid = SETATTR_MODE, .mode = mode & 07777 };

	if (!inode_owner_or_capable(i))
		return -EPERM;
	if (inode_is(i, S_IFLNK))
		return -EOPNOTSUPP;
	if (!cred_in_group(current->cred, i->gid) && !capable(CAP_FSETID))
		a.mode &= ~(u32)S_ISGID;
	return apply(i, &a);
}

static int do_chmod(const struct path *p, u32 mode)
{
	struct inode *i = p->dentry->inode;
	int err = path_writable(p);

	if (err)
		return err;
	rwsem_write_lock(&i->lock);
	err = chmod_locked(i, mode);
	rwsem_write_unlock(&i->lock);
	return err;
}

s64 sys_fchmodat(int dirfd, uptr_t name, uint mode)
{
	struct path p;
	int err = path_lookup_user(dirfd, name, LOOKUP_FOLLOW, &p);

	if (err)
		return err;
	err = do_chmod(&p, mode);
	path_put(&p);
	return err;
}

s64 sys_chmod(uptr_t name, uint mode)
{
	return sys_fchmodat(AT_FDCWD, name, mode);
}

s64 sys_fchmod(int fd, uint mode)
{
	FD_GUARD(f, fd);
	return f ? do_chmod(&f->path, mode) : -EBADF;
}

/* --- chown ------------------------------------------------------------------------------------ */

static int may_chown(const struct inode *i, const struct setattr *a)
{
	const struct cred *c = current->cred;
	bool owner = c->fsuid == i->uid;

	if (a->valid & SETATTR_UID && !(owner && a->uid == i->uid) && !capable(CAP_CHOWN))
		return -EPERM;
	if (a->valid & SETATTR_GID && !(owner && (cred_in_group(c, a->gid) || a->gid == i->gid)) && !capable(CAP_CHOWN))
		return -EPERM;
	return 0;
}

static int chown_locked(struct inode *i, u32 uid, u32 gid)
{
	struct setattr a = { .uid = uid, .gid = gid };
	int err;

	if (uid != (u32)-1)
		a.valid |= SETATTR_UID;
	if (gid != (u32)-1)
		a.valid |= SETATTR_GID;
	if ((err = may_chown(i, &a)))
		return err;
	if (!inode_is(i, S_IFDIR) && i->mode & (S_ISUID | S_ISGID)) {
		a.valid |= SETATTR_MODE;
		a.mode = i->mode & 07777 & ~(u32)S_ISUID;
		if (a.mode & S_IXGRP)
			a.mode &= ~(u32)S_ISGID;
	}
	a.valid |= SETATTR_CTIME;
	return apply(i, &a);
}

static int do_chown(const struct path *p, u32 uid, u32 gid)
{
	struct inode *i = p->dentry->inode;
	int err = path_writable(p);

	if (err)
		return err;
	rwsem_write_lock(&i->lock);
	err = chown_locked(i, uid, gid);
	rwsem_write_unlock(&i->lock);
	return err;
}

s64 sys_fchownat(int dirfd, uptr_t name, uint uid, uint gid, int flags)
{
	struct path p;

	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	int err = path_lookup_user(dirfd, name, lookup_of_at(flags), &p);
	if (err)
		return err;
	err = do_chown(&p, uid, gid);
	path_put(&p);
	return err;
}

s64 sys_chown(uptr_t name, uint uid, uint gid)
{
	return sys_fchownat(AT_FDCWD, name, uid, gid, 0);
}

s64 sys_lchown(uptr_t name, uint uid, uint gid)
{
	return sys_fchownat(AT_FDCWD, name, uid, gid, AT_SYMLINK_NOFOLLOW);
}

s64 sys_fchown(int fd, uint uid, uint gid)
{
	FD_GUARD(f, fd);
	return f ? do_chown(&f->path, uid, gid) : -EBADF;
}

/* --- Times ------------------------------------------------------------------------------------ */

#ifndef UTIME_NOW
#define UTIME_NOW ((1L << 30) - 1L)
#define UTIME_OMIT ((1L << 30) - 2L)
#endif

/* What the caller wants: two times; `now`: both are the present one. */
struct times {
	struct timestamp t[2];
	bool omit[2], explicit[2];
};

static int utimes_locked(struct inode *i, const struct times *w)
{
	struct setattr a = { .valid = SETATTR_CTIME, .atime = w->t[0], .mtime = w->t[1] };
	int err;

	if (!w->omit[0])
		a.valid |= SETATTR_ATIME;
	if (!w->omit[1])
		a.valid |= SETATTR_MTIME;
	bool both_now = !w->omit[0] && !w->omit[1] && !w->explicit[0] && !w->explicit[1];
	if (w->omit[0] && w->omit[1])
		return 0;
	if (i->flags & INODE_IMMUTABLE || (i->flags & INODE_APPEND && !both_now))
		return -EPERM;
	if (!inode_owner_or_capable(i)) {
		if (!both_now)
			return -EPERM;
		if ((err = inode_permission(i, MAY_WRITE)))
			return err;
	}
	return apply(i, &a);
}

static int do_utimes(const struct path *p, const struct times *w)
{
	struct inode *i = p->dentry->inode;
	int err = path_writable(p);

	if (err)
		return err;
	rwsem_write_lock(&i->lock);
	err = utimes_locked(i, w);
	rwsem_write_unlock(&i->lock);
	return err;
}

static s64 utimes_at(int dirfd, uptr_t name, const struct times *w, int flags)
{
	struct path p;

	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if (uptr_null(name)) { /* the descriptor itself */
		if (dirfd == AT_FDCWD)
			return -EFAULT;
		if (flags)
			return -EINVAL;
		FD_GUARD(f, dirfd);
		return f ? do_utimes(&f->path, w) : -EBADF;
	}
	int err = path_lookup_user(dirfd, name, lookup_of_at(flags), &p);
	if (err)
		return err;
	err = do_utimes(&p, w);
	path_put(&p);
	return err;
}

static void times_now(struct times *w)
{
	u64 ns = clock_realtime_ns();

	memset(w, 0, sizeof *w);
	w->t[0] = w->t[1] = (struct timestamp){ .sec = (s64)(ns / NSEC_PER_SEC), .nsec = (u32)(ns % NSEC_PER_SEC) };
}

s64 sys_utimensat(int dirfd, uptr_t name, uptr_t utimes, int flags)
{
	struct times w;
	struct { s64 sec, nsec; } t[2];

	times_now(&w);
	if (uptr_null(utimes))
		return utimes_at(dirfd, name, &w, flags);
	if (copy_from_user(t, utimes, sizeof t))
		return -EFAULT;
	if (t[0].nsec == UTIME_OMIT && t[1].nsec == UTIME_OMIT)
		return 0;
	for (int i = 0; i < 2; i++) {
		if (t[i].nsec == UTIME_NOW)
			continue;
		if (t[i].nsec == UTIME_OMIT) {
			w.omit[i] = true;
			continue;
		}
		if (t[i].nsec < 0 || t[i].nsec >= (s64)NSEC_PER_SEC)
			return -EINVAL;
		w.explicit[i] = true;
		w.t[i] = (struct timestamp){ .sec = t[i].sec, .nsec = (u32)t[i].nsec };
	}
	return utimes_at(dirfd, name, &w, flags);
}

s64 sys_futimesat(int dirfd, uptr_t name, uptr_t utimes)
{
	struct times w;
	struct { s64 sec, usec; } t[2];

	times_now(&w);
	if (!uptr_null(utimes)) {
		if (copy_from_user(t, utimes, sizeof t))
			return -EFAULT;
		for (int i = 0; i < 2; i++) {
			if (t[i].usec < 0 || t[i].usec >= 1000000)
				return -EINVAL;
			w.explicit[i] = true;
			w.t[i] = (struct timestamp){ .sec = t[i].sec, .nsec = (u32)t[i].usec * 1000 };
		}
	}
	return utimes_at(dirfd, name, &w, 0);
}

s64 sys_utimes(uptr_t name, uptr_t utimes)
{
	return sys_futimesat(AT_FDCWD, name, utimes);
}

s64 sys_utime(uptr_t name, uptr_t utimes)
{
	struct times w;
	s64 t[2];

	times_now(&w);
	if (!uptr_null(utimes)) {
		if (copy_from_user(t, utimes, sizeof t))
			return -EFAULT;
		for (int i = 0; i < 2; i++) {
			w.explicit[i] = true;
			w.t[i] = (struct timestamp){ .sec = t[i] };
		}
	}
	return utimes_at(AT_FDCWD, name, &w, 0);
}
