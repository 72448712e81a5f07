/* SPDX-License-Identifier: MIT */
/*
 * Red-black trees. Invariants between calls:
 *
 *  1. the root is black, and so is every missing child;
 *  2. a red node's parent is black;
 *  3. every way from a node down to a missing child meets as many black nodes as any other.
 *
 * So the longest way is at most twice the shortest. A node's colour sits in bit 0 of its parent
 * pointer. In the pictures, capitals are black and small letters red; (n) is the node the step
 * looks at; each case has its mirror image, which the code reaches through child(), so that no
 * case is written twice.
 *
 * The functions that take `update` are inlined once with NULL and once with the caller's, so a
 * plain tree pays nothing for augmented ones.
 */
#include <lib/rbtree.h>

enum { RED = 0, BLACK = 1 };
enum side { LEFT, RIGHT };

static always_inline bool is_black(const struct rb_node *n)
{
	return !n || (n->parent_black & BLACK);
}

static always_inline void set_black(struct rb_node *n)
{
	n->parent_black |= BLACK;
}

static always_inline void set_red(struct rb_node *n)
{
	n->parent_black &= ~1UL;
}

static always_inline void set_parent(struct rb_node *n, struct rb_node *parent)
{
	n->parent_black = (unsigned long)parent | (n->parent_black & BLACK);
}

static always_inline struct rb_node **child(struct rb_node *n, enum side s)
{
	return s == LEFT ? &n->left : &n->right;
}

/* Let `new` (or nothing) hang where `old` hung under `parent`. */
static always_inline void hang(struct rb_node *old, struct rb_node *new, struct rb_node *parent,
			       struct rb_root *root)
{
	if (!parent)
		root->node = new;
	else if (parent->left == old)
		parent->left = new;
	else
		parent->right = new;
}

/*
 * Rotate towards s (here LEFT): colours stay with the nodes, the order of keys with the tree.
 *
 *	  p              c
 *	 / \            / \
 *	1   c    -->   p   3
 *	   / \        / \
 *	  2   3      1   2
 */
static always_inline void rotate(struct rb_node *p, enum side s, struct rb_root *root,
				 rb_update_fn *update)
{
	enum side o = s == LEFT ? RIGHT : LEFT;
	struct rb_node *c = *child(p, o), *grand = rb_parent(p), *middle = *child(c, s);

	*child(p, o) = middle;
	if (middle)
		set_parent(middle, p);
	*child(c, s) = p;
	set_parent(p, c);
	set_parent(c, grand);
	hang(p, c, grand, root);
	if (update) {
		update(p);
		update(c);
	}
}

/*
 * n is red and may have a red parent p; g is the grandparent, u the uncle.
 *
 *  A. red uncle: recolour and go on with g.
 *
 *	    G               (g)
 *	   / \              / \
 *	  p   u    -->     P   U
 *	 /                /
 *	(n)              n
 *
 *  B. black uncle, n an inner grandchild: rotate p, which makes it case C.
 *
 *	    G                G
 *	   / \              / \
 *	  p   U    -->     n   U
 *	   \              /
 *	   (n)          (p)
 *
 *  C. black uncle, n an outer grandchild: rotate g, done.
 *
 *	    G               P
 *	   / \             / \
 *	  p   U    -->    n   g
 *	 /                     \
 *	(n)                     U
 */
static always_inline void fix_red(struct rb_node *n, struct rb_root *root, rb_update_fn *update)
{
	for (;;) {
		struct rb_node *p = rb_parent(n), *g, *u;
		enum side s;

		if (!p) {
			set_black(n);
			return;
		}
		if (is_black(p))
			return;
		g = rb_parent(p);	/* exists: a red node is not the root */
		s = g->left == p ? LEFT : RIGHT;
		u = *child(g, s == LEFT ? RIGHT : LEFT);
		if (!is_black(u)) {
			set_black(p);
			set_black(u);
			set_red(g);
			n = g;
			continue;
		}
		if (*child(p, s) != n) {
			rotate(p, s, root, update);
			p = n;
		}
		set_black(p);
		set_red(g);
		rotate(g, s == LEFT ? RIGHT : LEFT, root, update);
		return;
	}
}

void rb_insert(struct rb_node *node, struct rb_root *root)
{
	fix_red(node, root, NULL);
}

void rb_update_path(struct rb_node *node, rb_update_fn *update)
{
	while (node && update(node))
		node = rb_parent(node);
}

void rb_insert_augmented(struct rb_node *node, struct rb_root *root, rb_update_fn *update)
{
	update(node);
	rb_update_path(rb_parent(node), update);
	fix_red(node, root, update);
}

/*
 * The ways through n (possibly missing, hence p beside it) are one black node short; s is n's
 * side under p, b its brother, which exists because the ways through it are longer.
 *
 *  A. red brother: rotate p; the new brother is black.
 *
 *	   P                B
 *	  / \              / \
 *	(n)  b     -->    p   D
 *	    / \          / \
 *	   C   D       (n)  C
 *
 *  B. black brother, no red nephew: make b red. If p was red, paint it black and be done; else
 *     the ways through p are short now: go on with it.
 *
 *	   p                P
 *	  / \              / \
 *	(n)  B     -->    n   b
 *	    / \              / \
 *	   C   D            C   D
 *
 *  C. black brother, only the near nephew red: rotate b, which makes it case D.
 *
 *	   p                p
 *	  / \              / \
 *	(n)  B     -->   (n)  C
 *	    / \                \
 *	   c   D                b
 *	                         \
 *	                          D
 *
 *  D. black brother, far nephew red: rotate p; b takes p's colour. Done.
 *
 *	   p                b
 *	  / \              / \
 *	(n)  B     -->    P   D
 *	      \          /
 *	       d        n
 */
static always_inline void fix_short(struct rb_node *n, struct rb_node *p, struct rb_root *root,
				    rb_update_fn *update)
{
	while (p && is_black(n)) {
		enum side s = p->left == n ? LEFT : RIGHT, o = s == LEFT ? RIGHT : LEFT;
		struct rb_node *b = *child(p, o);

		if (!is_black(b)) {
			set_black(b);
			set_red(p);
			rotate(p, s, root, update);
			b = *child(p, o);
		}
		if (is_black(b->left) && is_black(b->right)) {
			set_red(b);
			n = p;
			p = rb_parent(n);
			continue;
		}
		if (is_black(*child(b, o))) {
			set_black(*child(b, s));
			set_red(b);
			rotate(b, o, root, update);
			b = *child(p, o);
		}
		b->parent_black = (b->parent_black & ~1UL) | (p->parent_black & BLACK);
		set_black(p);
		set_black(*child(b, o));
		rotate(p, s, root, update);
		return;
	}
	if (n)
		set_black(n);
}

/*
 * Take node out. With two children, its successor (which has no left child) takes its place and
 * colour, and the successor's place is what becomes empty.
 */
static always_inline void erase(struct rb_node *node, struct rb_root *root, rb_update_fn *update)
{
	struct rb_node *parent = rb_parent(node), *heir, *below;	/* below: may be one short */
	bool black = is_black(node);

	if (!node->left || !node->right) {
		heir = node->left ? node->left : node->right;
		hang(node, heir, parent, root);
		if (heir)
			set_parent(heir, parent);
		below = heir;
	} else {
		heir = node->right;
		while (heir->left)
			heir = heir->left;
		black = is_black(heir);
		below = heir->right;
		hang(node, heir, parent, root);
		parent = rb_parent(heir);
		if (parent == node) {
			parent = heir;
		} else {
			parent->left = below;
			if (below)
				set_parent(below, parent);
			heir->right = node->right;
			set_parent(heir->right, heir);
		}
		heir->left = node->left;
		set_parent(heir->left, heir);
		heir->parent_black = node->parent_black;
	}
	if (update) {
		for (struct rb_node *n = parent; n; n = rb_parent(n))
			update(n);
	}
	if (black)
		fix_short(below, parent, root, update);
}

void rb_erase(struct rb_node *node, struct rb_root *root)
{
	erase(node, root, NULL);
}

void rb_erase_augmented(struct rb_node *node, struct rb_root *root, rb_update_fn *update)
{
	erase(node, root, update);
}

void rb_replace(struct rb_node *old, struct rb_node *new, struct rb_root *root)
{
	*new = *old;
	hang(old, new, rb_parent(old), root);
	if (new->left)
		set_parent(new->left, new);
	if (new->right)
		set_parent(new->right, new);
}

struct rb_node *rb_first(const struct rb_root *root)
{
	struct rb_node *n = root->node;

	while (n && n->left)
		n = n->left;
	return n;
}

struct rb_node *rb_last(const struct rb_root *root)
{
	struct rb_node *n = root->node;

	while (n && n->right)
		n = n->right;
	return n;
}

struct rb_node *rb_next(const struct rb_node *node)
{
	struct rb_node *n = node->right, *parent;

	if (n) {
		while (n->left)
			n = n->left;
		return n;
	}
	while ((parent = rb_parent(node)) && parent->right == node)
		node = parent;
	return parent;
}

struct rb_node *rb_prev(const struct rb_node *node)
{
	struct rb_node *n = node->left, *parent;

	if (n) {
		while (n->right)
			n = n->right;
		return n;
	}
	while ((parent = rb_parent(node)) && parent->left == node)
		node = parent;
	return parent;
}

static struct rb_node *deepest(struct rb_node *n)
{
	for (;;) {
		if (n->left)
			n = n->left;
		else if (n->right)
			n = n->right;
		else
			return n;
	}
}

struct rb_node *rb_first_postorder(const struct rb_root *root)
{
	return root->node ? deepest(root->node) : NULL;
}

struct rb_node *rb_next_postorder(const struct rb_node *node)
{
	struct rb_node *parent = rb_parent(node);

	if (parent && parent->left == node && parent->right)
		return deepest(parent->right);
	return parent;
}
