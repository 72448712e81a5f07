/* SPDX-License-Identifier: MIT */
/*
 * Grace periods from quiescent states.
 *
 * A reader's section has preemption off, so a CPU that passes the scheduler has
 * none open.  Grace periods are numbered; `current_gp` is the newest one begun,
 * `completed_gp` the newest one over.  Period n is over when every CPU has passed a
 * quiescent point after n began: waiting_cpus has a bit for each that has not.
 *
 * A call-back queued while period n is the newest waits for n + 1 to be over: n
 * may have begun before the object was unlinked.  Each CPU keeps two lists: `next` is
 * being filled, `wait` waits for period wait_gp.
 *
 * With one CPU a pass through a quiescent point is a grace period.  With several, a period that
 * begins interrupts the other CPUs, so that idle ones pass a quiescent point; and one that ends interrupts
 * those with call-backs that waited for it, or they would keep their memory until they happen to wake up.
 *
 * Locking: the lists by interrupts being off on their CPU; the period numbers and
 * waiting_cpus by gp_lock, a leaf.
 */
#include <debug/panic.h>
#include <sync/atomic.h>
#include <sync/rcu.h>
#include <sync/spinlock.h>

struct rcu_list {
	struct rcu_head *first, **tail;
};

struct rcu_cpu {
	struct rcu_list next, wait; /* this CPU only, interrupts off */
	u64 wait_gp;
};

static struct rcu_cpu rcu_cpu PERCPU;
u32 rcu_pending PERCPU;

static spinlock_t gp_lock;
static u64 current_gp, completed_gp; /* gp_lock; read atomically without */
static u64 wanted_gp;                /* gp_lock: somebody waits for this one */
static u64 waiting_cpus;             /* gp_lock */
static u64 callback_cpus;            /* gp_lock: whose `wait` list is not empty */

void (*rcu_wait)(void);
void (*rcu_kick_cpu)(unsigned cpu);

static void list_append(struct rcu_list *l, struct rcu_head *h)
{
	h->next = NULL;
	if (!l->first)
		l->tail = &l->first;
	*l->tail = h;
	l->tail = &h->next;
}

/* Makes these CPUs, but for this one, pass a quiescent point soon. gp_lock is held. */
static void kick(u64 cpus)
{
	for (cpus &= ~(1UL << cpu_id()); cpus; cpus &= cpus - 1) {
		unsigned cpu = (unsigned)__builtin_ctzll(cpus);

		atomic_store(per_cpu_ptr(rcu_pending, cpu), 1);
		if (rcu_kick_cpu)
			rcu_kick_cpu(cpu);
	}
}

/* gp_lock is held. */
static void gp_begin(void)
{
	current_gp++;
	waiting_cpus = cpu_count >= 64 ? ~0UL : (1UL << cpu_count) - 1;
	this_cpu_write(rcu_pending, 1);
	kick(waiting_cpus);
}

/* Asks for period `gp` to be run. gp_lock is held. */
static void gp_want(u64 gp)
{
	wanted_gp = max(wanted_gp, gp);
	if (current_gp == completed_gp && current_gp < wanted_gp)
		gp_begin();
}

void call_rcu(struct rcu_head *head, void (*fn)(struct rcu_head *head))
{
	IRQ_GUARD();
	head->fn = fn;
	list_append(&this_cpu_ptr(rcu_cpu)->next, head);
	this_cpu_write(rcu_pending, 1);
}

/* Takes this CPU off the current period; the last one ends it. */
static void gp_note(void)
{
	IRQSPIN_GUARD(&gp_lock);
	waiting_cpus &= ~(1UL << cpu_id());
	if (current_gp != completed_gp && !waiting_cpus) {
		atomic_store(&completed_gp, current_gp);
		if (wanted_gp > completed_gp)
			gp_begin();
		else
			kick(callback_cpus);
	}
}

/* Moves what is waiting on; returns the call-backs whose period is over. */
static struct rcu_head *lists_advance(struct rcu_cpu *c)
{
	struct rcu_head *done = NULL;

	IRQSPIN_GUARD(&gp_lock);
	if (cpu_count == 1 && !c->wait.first) {
		done = c->next.first;
		c->next.first = NULL;
		this_cpu_write(rcu_pending, 0);
		return done;
	}
	if (c->wait.first && c->wait_gp <= completed_gp) {
		done = c->wait.first;
		c->wait.first = NULL;
	}
	if (!c->wait.first && c->next.first) {
		c->wait.first = c->next.first;
		c->next.first = NULL;
		c->wait_gp = current_gp + 1;
		callback_cpus |= 1UL << cpu_id();
		gp_want(c->wait_gp);
	}
	if (!c->wait.first)
		callback_cpus &= ~(1UL << cpu_id());
	this_cpu_write(rcu_pending, c->wait.first || c->next.first ||
				    (waiting_cpus >> cpu_id() & 1));
	return done;
}

void rcu_quiescent_slow(void)
{
	struct rcu_head *done, *next;

	preempt_disable();
	gp_note();
	done = lists_advance(this_cpu_ptr(rcu_cpu));
	for (; done; done = next) {
		next = done->next;
		done->fn(done);
	}
	preempt_enable_no_resched();
}

void synchronize_rcu(void)
{
	ASSERT(!rcu_wait || preemptible());
	if (cpu_count == 1) /* the caller itself is outside of any section */
		return;
	rcu_wait();
}
