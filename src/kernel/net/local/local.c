/* SPDX-License-Identifier: MIT */
/*
 * AF_UNIX: sockets between processes of this machine.
 *
 *	socket A                         socket B
 *	peer ------------------------->  queue: message, message, ...   (each charged to A)
 *	queue                    <-----  peer
 *
 * A send puts messages on the queue of the peer (or of the socket that the address names), a receive takes them off its
 * own.  There is no buffer but the queue; what is in it is charged to who sent it (message.c), so a receiver that does not
 * read stops its senders, not others.
 *
 * A listener has a list of embryos instead: connect makes the socket that accept will give, joins it to
 * the caller's and puts it there; data may flow before it is accepted.
 *
 * References.  A socket is held by its file (until release), by a peer that points to it, by messages that it sent, and
 * by a list of embryos.  Of streams and seqpackets the peer pointer is set once and stays until the socket's own release,
 * so a call may use it without a reference.  That of a datagram socket changes at any time: local_peer_get.
 *
 * The end.  release marks the socket dead under its lock, so nothing is queued from then on; tells the
 * peer (both directions shut; ECONNRESET if something was not read); then frees what is queued.
 *
 * Locks, in their order:
 *   collect lock       rights in flight, and putting them on a queue (collect.c)
 *   bind_lock          the name of a socket; a path walk may happen inside
 *   read_lock          the head of the queue
 *   lock (spinlock)    state, peer, shutdown, queue, embryos.  Of two sockets the lower address first; an embryo's inside
 *                      its listener's.
 *   names_lock         the table of names; inside nothing
 *   wait queues        `space_wait` of one socket outside `write_wait` of another (relay)
 */
#include <asm/ioctls.h>
#include <lib/format.h>
#include <linux/sockios.h>
#include <proc/process.h>

#include "internal.h"

static struct slab_cache *sockets;
struct mutex all_lock = MUTEX_INIT(all_lock);
struct list all_sockets = LIST_INIT(all_sockets);
static u64 last_number; /* all_lock */
u64 local_queue_max = 10;

/* --- Life --------------------------------------------------------------------------------------- */

static const struct socket_ops *ops_of(int type)
{
	switch (type) {
	case SOCK_STREAM:
		return &local_stream_ops;
	case SOCK_DGRAM:
		return &local_datagram_ops;
	case SOCK_SEQPACKET:
		return &local_seqpacket_ops;
	default:
		return NULL;
	}
}

static struct local *local_new(int type)
{
	struct local *u = slab_alloc(sockets, ALLOC_ZERO);

	if (!u)
		return NULL;
	socket_init(&u->s, AF_UNIX, (u16)type, 0, ops_of(type));
	mutex_init(&u->bind_lock);
	mutex_init(&u->read_lock);
	list_init(&u->queue);
	list_init(&u->embryos);
	list_init(&u->embryo_link);
	list_init(&u->flight_link);
	list_init(&u->collect_link);
	wait_queue_init(&u->read_wait);
	wait_queue_init(&u->write_wait);
	wait_queue_init(&u->space_wait);
	wait_entry_init(&u->relay, NULL);
	u->backlog = (u32)local_queue_max;
	MUTEX_GUARD(&all_lock);
	u->number = ++last_number;
	list_push_back(&all_sockets, &u->all_link);
	return u;
}

void local_free(struct local *u)
{
	ASSERT(u->dead && list_empty(&u->queue) && list_empty(&u->embryos));
	ASSERT_OP(u->sent, ==, 0);
	mutex_lock(&all_lock);
	list_remove(&u->all_link);
	mutex_unlock(&all_lock);
	if (u->name)
		name_put(u->name);
	if (u->peer_cred)
		cred_put(u->peer_cred);
	slab_free(sockets, u);
}

static int local_create(int type, int protocol, struct socket **out)
{
	if (protocol && protocol != AF_UNIX)
		return -EPROTONOSUPPORT;
	if (type == SOCK_RAW) /* what BSD calls it */
		type = SOCK_DGRAM;
	if (!ops_of(type))
		return -ESOCKTNOSUPPORT;
	struct local *u = local_new(type);
	if (!u)
		return -ENOMEM;
	*out = &u->s;
	return 0;
}

static void wake_everybody(struct local *u)
{
	wait_wake_all(&u->read_wait);
	wait_wake_all(&u->write_wait);
	wait_wake_all(&u->space_wait);
}

/* The other end of a connection learns that this one is gone. */
static void tell_peer(struct local *peer, bool reset)
{
	spin_lock(&peer->lock);
	if (reset)
		WRITE_ONCE(peer->s.error, -ECONNRESET);
	WRITE_ONCE(peer->shutdown, SHUT_BOTH);
	spin_unlock(&peer->lock);
	wait_wake_all(&peer->read_wait);
	wait_wake_all(&peer->write_wait);
}

/* The embryos of a dead socket. */
static void drop_embryos(struct local *u)
{
	struct list embryos;

	list_init(&embryos);
	spin_lock(&u->lock);
	list_splice_back(&embryos, &u->embryos);
	u->queued = 0;
	spin_unlock(&u->lock);
	while (!list_empty(&embryos)) {
		struct local *e = list_first(&embryos, struct local, embryo_link);
		list_remove(&e->embryo_link);
		local_release(&e->s);
	}
}

void local_release(struct socket *s)
{
	struct local *u = local_of(s);
	struct path path = { NULL, NULL };

	local_unname(u);
	local_relay_end(u);
	spin_lock(&u->lock);
	bool embryo = !s->file;
	struct local *peer = u->peer;
	bool unread = !list_empty(&u->queue);
	WRITE_ONCE(u->dead, true);
	WRITE_ONCE(u->shutdown, SHUT_BOTH);
	u->state = LOCAL_CLOSED;
	u->peer = NULL;
	s->file = NULL; /* who shows it looks at it under the lock (show.c) */
	path = u->path;
	u->path = (struct path){ NULL, NULL };
	spin_unlock(&u->lock);
	wake_everybody(u);
	if (peer) {
		if (s->type != SOCK_DGRAM)
			tell_peer(peer, unread || embryo);
		local_put(peer);
	}
	(void)messages_drop(u);
	drop_embryos(u);
	if (path.dentry)
		path_put(&path);
	local_put(u);
	collect_soon();
}

/* --- Two sockets -------------------------------------------------------------------------------- */

void local_lock_pair(struct local *a, struct local *b)
{
	spin_lock(a < b ? &a->lock : &b->lock);
	if (a != b)
		spin_lock(a < b ? &b->lock : &a->lock);
}

void local_unlock_pair(struct local *a, struct local *b)
{
	spin_unlock(&a->lock);
	if (a != b)
		spin_unlock(&b->lock);
}

struct local *local_peer_get(struct local *u)
{
	SPIN_GUARD(&u->lock);
	if (u->peer)
		local_get(u->peer);
	return u->peer;
}

/* The lock is held, or nobody knows u yet. */
static void set_peer_cred(struct local *u, struct cred *c, s32 pid)
{
	struct cred *old = u->peer_cred;

	cred_get(c);
	u->peer_cred = c;
	u->peer_pid = pid;
	if (old)
		cred_put(old);
}

static s32 my_pid(void)
{
	return process_pid(current->process);
}

static int local_pair(struct socket *sa, struct socket *sb)
{
	struct local *a = local_of(sa), *b = local_of(sb);

	local_get(a);
	local_get(b);
	a->peer = b;
	b->peer = a;
	set_peer_cred(a, current->cred, my_pid());
	set_peer_cred(b, current->cred, my_pid());
	a->state = b->state = LOCAL_CONNECTED;
	return 0;
}

/* --- connect of streams and seqpackets ----------------------------------------------------------- */

/* Why u cannot be joined to `to` now; both locks held. -EAGAIN: its list is full; -ESTALE: look it up again. */
static int may_connect(const struct local *u, const struct local *to)
{
	if (to->dead)
		return -ESTALE;
	if (to->state != LOCAL_LISTENING || to->shutdown & SHUT_RECEIVE)
		return -ECONNREFUSED;
	if (to->queued > to->backlog)
		return -EAGAIN;
	return u->state == LOCAL_CLOSED ? 0 : u->state == LOCAL_CONNECTED ? -EISCONN : -EINVAL;
}

/* Both locks held. */
static void join(struct local *u, struct local *to, struct local *e)
{
	local_get(u);
	e->peer = u;
	e->state = LOCAL_CONNECTED;
	if ((e->name = atomic_load(&to->name)))
		ref_get(&e->name->refs);
	set_peer_cred(e, current->cred, my_pid());
	local_get(e);
	WRITE_ONCE(u->peer, e);
	set_peer_cred(u, to->peer_cred, to->peer_pid);
	atomic_store(&u->state, LOCAL_CONNECTED);
	list_push_back(&to->embryos, &e->embryo_link);
	to->queued++;
}

/* Until may_connect would say something else: were it for less, connect would go round without sleeping. */
static int wait_for_backlog(struct local *u, struct local *to, u64 deadline)
{
	int err = wait_event_until(&to->space_wait, WAIT_INTERRUPTIBLE,
				   READ_ONCE(to->dead) || READ_ONCE(to->shutdown) & SHUT_RECEIVE ||
				   READ_ONCE(to->queued) <= READ_ONCE(to->backlog),
				   deadline);

	return err ? socket_wait_error(err, u->s.send_timeout) : 0;
}

int local_connect_stream(struct socket *s, const struct address *a, bool nowait)
{
	struct local *u = local_of(s), *to, *embryo;
	struct sockaddr_un name;
	u32 length;
	int err = local_check_address(a, &name, &length);

	if (err)
		return err;
	if (s->options & SOCKET_PASSCRED && (err = local_autobind(u)))
		return err;
	if (!(embryo = local_new(s->type)))
		return -ENOMEM;
	u64 deadline = socket_deadline(s->send_timeout);
	for (;;) {
		if ((err = local_find(&name, length, s->type, &to)))
			break;
		local_lock_pair(u, to);
		if (!(err = may_connect(u, to)))
			join(u, to, embryo);
		local_unlock_pair(u, to);
		if (!err)
			wait_wake_key(&to->read_wait, 1, READABLE);
		else if (err == -EAGAIN && !nowait)
			err = wait_for_backlog(u, to, deadline) ?: -ESTALE;
		local_put(to);
		if (err != -ESTALE)
			break;
	}
	if (err)
		local_release(&embryo->s);
	return err;
}

/* --- listen and accept -------------------------------------------------------------------------- */

int local_listen(struct socket *s, int backlog)
{
	struct local *u = local_of(s);
	int err = -EINVAL;

	if (s->type == SOCK_DGRAM)
		return -EOPNOTSUPP;
	if (!atomic_load(&u->name))
		return -EINVAL;
	spin_lock(&u->lock);
	if (u->state != LOCAL_CONNECTED) {
		err = 0;
		u->backlog = (u32)backlog;
		atomic_store(&u->state, LOCAL_LISTENING);
		s->listening = true;
		set_peer_cred(u, current->cred, my_pid());
	}
	spin_unlock(&u->lock);
	if (!err)
		wait_wake_all(&u->space_wait);
	return err;
}

static struct local *take_embryo(struct local *u)
{
	SPIN_GUARD(&u->lock);
	if (list_empty(&u->embryos))
		return NULL;
	struct local *e = list_first(&u->embryos, struct local, embryo_link);
	list_remove(&e->embryo_link);
	u->queued--;
	return e;
}

/* One waiter for each embryo: those that wait are woken one at a time. */
static int wait_for_embryo(struct local *u, u64 deadline)
{
	struct wait_entry we;
	int err = 0;

	wait_entry_init(&we, NULL);
	we.flags = WAIT_ENTRY_EXCLUSIVE;
	for (;;) {
		wait_prepare(&u->read_wait, &we, WAIT_INTERRUPTIBLE);
		if (!list_empty(&u->embryos) || READ_ONCE(u->shutdown) & SHUT_RECEIVE)
			break;
		err = wait_block(WAIT_INTERRUPTIBLE, deadline);
		if (!list_empty(&u->embryos))
			err = 0;
		else if (!err)
			continue;
		break;
	}
	wait_finish(&u->read_wait, &we);
	return err ? socket_wait_error(err, u->s.receive_timeout) : 0;
}

int local_accept(struct socket *s, bool nowait, struct socket **out)
{
	struct local *u = local_of(s), *e;

	if (s->type == SOCK_DGRAM)
		return -EOPNOTSUPP;
	if (READ_ONCE(u->state) != LOCAL_LISTENING)
		return -EINVAL;
	u64 deadline = socket_deadline(s->receive_timeout);
	while (!(e = take_embryo(u))) {
		if (READ_ONCE(u->shutdown) & SHUT_RECEIVE)
			return -EINVAL;
		int err = nowait ? -EAGAIN : wait_for_embryo(u, deadline);
		if (err)
			return err;
	}
	wait_wake_all(&u->space_wait);
	*out = &e->s;
	return 0;
}

/* --- The other operations ----------------------------------------------------------------------- */

int local_name(struct socket *s, bool peer, struct address *a)
{
	struct local *u = local_of(s);

	if (peer && !(u = local_peer_get(u)))
		return -ENOTCONN;
	const struct name *n = atomic_load(&u->name);
	if (n) {
		a->length = n->length;
		memcpy(&a->storage, &n->address, n->length);
	} else {
		a->length = sizeof(a->storage.ss_family);
		a->storage.ss_family = AF_UNIX;
	}
	if (peer)
		local_put(u);
	return 0;
}

struct cred *local_peer(struct socket *s, s32 *pid)
{
	struct local *u = local_of(s);

	SPIN_GUARD(&u->lock);
	if (u->peer_cred)
		cred_get(u->peer_cred);
	*pid = u->peer_pid;
	return u->peer_cred;
}

int local_shutdown(struct socket *s, int how)
{
	struct local *u = local_of(s), *peer;
	unsigned mine = (unsigned)how + 1, theirs = 0; /* SHUT_RD: 1, SHUT_WR: 2, SHUT_RDWR: 3 */

	spin_lock(&u->lock);
	WRITE_ONCE(u->shutdown, u->shutdown | mine);
	if ((peer = u->peer))
		local_get(peer);
	spin_unlock(&u->lock);
	wake_everybody(u);
	if (!peer)
		return 0;
	if (s->type != SOCK_DGRAM) {
		if (mine & SHUT_RECEIVE)
			theirs |= SHUT_SEND;
		if (mine & SHUT_SEND)
			theirs |= SHUT_RECEIVE;
		spin_lock(&peer->lock);
		WRITE_ONCE(peer->shutdown, peer->shutdown | theirs);
		spin_unlock(&peer->lock);
		wait_wake_all(&peer->read_wait);
		wait_wake_all(&peer->write_wait);
	}
	local_put(peer);
	return 0;
}

/* Bytes that a read would find: of a datagram socket the first message alone. */
static s64 bytes_queued(struct local *u)
{
	struct message *m;
	s64 n = 0;

	SPIN_GUARD(&u->lock);
	if (u->state == LOCAL_LISTENING)
		return -EINVAL;
	list_for_each(m, &u->queue, link) {
		n += m->length - m->offset;
		if (u->s.type == SOCK_DGRAM)
			break;
	}
	return min(n, (s64)INT32_MAX);
}

s64 local_ioctl(struct socket *s, unsigned cmd, uptr_t arg)
{
	struct local *u = local_of(s);
	s64 n;

	switch (cmd) {
	case FIONREAD: /* SIOCINQ */
		n = bytes_queued(u);
		return n < 0 ? n : put_user_u32(arg, (u32)n);
	case TIOCOUTQ: /* SIOCOUTQ */
		return put_user_u32(arg, READ_ONCE(u->sent));
	default:
		return -ENOTTY;
	}
}

static const struct socket_family family = { .family = AF_UNIX, .create = local_create, .pair = local_pair };

void local_init(void)
{
	sockets = slab_create("unix_socket", sizeof(struct local), 0);
	messages_init();
	collect_init();
	socket_family_register(&family);
	local_show_init();
}
