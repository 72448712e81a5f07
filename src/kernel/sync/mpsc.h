/* SPDX-License-Identifier: MIT */
/*
 * A queue with many producers and one consumer, intrusive, first in, first out.
 *
 *	tail --------------------------------+
 *	                                     v
 *	head -> [node] -next-> [node] ...  [node] -next-> NULL
 *
 * A push is two steps and cannot fail or wait, whoever interrupts it and wherever (NMIs
 * included): it exchanges `tail` for the new node, then lets the node that was there point to
 * the new one.  Between the two steps the chain is broken at that place: the consumer sees the
 * queue end there, and what was pushed behind comes out as soon as the second step is done.  So
 * a producer must tell the consumer AFTER its push (and not only when the queue was empty), and
 * the consumer must withdraw its "told" mark BEFORE it pops: see irq_work.c.
 *
 * `stub` keeps the queue from ever being empty, so that no push has a special case; the
 * consumer puts it back when it takes the last node.
 *
 * The consumer is one at a time, by whatever excludes others (the CPU with interrupts off, a
 * lock, one thread).  A node may be pushed again, or freed, as soon as it has been popped.
 */
#pragma once

#include <sync/atomic.h>

struct mpsc_node {
	struct mpsc_node *next; /* atomic */
};

struct mpsc {
	struct mpsc_node *tail; /* atomic: the newest */
	struct mpsc_node *head; /* consumer: the oldest, or the stub */
	struct mpsc_node stub;
};

#define MPSC_INIT(q) { &(q).stub, &(q).stub, { NULL } }

static inline void mpsc_init(struct mpsc *q)
{
	q->tail = q->head = &q->stub;
	q->stub.next = NULL;
}

/* Any context; orders all that was written before it ahead of the pop. */
static inline void mpsc_push(struct mpsc *q, struct mpsc_node *n)
{
	struct mpsc_node *prev;

	atomic_store_relaxed(&n->next, NULL);
	prev = __atomic_exchange_n(&q->tail, n, __ATOMIC_SEQ_CST);
	atomic_store(&prev->next, n);
}

/* The oldest node; NULL when there is none, or none whose push is done. Consumer only. */
static inline struct mpsc_node *mpsc_pop(struct mpsc *q)
{
	struct mpsc_node *n = q->head, *next = atomic_load(&n->next);

	if (n == &q->stub) {
		if (!next)
			return NULL;
		q->head = n = next;
		next = atomic_load(&n->next);
	}
	if (next) {
		q->head = next;
		return n;
	}
	if (n != atomic_load(&q->tail))
		return NULL; /* a push behind it is half done */
	mpsc_push(q, &q->stub);
	next = atomic_load(&n->next);
	if (!next)
		return NULL; /* the same, and it came before the stub */
	q->head = next;
	return n;
}

/* Nothing to pop? A hint for others than the consumer. */
static inline bool mpsc_empty(const struct mpsc *q)
{
	return atomic_load(&q->tail) == &q->stub;
}
