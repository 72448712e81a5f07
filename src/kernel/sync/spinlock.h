/* SPDX-License-Identifier: MIT */
/*
 * Spinlocks.  The holder must not sleep; preemption is off while one is held.
 * A lock that an interrupt handler takes is taken elsewhere with interrupts off
 * (spin_lock_irqsave, IRQSPIN_GUARD).
 *
 *   SPIN_GUARD(&l);     held to the end of the scope
 *   IRQSPIN_GUARD(&l);  the same with interrupts off
 */
#pragma once

#include <arch/cpu.h>
#include <sync/preempt.h>

struct spinlock {
	u32 locked; /* 0 free, 1 held */
#ifdef CONFIG_DEBUG
	u32 cpu_plus_1;
	u64 owner_ip;
#endif
};
typedef struct spinlock spinlock_t;

#define SPINLOCK_INIT { 0 }

void spin_lock_slow(spinlock_t *l);
#ifdef CONFIG_DEBUG
void spin_debug_acquired(spinlock_t *l, u64 ip);
void spin_debug_release(spinlock_t *l);
void spin_debug_before(spinlock_t *l);
#else
static always_inline void spin_debug_acquired(spinlock_t *l, u64 ip) {}
static always_inline void spin_debug_release(spinlock_t *l) {}
static always_inline void spin_debug_before(spinlock_t *l) {}
#endif

static inline void spin_init(spinlock_t *l)
{
	*l = (spinlock_t)SPINLOCK_INIT;
}

/* Takes the lock; preemption must be off already (or interrupts). */
static always_inline void spin_acquire(spinlock_t *l)
{
	spin_debug_before(l);
	if (unlikely(__atomic_exchange_n(&l->locked, 1, __ATOMIC_ACQUIRE)))
		spin_lock_slow(l);
	spin_debug_acquired(l, (u64)__builtin_return_address(0));
}

static always_inline void spin_release(spinlock_t *l)
{
	spin_debug_release(l);
	__atomic_store_n(&l->locked, 0, __ATOMIC_RELEASE);
}

static always_inline void spin_lock(spinlock_t *l)
{
	preempt_disable();
	spin_acquire(l);
}

static always_inline void spin_unlock(spinlock_t *l)
{
	spin_release(l);
	preempt_enable();
}

static always_inline bool spin_trylock(spinlock_t *l)
{
	preempt_disable();
	if (!__atomic_exchange_n(&l->locked, 1, __ATOMIC_ACQUIRE)) {
		spin_debug_acquired(l, (u64)__builtin_return_address(0));
		return true;
	}
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
	return READ_ONCE(l->locked);
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
