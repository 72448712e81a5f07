/* SPDX-License-Identifier: MIT */
#include "unit.h"
#include <lib/list.h>

struct thing {
	int n;
	struct list link;
	struct hlist_node hash;
};

TEST(order)
{
	struct list head = LIST_INIT(head), other = LIST_INIT(other);
	struct thing t[6], *pos, *tmp;
	int n = 0;

	assert_true(list_empty(&head));
	assert_null(list_first_or_null(&head, struct thing, link));
	for (int i = 0; i < 6; i++) {
		t[i].n = i;
		list_push_back(i < 3 ? &head : &other, &t[i].link);
	}
	list_splice_back(&head, &other);
	assert_true(list_empty(&other));
	list_for_each(pos, &head, link)
		assert_int_equal(pos->n, n++);
	assert_int_equal(n, 6);
	assert_ptr_equal(list_first(&head, struct thing, link), &t[0]);
	assert_ptr_equal(list_last(&head, struct thing, link), &t[5]);
	list_for_each_safe(pos, tmp, &head, link) {
		if (pos->n % 2)
			list_remove(&pos->link);
	}
	n = 0;
	list_for_each(pos, &head, link) {
		assert_int_equal(pos->n, n);
		n += 2;
	}
	list_push_front(&head, &t[1].link);
	assert_ptr_equal(list_first(&head, struct thing, link), &t[1]);
	list_splice_back(&other, &head);
	assert_true(list_empty(&head) && !list_empty(&other));
}

TEST(hash_chains)
{
	struct hlist h = { 0 };
	struct thing t[3] = { 0 }, *pos;
	int n = 0;

	for (int i = 0; i < 3; i++) {
		t[i].n = i;
		hlist_add(&h, &t[i].hash);
		assert_true(hlist_linked(&t[i].hash));
	}
	hlist_remove(&t[1].hash);
	hlist_for_each(pos, &h, hash)
		assert_int_equal(pos->n, n++ ? 0 : 2);
	assert_int_equal(n, 2);
}

RUN(T(order), T(hash_chains))
