/* SPDX-License-Identifier: MIT */
/* The lock checker reports each kind of mistake, made here on purpose, and nothing else. */
#include <debug/selftest.h>

#ifdef CONFIG_LOCKDEP
#include <lib/format.h>
#include <lib/string.h>
#include <debug/log.h>
#include <mm/slab.h>
#include <mm/usercopy.h>
#include <sched/mutex.h>
#include <sched/task.h>
#include <sync/irq_work.h>
#include <sync/rcu.h>

/* Each test has locks of its own: what it teaches the graph stays there. */

static unsigned reports(void (*mistake)(void))
{
	lockdep_expect_begin();
	mistake();
	return lockdep_expect_end();
}

#define REPORTS(kind) (1U << LOCKDEP_##kind)

static void nest(spinlock_t *outer, spinlock_t *inner)
{
	spin_lock(outer);
	spin_lock(inner);
	spin_unlock(inner);
	spin_unlock(outer);
}

static spinlock_t order_a, order_b, order_c;

static void circle_of_three(void)
{
	nest(&order_a, &order_b);
	nest(&order_b, &order_c);
	nest(&order_c, &order_a);
}

SELFTEST(lockdep_order)
{
	CHECK(lockdep_active());
	CHECK(reports(circle_of_three) == REPORTS(ORDER));
}

static struct mutex mutex_a = MUTEX_INIT(mutex_a), mutex_b = MUTEX_INIT(mutex_b);
static struct rwsem sem = RWSEM_INIT(sem);

static void mutex_against_rwsem(void)
{
	mutex_lock(&mutex_a);
	rwsem_read_lock(&sem);
	rwsem_read_unlock(&sem);
	mutex_unlock(&mutex_a);
	rwsem_write_lock(&sem);
	mutex_lock(&mutex_a);
	mutex_unlock(&mutex_a);
	rwsem_write_unlock(&sem);
}

SELFTEST(lockdep_order_of_sleeping_locks)
{
	CHECK(reports(mutex_against_rwsem) == REPORTS(ORDER));
}

/* Only tried for: no wait, no deadlock; but what is waited for under it counts. */
static spinlock_t try_a, try_b, try_c;

static void tries(void)
{
	nest(&try_a, &try_b);
	{
		SPIN_GUARD(&try_b);
		CHECK(spin_trylock(&try_a));
		spin_unlock(&try_a);
	}
}

static void wait_under_try(void)
{
	nest(&try_c, &try_b);
	{
		SPIN_GUARD(&try_b);
		CHECK(spin_trylock(&try_a));
		spin_lock(&try_c); /* b is held, too, below what was only tried for */
		spin_unlock(&try_c);
		spin_unlock(&try_a);
	}
}

SELFTEST(lockdep_tries)
{
	CHECK(reports(tries) == 0);
	CHECK(reports(wait_under_try) == REPORTS(ORDER));
}

static struct pair {
	struct mutex m;
} pairs[2];

static void two_of_a_class(void)
{
	mutex_lock(&pairs[0].m);
	mutex_lock(&pairs[1].m);
	mutex_unlock(&pairs[1].m);
	mutex_unlock(&pairs[0].m);
}

static void two_with_subclass(void)
{
	mutex_lock(&pairs[0].m);
	mutex_lock_nested(&pairs[1].m, 1);
	mutex_unlock(&pairs[1].m);
	mutex_unlock(&pairs[0].m);
}

static void read_twice(void)
{
	rwsem_read_lock(&sem);
	CHECK(rwsem_read_trylock(&sem));
	rwsem_read_unlock(&sem);
	rwsem_read_lock(&sem);
	rwsem_read_unlock(&sem);
	rwsem_read_unlock(&sem);
}

SELFTEST(lockdep_recursion)
{
	for (unsigned i = 0; i < 2; i++)
		mutex_init(&pairs[i].m);
	CHECK(reports(two_with_subclass) == 0);
	CHECK(reports(two_of_a_class) == REPORTS(RECURSION));
	CHECK(reports(read_twice) == REPORTS(RECURSION));
}

static spinlock_t irq_unsafe, irq_outer, irq_inner, irq_late;

static void take_unsafe(struct irq_work *w) { SPIN_GUARD(&irq_unsafe); }
static void take_outer(struct irq_work *w) { SPIN_GUARD(&irq_outer); }
static void take_late(struct irq_work *w) { SPIN_GUARD(&irq_late); }

static void in_interrupt_do(void (*fn)(struct irq_work *w))
{
	struct irq_work w;

	irq_work_init(&w, fn);
	(void)irq_work_queue(&w);
	irq_work_sync(&w);
}

static void held_with_interrupts_on(void)
{
	{ SPIN_GUARD(&irq_unsafe); }
	in_interrupt_do(take_unsafe);
}

/* outer is right by itself, but under it comes inner, which is held with interrupts on. */
static void inner_is_unsafe(void)
{
	{ SPIN_GUARD(&irq_inner); }
	in_interrupt_do(take_outer);
	{
		IRQ_GUARD();
		nest(&irq_outer, &irq_inner);
	}
}

static void turned_on_too_early(void)
{
	u64 irq;

	in_interrupt_do(take_late);
	irq = spin_lock_irqsave(&irq_late);
	irq_enable();
	spin_unlock_irqrestore(&irq_late, irq);
}

SELFTEST(lockdep_interrupts)
{
	CHECK(reports(held_with_interrupts_on) == REPORTS(IRQ));
	CHECK(reports(inner_is_unsafe) == REPORTS(IRQ));
	CHECK(reports(turned_on_too_early) == REPORTS(IRQ));
}

static spinlock_t atomic;

static void sleep_with_spinlock(void) { SPIN_GUARD(&atomic); might_sleep(); }
static void mutex_with_spinlock(void)
{
	SPIN_GUARD(&atomic);
	mutex_lock(&mutex_b);
	mutex_unlock(&mutex_b);
}
static void alloc_with_spinlock(void) { SPIN_GUARD(&atomic); kfree(kmalloc(8, 0)); }
static void alloc_atomic(void) { SPIN_GUARD(&atomic); kfree(kmalloc(8, ALLOC_ATOMIC)); }
static void alloc_with_interrupts_off(void) { IRQ_GUARD(); kfree(kmalloc(8, 0)); }
static void user_with_spinlock(void)
{
	u32 v;
	SPIN_GUARD(&atomic);
	v = (u32)get_user_u32(&v, (uptr_t){ 4096 });
}
static void user_without_faults(void)
{
	u32 v;
	pagefault_disable();
	{ SPIN_GUARD(&atomic); v = (u32)get_user_u32(&v, (uptr_t){ 4096 }); }
	pagefault_enable();
}
static void sleep_in_interrupt(struct irq_work *w) { might_sleep(); }
static void sleeps_in_interrupt(void) { in_interrupt_do(sleep_in_interrupt); }

SELFTEST(lockdep_sleeping)
{
	CHECK(reports(sleep_with_spinlock) == REPORTS(SLEEP));
	CHECK(reports(mutex_with_spinlock) == REPORTS(SLEEP));
	CHECK(reports(alloc_with_spinlock) == REPORTS(SLEEP));
	CHECK(reports(alloc_with_interrupts_off) == REPORTS(SLEEP));
	CHECK(reports(user_with_spinlock) == REPORTS(SLEEP));
	CHECK(reports(sleeps_in_interrupt) == REPORTS(SLEEP));
	CHECK(reports(alloc_atomic) == 0);
	CHECK(reports(user_without_faults) == 0);
}

static void sleep_under_rcu(void) { rcu_read_lock(); might_sleep(); rcu_read_unlock(); }
static void unlock_without_lock(void)
{
	preempt_disable();
	lockdep_rcu_leave();
	preempt_enable();
}
static void nested_sections(void) { rcu_read_lock(); rcu_read_lock(); rcu_read_unlock(); rcu_read_unlock(); }

SELFTEST(lockdep_rcu)
{
	CHECK(reports(sleep_under_rcu) == REPORTS(RCU));
	CHECK(reports(unlock_without_lock) == REPORTS(RCU));
	CHECK(reports(nested_sections) == 0);
}

static struct mutex mutex_c = MUTEX_INIT(mutex_c);

static void release_not_held(void)
{
	mutex_lock(&mutex_c);
	lockdep_release(LOCKDEP_MAP(&mutex_c));
	mutex_unlock(&mutex_c);
}

static void leave_holding(void)
{
	mutex_lock(&mutex_c);
	lockdep_nothing_held("in a test");
	mutex_unlock(&mutex_c);
}

static void leave_reading(void)
{
	rcu_read_lock();
	lockdep_nothing_held("in a test");
	rcu_read_unlock();
}

SELFTEST(lockdep_release)
{
	CHECK(reports(release_not_held) == REPORTS(UNLOCK));
	CHECK(reports(leave_holding) == REPORTS(LEFT_HELD));
	CHECK(reports(leave_reading) == REPORTS(LEFT_HELD));
}

/* What is held is told with names and places. */
SELFTEST(lockdep_dump_names)
{
	struct log_record r;
	char line[256];
	u64 seq;
	bool found = false;

	mutex_lock(&mutex_c);
	seq = log_seq_next();
	lockdep_dump(&current->locks, "the test");
	mutex_unlock(&mutex_c);
	while (log_read(&seq, &r, line, sizeof(line)))
		found |= strstr(line, "held by the test: mutex_c") && strstr(line, "selftest_lockdep_dump_names+");
	CHECK(found);
}

/* Runs last of these: the kernel as a whole has not filled the tables, and the checker is still on. */
SELFTEST(lockdep_zz_still_on)
{
	struct lockdep_stats s;

	lockdep_stats(&s);
	log_info("lockdep: %u of %u classes, %u of %u dependencies, %u of %u chains", s.classes,
		 s.classes_max, s.edges, s.edges_max, s.chains, s.chains_max);
	CHECK(lockdep_active());
}
#endif
