/* SPDX-License-Identifier: MIT */
/*
 * Radix tree from u64 indices to pointers, 64 slots a node, with three tag bits a slot: what a
 * page cache needs. The theory is in radix.c.
 *
 * Locking: changes are the caller's to serialise. radix_lookup may run beside them without a lock
 * if `free_node` delays the freeing until such readers are gone (RCU) and the pointers found are
 * revalidated by the caller.
 */
#pragma once

#include <lib/types.h>
#include <lib/compiler.h>

#define RADIX_BITS 6
#define RADIX_SLOTS (1 << RADIX_BITS)
#define RADIX_TAGS 3

struct radix_node {
	u8 shift;			/* index bits below this node's slots */
	u8 count;			/* slots in use */
	u8 offset;			/* own slot in the parent */
	struct radix_node *parent;
	u64 tags[RADIX_TAGS];		/* bit i: slot i, or something below it, has the tag */
	void *slots[RADIX_SLOTS];
};

struct radix_ops {
	/* A node of sizeof(struct radix_node) bytes, any contents; NULL if there is none. */
	struct radix_node *(*alloc_node)(void *ctx);
	void (*free_node)(void *ctx, struct radix_node *node);
	void *ctx;
};

struct radix_tree {
	struct radix_node *root;
	const struct radix_ops *ops;
	u64 entries;
};

static inline void radix_init(struct radix_tree *tree, const struct radix_ops *ops)
{
	tree->root = NULL;
	tree->ops = ops;
	tree->entries = 0;
}

static inline bool radix_empty(const struct radix_tree *tree) { return !tree->entries; }

static inline void *radix_lookup(const struct radix_tree *tree, u64 index)
{
	struct radix_node *node = READ_ONCE(tree->root);

	if (!node || (index >> node->shift) >= RADIX_SLOTS)
		return NULL;
	for (;;) {
		unsigned shift = node->shift;

		node = READ_ONCE(node->slots[(index >> shift) & (RADIX_SLOTS - 1)]);
		if (!shift || !node)
			return node;
	}
}

/* Returns 0, -EEXIST if the index is taken, or -ENOMEM. item must not be NULL. */
int radix_insert(struct radix_tree *tree, u64 index, void *item);
/* Replace the item at index, keeping its tags; returns the old one, or NULL (and nothing done). */
void *radix_replace(struct radix_tree *tree, u64 index, void *item);
/* Remove and return the item, or NULL. Nodes that become empty are freed. */
void *radix_remove(struct radix_tree *tree, u64 index);

/*
 * The first item with an index in [*index, last]; *index becomes its index. NULL, with *index
 * unchanged, if there is none. To iterate: continue from *index + 1 (stop if that is 0).
 */
void *radix_next(const struct radix_tree *tree, u64 *index, u64 last);
/* The same for items with the tag. */
void *radix_next_tagged(const struct radix_tree *tree, u64 *index, u64 last, unsigned tag);

/* The index must be in use. */
void radix_tag_set(struct radix_tree *tree, u64 index, unsigned tag);
void radix_tag_clear(struct radix_tree *tree, u64 index, unsigned tag);
bool radix_tag_get(const struct radix_tree *tree, u64 index, unsigned tag);

static inline bool radix_tagged(const struct radix_tree *tree, unsigned tag)
{
	return tree->root && tree->root->tags[tag];
}

#define radix_for_each(item, index, tree, first, last) \
	for (u64 index = (first), index##_go = 1; \
	     index##_go && ((item) = radix_next((tree), &index, (last))) != NULL; \
	     index##_go = index++ != ~0ULL)
