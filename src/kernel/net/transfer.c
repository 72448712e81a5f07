/* SPDX-License-Identifier: MIT */
/*
 * sendto, recvfrom, sendmsg, recvmsg and their plural forms: user memory becomes a struct transfer, and back.
 */
#include <fs/poll_waiter.h>
#include <syscall/handlers.h>
#include <linux/errno.h>

#include "internal.h"

#define VECTORS_FAST 8

struct vectors {
	struct iovec fast[VECTORS_FAST];
	struct iovec *all;
};

static void vectors_end(struct vectors *v)
{
	if (v->all != v->fast)
		kfree(v->all);
}

/* As vectors of readv, but that too many are -EMSGSIZE. */
static int vectors_get(struct vectors *v, const struct msghdr *h, struct uio *u)
{
	size_t left = 0x7ffff000, total = 0;
	u64 count = h->iov_count;

	v->all = v->fast;
	if (count > UIO_MAXIOV)
		return -EMSGSIZE;
	if (count > VECTORS_FAST && !(v->all = kmalloc(count * sizeof *v->all, 0)))
		return -ENOMEM;
	if (copy_from_user(v->all, UPTR(h->iov), count * sizeof *v->all))
		return -EFAULT;
	for (u64 i = 0; i < count; i++) {
		struct iovec *e = &v->all[i];
		if ((ssize_t)e->iov_len < 0)
			return -EINVAL;
		if (!user_range_ok(UPTR((u64)e->iov_base), e->iov_len))
			return -EFAULT;
		e->iov_len = min(e->iov_len, left);
		left -= e->iov_len;
		total += e->iov_len;
	}
	*u = (struct uio){ .left = total, .next = v->all, .count = (u32)count };
	if (total)
		uio_start(u);
	return 0;
}

static int buffer_get(struct uio *u, uptr_t buf, size_t n)
{
	if (!user_range_ok(buf, n))
		return -EFAULT;
	*u = uio_user(buf, min(n, 0x7ffff000UL));
	return 0;
}

/* --- Sending ------------------------------------------------------------------------------------ */

static void send_begin(struct transfer *t, struct uio *u, struct file *f, u32 flags)
{
	*t = (struct transfer){ .data = u, .flags = flags, .nowait = flags & MSG_DONTWAIT || f->flags & O_NONBLOCK };
}

s64 sys_sendto(int fd, uptr_t buf, size_t n, uint flags, uptr_t name, int length)
{
	struct transfer t;
	struct address a;
	struct uio u;

	int err = buffer_get(&u, buf, n);
	if (err)
		return err;
	SOCKET_GUARD(s, fd);
	if (!s)
		return s_error;
	send_begin(&t, &u, s_file, flags);
	if (!uptr_null(name)) {
		if ((err = address_get(&a, name, (u32)length)))
			return err;
		t.to = &a;
	}
	return s->ops->send(s, &t);
}

static s64 send_header(struct socket *s, struct file *f, const struct msghdr *h, u32 flags)
{
	struct transfer t;
	struct vectors v;
	struct address a;
	struct uio u;

	send_begin(&t, &u, f, flags);
	if (h->name && h->name_length) {
		if ((s32)h->name_length < 0)
			return -EINVAL;
		int e = address_get(&a, UPTR(h->name), min(h->name_length, (u32)sizeof a.storage));
		if (e)
			return e;
		t.to = &a;
	}
	s64 r = vectors_get(&v, h, &u);
	if (!r && h->control_length)
		r = control_get(&t, UPTR(h->control), h->control_length);
	if (!r)
		r = s->ops->send(s, &t);
	if (t.rights)
		rights_drop(t.rights);
	vectors_end(&v);
	return r;
}

s64 sys_sendmsg(int fd, uptr_t umsg, uint flags)
{
	struct msghdr h;

	if (flags & MSG_CMSG_COMPAT)
		return -EINVAL;
	SOCKET_GUARD(s, fd);
	if (!s)
		return s_error;
	if (copy_from_user(&h, umsg, sizeof h))
		return -EFAULT;
	return send_header(s, s_file, &h, flags);
}

s64 sys_sendmmsg(int fd, uptr_t umsgs, uint count, uint flags)
{
	struct mmsghdr m;
	s64 r = 0;
	uint done = 0;

	if (flags & MSG_CMSG_COMPAT)
		return -EINVAL;
	SOCKET_GUARD(s, fd);
	if (!s)
		return s_error;
	for (count = min(count, (uint)UIO_MAXIOV); done < count; done++) {
		uptr_t at = uptr_add(umsgs, done * sizeof m);
		if (copy_from_user(&m, at, sizeof m))
			r = -EFAULT;
		else
			r = send_header(s, s_file, &m.header, flags);
		if (r < 0)
			break;
		if (put_user_u32(uptr_add(at, offsetof(struct mmsghdr, length)), (u32)r)) {
			r = -EFAULT;
			break;
		}
		if (poll_interrupted()) {
			done++;
			break;
		}
		cond_resched();
	}
	return done ? done : r;
}

/* --- Receiving ---------------------------------------------------------------------------------- */

static void receive_begin(struct transfer *t, struct uio *u, struct file *f, u32 flags, struct address *from)
{
	*t = (struct transfer){
		.data = u, .flags = flags, .nowait = flags & MSG_DONTWAIT || f->flags & O_NONBLOCK, .from = from,
	};
	from->length = 0;
}

s64 sys_recvfrom(int fd, uptr_t buf, size_t n, uint flags, uptr_t name, uptr_t length)
{
	struct transfer t;
	struct address a;
	struct uio u;

	int err = buffer_get(&u, buf, n);
	if (err)
		return err;
	SOCKET_GUARD(s, fd);
	if (!s)
		return s_error;
	receive_begin(&t, &u, s_file, flags, &a);
	s64 r = s->ops->receive(s, &t);
	if (t.rights)
		rights_drop(t.rights);
	if (r >= 0 && !uptr_null(name) && address_put(&a, name, length))
		return -EFAULT;
	return r;
}

/* The results of a recvmsg to the user's header at `to`. */
static int header_put(struct transfer *t, struct msghdr *h, const struct address *from, uptr_t to)
{
	uptr_t name_length = uptr_add(to, offsetof(struct msghdr, name_length));

	control_put(t, h);
	h->flags |= t->result_flags | (t->flags & MSG_CMSG_CLOEXEC);
	if (h->name) {
		u32 room = min(h->name_length, from->length);
		if (room && copy_to_user(UPTR(h->name), &from->storage, room))
			return -EFAULT;
		if (put_user_u32(name_length, from->length))
			return -EFAULT;
	}
	if (put_user_u32(uptr_add(to, offsetof(struct msghdr, flags)), h->flags))
		return -EFAULT;
	return put_user_u64(uptr_add(to, offsetof(struct msghdr, control_length)), h->control_length);
}

static s64 receive_header(struct socket *s, struct file *f, uptr_t umsg, u32 flags, bool nowait)
{
	struct transfer t;
	struct vectors v;
	struct address a;
	struct msghdr h;
	struct uio u;

	if (copy_from_user(&h, umsg, sizeof h))
		return -EFAULT;
	if (h.name && (s32)h.name_length < 0)
		return -EINVAL;
	receive_begin(&t, &u, f, flags, &a);
	t.nowait |= nowait;
	s64 r = vectors_get(&v, &h, &u);
	if (!r)
		r = s->ops->receive(s, &t);
	if (r >= 0) {
		int err = header_put(&t, &h, &a, umsg);
		if (err)
			r = err;
	}
	if (t.rights)
		rights_drop(t.rights);
	vectors_end(&v);
	return r;
}

s64 sys_recvmsg(int fd, uptr_t umsg, uint flags)
{
	if (flags & MSG_CMSG_COMPAT)
		return -EINVAL;
	SOCKET_GUARD(s, fd);
	return s ? receive_header(s, s_file, umsg, flags, false) : s_error;
}

s64 sys_recvmmsg(int fd, uptr_t umsgs, uint count, uint flags, uptr_t timeout)
{
	u64 deadline;
	uint done = 0;
	s64 r = 0;

	if (flags & MSG_CMSG_COMPAT)
		return -EINVAL;
	int err = poll_deadline_get(timeout, &deadline);
	if (err)
		return err;
	SOCKET_GUARD(s, fd);
	if (!s)
		return s_error;
	for (count = min(count, (uint)UIO_MAXIOV); done < count;) {
		uptr_t at = uptr_add(umsgs, done * sizeof(struct mmsghdr));
		r = receive_header(s, s_file, at, flags & ~(u32)MSG_WAITFORONE, done && flags & MSG_WAITFORONE);
		if (r < 0)
			break;
		if (put_user_u32(uptr_add(at, offsetof(struct mmsghdr, length)), (u32)r)) {
			r = -EFAULT;
			break;
		}
		done++;
		/* As documented: the time-out is looked at after each message only. */
		if (deadline != POLL_FOREVER && (deadline == POLL_AT_ONCE || !poll_remaining(deadline)))
			break;
		cond_resched();
	}
	r = done ? (s64)done : r;
	return uptr_null(timeout) || r < 0 ? r : poll_put_remaining(timeout, deadline, r);
}
