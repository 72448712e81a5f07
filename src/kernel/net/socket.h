/* SPDX-License-Identifier: MIT */
/*
 * Sockets: what all families have in common.
 *
 * A struct socket is the family-independent head of an endpoint.  A family embeds it at the start of its own struct
 * and supplies the operations; the calls (calls.c, transfer.c) check arguments and turn user memory into
 * kernel structs, so that a family never sees a user pointer but the data itself (struct uio).
 *
 * A socket is reference-counted: its file holds one reference, the family the others.  The operations are
 * called with a reference held (by the file) and no locks; all may sleep.
 */
#pragma once

#include <fs/uio.h>
#include <fs/vfs.h>
#include <lib/types.h>
#include <net/abi.h>
#include <sync/refcount.h>

struct cred;
struct poll_table;
struct rights;
struct socket;
struct text;

/* An address as a family keeps it: `length` bytes are valid. */
struct address {
	u32 length;
	struct __kernel_sockaddr_storage storage;
};

/* Who sent a message; pid 0 and uid OVERFLOW_ID: not recorded. */
struct sender {
	s32 pid;
	u32 uid, gid;
};
#define OVERFLOW_ID 65534

/* One send or receive. */
struct transfer {
	struct uio *data;
	u32 flags;               /* MSG_* of the call */
	bool nowait;             /* MSG_DONTWAIT or O_NONBLOCK */
	/* Sending. */
	const struct address *to; /* NULL: no address was given */
	struct rights *rights;   /* sending: NULL or taken over on success (set to NULL); receiving: what came */
	bool explicit_sender;    /* SCM_CREDENTIALS was given (and checked): `sender` */
	struct sender sender;
	/* Receiving. */
	struct address *from;    /* NULL: not wanted; length 0: the sender has no address */
	bool has_sender;         /* the receiver asked for it: `sender` is valid */
	u32 result_flags;        /* MSG_TRUNC ... */
};

struct socket_ops {
	void (*release)(struct socket *s); /* the file is gone */
	int (*bind)(struct socket *s, const struct address *a);
	int (*connect)(struct socket *s, const struct address *a, bool nowait);
	int (*listen)(struct socket *s, int backlog);
	/* A new socket that has no file yet, referenced for it. */
	int (*accept)(struct socket *s, bool nowait, struct socket **out);
	int (*name)(struct socket *s, bool peer, struct address *a);
	int (*shutdown)(struct socket *s, int how);
	ssize_t (*send)(struct socket *s, struct transfer *t);
	ssize_t (*receive)(struct socket *s, struct transfer *t);
	unsigned (*poll)(struct socket *s, struct file *f, struct poll_table *pt);
	s64 (*ioctl)(struct socket *s, unsigned cmd, uptr_t arg);
	/* SO_PEERCRED, SO_PEERGROUPS: credentials, referenced, and process id; NULL: none. */
	struct cred *(*peer)(struct socket *s, s32 *pid);
};

enum socket_options { /* plain switches, SO_*, by bit */
	SOCKET_DEBUG = 1, SOCKET_REUSEADDR = 2, SOCKET_REUSEPORT = 4, SOCKET_DONTROUTE = 8, SOCKET_BROADCAST = 16,
	SOCKET_KEEPALIVE = 32, SOCKET_OOBINLINE = 64, SOCKET_PASSCRED = 128, SOCKET_TIMESTAMP = 256,
	SOCKET_TIMESTAMPNS = 512,
};

struct socket {
	refcount_t refs;
	u16 family, type, protocol; /* imm */
	bool listening;             /* SO_ACCEPTCONN */
	u32 options;                /* atomic: enum socket_options */
	const struct socket_ops *ops; /* imm */
	struct file *file;          /* not referenced; NULL before accept and after release. Set once */
	s32 error;                  /* atomic: SO_ERROR, taken by who reports it */
	u32 send_limit, receive_limit; /* bytes; SO_SNDBUF, SO_RCVBUF as they read */
	u32 low_water;              /* SO_RCVLOWAT */
	s32 peek_offset;            /* SO_PEEK_OFF; -1: off */
	u32 priority, mark;
	struct linger linger;
	u64 send_timeout, receive_timeout; /* ns; 0: none */
};

/* Sets what all sockets begin with; refs 1. */
void socket_init(struct socket *s, u16 family, u16 type, u16 protocol, const struct socket_ops *ops);
/* A pending error, taken: 0 or negative. */
static inline int socket_take_error(struct socket *s)
{
	return likely(!READ_ONCE(s->error)) ? 0 : __atomic_exchange_n(&s->error, 0, __ATOMIC_SEQ_CST);
}
/* The monotonic deadline of a wait; 0: none. */
u64 socket_deadline(u64 timeout_ns);
/* What a call returns whose wait ended by `err`: -EAGAIN for a time-out; a signal restarts unless there is one. */
int socket_wait_error(int err, u64 timeout_ns);

extern const struct file_ops socket_file_ops;
static inline struct socket *file_socket(struct file *f)
{
	return f->ops == &socket_file_ops ? f->priv : NULL;
}

struct socket_family {
	u16 family;
	/* `type` without flags. *out has one reference, the file's. -ESOCKTNOSUPPORT, -EPROTONOSUPPORT, -ENOMEM */
	int (*create)(int type, int protocol, struct socket **out);
	/* socketpair: joins two new ones. NULL: -EOPNOTSUPP */
	int (*pair)(struct socket *a, struct socket *b);
};
void socket_family_register(const struct socket_family *f);

/* Makes the file of `s` and takes over the caller's reference: on an error, too (then s is released). */
int socket_file_new(struct socket *s, int flags, struct file **out);

void net_init(void);
