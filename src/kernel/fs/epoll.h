/* SPDX-License-Identifier: MIT */
/*
 * What the files of epoll share; the theory is in epoll.c.
 *
 *	epoll.c          sets and their items, the ready list, the epoll file
 *	epoll_nesting.c  epolls that watch each other: what is allowed
 *	epoll_calls.c    the system calls
 */
#pragma once

#include <fs/internal.h>
#include <fs/poll_waiter.h>
#include <lib/hash.h>
#include <lib/rbtree.h>

#define EPOLL_FILE_LOCKS_BITS 5
#define INOUT (EPOLLIN | EPOLLOUT)

struct epoll {
	struct mutex lock;
	spinlock_t ready_lock;
	bool scanning;          /* ready_lock: the ready list is elsewhere */
	struct list ready;      /* ready_lock */
	struct rb_root items;   /* lock */
	struct wait_queue waiters; /* in epoll_wait */
	struct wait_queue pollers; /* who watches the epoll file itself */
	struct file *file;      /* imm: not referenced */
	u64 seen_down, seen_up; /* epoll_topology: the last walks that came here, and what they found: */
	int height, above;
};

/* An item's entry on one queue. */
struct item_wait {
	struct wait_entry wait;
	struct wait_queue *queue; /* NULL: not in use */
	struct epoll_item *item;
	struct item_wait *next;
};

struct epoll_item {
	struct rb_node node;    /* ep->lock */
	struct list ready;      /* ready_lock */
	struct epoll *ep;       /* imm */
	struct file *file;      /* imm */
	int fd;                 /* imm */
	u32 events;             /* ep->lock to change */
	u64 data;               /* ep->lock */
	struct list file_link;  /* file_lock() */
	struct item_wait own;   /* most files have one queue; the others' are allocated: */
	struct item_wait *more;
};

extern const struct file_ops epoll_ops;
extern struct mutex epoll_topology;
extern spinlock_t epoll_file_locks[1 << EPOLL_FILE_LOCKS_BITS];

static inline spinlock_t *file_lock(const struct file *f)
{
	return &epoll_file_locks[hash_ptr(f, EPOLL_FILE_LOCKS_BITS)];
}

static inline bool is_epoll(const struct file *f) { return f->ops == &epoll_ops; }

/* Does an epoll file watch this one? */
static inline bool is_watched(const struct epoll *ep) { return !list_empty(&ep->file->epoll_items); }

/* May a scan find something? */
static inline bool available(const struct epoll *ep)
{
	return !list_empty(&ep->ready) || READ_ONCE(ep->scanning);
}

/* --- epoll.c --- */

/* The item of (f, fd), or NULL. ep->lock is held for these: */
struct epoll_item *epoll_item_find(struct epoll *ep, const struct file *f, int fd);
/* Makes one, which is ready at once if its file is. -ENOMEM */
int epoll_item_add(struct epoll *ep, struct file *f, int fd, const struct epoll_event *ev) must_check;
/* Other events and data. -EINVAL: it is exclusive. */
int epoll_item_change(struct epoll_item *it, const struct epoll_event *ev) must_check;
void epoll_item_remove(struct epoll_item *it);
/* epoll_wait until `deadline`: how many events were reported, or an error. Takes ep->lock; sleeps. */
s64 epoll_wait_events(int epfd, uptr_t out, int most, u64 deadline);

/* --- epoll_nesting.c; epoll_topology is held --- */

/* May `ep` watch `below`? -ELOOP */
int epoll_check_topology(struct epoll *ep, struct epoll *below) must_check;
/* `f` is watched by one more: are there too many ways up from it, or from a file below it? -EINVAL */
int epoll_check_ways(struct file *f) must_check;
