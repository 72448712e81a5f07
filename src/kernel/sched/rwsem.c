/* SPDX-License-Identifier: MIT */
/*
 * Reader-writer locks.  The count word:
 *
 *	bit 0  RWSEM_WRITER   a writer holds it
 *	bit 1  RWSEM_WAITERS  somebody is queued: no newcomer gets in, and unlock has to look
 *	8..63  the number of readers
 *
 * Waiters queue in order of arrival.  Whoever releases the lock gives it to the first of them: a
 * writer, or as many readers as stand in front of the next writer.  So
 * nobody starves, and a woken task need not try again.
 *
 * While nobody is queued, and the lock's writer runs on another CPU, a newcomer spins (one at a
 * time) until the writer is done, stops running, or this CPU is wanted for something else.
 */
#include <sched/mutex.h>

#include <linux/errno.h>
#include <sched/internal.h>
#include <sched/task.h>
#include <sync/atomic.h>

#define RWSEM_WRITER 1UL
#define RWSEM_WAITERS 2UL
#define RWSEM_FLAGS (RWSEM_WRITER | RWSEM_WAITERS)
#define RWSEM_READER 0x100UL

struct rwsem_waiter {
	struct list link; /* in waiters.entries; all of this under waiters.lock */
	struct task *task;
	bool writer;
	bool granted;
};

static always_inline bool rwsem_read_take(struct rwsem *s)
{
	u64 old = READ_ONCE(s->count);

	while (!(old & RWSEM_FLAGS))
		if (atomic_cas(&s->count, &old, old + RWSEM_READER))
			return true;
	return false;
}

static always_inline bool rwsem_write_take(struct rwsem *s)
{
	u64 old = 0;

	if (!atomic_cas(&s->count, &old, RWSEM_WRITER))
		return false;
	s->writer = current;
	return true;
}

/* Can a waiter of this kind have the lock, with the count as it is? */
static bool admits(u64 count, bool writer)
{
	return writer ? (count & ~RWSEM_WAITERS) == 0 : !(count & RWSEM_WRITER);
}

/*
 * Gives the lock to those in front of the queue who can have it. Queue's lock
 * held, the RWSEM_WAITERS bit set, so that the count can only fall meanwhile.
 */
static void grant(struct rwsem *s)
{
	for (;;) {
		struct rwsem_waiter *w =
			list_first_or_null(&s->waiters.entries, struct rwsem_waiter, link);
		if (!w) {
			atomic_and(&s->count, ~RWSEM_WAITERS);
			return;
		}
		if (!admits(READ_ONCE(s->count), w->writer))
			return;
		atomic_fetch_add(&s->count, w->writer ? RWSEM_WRITER : RWSEM_READER);
		if (w->writer)
			s->writer = w->task;
		list_remove(&w->link);
		w->granted = true;
		task_wake(w->task);
	}
}

static bool spin_for_writer(struct rwsem *s, bool writer)
{
	unsigned cpu = 0;
	bool got = false;

	if (atomic_exchange(&s->spinner, 1))
		return false;
	while (!(READ_ONCE(s->count) & RWSEM_WAITERS) && !need_resched()) {
		struct task *holder = READ_ONCE(s->writer);
		got = writer ? rwsem_write_take(s) : rwsem_read_take(s);
		if (got || !holder || !task_is_running(holder, &cpu))
			break;
		cpu_relax();
	}
	atomic_store(&s->spinner, 0);
	return got;
}

static noinline int lock_slow(struct rwsem *s, bool writer, enum wait_kind kind)
{
	struct rwsem_waiter w = { .task = current, .writer = writer };
	int err = 0;

	ASSERT(s->writer != current);
	if (cpu_count > 1 && spin_for_writer(s, writer))
		return 0;
	u64 flags = spin_lock_irqsave(&s->waiters.lock);
	list_push_back(&s->waiters.entries, &w.link);
	atomic_or(&s->count, RWSEM_WAITERS);
	grant(s);
	while (!w.granted && !err) {
		WRITE_ONCE(current->state, (u32)kind);
		spin_unlock_irqrestore(&s->waiters.lock, flags);
		err = wait_block(kind, 0);
		flags = spin_lock_irqsave(&s->waiters.lock);
	}
	WRITE_ONCE(current->state, TASK_RUNNING);
	if (w.granted) {
		err = 0;
	} else {
		list_remove(&w.link);
		grant(s); /* we may have stood in somebody's way */
	}
	spin_unlock_irqrestore(&s->waiters.lock, flags);
	return err;
}

static always_inline void lock_read(struct rwsem *s, unsigned subclass)
{
	might_sleep();
	lockdep_acquire(LOCKDEP_MAP(s), subclass, 0, LOCKDEP_CALLER);
	if (unlikely(!rwsem_read_take(s)))
		(void)lock_slow(s, false, WAIT_UNINTERRUPTIBLE);
}

void rwsem_read_lock(struct rwsem *s)
{
	lock_read(s, 0);
}

void rwsem_read_lock_nested(struct rwsem *s, unsigned subclass)
{
	lock_read(s, subclass);
}

int rwsem_read_lock_killable(struct rwsem *s)
{
	int err = 0;

	might_sleep();
	lockdep_acquire(LOCKDEP_MAP(s), 0, 0, LOCKDEP_CALLER);
	if (unlikely(!rwsem_read_take(s)) && (err = lock_slow(s, false, WAIT_KILLABLE)))
		lockdep_release(LOCKDEP_MAP(s));
	return err;
}

bool rwsem_read_trylock(struct rwsem *s)
{
	bool got = rwsem_read_take(s);

	if (got)
		lockdep_acquire(LOCKDEP_MAP(s), 0, LOCKDEP_TRY, LOCKDEP_CALLER);
	return got;
}

static always_inline void lock_write(struct rwsem *s, unsigned subclass)
{
	might_sleep();
	lockdep_acquire(LOCKDEP_MAP(s), subclass, 0, LOCKDEP_CALLER);
	if (unlikely(!rwsem_write_take(s)))
		(void)lock_slow(s, true, WAIT_UNINTERRUPTIBLE);
}

void rwsem_write_lock(struct rwsem *s)
{
	lock_write(s, 0);
}

void rwsem_write_lock_nested(struct rwsem *s, unsigned subclass)
{
	lock_write(s, subclass);
}

int rwsem_write_lock_killable(struct rwsem *s)
{
	int err = 0;

	might_sleep();
	lockdep_acquire(LOCKDEP_MAP(s), 0, 0, LOCKDEP_CALLER);
	if (unlikely(!rwsem_write_take(s)) && (err = lock_slow(s, true, WAIT_KILLABLE)))
		lockdep_release(LOCKDEP_MAP(s));
	return err;
}

bool rwsem_write_trylock(struct rwsem *s)
{
	bool got = rwsem_write_take(s);

	if (got)
		lockdep_acquire(LOCKDEP_MAP(s), 0, LOCKDEP_TRY, LOCKDEP_CALLER);
	return got;
}

static noinline void grant_locked(struct rwsem *s)
{
	IRQSPIN_GUARD(&s->waiters.lock);
	if (READ_ONCE(s->count) & RWSEM_WAITERS)
		grant(s);
}

void rwsem_read_unlock(struct rwsem *s)
{
	u64 now;

	lockdep_release(LOCKDEP_MAP(s));
	now = atomic_sub_fetch(&s->count, RWSEM_READER);
	ASSERT_OP(now + RWSEM_READER, >=, RWSEM_READER);
	if (unlikely(now == RWSEM_WAITERS))
		grant_locked(s);
}

void rwsem_write_unlock(struct rwsem *s)
{
	ASSERT_OP((u64)s->writer, ==, (u64)current);
	lockdep_release(LOCKDEP_MAP(s));
	s->writer = NULL;
	if (unlikely(atomic_sub_fetch(&s->count, RWSEM_WRITER) & RWSEM_WAITERS))
		grant_locked(s);
}

void rwsem_downgrade(struct rwsem *s)
{
	ASSERT_OP((u64)s->writer, ==, (u64)current);
	s->writer = NULL;
	if (unlikely(atomic_add_fetch(&s->count, RWSEM_READER - RWSEM_WRITER) & RWSEM_WAITERS))
		grant_locked(s);
}
