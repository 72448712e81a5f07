/* SPDX-License-Identifier: MIT */
#include "unit.h"
#include <lib/rbtree.h>

#define COUNT 400

struct item {
	struct rb_node rb;
	u64 key;
	u64 weight;		/* own */
	u64 heaviest;		/* of the subtree: the augmented value */
	bool in;
};

static struct item items[COUNT];

static struct item *item_of(struct rb_node *n) { return rb_entry(n, struct item, rb); }

static bool update(struct rb_node *n)
{
	struct item *i = item_of(n);
	u64 v = i->weight;

	if (n->left)
		v = max(v, item_of(n->left)->heaviest);
	if (n->right)
		v = max(v, item_of(n->right)->heaviest);
	if (v == i->heaviest)
		return false;
	i->heaviest = v;
	return true;
}

/* Black height of the subtree; fails if an invariant is broken. */
static int check(struct rb_node *n, struct rb_node *parent, u64 *heaviest)
{
	u64 left = 0, right = 0;
	int height;

	*heaviest = 0;
	if (!n)
		return 1;
	assert_ptr_equal(rb_parent(n), parent);
	assert_true(parent || (n->parent_black & 1));
	assert_true((n->parent_black & 1) || !parent || (parent->parent_black & 1));
	height = check(n->left, n, &left);
	assert_int_equal(height, check(n->right, n, &right));
	*heaviest = max(item_of(n)->weight, max(left, right));
	return height + (n->parent_black & 1);
}

static bool link_item(struct item *i, struct rb_root *root)
{
	struct rb_node **link = &root->node, *parent = NULL;
	bool leftmost = true;

	while (*link) {
		parent = *link;
		if (i->key < item_of(parent)->key) {
			link = &parent->left;
		} else {
			link = &parent->right;
			leftmost = false;
		}
	}
	rb_link(&i->rb, parent, link);
	return leftmost;
}

static void reset(void)
{
	for (size_t i = 0; i < COUNT; i++)
		items[i] = (struct item){ .key = i * 10, .weight = test_random() % 1000 };
}

static void check_order(struct rb_root *root, size_t count)
{
	struct rb_node *last = NULL;
	size_t n = 0;

	rb_for_each(pos, root) {
		assert_true(!last || item_of(last)->key <= item_of(pos)->key);
		assert_ptr_equal(rb_prev(pos), last);
		last = pos;
		n++;
	}
	assert_int_equal(n, count);
	assert_ptr_equal(rb_last(root), last);
}

TEST(random_changes)
{
	struct rb_root root = RB_ROOT;
	size_t count = 0;
	u64 heaviest;

	reset();
	for (int step = 0; step < 20000; step++) {
		struct item *i = &items[test_random() % COUNT];

		if (i->in) {
			rb_erase(&i->rb, &root);
			count--;
		} else {
			link_item(i, &root);
			rb_insert(&i->rb, &root);
			count++;
		}
		i->in = !i->in;
		if (step % 16 == 0) {
			check(root.node, NULL, &heaviest);
			check_order(&root, count);
		}
	}
}

static void check_augmented(struct rb_node *n)
{
	u64 want;

	if (!n)
		return;
	check(n, rb_parent(n), &want);
	assert_int_equal(item_of(n)->heaviest, want);
	check_augmented(n->left);
	check_augmented(n->right);
}

TEST(augmented)
{
	struct rb_root root = RB_ROOT;

	reset();
	for (int step = 0; step < 4000; step++) {
		struct item *i = &items[test_random() % 60];

		if (!i->in) {
			link_item(i, &root);
			rb_insert_augmented(&i->rb, &root, update);
			i->in = true;
		} else if (test_random() % 3 == 0) {
			i->weight = test_random() % 1000;
			rb_update_path(&i->rb, update);
		} else {
			rb_erase_augmented(&i->rb, &root, update);
			i->in = false;
		}
		check_augmented(root.node);
	}
}

TEST(cached)
{
	struct rb_root_cached root = RB_ROOT_CACHED;

	reset();
	for (int step = 0; step < 5000; step++) {
		struct item *i = &items[test_random() % COUNT];

		if (i->in)
			rb_erase_cached(&i->rb, &root);
		else
			rb_insert_cached(&i->rb, &root, link_item(i, &root.root));
		i->in = !i->in;
		assert_ptr_equal(rb_first_cached(&root), rb_first(&root.root));
	}
}

TEST(replacing)
{
	struct rb_root root = RB_ROOT;
	struct item other;
	u64 heaviest;

	reset();
	for (size_t i = 0; i < COUNT; i++) {
		link_item(&items[i], &root);
		rb_insert(&items[i].rb, &root);
	}
	for (size_t i = 0; i < COUNT; i++) {
		other = items[i];
		rb_replace(&items[i].rb, &other.rb, &root);
		check(root.node, NULL, &heaviest);
		rb_replace(&other.rb, &items[i].rb, &root);
	}
	check_order(&root, COUNT);
}

TEST(postorder_frees_all)
{
	struct rb_root root = RB_ROOT;
	struct rb_node *n, *next;
	size_t count = 0;

	for (size_t i = 0; i < COUNT; i++) {
		struct item *it = calloc(1, sizeof(*it));

		it->key = test_random() % 100;	/* equal keys, too */
		link_item(it, &root);
		rb_insert(&it->rb, &root);
	}
	for (n = rb_first_postorder(&root); n; n = next) {
		next = rb_next_postorder(n);
		free(item_of(n));
		count++;
	}
	assert_int_equal(count, COUNT);
}

TEST(marking)
{
	struct item i;

	rb_clear(&i.rb);
	assert_false(rb_linked(&i.rb));
	assert_null(rb_entry_safe((struct rb_node *)NULL, struct item, rb));
}

RUN(T(random_changes), T(augmented), T(cached), T(replacing), T(postorder_frees_all), T(marking))
