/* SPDX-License-Identifier: MIT */
/*
 * Intrusive lists.  `struct list` is both head and node of a circular doubly
 * linked list; an unlinked node points to itself.  `struct hlist` is a head of
 * one pointer for hash tables.
 */
#pragma once

#include <lib/compiler.h>

struct list {
	struct list *next, *prev;
};

#define LIST_INIT(name) { &(name), &(name) }

static inline void list_init(struct list *l)
{
	l->next = l->prev = l;
}

static inline bool list_empty(const struct list *l)
{
	return READ_ONCE(l->next) == l;
}

static inline void list_insert_between(struct list *n, struct list *a, struct list *b)
{
	n->prev = a;
	n->next = b;
	a->next = n;
	b->prev = n;
}

/* Puts `n` right behind the head. */
static inline void list_push_front(struct list *head, struct list *n)
{
	list_insert_between(n, head, head->next);
}

/* Puts `n` at the tail. */
static inline void list_push_back(struct list *head, struct list *n)
{
	list_insert_between(n, head->prev, head);
}

/* Unlinks `n` and leaves it pointing to itself, so that it may be removed again. */
static inline void list_remove(struct list *n)
{
	n->prev->next = n->next;
	n->next->prev = n->prev;
	list_init(n);
}

/* Moves all of `from` to the tail of `to`; `from` is empty afterwards. */
static inline void list_splice_back(struct list *to, struct list *from)
{
	if (list_empty(from))
		return;
	from->next->prev = to->prev;
	to->prev->next = from->next;
	from->prev->next = to;
	to->prev = from->prev;
	list_init(from);
}

#define list_entry(ptr, type, member) container_of(ptr, type, member)
#define list_first(head, type, member) list_entry((head)->next, type, member)
#define list_last(head, type, member) list_entry((head)->prev, type, member)
#define list_first_or_null(head, type, member) \
	(list_empty(head) ? NULL : list_first(head, type, member))

#define list_for_each(pos, head, member)                                       \
	for (pos = list_entry((head)->next, __typeof__(*pos), member);         \
	     &pos->member != (head);                                           \
	     pos = list_entry(pos->member.next, __typeof__(*pos), member))

/* The loop body may remove `pos`. */
#define list_for_each_safe(pos, tmp, head, member)                             \
	for (pos = list_entry((head)->next, __typeof__(*pos), member),         \
	    tmp = list_entry(pos->member.next, __typeof__(*pos), member);      \
	     &pos->member != (head);                                           \
	     pos = tmp, tmp = list_entry(tmp->member.next, __typeof__(*tmp), member))

struct hlist_node {
	struct hlist_node *next, **pprev;
};

struct hlist {
	struct hlist_node *first;
};

static inline void hlist_add(struct hlist *h, struct hlist_node *n)
{
	n->next = h->first;
	if (n->next)
		n->next->pprev = &n->next;
	n->pprev = &h->first;
	__atomic_store_n(&h->first, n, __ATOMIC_RELEASE);
}

static inline bool hlist_linked(const struct hlist_node *n)
{
	return n->pprev != NULL;
}

static inline void hlist_remove(struct hlist_node *n)
{
	if (!n->pprev)
		return;
	__atomic_store_n(n->pprev, n->next, __ATOMIC_RELAXED); /* readers under RCU may stand here */
	if (n->next)
		n->next->pprev = n->pprev;
	n->pprev = NULL;
}

#define hlist_for_each(pos, head, member)                                      \
	for (struct hlist_node *n_ = __atomic_load_n(&(head)->first, __ATOMIC_CONSUME); \
	     n_ && (pos = container_of(n_, __typeof__(*pos), member), 1);      \
	     n_ = __atomic_load_n(&n_->next, __ATOMIC_CONSUME))
