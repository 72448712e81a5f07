/* SPDX-License-Identifier: MIT */
/*
 * One-shot timers.
 *
 * Each CPU keeps its timers in trees, one for each clock that they count on, and has one
 * hardware timer, armed for the earliest of them or for the scheduler's tick.  It is not
 * rearmed when a timer is stopped or moved back: it then fires for nothing once, which is rarer
 * than timers that are stopped in time.  So armed_at <= everything that is queued, always.
 *
 * A tree is ordered by the latest time at which a timer may fire, and that is what the
 * hardware is armed for.  An interrupt that comes earlier, for whatever reason, fires as many from the
 * tree's left as are due already; so slack (prctl's PR_SET_TIMERSLACK) saves interrupts.
 *
 * Real time is monotonic time plus an offset, which a step of the clock changes: then every CPU
 * is interrupted to arm its hardware anew (timers_clock_was_set), and nothing in the trees
 * has to move.  Slewing the clock slews monotonic time, too, and needs nothing.
 *
 * Locking.  A timer's `cpu` says which queue's lock protects it.  Its function runs without
 * the lock; meanwhile the queue's `running` names it, which is all that others look at, since the
 * function may free the timer.  A function that starts its timer again does so on its own
 * CPU.  So timer_cancel_sync() may trust what it sees under the lock of the queue that the timer was
 * on last: queued there, running there, or neither and for good, unless last_cpu has changed.
 */
#include <time/timer.h>

#include <arch/clock.h>
#include <arch/irq.h>
#include <arch/irqflags.h>
#include <arch/upcall.h>
#include <debug/panic.h>
#include <sync/atomic.h>
#include <sync/spinlock.h>
#include <time/clock.h>

struct timer_queue {
	spinlock_t lock; /* interrupts off */
	u32 stepping;    /* lock: timers in trees but the monotonic one */
	struct rb_root_cached trees[TIMER_CLOCKS]; /* lock */
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
	t->expires = t->latest = 0;
	t->fn = fn;
	t->cpu = -1;
	t->last_cpu = 0;
	t->clock = TIMER_MONOTONIC;
}

u64 timer_clock_offset(enum timer_clock clock)
{
	switch (clock) {
	case TIMER_REALTIME: return clock_realtime_offset_ns();
	case TIMER_TAI: return clock_realtime_offset_ns() + clock_tai_offset_ns();
	default: return 0;
	}
}

static always_inline u64 to_monotonic(enum timer_clock clock, u64 when)
{
	u64 offset = clock == TIMER_MONOTONIC ? 0 : timer_clock_offset(clock);

	return when > offset ? when - offset : 0;
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
	struct rb_root_cached *tree = &q->trees[t->clock];
	struct rb_node **link = &tree->root.node, *parent = NULL;
	bool leftmost = true;

	while (*link) {
		parent = *link;
		if (t->latest < node_timer(parent)->latest) {
			link = &parent->left;
		} else {
			link = &parent->right;
			leftmost = false;
		}
	}
	rb_link(&t->node, parent, link);
	rb_insert_cached(&t->node, tree, leftmost);
	q->stepping += t->clock != TIMER_MONOTONIC;
}

static inline void erase(struct timer_queue *q, struct timer *t)
{
	rb_erase_cached(&t->node, &q->trees[t->clock]);
	q->stepping -= t->clock != TIMER_MONOTONIC;
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
			erase(q, t);
			atomic_store(&t->cpu, -1);
		}
		spin_release(&q->lock);
		if (here)
			return true;
	}
	return false;
}

void timer_start_on(struct timer *t, enum timer_clock clock, u64 expires, u64 slack)
{
	IRQ_GUARD();
	struct timer_queue *q;
	u64 when;

	if (t->cpu >= 0)
		dequeue(t);
	q = this_cpu_ptr(timer_queue);
	spin_acquire(&q->lock);
	t->clock = clock;
	t->expires = expires;
	t->latest = expires + slack < expires ? NEVER : expires + slack;
	t->last_cpu = (u16)cpu_id();
	atomic_store(&t->cpu, (s32)cpu_id());
	insert(q, t);
	when = to_monotonic(clock, t->latest);
	if (when < q->armed_at)
		arm(q, when, clock_monotonic_ns());
	spin_release(&q->lock);
}

void timer_start(struct timer *t, u64 expires)
{
	timer_start_on(t, TIMER_MONOTONIC, expires, 0);
}

bool timer_cancel(struct timer *t)
{
	if (atomic_load(&t->cpu) < 0)
		return false;
	IRQ_GUARD();
	return dequeue(t);
}

/* Stops `t` if it is on the queue that it was on last. True: its function does not run there, either. */
static bool stop_where_last(struct timer *t, bool *stopped)
{
	IRQ_GUARD();
	unsigned cpu = READ_ONCE(t->last_cpu);
	struct timer_queue *q = per_cpu_ptr(timer_queue, cpu);
	bool idle;

	spin_acquire(&q->lock);
	if (t->cpu == (s32)cpu) {
		erase(q, t);
		atomic_store(&t->cpu, -1);
		*stopped = true;
	}
	idle = q->running != t && t->cpu < 0 && t->last_cpu == cpu;
	ASSERT(q->running != t || cpu != cpu_id());
	spin_release(&q->lock);
	return idle;
}

/* Is the function running on a CPU on whose queue the timer no longer is? */
static bool runs_elsewhere(const struct timer *t)
{
	for (unsigned c = 0; c < cpu_count; c++)
		if (atomic_load(&per_cpu_ptr(timer_queue, c)->running) == t)
			return true;
	return false;
}

bool timer_cancel_sync(struct timer *t)
{
	bool stopped = false;

	while (!stop_where_last(t, &stopped) || (cpu_count > 1 && runs_elsewhere(t)))
		cpu_relax();
	return stopped;
}

/* Runs what is due on one of the clocks. Lock held, dropped meanwhile. */
static always_inline void run_tree(struct timer_queue *q, enum timer_clock clock, u64 now)
{
	struct rb_node *n;

	while ((n = rb_first_cached(&q->trees[clock])) != NULL) {
		struct timer *t = node_timer(n);
		if (t->expires > now)
			break;
		erase(q, t);
		atomic_store(&q->running, t);
		atomic_store(&t->cpu, -1);
		spin_release(&q->lock);
		t->fn(t);
		spin_acquire(&q->lock);
		atomic_store(&q->running, NULL);
	}
}

static void run_due(struct timer_queue *q, u64 now)
{
	spin_acquire(&q->lock);
	run_tree(q, TIMER_MONOTONIC, now);
	if (unlikely(q->stepping))
		for (enum timer_clock c = TIMER_REALTIME; c < TIMER_CLOCKS; c++)
			run_tree(q, c, now + timer_clock_offset(c));
	spin_release(&q->lock);
}

static always_inline u64 first_latest(struct timer_queue *q, enum timer_clock clock)
{
	struct rb_node *first = rb_first_cached(&q->trees[clock]);

	return first ? to_monotonic(clock, node_timer(first)->latest) : NEVER;
}

/* When the hardware is to fire next. Lock held. */
static always_inline u64 next_event(struct timer_queue *q)
{
	u64 next = min(q->tick_at, first_latest(q, TIMER_MONOTONIC));

	if (unlikely(q->stepping)) {
		next = min(next, first_latest(q, TIMER_REALTIME));
		next = min(next, first_latest(q, TIMER_TAI));
	}
	return next;
}

/* Arms the hardware for the earliest of what is queued. Interrupts off. */
static void arm_next(struct timer_queue *q, u64 now)
{
	u64 next;

	spin_acquire(&q->lock);
	next = next_event(q);
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

/* A step may have brought timers nearer. Interrupts off, maybe in the middle of upcall_timer. */
static void look_again(void *unused_arg)
{
	struct timer_queue *q = this_cpu_ptr(timer_queue);
	u64 next;

	spin_acquire(&q->lock);
	next = next_event(q);
	spin_release(&q->lock);
	arm(q, next, clock_monotonic_ns());
}

void timers_clock_was_set(void)
{
	{
		IRQ_GUARD();
		look_again(NULL);
	}
	/* Only a leap second comes by an interrupt: the clock goes back, no timer comes nearer. */
	if (cpu_count > 1 && irqs_enabled())
		ipi_call_others(look_again, NULL);
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
