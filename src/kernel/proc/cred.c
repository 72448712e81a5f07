/* SPDX-License-Identifier: MIT */
/*
 * Credentials are never changed in place once a task carries them: a change
 * prepares a copy, edits it and commits it, so a reader with a reference (an
 * open file, say) sees one consistent set for ever.
 */
#include <proc/cred.h>

#include <linux/securebits.h>
#include <lib/string.h>
#include <mm/slab.h>
#include <proc/process.h>
#include <proc/user.h>

#define CAP_ALL ((1ULL << (CAP_LAST_CAP + 1)) - 1)

struct cred cred_kernel = {
	.refs = REFCOUNT_INIT(1),
	.user = &user_root,
	.cap_permitted = CAP_ALL,
	.cap_effective = CAP_ALL,
	.cap_bounding = CAP_ALL,
};

static void groups_put(struct group_list *g)
{
	if (g && ref_put(&g->refs))
		kfree(g);
}

static void cred_free(struct rcu_head *head)
{
	struct cred *c = container_of(head, struct cred, rcu);

	groups_put(c->groups);
	user_put(c->user);
	kfree(c);
}

void cred_put(struct cred *c)
{
	if (!ref_put(&c->refs))
		return;
	VERIFY(c != &cred_kernel);
	call_rcu(&c->rcu, cred_free);
}

struct cred *task_cred_get(struct task *t)
{
	struct cred *c;

	rcu_read_lock();
	do {
		c = rcu_load(&t->cred);
	} while (!ref_get_unless_zero(&c->refs)); /* just replaced */
	rcu_read_unlock();
	return c;
}

struct cred *cred_prepare(void)
{
	struct cred *c = kmalloc(sizeof *c, 0);
	if (!c)
		return NULL;
	*c = *current->cred;
	ref_init(&c->refs, 1);
	user_get(c->user);
	if (c->groups)
		ref_get(&c->groups->refs);
	return c;
}

void cred_commit(struct cred *c)
{
	struct task *t = current;
	struct cred *old = t->cred;

	if (old->uid != c->uid) {
		/* The thread is now counted for the new user. */
		struct user *u = user_find(c->uid);
		if (u) {
			user_put(c->user);
			c->user = u;
			__atomic_add_fetch(&u->tasks, 1, __ATOMIC_RELAXED);
			__atomic_sub_fetch(&old->user->tasks, 1, __ATOMIC_RELAXED);
		}
	}
	if (old->euid != c->euid || old->egid != c->egid || old->fsuid != c->fsuid ||
	    old->fsgid != c->fsgid)
		t->pdeath_signal = 0;
	rcu_store(&t->cred, c);
	cred_put(old);
}

bool cred_in_group(const struct cred *c, gid_t gid)
{
	if (c->fsgid == gid)
		return true;
	if (!c->groups)
		return false;
	u32 lo = 0, hi = c->groups->count; /* sorted by setgroups */
	while (lo < hi) {
		u32 mid = (lo + hi) / 2;
		if (c->groups->gids[mid] == gid)
			return true;
		if (c->groups->gids[mid] < gid)
			lo = mid + 1;
		else
			hi = mid;
	}
	return false;
}

bool capable(int cap)
{
	if (!(current->cred->cap_effective & 1ULL << cap))
		return false;
	current->flags |= TASKF_SUPER;
	return true;
}
