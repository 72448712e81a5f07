/* SPDX-License-Identifier: MIT */
/* close, dup, fcntl and ioctl: calls on descriptors rather than on files. */
#include <fs/internal.h>
#include <linux/close_range.h>
#include <asm/ioctls.h>
#include <syscall/handlers.h>

#define SETFL_FLAGS (O_APPEND | O_NONBLOCK | O_NDELAY | O_DIRECT | O_NOATIME)
#ifndef FASYNC
#define FASYNC 00020000
#endif

s64 sys_close(int fd)
{
	s64 r = fd_close(fd);

	/* The descriptor is gone: the call must not be made again. */
	return unlikely(r <= -ERESTARTSYS) ? -EINTR : r;
}

s64 sys_close_range(uint first, uint last, uint flags)
{
	if (flags & ~(CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC) || first > last)
		return -EINVAL;
	if (flags & CLOSE_RANGE_UNSHARE && ref_read(&current->files->refs) > 1) {
		struct files *own, *old = current->files;
		int err = files_copy(old, &own);
		if (err)
			return err;
		spin_lock(&current->objects_lock);
		current->files = own;
		spin_unlock(&current->objects_lock);
		files_put(old);
	}
	fd_close_range(first, last, flags & CLOSE_RANGE_CLOEXEC);
	return 0;
}

static s64 dup_from(int fd, u32 from, bool cloexec)
{
	FD_GUARD_ANY(f, fd);
	if (!f)
		return -EBADF;
	file_get(f);
	return fd_install_from(f, from, cloexec);
}

s64 sys_dup(int fd)
{
	return dup_from(fd, 0, false);
}

s64 sys_dup3(int old, int new, int flags)
{
	if (flags & ~O_CLOEXEC || old == new)
		return -EINVAL;
	FD_GUARD_ANY(f, old);
	return f ? fd_replace(new, f, flags & O_CLOEXEC) : -EBADF;
}

s64 sys_dup2(int old, int new)
{
	FD_GUARD_ANY(f, old);
	if (!f)
		return -EBADF;
	return old == new ? new : fd_replace(new, f, false);
}

/* --- fcntl ------------------------------------------------------------------------------------ */

static s64 set_flags(struct file *f, u32 arg)
{
	if (!(arg & O_APPEND) && f->flags & O_APPEND && f->inode->flags & INODE_APPEND)
		return -EPERM;
	if (arg & O_NOATIME && !(f->flags & O_NOATIME) && !inode_owner_or_capable(f->inode))
		return -EPERM;
	if (arg & O_DIRECT && !f->ops->direct)
		return -EINVAL;
	SPIN_GUARD(&f->lock);
	f->flags = (f->flags & ~(u32)SETFL_FLAGS) | (arg & SETFL_FLAGS);
	return 0;
}

static s64 set_owner(struct file *f, pid_t who)
{
	f->owner = who;
	return 0;
}

static s64 owner_ex(struct file *f, uptr_t arg, bool set)
{
	struct f_owner_ex o;

	if (!set) {
		o.type = f->owner < 0 ? F_OWNER_PGRP : F_OWNER_PID;
		o.pid = f->owner < 0 ? -f->owner : f->owner;
		return copy_to_user(arg, &o, sizeof o);
	}
	if (copy_from_user(&o, arg, sizeof o))
		return -EFAULT;
	if (o.type != F_OWNER_TID && o.type != F_OWNER_PID && o.type != F_OWNER_PGRP)
		return -EINVAL;
	return set_owner(f, o.type == F_OWNER_PGRP ? -o.pid : o.pid);
}

static s64 fcntl_file(struct file *f, int cmd, ulong arg)
{
	switch (cmd) {
	case F_SETFL:
		return set_flags(f, (u32)arg);
	case F_GETLK:
	case F_OFD_GETLK:
		return file_lock_get(f, cmd, UPTR(arg));
	case F_SETLK:
	case F_SETLKW:
	case F_OFD_SETLK:
	case F_OFD_SETLKW:
		return file_lock_set(f, cmd, UPTR(arg));
	case F_GETOWN:
		return f->owner;
	case F_SETOWN:
		return set_owner(f, (pid_t)arg);
	case F_GETOWN_EX:
	case F_SETOWN_EX:
		return owner_ex(f, UPTR(arg), cmd == F_SETOWN_EX);
	case F_GETSIG:
		return f->owner_signal;
	case F_SETSIG:
		if (arg > 64)
			return -EINVAL;
		f->owner_signal = (s32)arg;
		return 0;
	case F_GETPIPE_SZ:
		return pipe_get_size(f);
	case F_SETPIPE_SZ:
		return pipe_set_size(f, arg);
	case F_ADD_SEALS:
		return memfd_add_seals(f, (unsigned)arg);
	case F_GET_SEALS:
		return memfd_get_seals(f);
	case F_GETLEASE:
		return F_UNLCK;
	default:
		return -EINVAL;
	}
}

s64 sys_fcntl(int fd, int cmd, ulong arg)
{
	FD_GUARD_ANY(f, fd);
	if (!f)
		return -EBADF;
	switch (cmd) {
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
		if (arg >= rlimit_current(RLIMIT_NOFILE))
			return -EINVAL;
		file_get(f);
		return fd_install_from(f, (u32)arg, cmd == F_DUPFD_CLOEXEC);
	case F_GETFD:
		return fd_flags_get(fd);
	case F_SETFD:
		return fd_flags_set(fd, arg & FD_CLOEXEC);
	case F_GETFL:
		return f->flags;
	}
	return f->mode & FMODE_PATH ? -EBADF : fcntl_file(f, cmd, arg);
}

/* --- ioctl ------------------------------------------------------------------------------------ */

static s64 ioctl_nonblock(struct file *f, uptr_t arg)
{
	u32 on;

	if (get_user_u32(&on, arg))
		return -EFAULT;
	SPIN_GUARD(&f->lock);
	f->flags = on ? f->flags | O_NONBLOCK : f->flags & ~(u32)O_NONBLOCK;
	return 0;
}

s64 sys_ioctl(int fd, uint cmd, ulong arg)
{
	FD_GUARD(f, fd);
	if (!f)
		return -EBADF;
	switch (cmd) {
	case FIOCLEX:
	case FIONCLEX:
		return fd_flags_set(fd, cmd == FIOCLEX);
	case FIONBIO:
		return ioctl_nonblock(f, UPTR(arg));
	case FIOQSIZE:
		if (!inode_is(f->inode, S_IFREG) && !inode_is(f->inode, S_IFDIR) && !inode_is(f->inode, S_IFLNK))
			return -ENOTTY;
		return put_user_u64(UPTR(arg), f->inode->size);
	case FIONREAD:
		if (inode_is(f->inode, S_IFREG) && f->inode->cache)
			return put_user_u32(UPTR(arg), (u32)(f->inode->size - f->pos));
		break;
	}
	return f->ops->ioctl ? f->ops->ioctl(f, cmd, UPTR(arg)) : -ENOTTY;
}
