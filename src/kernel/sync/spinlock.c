/* SPDX-License-Identifier: MIT */
/*
 * How the contended path of spinlocks waits.
 *
 * The word:	| tail: 16 bits | pending: 8 bits | locked: 8 bits |
 *
 * The first waiter sets `pending` and spins on the word itself: with two CPUs no queue is ever
 * made.  Whoever finds a holder and a pending waiter queues: it exchanges `tail` for its own node,
 * links itself behind the node that was there, and spins on a field of its own node, which its
 * predecessor writes once.  So each CPU waits on a cache line of its own, a release disturbs one
 * waiter, and the lock is taken in order of arrival.  The head of the queue alone looks at the
 * word: when holder and pending waiter are gone it sets `locked` and passes headship on.
 *
 *	word  tail ----------------------+
 *	 ^                               v
 *	head [node of CPU 2] -next-> [node of CPU 5]
 *
 * A CPU needs a node for each context in which it can wait at a time: a task's, an interrupt's,
 * an NMI's or machine check's: NODES.  `tail` is the CPU's number plus 1, times NODES, plus the node's.
 *
 * Under a hypervisor a queue does harm: when the virtual CPU at its head does not run, nobody gets
 * the lock, free or not.  There (spin_fair is false) waiters take a free lock in any order.  Both
 * ways mix: who is queued holds the word non-zero, so that nobody else can take it past the queue.
 */
#include <sync/spinlock.h>

#include <debug/panic.h>
#include <debug/symbols.h>
#include <sync/atomic.h>

#define NODES 4U
#define LOCKED 1U
#define PENDING 0x100U
#define TAIL_SHIFT 16
#define TAIL_MASK 0xffff0000U

/* For how many looks a waiter hopes that the pending one takes over, before it queues. */
enum { HANDOVER_SPINS = 512, BACKOFF_MAX = 64 };

BUILD_ASSERT((MAX_CPUS + 1) * NODES <= 0xffff);

struct spin_node {
	struct spin_node *next; /* atomic: written by the successor */
	u32 head;               /* atomic: 1: we are the head; written by the predecessor */
};

static PERCPU struct spin_node spin_nodes[NODES];
static PERCPU u32 spin_nodes_used;

bool spin_fair = true;

static struct spin_node *node_of_tail(u32 tail)
{
	return &(*per_cpu_ptr(spin_nodes, tail / NODES - 1))[tail % NODES];
}

static void wait_unfair(spinlock_t *l)
{
	unsigned pause = 1;
	u32 found;

	do {
		while (READ_ONCE(l->value)) {
			for (unsigned i = 0; i < pause; i++)
				cpu_relax();
			if (pause < BACKOFF_MAX)
				pause *= 2;
		}
	} while (!spin_take_free(l, &found));
}

/* Tries to become the pending waiter; true: has got the lock. */
static bool wait_pending(spinlock_t *l, u32 found)
{
	/* Pending alone: the lock has just been released, and is about to be taken by that waiter. */
	for (unsigned i = 0; found == PENDING && i < HANDOVER_SPINS; i++) {
		cpu_relax();
		found = READ_ONCE(l->value);
	}
	if (found & ~LOCKED)
		return false;
	found = atomic_fetch_or(&l->value, PENDING);
	if (found & ~LOCKED) {
		if (!(found & PENDING))
			atomic_store_relaxed(&l->pending, 0); /* it was us who set it: undo, and queue */
		return false;
	}
	while (atomic_load(&l->locked))
		cpu_relax();
	/* The two bytes at once: pending becomes the holder. */
	__atomic_store_n((u16 *)&l->value, LOCKED, __ATOMIC_RELAXED);
	return true;
}

static void wait_queued(spinlock_t *l, struct spin_node *node, u32 tail)
{
	u32 value, before;
	struct spin_node *next;

	atomic_store_relaxed(&node->next, NULL);
	atomic_store_relaxed(&node->head, 0);
	before = __atomic_exchange_n(&l->tail, (u16)tail, __ATOMIC_SEQ_CST);
	if (before) {
		atomic_store(&node_of_tail(before)->next, node);
		while (!atomic_load(&node->head))
			cpu_relax();
	}
	while ((value = atomic_load(&l->value)) & (LOCKED | PENDING))
		cpu_relax();
	/* The last one in the queue takes the lock and empties the queue in one step. */
	if ((value & TAIL_MASK) >> TAIL_SHIFT == tail && atomic_cas(&l->value, &value, LOCKED))
		return;
	/* Somebody queued behind us, or became pending and then will, having seen our tail. */
	atomic_store_relaxed(&l->locked, 1);
	while (!(next = atomic_load(&node->next)))
		cpu_relax();
	atomic_store(&next->head, 1);
}

/* `found`: the word as the fast path found it. Preemption or interrupts are off. */
void spin_lock_slow(spinlock_t *l, u32 found)
{
	u32 index;

	if (!READ_ONCE(spin_fair)) {
		wait_unfair(l);
		return;
	}
	if (wait_pending(l, found))
		return;
	index = this_cpu_read(spin_nodes_used);
	this_cpu_inc(spin_nodes_used);
	barrier(); /* an interrupt from here on takes the next node */
	if (likely(index < NODES))
		wait_queued(l, &(*this_cpu_ptr(spin_nodes))[index], (cpu_id() + 1) * NODES + index);
	else
		wait_unfair(l);
	barrier();
	this_cpu_dec(spin_nodes_used);
}

#ifdef CONFIG_DEBUG
/* Preemption is off, so that cpu_id() stays true. */
void spin_debug_before(spinlock_t *l)
{
	char name[64];

	if (unlikely(READ_ONCE(l->cpu_plus_1) == cpu_id() + 1 && !machine_stopping))
		panic("spinlock %p taken twice by CPU %u, first at %s", l, cpu_id(),
		      symbol_name(l->owner_ip, name, sizeof(name)));
}

void spin_debug_acquired(spinlock_t *l, u64 ip)
{
	l->owner_ip = ip;
	WRITE_ONCE(l->cpu_plus_1, cpu_id() + 1);
}

void spin_debug_release(spinlock_t *l)
{
	if (unlikely(l->cpu_plus_1 != cpu_id() + 1 && !machine_stopping))
		panic("spinlock %p released by CPU %u, but its owner is CPU %d", l, cpu_id(),
		      (int)l->cpu_plus_1 - 1);
	WRITE_ONCE(l->cpu_plus_1, 0);
}
#endif
