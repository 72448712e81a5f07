/* SPDX-License-Identifier: MIT */
/*
 * Futexes with priority inheritance: FUTEX_LOCK_PI and its kin.
 *
 * The user's word is 0, or the thread id of its owner, with FUTEX_WAITERS if the owner has to call the
 * kernel to unlock.  Without contention the kernel never hears of it.  With contention there is a
 * struct futex_pi in the bucket of the word, for as long as somebody waits or has just been
 * given the lock; its pi_mutex says who owns the word, and waiters lend him their priority (pi.c).
 *
 *	unlock      writes the first waiter's id into the word, and hands the mutex over
 *	owner dies  hands the mutex over; the one who gets it writes its id itself, with FUTEX_OWNER_DIED:
 *	            the dying thread may have the word at another address, or not any more
 *
 * Locks: the bucket's, then pi_lock.  The bucket's lock covers the word together with the struct futex_pi, as
 * in futex.c: the word is touched with page faults off, and when it is absent the lock is
 * dropped, the page fetched, and all tried again.
 */
#include <proc/futex.h>

#include <linux/futex.h>
#include <mm/slab.h>
#include <proc/internal.h>
#include <proc/pi.h>

struct futex_pi {
	struct list link;            /* bucket's lock */
	struct futex_key key;        /* imm */
	struct futex_bucket *bucket; /* imm */
	struct pi_mutex mutex;       /* pi_lock */
	/* Bucket's lock: who waits, or has been given it (then he is the owner) and has not left yet; never 0 in the list. */
	unsigned users;
	bool handing;                /* bucket's lock: its new owner has not written its id yet */
};

/* AGAIN: the word was absent (it is there now) or has changed. */
enum { AGAIN = 1, WAIT = 2 };

static struct futex_pi *find_state(struct futex_bucket *b, const struct futex_key *k)
{
	struct futex_pi *s;

	list_for_each(s, &b->pi_states, link)
		if (futex_key_equal(&s->key, k))
			return s;
	return NULL;
}

/* Bucket's lock held. AGAIN: it was not `old`; -EFAULT: not there now. */
static int change_now(uptr_t p, u32 old, u32 new)
{
	u32 seen = old;

	pagefault_disable();
	int err = cmpxchg_user_u32(p, &seen, new);
	pagefault_enable();
	return err ? err : seen == old ? 0 : AGAIN;
}

/* Makes the word present and writable. No lock held. */
static int fetch(uptr_t p)
{
	u32 v, seen;

	if (get_user_u32(&v, p))
		return -EFAULT;
	seen = v;
	return cmpxchg_user_u32(p, &seen, v);
}

/* Bucket's lock held. Somebody has left. */
static void put_state(struct futex_pi *s)
{
	if (--s->users)
		return;
	{
		IRQSPIN_GUARD(&pi_lock);
		pi_set_owner(&s->mutex, NULL);
	}
	list_remove(&s->link);
	kfree(s);
}

/* ---- lock ---- */

struct request {
	uptr_t word;
	struct futex_key key;
	struct futex_bucket *bucket;
	struct futex_pi *fresh; /* made before, as the locks forbid it later */
	u32 seen;               /* the word */
	bool try;
};

/* The word names an owner whom nobody waits for yet. 0: r->fresh is the state; else AGAIN or an error. */
static int attach_to_owner(struct request *r)
{
	struct task *owner = task_find((pid_t)(r->seen & FUTEX_TID_MASK));
	int err = 0;
	u32 v;

	if (!owner) /* unless the word has changed, its owner is gone for good */
		return futex_read_now(&v, r->word) ? -EFAULT : v == r->seen ? -ESRCH : AGAIN;
	if (owner->flags & TASKF_KERNEL)
		err = -EPERM;
	if (!err && !(r->seen & FUTEX_WAITERS))
		err = change_now(r->word, r->seen, r->seen | FUTEX_WAITERS);
	if (!err) {
		IRQSPIN_GUARD(&pi_lock);
		if (owner->futex_exited)
			err = futex_read_now(&v, r->word) ? -EFAULT :
			      v == (r->seen | FUTEX_WAITERS) ? -ESRCH : AGAIN;
		else
			pi_set_owner(&r->fresh->mutex, owner);
	}
	task_put(owner);
	return err;
}

/* A state that exists must agree with the word. */
static bool agrees(const struct futex_pi *s, u32 word)
{
	pid_t tid = (pid_t)(word & FUTEX_TID_MASK);

	if (s->handing || (!tid && word & FUTEX_OWNER_DIED))
		return true;
	return s->mutex.owner && tid == task_tid(s->mutex.owner);
}

/*
 * Bucket's lock held.  0: the word is ours without waiting; WAIT: the caller waits, queued by *w in
 * *out; AGAIN: begin anew; or an error.
 */
static int lock_or_queue(struct request *r, struct pi_waiter *w, struct futex_pi **out)
{
	u32 me = (u32)task_tid(current);
	struct futex_pi *s;
	int err = futex_read_now(&r->seen, r->word);

	if (err)
		return err;
	if ((r->seen & FUTEX_TID_MASK) == me)
		return -EDEADLK;
	s = find_state(r->bucket, &r->key);
	if (s && !agrees(s, r->seen))
		return -EINVAL;
	if (!s && !(r->seen & FUTEX_TID_MASK))
		return change_now(r->word, r->seen, me | (r->seen & FUTEX_OWNER_DIED));
	if (!s) {
		err = attach_to_owner(r);
		if (err)
			return err;
		s = r->fresh;
	}
	if (r->try) {
		err = -EWOULDBLOCK;
	} else {
		IRQSPIN_GUARD(&pi_lock);
		err = pi_enqueue(&s->mutex, w);
	}
	if (err) {
		if (s == r->fresh) {
			IRQSPIN_GUARD(&pi_lock);
			pi_set_owner(&s->mutex, NULL);
		}
		return err;
	}
	if (s == r->fresh) {
		list_push_back(&r->bucket->pi_states, &s->link);
		r->fresh = NULL;
	}
	s->users++;
	*out = s;
	atomic_store(&current->state, TASK_INTERRUPTIBLE);
	return WAIT;
}

/* The owner died, and the word is ours: writes that into it. */
static int write_inherited(uptr_t p, struct futex_pi *s)
{
	u32 me = (u32)task_tid(current), v;
	int err;

	for (;;) {
		spin_lock(&s->bucket->lock);
		err = futex_read_now(&v, p);
		if (!err)
			err = change_now(p, v, me | FUTEX_OWNER_DIED | FUTEX_WAITERS);
		if (!err)
			s->handing = false;
		spin_unlock(&s->bucket->lock);
		if (!err || (err < 0 && (err = fetch(p)) != 0))
			return err;
	}
}

/* Sleeps until the mutex is handed over. The state is left. */
static int wait_for_it(uptr_t p, struct futex_pi *s, struct pi_waiter *w, enum timer_clock clock, u64 deadline)
{
	struct futex_bucket *b = s->bucket;
	int err = 0;

	while (!atomic_load(&w->granted)) {
		err = wait_block_on(WAIT_INTERRUPTIBLE, clock, deadline);
		if (err)
			break;
		atomic_exchange(&current->state, (u32)TASK_INTERRUPTIBLE);
	}
	atomic_store(&current->state, TASK_RUNNING);
	spin_lock(&b->lock); /* who hands over holds it */
	{
		IRQSPIN_GUARD(&pi_lock);
		if (w->granted)
			err = 0;
		else
			pi_dequeue(w);
	}
	if (w->granted && w->owner_died) {
		spin_unlock(&b->lock);
		err = write_inherited(p, s);
		spin_lock(&b->lock);
	}
	put_state(s); /* at once: a state that nobody waits in would outlive the owner that it names */
	spin_unlock(&b->lock);
	return err;
}

s64 futex_lock_pi(uptr_t p, bool private, enum timer_clock clock, u64 deadline, bool try)
{
	struct request r = { .word = p, .try = try };
	struct futex_pi *s = NULL;
	struct pi_waiter w;
	int err = futex_key_of(p, private, &r.key);

	if (err)
		return err;
	r.bucket = futex_bucket_of(&r.key);
	r.fresh = kzalloc(sizeof *r.fresh);
	if (!r.fresh)
		return -ENOMEM;
	r.fresh->key = r.key;
	r.fresh->bucket = r.bucket;
	pi_mutex_init(&r.fresh->mutex);
	do {
		spin_lock(&r.bucket->lock);
		err = lock_or_queue(&r, &w, &s);
		spin_unlock(&r.bucket->lock);
		if (err == -EFAULT)
			err = fetch(p) ? -EFAULT : AGAIN;
		else if (err == AGAIN)
			err = signal_is_pending(current) ? -ERESTARTNOINTR : AGAIN; /* others may play with the word for ever */
	} while (err == AGAIN);
	kfree(r.fresh);
	if (err == WAIT)
		err = wait_for_it(p, s, &w, clock, deadline);
	return err == -ERESTARTSYS ? -ERESTARTNOINTR : err;
}

/* ---- unlock ---- */

/* Bucket's lock held. *woken: whom to wake, referenced. */
static int unlock_now(uptr_t p, struct futex_bucket *b, const struct futex_key *k, u32 word, struct task **woken)
{
	struct futex_pi *s = find_state(b, k);
	struct pi_waiter *first;

	if (s && s->mutex.owner != current)
		return -EINVAL;
	/* The bucket's lock keeps the waiters; their order may change until the mutex is handed over. */
	IRQSPIN_GUARD(&pi_lock);
	first = s ? pi_first(&s->mutex) : NULL;
	int err = change_now(p, word, first ? (u32)task_tid(first->task) | FUTEX_WAITERS : 0);
	if (err || !first)
		return err;
	*woken = first->task;
	task_get(*woken);
	pi_hand_over(&s->mutex, false);
	return 0;
}

s64 futex_unlock_pi(uptr_t p, bool private)
{
	struct task *woken = NULL;
	struct futex_key k;
	u32 word;
	int err;

	do {
		if (get_user_u32(&word, p))
			return -EFAULT;
		if ((word & FUTEX_TID_MASK) != (u32)task_tid(current))
			return -EPERM;
		if ((err = futex_key_of(p, private, &k)))
			return err;
		struct futex_bucket *b = futex_bucket_of(&k);
		spin_lock(&b->lock);
		err = unlock_now(p, b, &k, word, &woken);
		spin_unlock(&b->lock);
		if (err == -EFAULT)
			err = fetch(p) ? -EFAULT : AGAIN;
	} while (err == AGAIN);
	if (woken) {
		task_wake(woken);
		task_put(woken);
	}
	return err;
}

/* ---- the owner's end ---- */

/* The bucket of a mutex that `t` owns; NULL: it owns none. */
static struct futex_bucket *owned_bucket(struct task *t, struct futex_pi **s)
{
	IRQSPIN_GUARD(&pi_lock);

	if (list_empty(&t->pi_owned)) {
		t->futex_exited = t->flags & TASKF_EXITING;
		return NULL;
	}
	*s = container_of(list_first(&t->pi_owned, struct pi_mutex, owned_link), struct futex_pi, mutex);
	return (*s)->bucket;
}

/* Bucket's lock held; `s` may be gone, or no longer owned. */
static struct task *give_away(struct task *t, struct futex_pi *s)
{
	struct task *heir = NULL;
	struct pi_mutex *m;
	IRQSPIN_GUARD(&pi_lock);

	list_for_each(m, &t->pi_owned, owned_link) {
		if (container_of(m, struct futex_pi, mutex) != s)
			continue;
		struct pi_waiter *first = pi_first(m);
		if (!first) {
			pi_set_owner(m, NULL);
			break;
		}
		heir = first->task;
		task_get(heir);
		s->handing = true;
		pi_hand_over(m, true);
		break;
	}
	return heir;
}

void futex_pi_exit(struct task *t)
{
	struct futex_bucket *b;
	struct futex_pi *s;

	while ((b = owned_bucket(t, &s)) != NULL) {
		spin_lock(&b->lock);
		struct task *heir = give_away(t, s);
		spin_unlock(&b->lock);
		if (heir) {
			task_wake(heir);
			task_put(heir);
		}
	}
}
