/* SPDX-License-Identifier: MIT */
#include "unit.h"
#include <lib/radix.h>
#include <lib/compiler.h>

static int nodes, allowed;	/* nodes alive; how many more may be had, -1: any number */

static struct radix_node *alloc_node(void *ctx)
{
	if (!allowed)
		return NULL;
	if (allowed > 0)
		allowed--;
	nodes++;
	return malloc(sizeof(struct radix_node));
}

static void free_node(void *ctx, struct radix_node *node)
{
	nodes--;
	free(node);
}

static const struct radix_ops ops = { alloc_node, free_node, NULL };

static void setup(struct radix_tree *t)
{
	nodes = 0;
	allowed = -1;
	radix_init(t, &ops);
}

#define ITEM(i) ((void *)(unsigned long)((i) * 8 + 8))

/* The tree against a plain array, over a range that needs three levels. */
#define SPACE 9000

TEST(random_changes)
{
	static bool in[SPACE], tag[SPACE];
	struct radix_tree t;
	u64 count = 0;

	setup(&t);
	for (int step = 0; step < 60000; step++) {
		u64 i = test_random() % SPACE;

		if (step % 4000 < 2000)
			i %= 200;	/* dense and sparse phases */
		switch (test_random() % 4) {
		case 0:
			assert_int_equal(radix_insert(&t, i, ITEM(i)), in[i] ? -EEXIST : 0);
			count += !in[i];
			in[i] = true;
			break;
		case 1:
			assert_ptr_equal(radix_remove(&t, i), in[i] ? ITEM(i) : NULL);
			count -= in[i];
			in[i] = tag[i] = false;
			break;
		case 2:
			if (in[i])
				radix_tag_set(&t, i, 1);
			tag[i] = in[i];
			break;
		default:
			radix_tag_clear(&t, i, 1);
			tag[i] = false;
			break;
		}
		assert_int_equal(t.entries, count);
		assert_ptr_equal(radix_lookup(&t, i), in[i] ? ITEM(i) : NULL);
		assert_int_equal(radix_tag_get(&t, i, 1), tag[i]);
		if (step % 500 == 0) {
			u64 want = 0, from = test_random() % SPACE, index = from;
			void *item;
			bool any = false;

			radix_for_each(item, at, &t, 0, ~0ULL) {
				while (!in[want])
					want++;
				assert_int_equal(at, want);
				assert_ptr_equal(item, ITEM(at));
				want++;
			}
			while (want < SPACE)
				assert_false(in[want++]);
			for (want = from; want < SPACE && !tag[want]; want++)
				;
			item = radix_next_tagged(&t, &index, ~0ULL, 1);
			assert_ptr_equal(item, want < SPACE ? ITEM(want) : NULL);
			assert_int_equal(index, item ? want : from);
			for (u64 j = 0; j < SPACE; j++)
				any |= tag[j];
			assert_int_equal(radix_tagged(&t, 1), any);
			assert_false(radix_tagged(&t, 0));
		}
	}
	for (u64 i = 0; i < SPACE; i++)
		radix_remove(&t, i);
	assert_true(radix_empty(&t));
	assert_null(t.root);
	assert_int_equal(nodes, 0);
}

TEST(extreme_indices)
{
	static const u64 at[] = { 0, 63, 64, 4095, 4096, 1ULL << 40, ~0ULL - 1, ~0ULL };
	struct radix_tree t;
	void *item;
	size_t n = 0;

	setup(&t);
	for (size_t i = 0; i < ARRAY_SIZE(at); i++)
		assert_int_equal(radix_insert(&t, at[i], ITEM(i)), 0);
	for (size_t i = 0; i < ARRAY_SIZE(at); i++)
		assert_ptr_equal(radix_lookup(&t, at[i]), ITEM(i));
	assert_null(radix_lookup(&t, 1ULL << 63));
	radix_for_each(item, index, &t, 0, ~0ULL) {
		assert_int_equal(index, at[n]);
		assert_ptr_equal(item, ITEM(n));
		n++;
	}
	assert_int_equal(n, ARRAY_SIZE(at));
	for (size_t i = 0; i < ARRAY_SIZE(at); i++)
		assert_ptr_equal(radix_remove(&t, at[i]), ITEM(i));
	assert_int_equal(nodes, 0);
}

TEST(ranges)
{
	struct radix_tree t;
	u64 index;

	setup(&t);
	radix_insert(&t, 100, ITEM(1));
	radix_insert(&t, 5000, ITEM(2));
	index = 0;
	assert_null(radix_next(&t, &index, 99));
	assert_int_equal(index, 0);
	assert_ptr_equal(radix_next(&t, &index, 100), ITEM(1));
	index = 101;
	assert_null(radix_next(&t, &index, 4999));
	assert_ptr_equal(radix_next(&t, &index, 5000), ITEM(2));
	assert_int_equal(index, 5000);
	index = 5001;
	assert_null(radix_next(&t, &index, ~0ULL));
	index = 1ULL << 50;
	assert_null(radix_next(&t, &index, ~0ULL));
	assert_ptr_equal(radix_replace(&t, 100, ITEM(3)), ITEM(1));
	assert_null(radix_replace(&t, 101, ITEM(3)));
	assert_ptr_equal(radix_remove(&t, 100), ITEM(3));
	radix_remove(&t, 5000);
	assert_int_equal(nodes, 0);
}

/* Each insertion fails at each of its allocations in turn, and leaves nothing behind. */
TEST(out_of_memory)
{
	static const u64 at[] = { 3, 70, 5000, 1ULL << 30, ~0ULL };
	struct radix_tree t;

	for (size_t have = 0; have <= ARRAY_SIZE(at); have++) {
		for (int limit = 0; limit < 24; limit++) {
			int err, after;

			setup(&t);
			for (size_t i = 0; i < have; i++)
				radix_insert(&t, at[i], ITEM(i));
			allowed = limit;
			err = radix_insert(&t, 1ULL << 45, ITEM(9));
			allowed = -1;
			assert_true(err == 0 || err == -ENOMEM);
			if (limit == 23)
				assert_int_equal(err, 0);
			assert_ptr_equal(radix_lookup(&t, 1ULL << 45), err ? NULL : ITEM(9));
			after = nodes;
			assert_true(after >= 0);
			for (size_t i = 0; i < have; i++)
				assert_ptr_equal(radix_remove(&t, at[i]), ITEM(i));
			if (!err)
				radix_remove(&t, 1ULL << 45);
			assert_int_equal(nodes, 0);
		}
	}
}

RUN(T(random_changes), T(extreme_indices), T(ranges), T(out_of_memory))
