/* SPDX-License-Identifier: MIT */
/*
 * Spinlocks.  The holder must not sleep; preemption is off while one is held.
 * A lock that an interrupt handler takes is taken elsewhere with interrupts off
 * (spin_lock_irqsave, IRQSPIN_GUARD).
 *
 *   SPIN_GUARD(&l);     held to the end of the scope
 *   IRQSPIN_GUARD(&l);  the same with interrupts off
 *
 * Taking a free lock is one compare-and-swap, releasing one is a store of a byte.  How those who
 * find it taken wait is in spinlock.c; what LOCKDEP builds check, in debug/lockdep.h.
 */
#pragma once

#include <arch/cpu.h>
#include <debug/lockdep.h>
#include <sync/preempt.h>

struct spinlock {
	union {
		u32 value; /* atomic; 0: free, nobody waits */
		struct {
			u8 locked;  /* the holder's */
			u8 pending; /* the one waiter outside the queue */
			u16 tail;   /* the last in the queue: see spinlock.c */
		};
	};
#ifdef CONFIG_DEBUG
	u32 cpu_plus_1;
	u64 owner_ip;
#endif
	LOCKDEP_FIELD
};
typedef struct spinlock spinlock_t;

#define SPINLOCK_INIT { .value = 0 }

void spin_lock_slow(spinlock_t *l, u32 found);
/* Who waits queues, and gets the lock in order of arrival; false under a hypervisor. */
extern bool spin_fair;
#ifdef CONFIG_DEBUG
void spin_debug_acquired(spinlock_t *l, u64 ip);
void spin_debug_release(spinlock_t *l);
void spin_debug_before(spinlock_t *l);
#else
static always_inline void spin_debug_acquired(spinlock_t *l, u64 ip) {}
static always_inline void spin_debug_release(spinlock_t *l) {}
static always_inline void spin_debug_before(spinlock_t *l) {}
#endif

/* All locks initialised at one place in the source are of one class for LOCKDEP. */
#define spin_init(l)                                                           \
	do {                                                                   \
		*(l) = (spinlock_t)SPINLOCK_INIT;                              \
		LOCKDEP_INIT(l);                                               \
	} while (0)

static always_inline bool spin_take_free(spinlock_t *l, u32 *found)
{
	*found = 0;
	return likely(__atomic_compare_exchange_n(&l->value, found, 1, false, __ATOMIC_ACQUIRE,
						  __ATOMIC_RELAXED));
}

/* Takes the lock; preemption must be off already (or interrupts). */
static always_inline void spin_acquire_nested(spinlock_t *l, unsigned subclass)
{
	u32 found;

	spin_debug_before(l);
	lockdep_spin_acquire(LOCKDEP_MAP(l), subclass, false);
	if (!spin_take_free(l, &found))
		spin_lock_slow(l, found);
	spin_debug_acquired(l, (u64)__builtin_return_address(0));
}

static always_inline void spin_acquire(spinlock_t *l)
{
	spin_acquire_nested(l, 0);
}

static always_inline void spin_release(spinlock_t *l)
{
	spin_debug_release(l);
	lockdep_spin_release(LOCKDEP_MAP(l));
	__atomic_store_n(&l->locked, 0, __ATOMIC_RELEASE);
}

static always_inline void spin_lock(spinlock_t *l)
{
	preempt_disable();
	spin_acquire(l);
}

/*
 * For a lock that is taken while another of its class is held, in an order that the caller has
 * from elsewhere (and documents): `subclass` 1 to 3 names the inner one's place in that order.
 */
static always_inline void spin_lock_nested(spinlock_t *l, unsigned subclass)
{
	preempt_disable();
	spin_acquire_nested(l, subclass);
}

static always_inline void spin_unlock(spinlock_t *l)
{
	spin_release(l);
	preempt_enable();
}

static always_inline bool spin_try_acquire(spinlock_t *l)
{
	u32 found;

	if (READ_ONCE(l->value) || !spin_take_free(l, &found))
		return false;
	lockdep_spin_acquire(LOCKDEP_MAP(l), 0, true);
	spin_debug_acquired(l, (u64)__builtin_return_address(0));
	return true;
}

static always_inline bool spin_trylock(spinlock_t *l)
{
	preempt_disable();
	if (spin_try_acquire(l))
		return true;
	preempt_enable();
	return false;
}

static always_inline u64 spin_lock_irqsave(spinlock_t *l)
{
	u64 flags = irq_save();
	preempt_disable();
	spin_acquire(l);
	return flags;
}

static always_inline void spin_unlock_irqrestore(spinlock_t *l, u64 flags)
{
	spin_release(l);
	irq_restore(flags);
	preempt_enable();
}

static inline bool spin_is_locked(const spinlock_t *l)
{
	return READ_ONCE(l->value);
}

static always_inline spinlock_t *spin_guard_begin_(spinlock_t *l)
{
	spin_lock(l);
	return l;
}
static always_inline void spin_guard_end_(spinlock_t **l)
{
	spin_unlock(*l);
}
#define SPIN_GUARD(l)                                                          \
	spinlock_t *GUARD_NAME(spin_) __attribute__((cleanup(spin_guard_end_), __unused__)) = \
		spin_guard_begin_(l)

struct irqspin_guard {
	spinlock_t *lock;
	u64 flags;
};
static always_inline struct irqspin_guard irqspin_guard_begin_(spinlock_t *l)
{
	u64 flags = spin_lock_irqsave(l);
	return (struct irqspin_guard){ l, flags };
}
static always_inline void irqspin_guard_end_(struct irqspin_guard *g)
{
	spin_unlock_irqrestore(g->lock, g->flags);
}
#define IRQSPIN_GUARD(l)                                                       \
	struct irqspin_guard GUARD_NAME(spin_)                                 \
		__attribute__((cleanup(irqspin_guard_end_), __unused__)) = irqspin_guard_begin_(l)
