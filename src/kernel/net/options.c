/* SPDX-License-Identifier: MIT */
/* getsockopt and setsockopt: those of SOL_SOCKET. A family without options of its own has no others. */
#include <linux/errno.h>
#include <linux/time.h>
#include <syscall/handlers.h>
#include <time/clock.h>

#include "internal.h"

/* Switches, and the bit of struct socket's options. */
static const struct {
	u16 name;
	u16 bit;
} switches[] = {
	{ SO_DEBUG, SOCKET_DEBUG },         { SO_REUSEADDR, SOCKET_REUSEADDR },
	{ SO_REUSEPORT, SOCKET_REUSEPORT }, { SO_DONTROUTE, SOCKET_DONTROUTE },
	{ SO_BROADCAST, SOCKET_BROADCAST }, { SO_KEEPALIVE, SOCKET_KEEPALIVE },
	{ SO_OOBINLINE, SOCKET_OOBINLINE }, { SO_PASSCRED, SOCKET_PASSCRED },
	{ SO_TIMESTAMP, SOCKET_TIMESTAMP }, { SO_TIMESTAMPNS, SOCKET_TIMESTAMPNS },
};

static u32 switch_bit(int name)
{
	for (unsigned i = 0; i < ARRAY_SIZE(switches); i++)
		if (switches[i].name == name)
			return switches[i].bit;
	return 0;
}

/* --- Setting ------------------------------------------------------------------------------------ */

#define SEND_LEAST 4608
#define RECEIVE_LEAST 2304

/* The double of what is asked for: half is for what the messages cost. */
static u32 limit_from(u32 asked, u64 most, u32 least)
{
	u32 n = (u32)min((u64)asked, most);

	return max(min(n, (u32)INT32_MAX / 2) * 2, least);
}

static int set_timeout(u64 *timeout, uptr_t value, u32 length)
{
	struct timeval tv;

	if (length < sizeof tv)
		return -EINVAL;
	if (copy_from_user(&tv, value, sizeof tv))
		return -EFAULT;
	if (tv.tv_usec < 0 || tv.tv_usec >= 1000000)
		return -EDOM;
	u64 ns = 0;
	if (tv.tv_sec < 0) /* never waits: as Linux, the least there is */
		ns = 1;
	else if ((u64)tv.tv_sec < INT64_MAX / NSEC_PER_SEC / 2)
		ns = (u64)tv.tv_sec * NSEC_PER_SEC + (u64)tv.tv_usec * NSEC_PER_USEC;
	WRITE_ONCE(*timeout, ns);
	return 0;
}

static int set_linger(struct socket *s, uptr_t value, u32 length)
{
	struct linger l;

	if (length < sizeof l)
		return -EINVAL;
	if (copy_from_user(&l, value, sizeof l))
		return -EFAULT;
	s->linger = (struct linger){ !!l.on, l.seconds };
	return 0;
}

static int set_number(struct socket *s, int name, s32 v)
{
	u32 bit = switch_bit(name);

	if (bit) {
		if (name == SO_DEBUG && v && !capable(CAP_NET_ADMIN))
			return -EACCES;
		if (v)
			atomic_or(&s->options, bit);
		else
			atomic_and(&s->options, ~bit);
		return 0;
	}
	switch (name) {
	case SO_SNDBUFFORCE:
	case SO_RCVBUFFORCE:
		if (!capable(CAP_NET_ADMIN))
			return -EPERM;
		if (name == SO_SNDBUFFORCE)
			s->send_limit = limit_from((u32)max(v, 0), INT32_MAX, SEND_LEAST);
		else
			s->receive_limit = limit_from((u32)max(v, 0), INT32_MAX, RECEIVE_LEAST);
		return 0;
	case SO_SNDBUF:
		s->send_limit = limit_from((u32)v, socket_send_max, SEND_LEAST);
		return 0;
	case SO_RCVBUF:
		s->receive_limit = limit_from((u32)v, socket_receive_max, RECEIVE_LEAST);
		return 0;
	case SO_RCVLOWAT:
		s->low_water = v < 0 ? INT32_MAX : v ? (u32)v : 1;
		return 0;
	case SO_PRIORITY:
		if ((v < 0 || v > 6) && !capable(CAP_NET_ADMIN))
			return -EPERM;
		s->priority = (u32)v;
		return 0;
	case SO_MARK:
		if (!capable(CAP_NET_ADMIN))
			return -EPERM;
		s->mark = (u32)v;
		return 0;
	case SO_PEEK_OFF:
		if (s->family != AF_UNIX)
			return -EOPNOTSUPP;
		s->peek_offset = v;
		return 0;
	case SO_TYPE:
	case SO_PROTOCOL:
	case SO_DOMAIN:
	case SO_ERROR:
		return -ENOPROTOOPT;
	default:
		return -ENOPROTOOPT;
	}
}

s64 sys_setsockopt(int fd, int level, int name, uptr_t value, int length)
{
	u32 v;

	SOCKET_GUARD(s, fd);
	if (!s)
		return s_error;
	if (length < 0)
		return -EINVAL;
	if (level != SOL_SOCKET)
		return -EOPNOTSUPP;
	if (length < sizeof v)
		return -EINVAL;
	if (get_user_u32(&v, value))
		return -EFAULT;
	switch (name) {
	case SO_RCVTIMEO_OLD:
	case SO_RCVTIMEO_NEW:
		return set_timeout(&s->receive_timeout, value, (u32)length);
	case SO_SNDTIMEO_OLD:
	case SO_SNDTIMEO_NEW:
		return set_timeout(&s->send_timeout, value, (u32)length);
	case SO_LINGER:
		return set_linger(s, value, (u32)length);
	default:
		return set_number(s, name, (s32)v);
	}
}

/* --- Getting ------------------------------------------------------------------------------------ */

static struct timeval timeval_of(u64 ns)
{
	return (struct timeval){ (s64)(ns / NSEC_PER_SEC), (s64)(ns % NSEC_PER_SEC / NSEC_PER_USEC) };
}

/* A plain number; -ENOPROTOOPT */
static int get_number(struct socket *s, int name, s32 *v)
{
	u32 bit = switch_bit(name);

	if (bit) {
		*v = !!(s->options & bit);
		return 0;
	}
	switch (name) {
	case SO_TYPE: *v = s->type; return 0;
	case SO_DOMAIN: *v = s->family; return 0;
	case SO_PROTOCOL: *v = s->protocol; return 0;
	case SO_ERROR: *v = -socket_take_error(s); return 0;
	case SO_SNDBUF: *v = (s32)s->send_limit; return 0;
	case SO_RCVBUF: *v = (s32)s->receive_limit; return 0;
	case SO_RCVLOWAT: *v = (s32)s->low_water; return 0;
	case SO_SNDLOWAT: *v = 1; return 0;
	case SO_ACCEPTCONN: *v = s->listening; return 0;
	case SO_PRIORITY: *v = (s32)s->priority; return 0;
	case SO_MARK: *v = (s32)s->mark; return 0;
	case SO_PEEK_OFF: *v = s->peek_offset; return s->family == AF_UNIX ? 0 : -EOPNOTSUPP;
	default: return -ENOPROTOOPT;
	}
}

/* At most `room` bytes of p; *length gets how many. */
static int put_option(uptr_t value, uptr_t length, u32 room, const void *p, u32 n)
{
	n = min(n, room);
	if (put_user_u32(length, n))
		return -EFAULT;
	return copy_to_user(value, p, n);
}

/* All groups of the peer; -ERANGE with the size that is needed. */
static int get_groups(struct socket *s, uptr_t value, uptr_t length, u32 room)
{
	s32 pid;
	struct cred *c = s->ops->peer ? s->ops->peer(s, &pid) : NULL;

	if (!c)
		return -ENODATA;
	u32 n = c->groups ? c->groups->count * (u32)sizeof(gid_t) : 0;
	int err = put_user_u32(length, n);
	if (!err && room < n)
		err = -ERANGE;
	else if (!err && n)
		err = copy_to_user(value, c->groups->gids, n);
	cred_put(c);
	return err;
}

static struct ucred peer_of(struct socket *s)
{
	struct ucred u = { 0, (u32)-1, (u32)-1 };
	s32 pid;
	struct cred *c = s->ops->peer ? s->ops->peer(s, &pid) : NULL;

	if (c) {
		u = (struct ucred){ pid, c->euid, c->egid };
		cred_put(c);
	}
	return u;
}

s64 sys_getsockopt(int fd, int level, int name, uptr_t value, uptr_t length)
{
	u32 room;
	s32 v;

	SOCKET_GUARD(s, fd);
	if (!s)
		return s_error;
	if (level != SOL_SOCKET)
		return -EOPNOTSUPP;
	if (get_user_u32(&room, length))
		return -EFAULT;
	if ((s32)room < 0)
		return -EINVAL;
	switch (name) {
	case SO_RCVTIMEO_OLD:
	case SO_RCVTIMEO_NEW:
	case SO_SNDTIMEO_OLD:
	case SO_SNDTIMEO_NEW: {
		bool receive = name == SO_RCVTIMEO_OLD || name == SO_RCVTIMEO_NEW;
		struct timeval tv = timeval_of(receive ? s->receive_timeout : s->send_timeout);
		return put_option(value, length, room, &tv, sizeof tv);
	}
	case SO_LINGER:
		return put_option(value, length, room, &s->linger, sizeof s->linger);
	case SO_PEERCRED: {
		struct ucred u = peer_of(s);
		return put_option(value, length, room, &u, sizeof u);
	}
	case SO_PEERGROUPS:
		return get_groups(s, value, length, room);
	case SO_PEERNAME: {
		struct address a;
		int err = s->ops->name(s, true, &a);
		if (err)
			return err;
		return a.length < room ? -EINVAL : put_option(value, length, room, &a.storage, room);
	}
	default: {
		int err = get_number(s, name, &v);
		return err ? err : put_option(value, length, room, &v, sizeof v);
	}
	}
}
