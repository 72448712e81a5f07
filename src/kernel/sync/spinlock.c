/* SPDX-License-Identifier: MIT */
/*
 * The contended path of spinlocks: waits by reading, so that the line is shared
 * until the lock is free, with a pause that grows with the time waited.
 */
#include <debug/panic.h>
#include <debug/symbols.h>
#include <sync/spinlock.h>

enum { SPIN_BACKOFF_MAX = 64 };

void spin_lock_slow(spinlock_t *l)
{
	unsigned pause = 1;

	do {
		while (READ_ONCE(l->locked)) {
			for (unsigned i = 0; i < pause; i++)
				cpu_relax();
			if (pause < SPIN_BACKOFF_MAX)
				pause *= 2;
		}
	} while (__atomic_exchange_n(&l->locked, 1, __ATOMIC_ACQUIRE));
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
