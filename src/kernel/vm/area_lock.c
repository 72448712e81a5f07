/* SPDX-License-Identifier: MIT */
/*
 * The lock of one area: faults of threads that do not wait for mm->lock.
 *
 * A fault needs one area to stay as it is, not the whole address space.  It finds the area
 * without a lock, holds it by counting itself in area->readers, and leaves mm->lock alone; so an
 * mmap or a munmap of one thread stops no fault of another, unless it is about the same
 * area.  Whatever does not come out as it should (no area, wrong rights, somebody is changing it)
 * is left to the slow way, under mm->lock.
 *
 * The other side: who changes an area (its ends, flags, place in the tree; entries of its page
 * tables that faults must not see half done) holds mm->lock for writing and marks the area with
 * area_change_begin.  That waits until no fault is in it and keeps new ones out until mm_write_unlock, which
 * ends all marks at once: an area is marked while area->change_seq equals mm->change_seq.
 *
 *	fault                                   change
 *	readers += 1, unless AREA_CHANGING      readers |= AREA_CHANGING
 *	change_seq == mm->change_seq? out       wait until nobody else is in `readers`
 *	detached, or va outside? out            change_seq = mm->change_seq
 *	... fault_page ...                      readers &= ~AREA_CHANGING
 *	readers -= 1, wake who waits            ... change ...
 *	                                        mm->change_seq += 1
 *
 * Either the fault's addition comes first, and the change waits for it; or the change's mark does, and
 * the fault sees it: both go through the one word `readers`.  A fault that reads the new
 * mm->change_seq sees all that was changed before.
 *
 * Looking an area up: the tree is walked in an RCU reader's section while it may be turned
 * round.  Such a walk can miss an area that is there, never leave the tree: removed areas
 * are freed after a grace period, their nodes still point into it.  It is bounded all the same.
 * mm->cached is written by those who hold the area or mm->lock, either of which keeps the area from being
 * removed.
 *
 * An address space with one user has nobody to be kept out: then none of this costs a change anything.
 */
#include <debug/panic.h>
#include <sync/atomic.h>
#include <sync/rcu.h>
#include <vm/internal.h>

#define AREA_CHANGING (1U << 31)
#define WALK_MAX 64 /* twice the height of any tree of AREAS_MAX */

/* Nobody but the caller can be in a fault there. New users come by those that there are. */
static bool only_user(const struct mm *mm)
{
	return atomic_load(&mm->users.count) == 1;
}

void area_change_begin(struct area *a)
{
	struct mm *mm = a->mm;

	if (only_user(mm) || a->change_seq == mm->change_seq)
		return;
	atomic_or(&a->readers, AREA_CHANGING);
	(void)wait_event(&mm->area_left, WAIT_UNINTERRUPTIBLE, READ_ONCE(a->readers) == AREA_CHANGING);
	WRITE_ONCE(a->change_seq, mm->change_seq);
	atomic_and(&a->readers, ~AREA_CHANGING);
}

void mm_changes_end(struct mm *mm)
{
	atomic_store(&mm->change_seq, mm->change_seq + 1);
}

void area_fault_end(struct area *a)
{
	struct mm *mm = a->mm;

	if (unlikely(atomic_sub_fetch(&a->readers, 1) == AREA_CHANGING))
		wait_wake_all(&mm->area_left);
}

/* Counts the caller in; false when a change is under way. */
static bool enter(struct area *a, const struct mm *mm)
{
	u32 old = READ_ONCE(a->readers);

	do {
		if (unlikely(old & AREA_CHANGING))
			return false;
	} while (!atomic_cas(&a->readers, &old, old + 1));
	if (likely(READ_ONCE(a->change_seq) != atomic_load(&mm->change_seq)))
		return true;
	area_fault_end(a);
	return false;
}

/* The area that seems to contain `va`. In an RCU reader's section. */
static struct area *look_up(struct mm *mm, u64 va)
{
	struct area *a = READ_ONCE(mm->cached);
	struct rb_node *n;

	if (likely(a) && READ_ONCE(a->start) <= va && va < READ_ONCE(a->end))
		return a;
	n = READ_ONCE(mm->areas.node);
	for (unsigned steps = 0; n && steps < WALK_MAX; steps++) {
		a = rb_entry(n, struct area, node);
		if (va >= READ_ONCE(a->end))
			n = READ_ONCE(n->right);
		else if (va < READ_ONCE(a->start))
			n = READ_ONCE(n->left);
		else
			return a;
	}
	return NULL;
}

struct area *area_fault_begin(struct mm *mm, u64 va)
{
	struct area *a;

	rcu_read_lock();
	a = look_up(mm, va);
	if (a && !enter(a, mm))
		a = NULL;
	rcu_read_unlock();
	if (unlikely(!a))
		return NULL;
	if (unlikely(a->detached || va < a->start || va >= a->end)) {
		area_fault_end(a);
		return NULL;
	}
	if (READ_ONCE(mm->cached) != a)
		WRITE_ONCE(mm->cached, a);
	return a;
}

static void free_area(struct rcu_head *head)
{
	area_free_memory(container_of(head, struct area, rcu));
}

void area_free_later(struct mm *mm, struct area *a)
{
	if (only_user(mm))
		area_free_memory(a);
	else
		call_rcu(&a->rcu, free_area);
}
