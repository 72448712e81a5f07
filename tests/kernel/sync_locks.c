/* SPDX-License-Identifier: MIT */
#include <debug/selftest.h>
#include <sync/atomic.h>
#include <sync/percpu_counter.h>
#include <sync/rcu.h>
#include <sync/refcount.h>
#include <sync/seqlock.h>

SELFTEST(sync_spinlock)
{
	static spinlock_t l = SPINLOCK_INIT;
	bool irqs = irqs_enabled();

	CHECK(!spin_is_locked(&l));
	{
		SPIN_GUARD(&l);
		CHECK(spin_is_locked(&l));
		CHECK(!preemptible());
		CHECK(!spin_trylock(&l));
	}
	CHECK(!spin_is_locked(&l));
	CHECK(spin_trylock(&l));
	spin_unlock(&l);
	{
		IRQSPIN_GUARD(&l);
		CHECK(!irqs_enabled());
	}
	CHECK(irqs_enabled() == irqs);
	CHECK(!spin_is_locked(&l));
}

SELFTEST(sync_seqlock)
{
	seqlock_t s = SEQLOCK_INIT;
	u32 seq = seqlock_read_begin(&s);
	u64 irq;

	CHECK(!seqlock_read_retry(&s, seq));
	irq = seqlock_write_begin(&s);
	seqlock_write_end(&s, irq);
	CHECK(seqlock_read_retry(&s, seq));
}

SELFTEST(sync_refcount)
{
	refcount_t r = REFCOUNT_INIT(1);

	ref_get(&r);
	CHECK(!ref_put(&r));
	CHECK(ref_put(&r));
	CHECK(!ref_get_unless_zero(&r));
	ref_init(&r, REFCOUNT_SATURATED - 1);
	ref_get(&r);
	CHECK(ref_read(&r) > REFCOUNT_SATURATED);
	CHECK(!ref_put(&r) && ref_read(&r) > REFCOUNT_SATURATED);
}

static s64 test_counter PERCPU;

SELFTEST(sync_percpu_counter)
{
	percpu_counter_add(test_counter, 5);
	percpu_counter_dec(test_counter);
	CHECK(percpu_counter_sum(test_counter) == 4);
	percpu_counter_add(test_counter, -4);
}

static unsigned rcu_calls;
static void count_call(struct rcu_head *h) { atomic_inc(&rcu_calls); }

SELFTEST(sync_rcu_callbacks)
{
	static struct rcu_head heads[10];

	rcu_calls = 0;
	preempt_disable();
	for (unsigned i = 0; i < ARRAY_SIZE(heads); i++)
		call_rcu(&heads[i], count_call);
	CHECK(rcu_calls == 0); /* this CPU has not passed a quiescent point */
	preempt_enable_no_resched();
	for (unsigned i = 0; i < 1000000 && atomic_load(&rcu_calls) < ARRAY_SIZE(heads); i++) {
		rcu_note_quiescent();
		cpu_relax();
	}
	CHECK(rcu_calls == ARRAY_SIZE(heads));
	synchronize_rcu();
}
