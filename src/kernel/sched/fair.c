/* SPDX-License-Identifier: MIT */
/*
 * The waiting fair tasks of a run queue: the most urgent one in rq->fair_first,
 * the others in a tree by deadline.  Among equals the one that came first is first.
 */
#include <sched/internal.h>

#define node_task(n) rb_entry(n, struct task, se.node)

void fair_insert_tree(struct rq *rq, struct task *t)
{
	struct rb_node **link = &rq->fair_tree.root.node, *parent = NULL;
	u64 deadline = t->se.deadline;
	bool leftmost = true;

	while (*link) {
		parent = *link;
		if (time_before(deadline, node_task(parent)->se.deadline)) {
			link = &parent->left;
		} else {
			link = &parent->right;
			leftmost = false;
		}
	}
	rb_link(&t->se.node, parent, link);
	rb_insert_cached(&t->se.node, &rq->fair_tree, leftmost);
}

/* Moves the tree's first to fair_first, whose task has been taken. */
void fair_refill(struct rq *rq)
{
	struct rb_node *leftmost = rq->fair_tree.leftmost;

	rq->fair_first = leftmost ? node_task(leftmost) : NULL;
	if (leftmost)
		rb_erase_cached(leftmost, &rq->fair_tree);
}

void fair_remove(struct rq *rq, struct task *t)
{
	if (rq->fair_first == t)
		fair_refill(rq);
	else
		rb_erase_cached(&t->se.node, &rq->fair_tree);
}
