/* SPDX-License-Identifier: MIT */
/* What the files of AF_UNIX share.  The theory is in local.c. */
#pragma once

#include <fs/poll.h>
#include <lib/list.h>
#include <lib/string.h>
#include <linux/errno.h>
#include <linux/un.h>
#include <mm/slab.h>
#include <net/local/local.h>
#include <net/rights.h>
#include <net/socket.h>
#include <proc/cred.h>
#include <sched/mutex.h>
#include <sched/task.h>
#include <sched/workqueue.h>
#include <sync/atomic.h>

#define READABLE (EPOLLIN | EPOLLRDNORM)
#define WRITABLE (EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND)

enum local_state { LOCAL_CLOSED, LOCAL_CONNECTED, LOCAL_LISTENING };
enum { SHUT_RECEIVE = 1, SHUT_SEND = 2, SHUT_BOTH = 3 };

/* A name that a socket is bound to: immutable, shared with the sockets that were accepted under it. */
struct name {
	refcount_t refs;
	u32 length;          /* as getsockname reports it */
	struct sockaddr_un address;
	char spare;          /* a path that fills sun_path ends here */
};

struct local {
	struct socket s;
	spinlock_t lock;
	u8 state;            /* lock: enum local_state */
	u8 shutdown;         /* lock: SHUT_*; read racily */
	bool dead;           /* lock: its file is gone */
	bool name_hashed;    /* names_lock */
	struct local *peer;  /* lock, referenced; of stream and seqpacket set once and kept until release */
	struct name *name;   /* bind_lock; set once, read with atomic_load */
	struct path path;    /* bind_lock: where a bound path is; dentry NULL: none */
	struct hlist_node name_link; /* names_lock */
	struct mutex bind_lock;
	struct mutex read_lock; /* one receiver at a time looks at the head of the queue */
	struct list queue;   /* lock: struct message */
	u32 queued;          /* lock: messages, or embryos of a listener */
	u32 backlog;         /* lock: queued may be one more */
	u32 sent;            /* atomic: bytes charged to this sender, in queues of others */
	struct list embryos; /* lock: of a listener: sockets not accepted yet, referenced */
	struct list embryo_link;
	struct wait_queue read_wait;  /* something to receive or accept */
	struct wait_queue write_wait; /* room for what this socket sends */
	struct wait_queue space_wait; /* room in this socket's queue: for others */
	struct wait_entry relay;      /* on the peer's space_wait: tells our write_wait */
	struct local *relay_of;       /* lock, referenced: whose; NULL: not queued */
	struct cred *peer_cred;       /* lock, referenced; NULL: none */
	s32 peer_pid;                 /* lock */
	u64 number;                   /* imm: inode-like, for /proc */
	struct list all_link;         /* all_lock */

	/* collect.c; all under its lock */
	u32 in_flight;       /* references to the file that are in queues */
	u32 outside;         /* of those, not from candidates */
	bool candidate;
	struct list flight_link, collect_link;
};

static inline struct local *local_of(struct socket *s) { return container_of(s, struct local, s); }
static inline void local_get(struct local *u) { ref_get(&u->s.refs); }
void local_free(struct local *u);
static inline void local_put(struct local *u)
{
	if (ref_put(&u->s.refs))
		local_free(u);
}

/* message.c */
struct message {
	struct list link;
	u32 length;
	u32 offset;            /* of a stream: read so far; read_lock of the receiver */
	u32 charge;            /* bytes that the sender is charged */
	struct local *from;    /* referenced */
	struct rights *rights; /* NULL: none */
	struct sender sender;
	char *data;            /* `own`, or kvmalloc'ed */
	char own[];
};
/*
 * A message of `n` bytes from `u`, who waits until there is room. -EAGAIN, -EPIPE, -ENOBUFS, a pending error, a signal.
 * In pieces (streams): *n may become less.
 */
int message_new(struct local *u, u32 *n, bool pieces, bool nowait, struct message **out) must_check;
void message_free(struct message *m);
/* Frees all that is queued at u: was there any? */
bool messages_drop(struct local *u);
/* Who `m` is from, if either side wants to know. */
void message_sign(struct message *m, const struct local *from, const struct local *to, const struct transfer *t);
/* What a receiver learns of it besides the data, without taking anything. */
void message_describe(const struct local *u, const struct message *m, struct transfer *t);
/* Hands over its rights: 0 or -ENOMEM (peek). */
int message_rights(struct message *m, struct transfer *t, bool peek);
/* Puts m on the queue of `to`, whose lock is held. */
static always_inline void message_queue(struct local *to, struct message *m)
{
	list_push_back(&to->queue, &m->link);
	to->queued++;
}
static always_inline void message_unqueue(struct local *u, struct message *m)
{
	SPIN_GUARD(&u->lock);
	list_remove(&m->link);
	u->queued--;
}
/* The first message (of those behind `skip` bytes, which becomes the place in it), or NULL. read_lock held. */
struct message *message_first(struct local *u, u32 *skip);
static inline bool local_writable(const struct local *u)
{
	return u->state != LOCAL_LISTENING && (u64)READ_ONCE(u->sent) * 4 <= u->s.send_limit;
}
/* Something to read, an end, or an error? */
static inline bool local_readable(const struct local *u)
{
	return !list_empty(&u->queue) || READ_ONCE(u->shutdown) & SHUT_RECEIVE || READ_ONCE(u->s.error);
}
/* Sleeps until local_readable, behind the first `skip` bytes of the queue; no locks held. */
int local_wait_readable(struct local *u, u32 skip, u64 deadline) must_check;
void messages_init(void);

/* name.c */
int local_bind(struct socket *s, const struct address *a);
/* An abstract name that nobody has, unless there is a name. */
int local_autobind(struct local *u);
/* Checks it; *length gets that of the name in the kernel's form, the path is terminated. -EINVAL */
int local_check_address(const struct address *a, struct sockaddr_un *out, u32 *length);
/* The socket that has this name, referenced. -ECONNREFUSED, -EPROTOTYPE, errors of the path walk. */
int local_find(const struct sockaddr_un *a, u32 length, u16 type, struct local **out) must_check;
void local_unname(struct local *u);
void name_put(struct name *n);

/* stream.c, datagram.c */
extern const struct socket_ops local_stream_ops, local_datagram_ops, local_seqpacket_ops;
ssize_t datagram_send(struct socket *s, struct transfer *t);
/* The socket has another peer, or none, or is going: lets go of the relay. */
void local_relay_end(struct local *u);
/* Has `to` no room for datagrams of `from`? */
bool datagram_queue_full(const struct local *to, const struct local *from);

/* local.c: operations that all types have */
void local_release(struct socket *s);
int local_connect_stream(struct socket *s, const struct address *a, bool nowait);
int local_listen(struct socket *s, int backlog);
int local_accept(struct socket *s, bool nowait, struct socket **out);
int local_name(struct socket *s, bool peer, struct address *a);
int local_shutdown(struct socket *s, int how);
s64 local_ioctl(struct socket *s, unsigned cmd, uptr_t arg);
struct cred *local_peer(struct socket *s, s32 *pid);
/* The two locks, in the order of addresses; a == b is allowed. */
void local_lock_pair(struct local *a, struct local *b);
void local_unlock_pair(struct local *a, struct local *b);
/* The peer, referenced, or NULL. */
struct local *local_peer_get(struct local *u);
extern struct mutex all_lock;
extern struct list all_sockets; /* all_lock */
extern u64 local_queue_max;     /* messages that wait for a datagram socket: max_dgram_qlen */

/* collect.c */
/*
 * `r` goes on its way in m to `to`: counts it, then calls deliver, which queues m.  -ETOOMANYREFS, or what deliver
 * returns; then nothing has happened.
 */
int rights_fly(struct rights *r, int (*deliver)(struct local *to, struct message *m), struct local *to, struct message *m);
/* A copy for MSG_PEEK; NULL */
struct rights *rights_peek(const struct rights *r);
/* A socket was closed: look for circles. */
void collect_soon(void);
void collect_init(void);

void local_show_init(void);
