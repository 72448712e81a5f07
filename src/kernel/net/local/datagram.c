/* SPDX-License-Identifier: MIT */
/*
 * SOCK_DGRAM and SOCK_SEQPACKET of AF_UNIX: a send is one message, a receive takes one, whole or cut.
 *
 * A socket that others send to without being its peer in return takes only local_queue_max + 1 messages from them; they wait on
 * its space_wait.  A poll of such a sender must learn of room there, but a poller may only queue itself on what lives as long as the
 * file; so the sender's own entry (relay) is put on the other's space_wait, and passes a wake-up on to its write_wait.
 */
#include "internal.h"

bool datagram_queue_full(const struct local *to, const struct local *from)
{
	return READ_ONCE(to->peer) != from && to != from && READ_ONCE(to->queued) > to->backlog;
}

/* --- The relay ---------------------------------------------------------------------------------- */

static bool relay_wake(struct wait_entry *e, u64 key)
{
	struct local *u = container_of(e, struct local, relay);

	wait_wake_key(&u->write_wait, 0, WRITABLE);
	return false;
}

void local_relay_end(struct local *u)
{
	spin_lock(&u->lock);
	struct local *of = u->relay_of;
	u->relay_of = NULL;
	if (of)
		wait_remove(&of->space_wait, &u->relay);
	spin_unlock(&u->lock);
	if (of)
		local_put(of);
}

/* From now on u hears of room in `of`. */
static void relay_begin(struct local *u, struct local *of)
{
	struct local *old = NULL;

	spin_lock(&u->lock);
	if (u->relay_of != of && !u->dead && u->peer == of) {
		if ((old = u->relay_of))
			wait_remove(&old->space_wait, &u->relay);
		wait_entry_init(&u->relay, NULL);
		u->relay.func = relay_wake;
		local_get(of);
		u->relay_of = of;
		wait_add(&of->space_wait, &u->relay);
	}
	spin_unlock(&u->lock);
	if (old)
		local_put(old);
}

/* --- connect ------------------------------------------------------------------------------------ */

/*
 * u has no longer to do with `old`: what is queued may be from it, and is lost; if it was a connection in both
 * directions, the other side gets an error.
 */
static void disconnected(struct local *u, struct local *old)
{
	if (!messages_drop(u))
		return;
	wait_wake_all(&u->space_wait);
	spin_lock(&old->lock);
	bool tell = !old->dead && old->peer == u;
	if (tell)
		WRITE_ONCE(old->s.error, -ECONNRESET);
	spin_unlock(&old->lock);
	if (tell)
		wait_wake_all(&old->read_wait);
}

/* Takes over the reference to `to` (NULL: none); the lock of u is not held. */
static void set_peer(struct local *u, struct local *to)
{
	local_relay_end(u);
	spin_lock(&u->lock);
	struct local *old = u->peer;
	u->peer = to;
	u->state = to ? LOCAL_CONNECTED : LOCAL_CLOSED;
	spin_unlock(&u->lock);
	if (old) {
		if (old != to)
			disconnected(u, old);
		local_put(old);
	}
	wait_wake_all(&u->write_wait);
}

static bool may_send(const struct local *to, const struct local *from)
{
	return !to->peer || to->peer == from;
}

static int datagram_connect(struct socket *s, const struct address *a, bool nowait)
{
	struct local *u = local_of(s), *to;
	struct sockaddr_un name;
	u32 length;
	int err;

	if (a->length < sizeof a->storage.ss_family)
		return -EINVAL;
	if (a->storage.ss_family == AF_UNSPEC) {
		set_peer(u, NULL);
		return 0;
	}
	if ((err = local_check_address(a, &name, &length)))
		return err;
	if (s->options & SOCKET_PASSCRED && (err = local_autobind(u)))
		return err;
	if ((err = local_find(&name, length, s->type, &to)))
		return err;
	spin_lock(&to->lock);
	err = may_send(to, u) ? 0 : -EPERM;
	spin_unlock(&to->lock);
	if (err)
		local_put(to);
	else
		set_peer(u, to);
	return err;
}

/* --- Sending ------------------------------------------------------------------------------------ */

/* -ECONNREFUSED: dead; -EAGAIN: full. */
static int deliver(struct local *to, struct message *m)
{
	struct local *from = m->from;

	SPIN_GUARD(&to->lock);
	if (!may_send(to, from))
		return -EPERM;
	if (to->dead)
		return from->s.type == SOCK_SEQPACKET ? -EPIPE : -ECONNREFUSED;
	if (to->shutdown & SHUT_RECEIVE)
		return -EPIPE;
	if (from->s.type == SOCK_DGRAM && datagram_queue_full(to, from))
		return -EAGAIN;
	message_queue(to, m);
	return 0;
}

static int wait_for_space(struct local *u, struct local *to, u64 deadline)
{
	int err = wait_event_until(&to->space_wait, WAIT_INTERRUPTIBLE,
				   READ_ONCE(to->dead) || READ_ONCE(to->shutdown) & SHUT_RECEIVE || !datagram_queue_full(to, u),
				   deadline);

	return err ? socket_wait_error(err, u->s.send_timeout) : 0;
}

static int send_message(struct local *u, struct local *to, struct transfer *t, struct message *m)
{
	u64 deadline = socket_deadline(u->s.send_timeout);
	int err;

	message_sign(m, u, to, t);
	for (;;) {
		if (t->rights) {
			if (!(err = rights_fly(t->rights, deliver, to, m)))
				t->rights = NULL;
		} else {
			err = deliver(to, m);
		}
		if (likely(err != -EAGAIN) || t->nowait)
			return err;
		if ((err = wait_for_space(u, to, deadline)))
			return err;
	}
}

/* Whom the message goes to, referenced. */
static int find_receiver(struct local *u, const struct transfer *t, struct local **to)
{
	struct sockaddr_un name;
	u32 length;

	if (t->to && u->s.type == SOCK_DGRAM) {
		int err = local_check_address(t->to, &name, &length);
		return err ? err : local_find(&name, length, u->s.type, to);
	}
	*to = local_peer_get(u);
	return *to ? 0 : -ENOTCONN;
}

ssize_t datagram_send(struct socket *s, struct transfer *t)
{
	struct local *u = local_of(s), *to;
	struct message *m;
	u32 n = (u32)t->data->left;

	if (t->flags & MSG_OOB)
		return -EOPNOTSUPP;
	int err = find_receiver(u, t, &to);
	if (err)
		return err;
	if (s->options & SOCKET_PASSCRED && (err = local_autobind(u)))
		goto out;
	err = -EMSGSIZE;
	if (t->data->left > (size_t)s->send_limit - 32)
		goto out;
	if ((err = message_new(u, &n, false, t->nowait, &m)))
		goto out;
	if (uio_get(t->data, m->data, n) < n)
		err = -EFAULT;
	else
		err = send_message(u, to, t, m);
	if (likely(!err)) {
		wait_wake_key(&to->read_wait, 1, READABLE);
	} else {
		message_free(m);
		if (err == -ECONNREFUSED && !t->to && READ_ONCE(u->peer) == to)
			set_peer(u, NULL); /* it is gone */
	}
out:
	local_put(to);
	return err ? err : (ssize_t)n;
}

static ssize_t seqpacket_send(struct socket *s, struct transfer *t)
{
	int err = socket_take_error(s);

	if (err)
		return err;
	if (local_of(s)->state != LOCAL_CONNECTED)
		return -ENOTCONN;
	return datagram_send(s, t);
}

/* --- Receiving ---------------------------------------------------------------------------------- */

/* Copies m, at `skip`; bytes or error. */
static ssize_t take_message(struct local *u, struct message *m, u32 skip, struct transfer *t)
{
	bool peek = t->flags & MSG_PEEK;
	size_t length = m->length - skip, n = min(length, t->data->left);
	int err;

	message_describe(u, m, t);
	if (uio_put(t->data, m->data + skip, n) < n)
		return -EFAULT;
	if (m->rights && (err = message_rights(m, t, peek)))
		return err;
	if (n < length)
		t->result_flags |= MSG_TRUNC;
	if (peek)
		local_peek_forward(u, n);
	else if (u->s.peek_offset > 0)
		u->s.peek_offset = max(u->s.peek_offset - (s32)m->length, 0);
	return (ssize_t)(t->flags & MSG_TRUNC ? length : n);
}

static int nothing_there(struct local *u, struct transfer *t, bool end)
{
	int err = socket_take_error(&u->s);

	if (err)
		return err;
	if (end && (u->s.type == SOCK_SEQPACKET || !t->nowait))
		return 0;
	return t->nowait ? -EAGAIN : 1;
}

static ssize_t datagram_receive(struct socket *s, struct transfer *t)
{
	struct local *u = local_of(s);
	u64 deadline = socket_deadline(s->receive_timeout);
	struct message *m;
	u32 skip;
	ssize_t n;

	t->result_flags = 0;
	t->has_sender = false;
	if (t->flags & MSG_OOB)
		return -EOPNOTSUPP;
	for (;;) {
		u32 behind = t->flags & MSG_PEEK && s->peek_offset > 0 ? (u32)s->peek_offset : 0;
		skip = behind;
		mutex_lock(&u->read_lock);
		bool end = atomic_load(&u->shutdown) & SHUT_RECEIVE;
		if ((m = message_first(u, &skip)))
			break;
		mutex_unlock(&u->read_lock);
		if ((n = nothing_there(u, t, end)) <= 0 || (n = local_wait_readable(u, behind, deadline)))
			return n;
	}
	if (!(t->flags & MSG_PEEK)) /* gone, even if it cannot be copied */
		message_unqueue(u, m);
	n = take_message(u, m, skip, t);
	if (!(t->flags & MSG_PEEK)) {
		message_free(m);
		wait_wake_all(&u->space_wait);
	}
	mutex_unlock(&u->read_lock);
	return n;
}

static ssize_t seqpacket_receive(struct socket *s, struct transfer *t)
{
	if (local_of(s)->state != LOCAL_CONNECTED)
		return -ENOTCONN;
	return datagram_receive(s, t);
}

/* --- Readiness ---------------------------------------------------------------------------------- */

static bool peer_is_full(struct local *u)
{
	struct local *to = local_peer_get(u);
	bool full = false;

	if (!to)
		return false;
	if (datagram_queue_full(to, u)) {
		relay_begin(u, to);
		full = datagram_queue_full(to, u); /* it may have made room meanwhile */
	}
	local_put(to);
	return full;
}

static unsigned datagram_poll(struct socket *s, struct file *f, struct poll_table *pt)
{
	struct local *u = local_of(s);
	unsigned events = 0, shutdown;

	if (pt && pt->queue) {
		poll_wait(f, &u->read_wait, pt);
		poll_wait(f, &u->write_wait, pt);
	}
	shutdown = READ_ONCE(u->shutdown);
	if (READ_ONCE(s->error))
		events |= EPOLLERR;
	if (shutdown & SHUT_RECEIVE)
		events |= EPOLLRDHUP | READABLE;
	if (shutdown == SHUT_BOTH)
		events |= EPOLLHUP;
	if (!list_empty(&u->queue) || !list_empty(&u->embryos))
		events |= READABLE;
	if (s->type == SOCK_SEQPACKET && u->state == LOCAL_CLOSED)
		events |= EPOLLHUP;
	if (local_writable(u) && !(s->type == SOCK_DGRAM && peer_is_full(u)))
		events |= WRITABLE;
	return events;
}

const struct socket_ops local_datagram_ops = {
	.release = local_release,
	.bind = local_bind,
	.connect = datagram_connect,
	.listen = local_listen,
	.accept = local_accept,
	.name = local_name,
	.shutdown = local_shutdown,
	.send = datagram_send,
	.receive = datagram_receive,
	.poll = datagram_poll,
	.ioctl = local_ioctl,
	.peer = local_peer,
};

const struct socket_ops local_seqpacket_ops = {
	.release = local_release,
	.bind = local_bind,
	.connect = local_connect_stream,
	.listen = local_listen,
	.accept = local_accept,
	.name = local_name,
	.shutdown = local_shutdown,
	.send = seqpacket_send,
	.receive = seqpacket_receive,
	.poll = datagram_poll,
	.ioctl = local_ioctl,
	.peer = local_peer,
};
