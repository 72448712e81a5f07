/* SPDX-License-Identifier: MIT */
/* Quick checks that the helpers work in the kernel's build, too; the host's unit tests are thorough. */
#include <debug/selftest.h>
#include <lib/bitmap.h>
#include <lib/format.h>
#include <lib/list.h>
#include <lib/radix.h>
#include <lib/rbtree.h>
#include <lib/string.h>
#include <mm/slab.h>

struct thing {
	struct rb_node node;
	struct list link;
	u64 key;
};

static void tree_add(struct rb_root *root, struct thing *t)
{
	struct rb_node **link = &root->node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = t->key < rb_entry(parent, struct thing, node)->key ? &parent->left : &parent->right;
	}
	rb_link(&t->node, parent, link);
	rb_insert(&t->node, root);
}

SELFTEST(lib_rbtree_order)
{
	static struct thing things[500];
	struct rb_root root = RB_ROOT;
	u64 last = 0, n = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(things); i++) {
		things[i].key = i * 7919 % 503 + 1;
		tree_add(&root, &things[i]);
	}
	for (unsigned i = 0; i < ARRAY_SIZE(things); i += 3)
		rb_erase(&things[i].node, &root);
	rb_for_each(pos, &root) {
		u64 key = rb_entry(pos, struct thing, node)->key;

		CHECK(key > last);
		last = key;
		n++;
	}
	CHECK(n == 500 - 167);
}

SELFTEST(lib_list_basics)
{
	struct list head = LIST_INIT(head), other = LIST_INIT(other);
	struct thing t[4], *pos, *tmp;
	u64 sum = 0;

	for (unsigned i = 0; i < 4; i++) {
		t[i].key = i;
		list_push_back(i % 2 ? &head : &other, &t[i].link);
	}
	list_splice_back(&head, &other);
	CHECK(list_empty(&other));
	list_for_each(pos, &head, link)
		sum = sum * 10 + pos->key;
	CHECK(sum == 1302);
	list_for_each_safe(pos, tmp, &head, link)
		list_remove(&pos->link);
	CHECK(list_empty(&head));
}

static struct radix_node *node_alloc(void *ctx) { return kmalloc(sizeof(struct radix_node), 0); }
static void node_free(void *ctx, struct radix_node *n) { kfree(n); }

SELFTEST(lib_radix_sparse)
{
	static const struct radix_ops ops = { node_alloc, node_free, NULL };
	static const u64 keys[] = { 0, 1, 63, 64, 4095, 4096, 1ULL << 20, 1ULL << 40, ~0ULL };
	struct radix_tree tree;

	radix_init(&tree, &ops);
	for (unsigned i = 0; i < ARRAY_SIZE(keys); i++)
		CHECK(radix_insert(&tree, keys[i], (void *)&keys[i]) == 0);
	for (unsigned i = 0; i < ARRAY_SIZE(keys); i++)
		CHECK(radix_lookup(&tree, keys[i]) == &keys[i]);
	CHECK(!radix_lookup(&tree, 2) && !radix_lookup(&tree, 1ULL << 30));
	for (unsigned i = 0; i < ARRAY_SIZE(keys); i++)
		CHECK(radix_remove(&tree, keys[i]) == &keys[i]);
	CHECK(radix_empty(&tree));
}

SELFTEST(lib_format_basics)
{
	char buf[64];

	CHECK(snprintf(buf, sizeof(buf), "%d %05u %#x %-4s| %c %ld", -5, 42, 255, "ab", 'z', 1L << 40) == 35);
	CHECK(str_eq(buf, "-5 00042 0xff ab  | z 1099511627776"));
	CHECK(snprintf(buf, 4, "%s", "abcdef") == 6 && str_eq(buf, "abc"));
}

/* string.asm, at all small sizes and offsets. */
SELFTEST(lib_memory_functions)
{
	static u8 a[512], b[512];

	for (volatile size_t n = 0; n < 200; n++) {
		size_t offset = n * 5 % 16;

		for (unsigned i = 0; i < sizeof(a); i++) {
			a[i] = i * 31 + n;
			b[i] = 0xee;
		}
		memcpy(b + offset + 8, a + 3, n);
		CHECK(memcmp(b + offset + 8, a + 3, n) == 0);
		CHECK(b[offset + 7] == 0xee && b[offset + 8 + n] == 0xee);
		memmove(b + offset + 13, b + offset + 8, n);
		CHECK(memcmp(b + offset + 13, a + 3, n) == 0);
		memmove(b + offset + 6, b + offset + 13, n);
		CHECK(memcmp(b + offset + 6, a + 3, n) == 0);
		memset(b + offset + 6, 0x77, n);
		CHECK(!memchr_inv(b + offset + 6, 0x77, n));
		CHECK(b[offset + 5] == 0xee);
	}
}
