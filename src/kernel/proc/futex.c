/* SPDX-License-Identifier: MIT */
/*
 * Futexes.  A waiter sleeps in a hash bucket under a key that names the word:
 *
 *   private:  the address space and the address
 *   shared:   the page-cache object behind the mapping and the offset in it
 *             (for private memory again the address space and the address)
 *
 * Bucket locks are spinlocks; the user's word is read under the lock with page
 * faults off, so that a wake between the check and the sleep is impossible; when
 * the page is absent the lock is dropped, the page touched, and all tried again.
 *
 * A waiter is on the stack of its task.  Who takes it out of the bucket (waker,
 * requeuer, or itself) does so under the lock of the bucket it is in;
 * waiter->bucket says which, and is NULL once woken.
 */
#include <arch/cpu.h>
#include <lib/hash.h>
#include <linux/futex.h>
#include <proc/cred.h>
#include <mm/slab.h>
#include <proc/futex.h>
#include <proc/internal.h>
#include <syscall/handlers.h>
#include <time/clock.h>
#include <vm/vm.h>

struct futex_waiter {
	struct list link;            /* bucket lock */
	struct futex_key key;        /* bucket lock */
	struct futex_bucket *bucket; /* changed under its lock; NULL: woken */
	struct task *task;
	u32 bits;
};

#define FUTEX_BUCKETS 256 /* 2^8: see futex_bucket_of */

static struct futex_bucket buckets[FUTEX_BUCKETS];

void futex_init(void)
{
	for (unsigned i = 0; i < FUTEX_BUCKETS; i++) {
		spin_init(&buckets[i].lock);
		list_init(&buckets[i].waiters);
		list_init(&buckets[i].pi_states);
	}
}

struct futex_bucket *futex_bucket_of(const struct futex_key *k)
{
	return &buckets[hash_u64(k->object ^ k->offset * 31, 8)];
}

int futex_key_of(uptr_t p, bool private, struct futex_key *k)
{
	struct mm *mm = current->mm;

	if (p.raw % 4)
		return -EINVAL;
	if (!user_range_ok(p, 4))
		return -EFAULT;
	k->object = (u64)mm;
	k->offset = p.raw;
	if (private)
		return 0;
	rwsem_read_lock(&mm->lock);
	struct area *a = area_containing(mm, p.raw);
	if (a && a->flags & AREA_SHARED && a->cache) {
		k->object = (u64)a->cache;
		k->offset = p.raw - a->start + a->offset;
	}
	rwsem_read_unlock(&mm->lock);
	return a ? 0 : -EFAULT;
}

int futex_read_now(u32 *v, uptr_t p)
{
	pagefault_disable();
	int err = get_user_u32(v, p);
	pagefault_enable();
	return err;
}

/* Bucket lock held. */
static void wake_waiter(struct futex_waiter *w)
{
	struct task *t = w->task;

	task_get(t);
	list_remove(&w->link);
	__atomic_store_n(&w->bucket, NULL, __ATOMIC_RELEASE); /* from here on *w may vanish */
	task_wake_sync(t);
	task_put(t);
}

/*
 * True: nobody sleeps in the bucket, and nobody who has seen the user's word as it was before is
 * on the way into it: who holds the lock may have read the word and not be queued yet.
 */
static bool bucket_idle(const struct futex_bucket *b)
{
	memory_barrier(); /* the user's change of the word before the look at lock and queue */
	return !__atomic_load_n(&b->lock.value, __ATOMIC_ACQUIRE) && list_empty(&b->waiters);
}

static s64 futex_wake(uptr_t p, bool private, int count, u32 bits)
{
	struct futex_waiter *w, *tmp;
	struct futex_key k;
	int woken = 0;

	if (!bits)
		return -EINVAL;
	int err = futex_key_of(p, private, &k);
	if (err)
		return err;
	struct futex_bucket *b = futex_bucket_of(&k);
	if (bucket_idle(b))
		return 0;
	SPIN_GUARD(&b->lock);
	list_for_each_safe(w, tmp, &b->waiters, link) {
		if (!futex_key_equal(&w->key, &k) || !(w->bits & bits))
			continue;
		wake_waiter(w);
		if (++woken >= count)
			break;
	}
	return woken;
}

/* Takes the waiter out if nobody has yet; true when it was still queued. */
static bool unqueue(struct futex_waiter *w)
{
	for (;;) {
		struct futex_bucket *b = __atomic_load_n(&w->bucket, __ATOMIC_ACQUIRE);
		if (!b)
			return false;
		SPIN_GUARD(&b->lock);
		if (w->bucket != b)
			continue; /* moved meanwhile */
		list_remove(&w->link);
		w->bucket = NULL;
		return true;
	}
}

/* Queues `w` if the word holds `val`.  -EWOULDBLOCK, -EFAULT. */
static int queue_if_equal(struct futex_waiter *w, uptr_t p, u32 val)
{
	u32 v;

	for (;;) {
		struct futex_bucket *b = futex_bucket_of(&w->key);
		spin_lock(&b->lock);
		int err = futex_read_now(&v, p);
		if (!err && v == val) {
			w->bucket = b;
			list_push_back(&b->waiters, &w->link);
			atomic_store(&current->state, TASK_INTERRUPTIBLE);
			spin_unlock(&b->lock);
			return 0;
		}
		spin_unlock(&b->lock);
		if (!err)
			return -EWOULDBLOCK;
		if (get_user_u32(&v, p))
			return -EFAULT;
	}
}

static enum timer_clock clock_of(int op)
{
	return op & FUTEX_CLOCK_REALTIME ? TIMER_REALTIME : TIMER_MONOTONIC;
}

static s64 futex_wait(uptr_t p, int op, u32 val, u64 deadline, u32 bits)
{
	struct futex_waiter w = { .task = current, .bits = bits };
	int err;

	if (!bits)
		return -EINVAL;
	if ((err = futex_key_of(p, op & FUTEX_PRIVATE_FLAG, &w.key)) || (err = queue_if_equal(&w, p, val)))
		return err;
	while (__atomic_load_n(&w.bucket, __ATOMIC_ACQUIRE)) {
		err = wait_block_on(WAIT_INTERRUPTIBLE, clock_of(op), deadline);
		if (err)
			break;
		atomic_store(&current->state, TASK_INTERRUPTIBLE);
		memory_barrier();
	}
	atomic_store(&current->state, TASK_RUNNING);
	if (!unqueue(&w))
		return 0;
	return err;
}

static s64 restart_wait(struct restart_block *rb)
{
	s64 err = futex_wait(UPTR(rb->args[0]), (int)rb->args[4], (u32)rb->args[1],
			     rb->args[2], (u32)rb->args[3]);
	return err == -ERESTARTSYS ? -ERESTART_RESTARTBLOCK : err;
}

/* A relative time-out must not begin anew when the call is restarted. */
static s64 wait_restartable(uptr_t p, int op, u32 val, u64 deadline, u32 bits)
{
	s64 err = futex_wait(p, op, val, deadline, bits);

	if (err != -ERESTARTSYS || !deadline)
		return err;
	current->restart.fn = restart_wait;
	current->restart.args[0] = p.raw;
	current->restart.args[1] = val;
	current->restart.args[2] = deadline;
	current->restart.args[3] = bits;
	current->restart.args[4] = (u64)op;
	return -ERESTART_RESTARTBLOCK;
}

static void lock_two(struct futex_bucket *a, struct futex_bucket *b)
{
	if (a > b) {
		struct futex_bucket *t = a;
		a = b;
		b = t;
	}
	spin_lock(&a->lock);
	if (a != b)
		spin_lock_nested(&b->lock, 1); /* by address */
}

static void unlock_two(struct futex_bucket *a, struct futex_bucket *b)
{
	spin_unlock(&a->lock);
	if (a != b)
		spin_unlock(&b->lock);
}

/* Wakes `wake` waiters of p and moves up to `move` others to q.  cmp: only if the word at p holds val. */
static s64 futex_requeue(uptr_t p, uptr_t q, bool private, int wake, int move, bool cmp, u32 val)
{
	struct futex_waiter *w, *tmp;
	struct futex_key from, to;
	int err, done = 0, moved = 0;
	u32 v;

	if (wake < 0 || move < 0)
		return -EINVAL;
	if ((err = futex_key_of(p, private, &from)) || (err = futex_key_of(q, private, &to)))
		return err;
	struct futex_bucket *a = futex_bucket_of(&from), *b = futex_bucket_of(&to);
	for (;;) {
		lock_two(a, b);
		if (!cmp)
			break;
		err = futex_read_now(&v, p);
		if (!err && v == val)
			break;
		unlock_two(a, b);
		if (!err)
			return -EAGAIN;
		if (get_user_u32(&v, p))
			return -EFAULT;
	}
	list_for_each_safe(w, tmp, &a->waiters, link) {
		if (!futex_key_equal(&w->key, &from))
			continue;
		if (done < wake) {
			wake_waiter(w);
			done++;
		} else if (moved < move) {
			w->key = to;
			if (a != b) { /* else the walk would meet it again */
				list_remove(&w->link);
				w->bucket = b;
				list_push_back(&b->waiters, &w->link);
			}
			moved++;
		} else {
			break;
		}
	}
	unlock_two(a, b);
	return done + moved; /* without comparison, too, whatever futex(2) says */
}

/* FUTEX_WAKE_OP's operation on the second word; *hit: does the old value fulfil the comparison? */
static int wake_op(uptr_t q, u32 encoded, bool *hit)
{
	u32 op = encoded >> 28 & 7, cmp = encoded >> 24 & 15, old;
	s32 oparg = (s32)(encoded << 8) >> 20, cmparg = (s32)(encoded << 20) >> 20;

	if (encoded >> 28 & FUTEX_OP_OPARG_SHIFT)
		oparg = (s32)(1u << (oparg & 31));
	if (op > FUTEX_OP_XOR || cmp > FUTEX_OP_CMP_GE)
		return -ENOSYS;
	if (get_user_u32(&old, q))
		return -EFAULT;
	for (;;) {
		u32 seen = old, new = (u32)oparg;
		switch (op) {
		case FUTEX_OP_SET: break;
		case FUTEX_OP_ADD: new = old + (u32)oparg; break;
		case FUTEX_OP_OR: new = old | (u32)oparg; break;
		case FUTEX_OP_ANDN: new = old & ~(u32)oparg; break;
		case FUTEX_OP_XOR: new = old ^ (u32)oparg; break;
		}
		if (cmpxchg_user_u32(q, &seen, new))
			return -EFAULT;
		if (seen == old)
			break;
		old = seen;
	}
	s32 o = (s32)old;
	switch (cmp) {
	case FUTEX_OP_CMP_EQ: *hit = o == cmparg; break;
	case FUTEX_OP_CMP_NE: *hit = o != cmparg; break;
	case FUTEX_OP_CMP_LT: *hit = o < cmparg; break;
	case FUTEX_OP_CMP_LE: *hit = o <= cmparg; break;
	case FUTEX_OP_CMP_GT: *hit = o > cmparg; break;
	case FUTEX_OP_CMP_GE: *hit = o >= cmparg; break;
	}
	return 0;
}

static s64 futex_wake_op(uptr_t p, uptr_t q, bool private, int count, int count2, u32 encoded)
{
	bool hit = false;
	struct futex_key k;
	int err;

	if ((err = futex_key_of(p, private, &k)) || (err = futex_key_of(q, private, &k)) ||
	    (err = wake_op(q, encoded, &hit)))
		return err;
	s64 n = futex_wake(p, private, count, FUTEX_BITSET_MATCH_ANY);
	if (n >= 0 && hit) {
		s64 m = futex_wake(q, private, count2, FUTEX_BITSET_MATCH_ANY);
		n = m < 0 ? m : n + m;
	}
	return n;
}

/* *deadline: 0 for none.  FUTEX_WAIT's is relative to now (monotonic), the others' absolute on their clock. */
static int futex_deadline(uptr_t utimeout, int op, u64 *deadline)
{
	struct __kernel_timespec ts;
	int cmd = op & FUTEX_CMD_MASK;
	u64 ns;

	*deadline = 0;
	if (uptr_null(utimeout) || (cmd != FUTEX_WAIT && cmd != FUTEX_WAIT_BITSET && cmd != FUTEX_LOCK_PI &&
				    cmd != FUTEX_LOCK_PI2))
		return 0;
	if (copy_from_user(&ts, utimeout, sizeof ts))
		return -EFAULT;
	if (timespec_to_ns(ts.tv_sec, ts.tv_nsec, &ns))
		return -EINVAL;
	u64 now = clock_monotonic_ns();
	if (cmd == FUTEX_WAIT)
		ns = ns > (u64)INT64_MAX - now ? (u64)INT64_MAX : now + ns;
	*deadline = ns ? ns : 1;
	return 0;
}

s64 sys_futex(uptr_t p, int op, uint val, uptr_t utimeout, uptr_t p2, uint val3)
{
	bool private = op & FUTEX_PRIVATE_FLAG;
	int cmd = op & FUTEX_CMD_MASK;
	u64 deadline;

	if (op & FUTEX_CLOCK_REALTIME && cmd != FUTEX_WAIT_BITSET && cmd != FUTEX_LOCK_PI2)
		return -ENOSYS;
	int err = futex_deadline(utimeout, op, &deadline);
	if (err)
		return err;
	switch (cmd) {
	case FUTEX_WAIT: return wait_restartable(p, op, val, deadline, FUTEX_BITSET_MATCH_ANY);
	case FUTEX_WAIT_BITSET: return wait_restartable(p, op, val, deadline, val3);
	case FUTEX_WAKE: return futex_wake(p, private, (int)val, FUTEX_BITSET_MATCH_ANY);
	case FUTEX_WAKE_BITSET: return futex_wake(p, private, (int)val, val3);
	case FUTEX_REQUEUE:
		return futex_requeue(p, p2, private, (int)val, (int)utimeout.raw, false, 0);
	case FUTEX_CMP_REQUEUE:
		return futex_requeue(p, p2, private, (int)val, (int)utimeout.raw, true, val3);
	case FUTEX_WAKE_OP:
		return futex_wake_op(p, p2, private, (int)val, (int)utimeout.raw, val3);
	case FUTEX_LOCK_PI: return futex_lock_pi(p, private, TIMER_REALTIME, deadline, false);
	case FUTEX_LOCK_PI2: return futex_lock_pi(p, private, clock_of(op), deadline, false);
	case FUTEX_TRYLOCK_PI: return futex_lock_pi(p, private, TIMER_MONOTONIC, 0, true);
	case FUTEX_UNLOCK_PI: return futex_unlock_pi(p, private);
	default: return -ENOSYS;
	}
}

/* ---- robust lists ---- */

s64 sys_set_robust_list(uptr_t head, size_t size)
{
	if (size != sizeof(struct robust_list_head))
		return -EINVAL;
	current->robust_list = head.raw;
	return 0;
}

s64 sys_get_robust_list(int tid, uptr_t uhead, uptr_t usize)
{
	struct task *t = tid ? task_find(tid) : NULL;

	if (tid && !t)
		return -ESRCH;
	u64 head = t ? t->robust_list : current->robust_list;
	bool allowed = !t || t->process == current->process || capable(CAP_SYS_PTRACE);
	if (t)
		task_put(t);
	if (!allowed)
		return -EPERM;
	return put_user_u64(usize, sizeof(struct robust_list_head)) || put_user_u64(uhead, head) ? -EFAULT : 0;
}

/*
 * The owner of the word died: mark it and wake one waiter.  A word that was being released
 * (`pending`) is free already, but the wake-up may not have been made.
 */
static void owner_died(u64 address, pid_t tid, bool pending, bool pi)
{
	uptr_t p = UPTR(address);
	u32 v, seen;

	if (address % 4 || get_user_u32(&v, p))
		return;
	if (pending && !pi && !(v & FUTEX_TID_MASK)) {
		futex_wake(p, false, 1, FUTEX_BITSET_MATCH_ANY);
		return;
	}
	for (;;) {
		if ((v & FUTEX_TID_MASK) != (u32)tid)
			return;
		seen = v;
		if (cmpxchg_user_u32(p, &seen, (v & FUTEX_WAITERS) | FUTEX_OWNER_DIED))
			return;
		if (seen == v)
			break;
		v = seen;
	}
	if (v & FUTEX_WAITERS && !pi) /* who waits with priority inheritance is told by futex_pi_exit */
		futex_wake(p, false, 1, FUTEX_BITSET_MATCH_ANY);
}

static void walk_robust_list(struct task *t)
{
	struct robust_list_head head;
	u64 entry, next;

	if (copy_from_user(&head, UPTR(t->robust_list), sizeof head))
		return;
	u64 pending = (u64)head.list_op_pending & ~1ULL; /* bit 0 marks a priority-inheriting one */
	entry = (u64)head.list.next;
	for (unsigned i = 0; i < ROBUST_LIST_LIMIT; i++) {
		u64 e = entry & ~1ULL;
		if (e == t->robust_list)
			break;
		bool last = get_user_u64(&next, UPTR(e)) != 0;
		if (e != pending)
			owner_died(e + (u64)head.futex_offset, task_tid(t), false, entry & 1);
		if (last)
			break;
		entry = next;
	}
	if (pending)
		owner_died(pending + (u64)head.futex_offset, task_tid(t), true,
			   (u64)head.list_op_pending & 1);
}

void futex_thread_exit(struct task *t)
{
	if (!t->mm)
		return;
	if (t->robust_list) {
		walk_robust_list(t);
		t->robust_list = 0;
	}
	futex_pi_exit(t);
	/* Not for the last user of the memory: nobody is left to look. */
	if (t->clear_child_tid && ref_read(&t->mm->users) > 1) {
		uptr_t p = UPTR(t->clear_child_tid);
		if (!put_user_u32(p, 0))
			futex_wake(p, false, 1, FUTEX_BITSET_MATCH_ANY);
	}
	t->clear_child_tid = 0;
}
