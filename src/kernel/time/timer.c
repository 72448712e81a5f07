/* SPDX-License-Identifier: MIT */
/*
 * One-shot timers.
 *
 * Each CPU keeps its timers in a tree by expiry and has one hardware timer,
 * armed for the earliest of them or for the scheduler's tick.  It is not
 * rearmed when a timer is stopped or moved back: it then fires for nothing once, which is rarer
 * than timers that are stopped in time.  So armed_at <= everything that is queued, always.
 *
 * A timer's `cpu` says which queue's lock protects it.  Its function runs
 * without the lock; meanwhile the queue's `running` names it, which is all
 * that timer_cancel_sync() looks at, since the function may free the timer.
 */
#include <time/timer.h>

#include <arch/clock.h>
#include <arch/upcall.h>
#include <debug/panic.h>
#include <sync/atomic.h>
#include <sync/spinlock.h>
#include <time/clock.h>

struct timer_queue {
	spinlock_t lock; /* interrupts off */
	struct rb_root_cached tree; /* lock */
	struct timer *running;      /* lock to change */
	u64 armed_at;               /* this CPU, interrupts off; NEVER: not armed, 0: no need to arm */
	u64 tick_at;                /* this CPU, interrupts off; NEVER: no tick wanted */
	u64 interrupts;             /* this CPU */
};

#define NEVER (~0ULL)

static PERCPU struct timer_queue timer_queue;
void (*timer_tick)(bool user);

#define node_timer(n) rb_entry(n, struct timer, node)

void timer_init(struct timer *t, void (*fn)(struct timer *t))
{
	t->expires = 0;
	t->fn = fn;
	t->cpu = -1;
}

/* Makes sure that the hardware fires at `when` or before. Interrupts off. */
static inline void arm(struct timer_queue *q, u64 when, u64 now)
{
	if (when >= q->armed_at)
		return;
	q->armed_at = when;
	local_timer_arm(when > now ? when - now : 0);
}

static void insert(struct timer_queue *q, struct timer *t)
{
	struct rb_node **link = &q->tree.root.node, *parent = NULL;
	bool leftmost = true;

	while (*link) {
		parent = *link;
		if (t->expires < node_timer(parent)->expires) {
			link = &parent->left;
		} else {
			link = &parent->right;
			leftmost = false;
		}
	}
	rb_link(&t->node, parent, link);
	rb_insert_cached(&t->node, &q->tree, leftmost);
}

/* Takes `t` off whatever queue it is on; false when it is on none. Interrupts off. */
static bool dequeue(struct timer *t)
{
	s32 cpu;

	while ((cpu = atomic_load(&t->cpu)) >= 0) {
		struct timer_queue *q = per_cpu_ptr(timer_queue, cpu);
		bool here;
		spin_acquire(&q->lock);
		here = t->cpu == cpu;
		if (here) {
			rb_erase_cached(&t->node, &q->tree);
			atomic_store(&t->cpu, -1);
		}
		spin_release(&q->lock);
		if (here)
			return true;
	}
	return false;
}

void timer_start(struct timer *t, u64 expires)
{
	IRQ_GUARD();
	struct timer_queue *q;

	if (t->cpu >= 0)
		dequeue(t);
	q = this_cpu_ptr(timer_queue);
	spin_acquire(&q->lock);
	t->expires = expires;
	t->cpu = (s32)cpu_id();
	insert(q, t);
	if (expires < q->armed_at)
		arm(q, expires, clock_monotonic_ns());
	spin_release(&q->lock);
}

bool timer_cancel(struct timer *t)
{
	if (atomic_load(&t->cpu) < 0)
		return false;
	IRQ_GUARD();
	return dequeue(t);
}

/* Its function may have started it again: then it is stopped once more. */
bool timer_cancel_sync(struct timer *t)
{
	bool stopped = timer_cancel(t);

	for (unsigned c = 0; c < cpu_count; c++) {
		struct timer_queue *q = per_cpu_ptr(timer_queue, c);
		while (unlikely(atomic_load(&q->running) == t)) {
			ASSERT(c != cpu_id());
			cpu_relax();
		}
	}
	if (unlikely(atomic_load(&t->cpu) >= 0))
		stopped |= timer_cancel(t);
	return stopped;
}

/* Runs what is due. */
static void run_due(struct timer_queue *q, u64 now)
{
	struct rb_node *n;

	spin_acquire(&q->lock);
	while ((n = rb_first_cached(&q->tree)) != NULL) {
		struct timer *t = node_timer(n);
		if (t->expires > now)
			break;
		rb_erase_cached(n, &q->tree);
		atomic_store(&q->running, t);
		atomic_store(&t->cpu, -1);
		spin_release(&q->lock);
		t->fn(t);
		spin_acquire(&q->lock);
		atomic_store(&q->running, NULL);
	}
	spin_release(&q->lock);
}

/* Arms the hardware for the earliest of what is queued. Interrupts off. */
static void arm_next(struct timer_queue *q, u64 now)
{
	u64 next = q->tick_at;
	struct rb_node *first;

	spin_acquire(&q->lock);
	first = rb_first_cached(&q->tree);
	if (first)
		next = min(next, node_timer(first)->expires);
	spin_release(&q->lock);
	q->armed_at = NEVER;
	arm(q, next, now);
}

void upcall_timer(struct regs *r)
{
	struct timer_queue *q = this_cpu_ptr(timer_queue);
	u64 now = clock_monotonic_ns();

	q->interrupts++;
	q->armed_at = 0; /* what is started meanwhile does not arm the hardware */
	clock_coarse_update(now);
	run_due(q, now);
	if (q->tick_at <= now) {
		q->tick_at = NEVER;
		if (timer_tick)
			timer_tick(regs_from_user(r));
	}
	arm_next(q, now);
}

void timer_tick_arm(u64 ns)
{
	IRQ_GUARD();
	struct timer_queue *q = this_cpu_ptr(timer_queue);
	u64 now;

	if (ns == 0) {
		q->tick_at = NEVER;
		return;
	}
	now = clock_monotonic_ns();
	q->tick_at = now + ns;
	arm(q, q->tick_at, now);
}

void timers_init(void)
{
	IRQ_GUARD();
	struct timer_queue *q = this_cpu_ptr(timer_queue);

	q->tick_at = NEVER;
	arm_next(q, clock_monotonic_ns());
}

u64 timer_interrupts(unsigned cpu)
{
	return READ_ONCE(per_cpu_ptr(timer_queue, cpu)->interrupts);
}
