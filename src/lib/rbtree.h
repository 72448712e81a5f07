/* SPDX-License-Identifier: MIT */
/*
 * Intrusive red-black trees.
 *
 * The caller searches with a loop of its own (no comparison call-back), links the node where the
 * search ended, and has the tree rebalanced:
 *
 *	struct rb_node **link = &root->node, *parent = NULL;
 *	while (*link) {
 *		parent = *link;
 *		link = key < rb_entry(parent, struct thing, rb)->key ? &parent->left : &parent->right;
 *	}
 *	rb_link(&thing->rb, parent, link);
 *	rb_insert(&thing->rb, root);
 *
 * An augmented tree keeps in each node a value computed from the node and its two children (the
 * largest end address below, the largest gap below); `update` recomputes one node's value and says
 * whether it changed. A cached tree remembers its leftmost node.
 *
 * Locking is the caller's.
 */
#pragma once

#include <lib/types.h>
#include <lib/compiler.h>

struct rb_node {
	unsigned long parent_black;	/* parent's address | 1 if the node is black */
	struct rb_node *left;
	struct rb_node *right;
};

struct rb_root {
	struct rb_node *node;
};

struct rb_root_cached {
	struct rb_root root;
	struct rb_node *leftmost;
};

#define RB_ROOT ((struct rb_root){ NULL })
#define RB_ROOT_CACHED ((struct rb_root_cached){ { NULL }, NULL })

#define rb_entry(ptr, type, member) container_of(ptr, type, member)
/* As rb_entry, but NULL stays NULL. */
#define rb_entry_safe(ptr, type, member) ({ \
	struct rb_node *rb_entry_ptr = (ptr); \
	rb_entry_ptr ? rb_entry(rb_entry_ptr, type, member) : NULL; })

/* Recompute node's value from itself and its children; true if it changed. */
typedef bool rb_update_fn(struct rb_node *node);

static inline bool rb_empty(const struct rb_root *root) { return !root->node; }

static inline struct rb_node *rb_parent(const struct rb_node *node)
{
	return (struct rb_node *)(node->parent_black & ~3UL);
}

/* A node that is in no tree can be marked so, and asked. */
static inline void rb_clear(struct rb_node *node)
{
	node->parent_black = (unsigned long)node;
}

static inline bool rb_linked(const struct rb_node *node)
{
	return node->parent_black != (unsigned long)node;
}

static inline void rb_link(struct rb_node *node, struct rb_node *parent, struct rb_node **link)
{
	node->parent_black = (unsigned long)parent;
	node->left = node->right = NULL;
	*link = node;
}

void rb_insert(struct rb_node *node, struct rb_root *root);
void rb_erase(struct rb_node *node, struct rb_root *root);
/* Put `new` in the place of `old`, which has the same key. */
void rb_replace(struct rb_node *old, struct rb_node *new, struct rb_root *root);

void rb_insert_augmented(struct rb_node *node, struct rb_root *root, rb_update_fn *update);
void rb_erase_augmented(struct rb_node *node, struct rb_root *root, rb_update_fn *update);
/* The node's own part of the value changed: carry it upwards. */
void rb_update_path(struct rb_node *node, rb_update_fn *update);

struct rb_node *rb_first(const struct rb_root *root);
struct rb_node *rb_last(const struct rb_root *root);
struct rb_node *rb_next(const struct rb_node *node);
struct rb_node *rb_prev(const struct rb_node *node);
/* Children before parents, for tearing a tree down; each node may be freed once next is known. */
struct rb_node *rb_first_postorder(const struct rb_root *root);
struct rb_node *rb_next_postorder(const struct rb_node *node);

static inline struct rb_node *rb_first_cached(const struct rb_root_cached *root)
{
	return root->leftmost;
}

/* `leftmost`: the search for the place never went right. */
static inline void rb_insert_cached(struct rb_node *node, struct rb_root_cached *root,
				    bool leftmost)
{
	if (leftmost)
		root->leftmost = node;
	rb_insert(node, &root->root);
}

static inline void rb_erase_cached(struct rb_node *node, struct rb_root_cached *root)
{
	if (root->leftmost == node)
		root->leftmost = rb_next(node);
	rb_erase(node, &root->root);
}

#define rb_for_each(pos, root) \
	for (struct rb_node *pos = rb_first(root); pos; pos = rb_next(pos))
