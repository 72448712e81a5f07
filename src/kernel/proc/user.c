/* SPDX-License-Identifier: MIT */
/* Accounts of user ids: a hash table of those that have a credential or a queued signal. */
#include <proc/user.h>

#include <mm/slab.h>

#define USER_BUCKETS 64

struct user user_root = { .refs = REFCOUNT_INIT(1), .uid = 0 };

static spinlock_t users_lock = SPINLOCK_INIT; /* leaf */
static struct hlist users[USER_BUCKETS];      /* without root */

static struct user *user_lookup(uid_t uid)
{
	struct user *u;
	hlist_for_each(u, &users[uid % USER_BUCKETS], hash) {
		if (u->uid == uid && ref_get_unless_zero(&u->refs))
			return u;
	}
	return NULL;
}

struct user *user_find(uid_t uid)
{
	if (uid == 0) {
		user_get(&user_root);
		return &user_root;
	}
	struct user *fresh = kzalloc(sizeof *fresh);
	if (!fresh)
		return NULL;
	ref_init(&fresh->refs, 1);
	fresh->uid = uid;

	u64 flags = spin_lock_irqsave(&users_lock);
	struct user *u = user_lookup(uid);
	if (!u)
		hlist_add(&users[uid % USER_BUCKETS], &fresh->hash);
	spin_unlock_irqrestore(&users_lock, flags);
	if (!u)
		return fresh;
	kfree(fresh);
	return u;
}

void user_put(struct user *u)
{
	if (!ref_put(&u->refs))
		return;
	VERIFY(u != &user_root);
	u64 flags = spin_lock_irqsave(&users_lock);
	hlist_remove(&u->hash);
	spin_unlock_irqrestore(&users_lock, flags);
	kfree(u);
}
