/* SPDX-License-Identifier: MIT */
/* The calls that make, name, connect and close sockets: arguments are checked here, the work is the family's. */
#include <syscall/handlers.h>
#include <linux/errno.h>

#include "internal.h"

/* --- Addresses ---------------------------------------------------------------------------------- */

int address_get(struct address *a, uptr_t p, u32 length)
{
	if (length > sizeof a->storage)
		return -EINVAL;
	a->length = length;
	if (!length) {
		a->storage.ss_family = AF_UNSPEC;
		return 0;
	}
	return copy_from_user(&a->storage, p, length);
}

int address_put(const struct address *a, uptr_t p, uptr_t length)
{
	u32 room;

	if (get_user_u32(&room, length))
		return -EFAULT;
	if ((s32)room < 0)
		return -EINVAL;
	room = min(room, a->length);
	if (room && copy_to_user(p, &a->storage, room))
		return -EFAULT;
	return put_user_u32(length, a->length);
}

/* --- Making ------------------------------------------------------------------------------------- */

static int create(int family, int type, int protocol, struct socket **out)
{
	if ((u32)family >= AF_MAX)
		return -EAFNOSUPPORT;
	if ((u32)type >= SOCK_MAX)
		return -EINVAL;
	const struct socket_family *f = socket_family_find(family);
	return f ? f->create(type, protocol, out) : -EAFNOSUPPORT;
}

s64 sys_socket(int family, int type, int protocol)
{
	int flags = type & ~SOCK_TYPE_MASK;
	struct socket *s;
	struct file *f;

	if (flags & ~(SOCK_CLOEXEC | SOCK_NONBLOCK))
		return -EINVAL;
	int err = create(family, type & SOCK_TYPE_MASK, protocol, &s);
	if (err || (err = socket_file_new(s, flags, &f)))
		return err;
	return fd_install_new(f, flags & SOCK_CLOEXEC);
}

/* Two sockets that are joined, in files. */
static int make_pair(int family, int type, int protocol, int flags, struct file *end[2])
{
	struct socket *s[2];
	int err = create(family, type, protocol, &s[0]);

	if (err)
		return err;
	if ((err = create(family, type, protocol, &s[1]))) {
		s[0]->ops->release(s[0]);
		return err;
	}
	const struct socket_family *f = socket_family_find(family);
	err = f->pair ? f->pair(s[0], s[1]) : -EOPNOTSUPP;
	if (err) {
		s[0]->ops->release(s[0]);
		s[1]->ops->release(s[1]);
		return err;
	}
	if ((err = socket_file_new(s[0], flags, &end[0]))) {
		s[1]->ops->release(s[1]);
		return err;
	}
	if ((err = socket_file_new(s[1], flags, &end[1])))
		file_put(end[0]);
	return err;
}

s64 sys_socketpair(int family, int type, int protocol, uptr_t out)
{
	int flags = type & ~SOCK_TYPE_MASK;
	struct file *end[2];

	if (flags & ~(SOCK_CLOEXEC | SOCK_NONBLOCK))
		return -EINVAL;
	int err = make_pair(family, type & SOCK_TYPE_MASK, protocol, flags, end);
	return err ? err : fd_install_pair(end, flags & SOCK_CLOEXEC, out);
}

/* --- Connecting --------------------------------------------------------------------------------- */

s64 sys_bind(int fd, uptr_t name, int length)
{
	struct address a;

	SOCKET_GUARD(s, fd);
	if (!s)
		return s_error;
	int err = address_get(&a, name, (u32)length);
	return err ? err : s->ops->bind(s, &a);
}

s64 sys_connect(int fd, uptr_t name, int length)
{
	struct address a;

	SOCKET_GUARD(s, fd);
	if (!s)
		return s_error;
	int err = address_get(&a, name, (u32)length);
	return err ? err : s->ops->connect(s, &a, s_file->flags & O_NONBLOCK);
}

s64 sys_listen(int fd, int backlog)
{
	SOCKET_GUARD(s, fd);
	if (!s)
		return s_error;
	return s->ops->listen(s, (int)min((u64)(u32)backlog, READ_ONCE(socket_backlog_max)));
}

s64 sys_accept4(int fd, uptr_t name, uptr_t length, int flags)
{
	struct socket *new;
	struct address a;
	struct file *f;

	if (flags & ~(SOCK_CLOEXEC | SOCK_NONBLOCK))
		return -EINVAL;
	SOCKET_GUARD(s, fd);
	if (!s)
		return s_error;
	int at = fd_reserve(0, flags & SOCK_CLOEXEC);
	if (at < 0)
		return at;
	int err = s->ops->accept(s, s_file->flags & O_NONBLOCK, &new);
	if (!err)
		err = socket_file_new(new, flags, &f);
	if (!err && !uptr_null(name)) {
		if (!(err = new->ops->name(new, true, &a)))
			err = address_put(&a, name, length);
		if (err) {
			err = err == -ENOTCONN ? -ECONNABORTED : err;
			file_put(f);
		}
	}
	if (err) {
		fd_unreserve(at);
		return err;
	}
	fd_install(at, f);
	return at;
}

s64 sys_accept(int fd, uptr_t name, uptr_t length)
{
	return sys_accept4(fd, name, length, 0);
}

static s64 get_name(int fd, uptr_t name, uptr_t length, bool peer)
{
	struct address a;

	SOCKET_GUARD(s, fd);
	if (!s)
		return s_error;
	int err = s->ops->name(s, peer, &a);
	return err ? err : address_put(&a, name, length);
}

s64 sys_getsockname(int fd, uptr_t name, uptr_t length)
{
	return get_name(fd, name, length, false);
}

s64 sys_getpeername(int fd, uptr_t name, uptr_t length)
{
	return get_name(fd, name, length, true);
}

s64 sys_shutdown(int fd, int how)
{
	SOCKET_GUARD(s, fd);
	if (!s)
		return s_error;
	if (how < SHUT_RD || how > SHUT_RDWR)
		return -EINVAL;
	return s->ops->shutdown(s, how);
}
