/* SPDX-License-Identifier: MIT */
/*
 * SOCK_STREAM of AF_UNIX.
 *
 * A write becomes messages of up to 64 KiB, each put on the peer's queue as soon as it is filled; a read takes what
 * is there across their borders, but never mixes two sets of rights, nor senders if it reports them.  Data is copied without a
 * spinlock: into a message that nobody knows yet, out of one that only the holder of read_lock may take off.
 */
#include <fs/hooks.h>
#include <proc/process.h>

#include "internal.h"

/* --- Sending ------------------------------------------------------------------------------------ */

static int deliver(struct local *to, struct message *m)
{
	SPIN_GUARD(&to->lock);
	if (unlikely(to->dead || to->shutdown & SHUT_RECEIVE))
		return -EPIPE;
	message_queue(to, m);
	return 0;
}

/* One piece; *n: bytes wanted, then sent. */
static always_inline int send_piece(struct local *u, struct local *to, struct transfer *t, u32 *n)
{
	struct message *m;
	int err = message_new(u, n, true, t->nowait, &m);

	if (unlikely(err))
		return err;
	if (unlikely(uio_get(t->data, m->data, *n) < *n)) {
		message_free(m);
		return -EFAULT;
	}
	message_sign(m, u, to, t);
	if (unlikely(t->rights)) {
		err = rights_fly(t->rights, deliver, to, m);
		if (!err)
			t->rights = NULL;
	} else {
		err = deliver(to, m);
	}
	if (unlikely(err)) {
		message_free(m);
		return err;
	}
	wait_wake_key(&to->read_wait, 1, READABLE);
	return 0;
}

static ssize_t broken(const struct transfer *t)
{
	if (!(t->flags & MSG_NOSIGNAL) && fs_send_sigpipe)
		fs_send_sigpipe();
	return -EPIPE;
}

static ssize_t stream_send(struct socket *s, struct transfer *t)
{
	struct local *u = local_of(s), *to = READ_ONCE(u->peer);
	ssize_t done = 0;
	int err = 0;

	if (unlikely(t->flags & MSG_OOB))
		return -EOPNOTSUPP;
	if (unlikely(t->to))
		return u->state == LOCAL_CONNECTED ? -EISCONN : -EOPNOTSUPP;
	if (unlikely(!to))
		return -ENOTCONN;
	if (unlikely(READ_ONCE(u->shutdown) & SHUT_SEND))
		return broken(t);
	while (t->data->left) {
		u32 n = (u32)t->data->left;
		err = send_piece(u, to, t, &n);
		if (unlikely(err))
			break;
		done += n;
	}
	if (likely(done) || !err)
		return done;
	return err == -EPIPE && !(u->shutdown & SHUT_SEND) ? broken(t) : err;
}

/* --- Receiving ---------------------------------------------------------------------------------- */

static bool same_sender(const struct sender *a, const struct sender *b)
{
	return a->pid == b->pid && a->uid == b->uid && a->gid == b->gid;
}

/* What a receive is at. */
struct reading {
	struct transfer *t;
	size_t done;
	bool first;
	u32 skip;       /* MSG_PEEK: bytes from the head of the queue to where we are */
};

/* Copies from m; 1: there may be more behind it, 0: that was all for this call, or -EFAULT, -ENOMEM. */
static always_inline int take_from(struct local *u, struct message *m, u32 skip, struct reading *r)
{
	struct transfer *t = r->t;
	bool peek = t->flags & MSG_PEEK, rights = m->rights;

	if (r->first) {
		message_describe(u, m, t);
		r->first = false;
	} else if (unlikely(t->has_sender && !same_sender(&m->sender, &t->sender))) {
		return 0;
	}
	u32 n = (u32)min((size_t)(m->length - m->offset - skip), t->data->left);
	if (unlikely(uio_put(t->data, m->data + m->offset + skip, n) < n))
		return -EFAULT;
	r->done += n;
	if (unlikely(rights)) {
		ASSERT(!t->rights); /* those of a message before have ended the call */
		int err = message_rights(m, t, peek);
		if (err)
			return err;
	}
	if (unlikely(peek)) {
		r->skip += n;
		local_peek_forward(u, n);
		return !rights;
	}
	if (unlikely(u->s.peek_offset > 0))
		u->s.peek_offset = max(u->s.peek_offset - (s32)n, 0);
	m->offset += n;
	if (likely(m->offset == m->length)) {
		message_unqueue(u, m);
		message_free(m);
	}
	return !rights;
}

/* Takes what there is: read_lock is held. 1: the queue is empty; else as take_from. */
static always_inline int take_all(struct local *u, struct reading *r)
{
	do {
		u32 skip = r->skip;
		struct message *m = message_first(u, &skip);
		if (!m)
			return 1;
		int more = take_from(u, m, skip, r);
		if (more <= 0)
			return more;
	} while (r->t->data->left);
	return 0;
}

static ssize_t stream_receive(struct socket *s, struct transfer *t)
{
	struct local *u = local_of(s);
	struct reading r = { .t = t, .first = true };
	size_t want = t->flags & MSG_WAITALL ? t->data->left : min((size_t)s->low_water, t->data->left);
	u64 deadline = 0;
	int err;

	t->result_flags = 0;
	t->has_sender = false;
	if (unlikely(t->flags & MSG_OOB))
		return -EOPNOTSUPP;
	if (unlikely(READ_ONCE(u->state) != LOCAL_CONNECTED))
		return -EINVAL;
	want = max(want, 1UL);
	if (unlikely(s->receive_timeout))
		deadline = socket_deadline(s->receive_timeout);
	if (unlikely(t->flags & MSG_PEEK) && s->peek_offset > 0)
		r.skip = (u32)s->peek_offset;
	mutex_lock(&u->read_lock);
	for (;;) {
		/* Seen before the queue, so that nothing sent before the end is missed. */
		bool end = atomic_load(&u->shutdown) & SHUT_RECEIVE;
		err = take_all(u, &r);
		if (likely(err <= 0 || r.done >= want))
			break;
		if ((err = r.done ? 0 : socket_take_error(s)) || end)
			break;
		if (t->nowait) {
			err = -EAGAIN;
			break;
		}
		mutex_unlock(&u->read_lock);
		if (unlikely((err = local_wait_readable(u, r.skip, deadline))))
			return r.done ? (ssize_t)r.done : err;
		mutex_lock(&u->read_lock);
	}
	mutex_unlock(&u->read_lock);
	return likely(r.done) || err > 0 ? (ssize_t)r.done : err;
}

/* --- Readiness ---------------------------------------------------------------------------------- */

static unsigned stream_poll(struct socket *s, struct file *f, struct poll_table *pt)
{
	struct local *u = local_of(s);
	unsigned events = 0, shutdown;

	if (pt && pt->queue) {
		poll_wait(f, &u->read_wait, pt);
		poll_wait(f, &u->write_wait, pt);
	}
	shutdown = READ_ONCE(u->shutdown);
	if (unlikely(READ_ONCE(s->error)))
		events |= EPOLLERR;
	if (unlikely(shutdown == SHUT_BOTH))
		events |= EPOLLHUP;
	if (unlikely(shutdown & SHUT_RECEIVE))
		events |= EPOLLRDHUP | READABLE;
	if (!list_empty(&u->queue) || !list_empty(&u->embryos))
		events |= READABLE;
	if (unlikely(u->state == LOCAL_CLOSED))
		events |= EPOLLHUP;
	if (local_writable(u))
		events |= WRITABLE;
	return events;
}

const struct socket_ops local_stream_ops = {
	.release = local_release,
	.bind = local_bind,
	.connect = local_connect_stream,
	.listen = local_listen,
	.accept = local_accept,
	.name = local_name,
	.shutdown = local_shutdown,
	.send = stream_send,
	.receive = stream_receive,
	.poll = stream_poll,
	.ioctl = local_ioctl,
	.peer = local_peer,
};
