/* SPDX-License-Identifier: MIT */
/*
 * Priority inheritance.
 *
 * A task owns mutexes (task->pi_owned) and waits for one at most (task->pi_waits).  So tasks and
 * mutexes form trees:
 *
 *	waiter ──> mutex ──> owner, who waits ──> mutex ──> owner, who runs
 *
 * and each owner has at least the priority of the first waiter of each of its mutexes; along a
 * chain that carries priorities from the leaves to who runs.  Only real-time priorities are
 * inherited, as on Linux: between fair tasks all get their share anyway.
 *
 * One lock, pi_lock, serves all.  These paths are taken when user-space locks are contended, so they
 * block anyway; with one lock a chain stands still while it is walked, and neither a loop nor a change
 * half-way needs thought.  A loop cannot arise: who would close it gets -EDEADLK, as does
 * who would make a chain longer than CHAIN_MAX.
 *
 * A mutex is handed over: when its owner gives it up the first waiter owns it at once, before it runs.
 */
#include <proc/pi.h>

#include <linux/errno.h>
#include <linux/sched.h>
#include <sync/atomic.h>

#define CHAIN_MAX 1024

spinlock_t pi_lock = SPINLOCK_INIT;

#define node_waiter(n) rb_entry(n, struct pi_waiter, node)

void pi_mutex_init(struct pi_mutex *m)
{
	m->owner = NULL;
	list_init(&m->owned_link);
	m->waiters = RB_ROOT_CACHED;
}

struct pi_waiter *pi_first(struct pi_mutex *m)
{
	return rb_entry_safe(rb_first_cached(&m->waiters), struct pi_waiter, node);
}

/* What waiters lend to `t`. */
static unsigned lent(struct task *t)
{
	struct pi_mutex *m;
	unsigned best = 0;

	list_for_each(m, &t->pi_owned, owned_link) {
		struct pi_waiter *w = pi_first(m);
		if (w)
			best = max(best, w->priority);
	}
	return best;
}

/* 1..99, 0 for who is not real-time. */
static unsigned priority_of(const struct task *t)
{
	unsigned own = t->se.own_policy == SCHED_FIFO || t->se.own_policy == SCHED_RR ? t->se.own_priority : 0;

	return max(own, (unsigned)t->se.boost);
}

static void insert(struct pi_mutex *m, struct pi_waiter *w)
{
	struct rb_node **link = &m->waiters.root.node, *parent = NULL;
	bool leftmost = true;

	while (*link) {
		parent = *link;
		if (w->priority > node_waiter(parent)->priority) {
			link = &parent->left;
		} else {
			link = &parent->right;
			leftmost = false;
		}
	}
	rb_link(&w->node, parent, link);
	rb_insert_cached(&w->node, &m->waiters, leftmost);
}

/* Brings what `t` is lent up to date, and so on along the chain as long as anything changes. */
static void update_chain(struct task *t)
{
	while (t) {
		struct pi_waiter *w = t->pi_waits;
		unsigned boost = lent(t);

		if (boost != t->se.boost)
			task_set_boost(t, boost);
		if (!w || w->priority == priority_of(t))
			return;
		rb_erase_cached(&w->node, &w->mutex->waiters);
		w->priority = priority_of(t);
		insert(w->mutex, w);
		t = w->mutex->owner;
	}
}

void pi_priority_changed(struct task *t)
{
	IRQSPIN_GUARD(&pi_lock);

	update_chain(t);
}

void pi_set_owner(struct pi_mutex *m, struct task *t)
{
	struct task *old = m->owner;

	if (old)
		list_remove(&m->owned_link);
	m->owner = t;
	if (t) {
		task_get(t);
		list_push_back(&t->pi_owned, &m->owned_link);
		update_chain(t);
	}
	if (old) {
		update_chain(old);
		task_put(old);
	}
}

static bool may_wait(struct pi_mutex *m, const struct task *t)
{
	for (unsigned i = 0; i < CHAIN_MAX; i++) {
		if (m->owner == t)
			return false;
		if (!m->owner || !m->owner->pi_waits)
			return true;
		m = m->owner->pi_waits->mutex;
	}
	return false;
}

int pi_enqueue(struct pi_mutex *m, struct pi_waiter *w)
{
	struct task *t = current;

	if (!may_wait(m, t))
		return -EDEADLK;
	*w = (struct pi_waiter){ .mutex = m, .task = t, .priority = priority_of(t) };
	insert(m, w);
	t->pi_waits = w;
	update_chain(m->owner);
	return 0;
}

void pi_dequeue(struct pi_waiter *w)
{
	struct pi_mutex *m = w->mutex;

	rb_erase_cached(&w->node, &m->waiters);
	w->mutex = NULL;
	w->task->pi_waits = NULL;
	update_chain(m->owner);
}

void pi_hand_over(struct pi_mutex *m, bool owner_died)
{
	struct pi_waiter *w = pi_first(m);

	pi_dequeue(w);
	w->owner_died = owner_died;
	pi_set_owner(m, w->task);
	atomic_store(&w->granted, true); /* from here on *w may vanish */
}
