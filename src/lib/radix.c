/* SPDX-License-Identifier: MIT */
/*
 * Radix tree.
 *
 * A node has 64 slots and consumes 6 index bits at `shift`; slots of nodes with shift 0 hold the
 * items. The root's shift grows as far as the largest index needs (at most 60), so a file of up to
 * 64 pages is one node, up to 4096 pages two levels:
 *
 *	tree --> node(shift 6) --> node(shift 0) --> item 0..63
 *	                       --> node(shift 0) --> item 64..127
 *
 * Invariants:
 *  1. a node in the tree has count >= 1: empty nodes are freed at once, up to the root;
 *  2. a slot's tag bit in an inner node is set exactly when the node below has any slot with it;
 *  3. what lies above the root's range is empty. The root never shrinks but to nothing.
 *
 * Readers without a lock see a node only once it is complete: slots are stored last.
 */
#include <lib/radix.h>
#include <lib/bitmap.h>
#include <lib/string.h>

#include <asm/errno.h>

#define SHIFT_MAX 60

static unsigned slot_of(const struct radix_node *node, u64 index)
{
	return (index >> node->shift) & (RADIX_SLOTS - 1);
}

static bool covers(const struct radix_node *node, u64 index)
{
	return (index >> node->shift) < RADIX_SLOTS;
}

static struct radix_node *node_new(struct radix_tree *tree, unsigned shift)
{
	struct radix_node *node = tree->ops->alloc_node(tree->ops->ctx);

	if (node) {
		memset(node, 0, sizeof(*node));
		node->shift = shift;
	}
	return node;
}

/* Publish: whoever finds the pointer without a lock finds what it points to complete. */
static void slot_store(void **slot, void *p)
{
	__atomic_store_n(slot, p, __ATOMIC_RELEASE);
}

static void attach(struct radix_node *parent, unsigned slot, struct radix_node *child)
{
	child->parent = parent;
	child->offset = slot;
	parent->count++;
	slot_store(&parent->slots[slot], child);
}

/* Put a root on top of the root, one level higher. */
static int grow(struct radix_tree *tree)
{
	struct radix_node *old = tree->root, *root = node_new(tree, old->shift + RADIX_BITS);

	if (!root)
		return -ENOMEM;
	for (unsigned tag = 0; tag < RADIX_TAGS; tag++)
		root->tags[tag] = old->tags[tag] != 0;
	attach(root, 0, old);
	slot_store((void **)&tree->root, root);
	return 0;
}

/* Free `node` if it is empty, and what becomes empty above it. */
static void prune(struct radix_tree *tree, struct radix_node *node)
{
	while (node && !node->count) {
		struct radix_node *parent = node->parent;

		if (parent) {
			slot_store(&parent->slots[node->offset], NULL);
			parent->count--;
		} else {
			slot_store((void **)&tree->root, NULL);
		}
		tree->ops->free_node(tree->ops->ctx, node);
		node = parent;
	}
}

static int make_root(struct radix_tree *tree, u64 index)
{
	struct radix_node *root;
	unsigned shift = 0;

	if (tree->root) {
		while (!covers(tree->root, index)) {
			int err = grow(tree);

			if (err)
				return err;
		}
		return 0;
	}
	while (shift < SHIFT_MAX && (index >> shift) >= RADIX_SLOTS)
		shift += RADIX_BITS;
	root = node_new(tree, shift);
	if (!root)
		return -ENOMEM;
	slot_store((void **)&tree->root, root);
	return 0;
}

int radix_insert(struct radix_tree *tree, u64 index, void *item)
{
	struct radix_node *node;
	unsigned slot;
	int err = make_root(tree, index);

	if (err)
		return err;
	for (node = tree->root; node->shift; node = node->slots[slot]) {
		struct radix_node *child;

		slot = slot_of(node, index);
		if (node->slots[slot])
			continue;
		child = node_new(tree, node->shift - RADIX_BITS);
		if (!child) {
			prune(tree, node);
			return -ENOMEM;
		}
		attach(node, slot, child);
	}
	slot = slot_of(node, index);
	if (node->slots[slot])
		return -EEXIST;
	node->count++;
	tree->entries++;
	slot_store(&node->slots[slot], item);
	return 0;
}

/* The leaf node that holds index, or NULL if the index is free. */
static struct radix_node *find_leaf(const struct radix_tree *tree, u64 index)
{
	struct radix_node *node = tree->root;

	if (!node || !covers(node, index))
		return NULL;
	while (node && node->shift)
		node = node->slots[slot_of(node, index)];
	return node && node->slots[slot_of(node, index)] ? node : NULL;
}

void *radix_replace(struct radix_tree *tree, u64 index, void *item)
{
	struct radix_node *leaf = find_leaf(tree, index);
	void *old;

	if (!leaf)
		return NULL;
	old = leaf->slots[slot_of(leaf, index)];
	slot_store(&leaf->slots[slot_of(leaf, index)], item);
	return old;
}

static void leaf_tag_clear(struct radix_node *node, unsigned slot, unsigned tag)
{
	for (; node; slot = node->offset, node = node->parent) {
		node->tags[tag] &= ~BIT(slot);
		if (node->tags[tag])
			return;
	}
}

void *radix_remove(struct radix_tree *tree, u64 index)
{
	struct radix_node *leaf = find_leaf(tree, index);
	unsigned slot;
	void *old;

	if (!leaf)
		return NULL;
	slot = slot_of(leaf, index);
	old = leaf->slots[slot];
	for (unsigned tag = 0; tag < RADIX_TAGS; tag++) {
		if (leaf->tags[tag] & BIT(slot))
			leaf_tag_clear(leaf, slot, tag);
	}
	slot_store(&leaf->slots[slot], NULL);
	leaf->count--;
	tree->entries--;
	prune(tree, leaf);
	return old;
}

/* The first slot from `slot` on that is in use (and has the tag, if tag >= 0), or RADIX_SLOTS. */
static unsigned next_slot(const struct radix_node *node, unsigned slot, int tag)
{
	if (tag >= 0) {
		u64 bits = slot < RADIX_SLOTS ? node->tags[tag] & ~(u64)0 << slot : 0;

		return bits ? bit_first(bits) : RADIX_SLOTS;
	}
	while (slot < RADIX_SLOTS && !node->slots[slot])
		slot++;
	return slot;
}

/*
 * Walk down along *index; where the way is empty, move on to the next slot in use, from whose
 * start the index bits below are 0; where a node has no more, go up and one further.
 */
static void *walk(const struct radix_tree *tree, u64 *index, u64 last, int tag)
{
	const struct radix_node *node = tree->root;
	u64 at = *index;

	if (!node || !covers(node, at))
		return NULL;
	for (;;) {
		unsigned want = slot_of(node, at), slot = next_slot(node, want, tag);

		while (slot == RADIX_SLOTS) {
			slot = node->offset;
			node = node->parent;
			if (!node)
				return NULL;
			slot = next_slot(node, slot + 1, tag);
			want = RADIX_SLOTS;
		}
		if (slot != want) {	/* also keeps the index bits above this node's */
			u64 span = (u64)RADIX_SLOTS << node->shift;	/* 0 for the topmost level */

			at = (span ? ALIGN_DOWN(at, span) : 0) | (u64)slot << node->shift;
		}
		if (at > last)
			return NULL;
		if (!node->shift) {
			*index = at;
			return node->slots[slot];
		}
		node = node->slots[slot];
	}
}

void *radix_next(const struct radix_tree *tree, u64 *index, u64 last)
{
	return walk(tree, index, last, -1);
}

void *radix_next_tagged(const struct radix_tree *tree, u64 *index, u64 last, unsigned tag)
{
	return walk(tree, index, last, tag);
}

void radix_tag_set(struct radix_tree *tree, u64 index, unsigned tag)
{
	struct radix_node *node = find_leaf(tree, index);
	unsigned slot;

	for (slot = node ? slot_of(node, index) : 0; node; slot = node->offset, node = node->parent) {
		if (node->tags[tag] & BIT(slot))
			return;
		node->tags[tag] |= BIT(slot);
	}
}

void radix_tag_clear(struct radix_tree *tree, u64 index, unsigned tag)
{
	struct radix_node *leaf = find_leaf(tree, index);

	if (leaf && (leaf->tags[tag] & BIT(slot_of(leaf, index))))
		leaf_tag_clear(leaf, slot_of(leaf, index), tag);
}

bool radix_tag_get(const struct radix_tree *tree, u64 index, unsigned tag)
{
	struct radix_node *leaf = find_leaf(tree, index);

	return leaf && (leaf->tags[tag] & BIT(slot_of(leaf, index)));
}
