/* SPDX-License-Identifier: MIT */
/*
 * Grace periods from quiescent states.
 *
 * A reader's section has preemption off, so none is open on a CPU that
 *   - passes the scheduler (rcu_note_quiescent),
 *   - is idle: rcu_idle is set until the next interrupt,
 *   - is interrupted with preemption on: in user mode, say (rcu_tick sends such a CPU through
 *     the scheduler; rcu_hurry looks by itself).
 * Grace periods are numbered; `current_gp` is the newest one begun, `completed_gp` the newest one
 * over.  Period n is over when every CPU has been quiescent after n began: waiting_cpus has a bit
 * for each that has not.  CPUs that are idle when it begins are not waited for, and not woken.
 * The others need not be told: the tick does that, unless somebody is in a hurry.
 *
 * A call-back queued while period n is the newest waits for n + 1 to be over: n may have begun
 * before the object was unlinked.  Each CPU keeps two lists: `next` is being filled, `wait` waits
 * for period wait_gp.  What is due is called on the spot if it is little, so that a single file that
 * is closed costs no switch to a thread; the rest, in the same order, is left to a thread, which
 * calls it with interrupts and preemption on but for a batch.  (While there is
 * something left, all goes there: rcu_barrier counts on the order.)
 *
 * With one CPU a pass through a quiescent point is a grace period.
 *
 * rcu_pending sends a CPU to the slow path.  Its own code sets it for its call-backs, others for a
 * period that began; so it is cleared before all of this is looked at.  Idle is told
 * from busy by Dekker's rule: gp_begin sets rcu_pending, then reads rcu_idle; rcu_idle_enter sets
 * rcu_idle, then reads rcu_pending; at least one sees the other.
 *
 * Locking: the lists `next` and `wait` by interrupts being off on their CPU; the period numbers and
 * waiting_cpus by gp_lock, the list of what is left to the thread by done_lock; both are leaves.
 */
#include <sync/rcu.h>

#include <arch/irq.h>
#include <debug/log.h>
#include <debug/panic.h>
#include <sync/atomic.h>
#include <sync/spinlock.h>

/* Call-backs that may be called with interrupts off at a time. */
enum { INLINE_MAX = 16 };

struct rcu_list {
	struct rcu_head *first, **tail;
};

struct rcu_cpu {
	struct rcu_list next, wait; /* this CPU only, interrupts off */
	u64 wait_gp;
	u64 noted_gp;  /* this CPU: the newest period that has been told of a quiescent state here */
	u32 age;       /* this CPU: ticks since the period `age_gp` was first seen */
	u64 age_gp;
};

static PERCPU struct rcu_cpu rcu_cpu;
PERCPU u32 rcu_pending;
PERCPU u32 rcu_idle;

static spinlock_t gp_lock;
static u64 current_gp, completed_gp; /* gp_lock; read atomically without */
static u64 wanted_gp;                /* gp_lock: somebody waits for this one */
static u64 waiting_cpus;             /* gp_lock; read atomically without */
static u64 cpus_with_calls;          /* atomic: a bit per CPU whose list `wait` is not empty */

static spinlock_t done_lock;
static struct rcu_list done; /* done_lock: what is due and was left to the thread */
static u64 done_left;        /* atomic: call-backs there, or just being called */

void (*rcu_kick_cpu)(unsigned cpu);
void (*rcu_wake_worker)(void);
void (*rcu_stall_dump)(unsigned cpu);
unsigned rcu_stall_ticks = 7000;

static void list_append(struct rcu_list *l, struct rcu_head *h)
{
	h->next = NULL;
	if (!l->first)
		l->tail = &l->first;
	*l->tail = h;
	l->tail = &h->next;
}

/* Appends the chain of `from`, and empties it. */
static void list_move(struct rcu_list *to, struct rcu_list *from)
{
	if (!from->first)
		return;
	if (!to->first)
		to->tail = &to->first;
	*to->tail = from->first;
	to->tail = from->tail;
	from->first = NULL;
}

/* gp_lock is held. */
static void gp_begin(void)
{
	u64 all = cpu_count >= 64 ? ~0UL : (1UL << cpu_count) - 1;

	atomic_store(&current_gp, current_gp + 1);
	atomic_store(&waiting_cpus, all);
	for (unsigned cpu = 0; cpu < cpu_count; cpu++) {
		(void)atomic_exchange(per_cpu_ptr(rcu_pending, cpu), 1);
		if (atomic_load(per_cpu_ptr(rcu_idle, cpu)))
			all &= ~(1UL << cpu);
	}
	/* The caller's own CPU is busy: never empty. */
	atomic_store(&waiting_cpus, all);
}

/* Asks for period `gp` to be run. gp_lock is held. */
static void gp_want(u64 gp)
{
	wanted_gp = max(wanted_gp, gp);
	if (current_gp == completed_gp && current_gp < wanted_gp)
		gp_begin();
}

/* Those whose call-backs may be due now, and who may sleep. */
static void gp_tell(void)
{
	u64 cpus = atomic_load(&cpus_with_calls) & ~(1UL << cpu_id());

	for (; cpus; cpus &= cpus - 1) {
		unsigned cpu = (unsigned)__builtin_ctzll(cpus);
		if (atomic_exchange(per_cpu_ptr(rcu_pending, cpu), 1) && !atomic_load(per_cpu_ptr(rcu_idle, cpu)))
			continue; /* it comes by itself */
		if (rcu_kick_cpu)
			rcu_kick_cpu(cpu);
	}
}

/* Takes this CPU off the current period; the last one ends it. Interrupts off. */
static void gp_note(struct rcu_cpu *c)
{
	bool over = false;

	spin_acquire(&gp_lock);
	c->noted_gp = current_gp;
	atomic_store(&waiting_cpus, waiting_cpus & ~(1UL << cpu_id()));
	if (current_gp != completed_gp && !waiting_cpus) {
		atomic_store(&completed_gp, current_gp);
		over = true;
		if (wanted_gp > completed_gp)
			gp_begin();
	}
	spin_release(&gp_lock);
	if (over)
		gp_tell();
}

void call_rcu(struct rcu_head *head, void (*fn)(struct rcu_head *head))
{
	IRQ_GUARD();
	head->fn = fn;
	list_append(&this_cpu_ptr(rcu_cpu)->next, head);
	this_cpu_write(rcu_pending, 1);
}

/* Lets the lists go on; what is due goes to `due`. Interrupts off. */
static void lists_advance(struct rcu_cpu *c, struct rcu_list *due)
{
	u64 bit = 1UL << cpu_id();

	if (cpu_count == 1) {
		list_move(due, &c->wait);
		list_move(due, &c->next);
		return;
	}
	if (c->wait.first && c->wait_gp <= atomic_load(&completed_gp)) {
		list_move(due, &c->wait);
		atomic_and(&cpus_with_calls, ~bit);
	}
	if (!c->wait.first && c->next.first) {
		list_move(&c->wait, &c->next);
		atomic_or(&cpus_with_calls, bit);
		spin_acquire(&gp_lock);
		c->wait_gp = current_gp + 1;
		gp_want(c->wait_gp);
		spin_release(&gp_lock);
	}
	if (c->wait.first)
		this_cpu_write(rcu_pending, 1);
}

/* Calls what is due, or leaves it to the thread. Interrupts off. */
static void call_due(struct rcu_cpu *c, struct rcu_list *due)
{
	struct rcu_head *h, *next;
	unsigned n = 0;

	if (!rcu_wake_worker || !atomic_load(&done_left)) {
		for (h = due->first; h && (n < INLINE_MAX || !rcu_wake_worker); h = next, n++) {
			next = h->next;
			h->fn(h);
		}
		due->first = h;
		if (!h)
			return;
	}
	for (n = 0, h = due->first; h; h = h->next)
		n++;
	atomic_add_fetch(&done_left, n);
	spin_acquire(&done_lock);
	list_move(&done, due);
	spin_release(&done_lock);
	rcu_wake_worker();
}

void rcu_quiescent_slow(void)
{
	struct rcu_list due = { NULL, NULL };
	struct rcu_cpu *c;
	IRQ_GUARD();

	c = this_cpu_ptr(rcu_cpu);
	(void)atomic_exchange(this_cpu_ptr(rcu_pending), 0);
	if (cpu_count > 1 && atomic_load(&current_gp) != c->noted_gp)
		gp_note(c);
	lists_advance(c, &due);
	if (due.first) {
		preempt_disable();
		call_due(c, &due);
		preempt_enable_no_resched();
	}
}

bool rcu_done_waiting(void)
{
	return READ_ONCE(done.first) != NULL;
}

bool rcu_call_done(unsigned most)
{
	struct rcu_head *h, *next, *last;
	unsigned n = 1;
	bool more;
	{
		IRQSPIN_GUARD(&done_lock);
		h = last = done.first;
		if (!h)
			return false;
		for (; n < most && last->next; n++)
			last = last->next;
		done.first = last->next;
		more = done.first != NULL;
		last->next = NULL;
	}
	preempt_disable();
	for (; h; h = next) {
		next = h->next;
		h->fn(h);
	}
	atomic_sub_fetch(&done_left, n);
	preempt_enable();
	return more;
}

/* --- Idle CPUs, and busy ones ------------------------------------------------------------------ */

bool rcu_idle_enter(void)
{
	(void)atomic_exchange(this_cpu_ptr(rcu_idle), 1);
	if (!this_cpu_read(rcu_pending))
		return true;
	if (cpu_count > 1) {
		struct rcu_cpu *c = this_cpu_ptr(rcu_cpu);
		/* Call-backs that wait for others are no reason to stay up: gp_tell kicks. */
		if (c->wait.first && c->noted_gp == atomic_load(&current_gp) &&
		    c->wait_gp > atomic_load(&completed_gp))
			return true;
	}
	rcu_idle_leave();
	return false;
}

/* The exchange is a full barrier: what the interrupt reads under RCU is read after it. */
void rcu_idle_leave(void)
{
	(void)atomic_exchange(this_cpu_ptr(rcu_idle), 0);
}

/* A CPU that counts ticks of its own cannot be fooled by a machine that was stopped. */
static void stall_check(struct rcu_cpu *c)
{
	u64 gp = atomic_load(&current_gp), cpus;

	if (gp == atomic_load(&completed_gp) || gp != c->age_gp) {
		c->age_gp = gp;
		c->age = 0;
		return;
	}
	if (++c->age < rcu_stall_ticks)
		return;
	c->age = 0;
	cpus = atomic_load(&waiting_cpus);
	log_warn("rcu: grace period %lu is stalled by CPUs %#lx", gp, cpus);
	for (; rcu_stall_dump && cpus; cpus &= cpus - 1)
		rcu_stall_dump((unsigned)__builtin_ctzll(cpus));
}

bool rcu_tick(void)
{
	if (cpu_count > 1)
		stall_check(this_cpu_ptr(rcu_cpu));
	return this_cpu_read(rcu_pending);
}

static void hurry_here(void *unused_arg)
{
	struct rcu_cpu *c = this_cpu_ptr(rcu_cpu);

	if (!(this_cpu_read(preempt_state) & PREEMPT_COUNT_MASK))
		gp_note(c); /* the interrupted code is in no reader's section */
	else
		need_resched_set();
}

void rcu_hurry(void)
{
	ipi_call_others(hurry_here, NULL);
}

u64 rcu_period_want(void)
{
	IRQSPIN_GUARD(&gp_lock);
	u64 gp = current_gp + 1;

	gp_want(gp);
	return gp;
}

bool rcu_period_over(u64 gp)
{
	return atomic_load(&completed_gp) >= gp;
}

struct queue_on_all {
	struct rcu_head *heads;
	void (*fn)(struct rcu_head *head);
};

static void queue_here(void *arg)
{
	struct queue_on_all *q = arg;

	call_rcu(&q->heads[cpu_id()], q->fn);
}

void rcu_queue_on_all(struct rcu_head *heads, void (*fn)(struct rcu_head *head))
{
	struct queue_on_all q = { heads, fn };

	preempt_disable();
	queue_here(&q);
	ipi_call_others(queue_here, &q);
	preempt_enable();
}
