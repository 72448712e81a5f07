/* SPDX-License-Identifier: MIT */
/*
 * What is due after an amount of CPU time: ITIMER_VIRTUAL, ITIMER_PROF, RLIMIT_CPU, and the timers
 * that others put on the CPU time of a process or of a thread (timer_create, clock_nanosleep).
 *
 * Each tick of the scheduler looks whether the process that it met has any of them
 * (process->cpu_watched), and then adds up the time of its threads.  So a signal is never
 * early, and late by a tick at most for each CPU that the process runs on.
 *
 * A struct cpu_timer is in a tree of the process or thread whose time it counts, by expiry, and
 * that process's lock protects it.  Who set it may be another process; so its function is
 * called when the lock has been released.  Meanwhile it is `firing`: cpu_timer_cancel() waits for that,
 * and after it the timer may be freed.  A dead process's or thread's time stands still: its timers
 * stay in their trees until they are cancelled, which the references make possible.
 */
#include <arch/cpu.h>
#include <debug/panic.h>
#include <proc/cpu_timer.h>
#include <proc/internal.h>
#include <time/clock.h>

#define node_timer(n) rb_entry(n, struct cpu_timer, node)

/* process->lock held for all of these, unless they say otherwise. */

static u64 timer_clock(struct process *p, unsigned which)
{
	u64 user, system;

	process_times(p, &user, &system);
	return which == CPU_TIMER_VIRTUAL ? user : user + system;
}

void cpu_timers_update(struct process *p)
{
	WRITE_ONCE(p->cpu_watched, p->limits[RLIMIT_CPU].rlim_cur != RLIM64_INFINITY ||
				   p->limits[RLIMIT_CPU].rlim_max != RLIM64_INFINITY ||
				   p->cpu_timer_at[CPU_TIMER_VIRTUAL] || p->cpu_timer_at[CPU_TIMER_PROF] ||
				   p->cpu_timer_count);
}

static void check_timer(struct process *p, unsigned which, u64 now)
{
	u64 at = p->cpu_timer_at[which], interval = p->cpu_timer_interval_ns[which];

	if (!at || now < at)
		return;
	p->cpu_timer_at[which] = interval ? at + (now - at) / interval * interval + interval : 0;
	signal_send_locked(p, NULL, which == CPU_TIMER_VIRTUAL ? SIGVTALRM : SIGPROF, NULL);
}

static bool used_up(u64 seconds, u64 used)
{
	return seconds != RLIM64_INFINITY && used / NSEC_PER_SEC >= seconds;
}

/* The soft limit is put up by a second each time that the process was told. */
static void check_limit(struct process *p, u64 used)
{
	struct rlimit64 *l = &p->limits[RLIMIT_CPU];

	if (used_up(l->rlim_max, used)) {
		signal_send_locked(p, NULL, SIGKILL, NULL);
	} else if (used_up(l->rlim_cur, used)) {
		WRITE_ONCE(l->rlim_cur, l->rlim_cur + 1);
		signal_send_locked(p, NULL, SIGXCPU, NULL);
	}
}

/* RLIMIT_RTTIME: how long a real-time task may run without sleeping. */
static void check_rt_time(struct task *t, struct process *p)
{
	struct rlimit64 *l = &p->limits[RLIMIT_RTTIME];
	u64 us = t->se.rt_run_ns / NSEC_PER_USEC;
	IRQSPIN_GUARD(&p->lock);

	if (l->rlim_max != RLIM64_INFINITY && us > l->rlim_max) {
		signal_send_locked(p, NULL, SIGKILL, NULL);
	} else if (l->rlim_cur != RLIM64_INFINITY && us > l->rlim_cur) {
		WRITE_ONCE(l->rlim_cur, l->rlim_cur + 1000000);
		signal_send_locked(p, NULL, SIGXCPU, NULL);
	}
}

/* Moves what is due in `tree` at `now` to the front of *due. */
static void collect(struct process *p, struct rb_root_cached *tree, u64 now, struct cpu_timer **due)
{
	struct rb_node *n;

	while ((n = rb_first_cached(tree)) != NULL && node_timer(n)->at <= now) {
		struct cpu_timer *t = node_timer(n);
		rb_erase_cached(n, tree);
		p->cpu_timer_count--;
		t->queued = false;
		t->firing = true;
		t->next_due = *due;
		*due = t;
	}
}

/* The locked part of a tick: signals the process what is due for itself, collects the rest. */
static struct cpu_timer *check_process(struct process *p, struct task *t)
{
	struct cpu_timer *due = NULL;
	u64 user, system;
	IRQSPIN_GUARD(&p->lock);

	process_times(p, &user, &system);
	check_timer(p, CPU_TIMER_VIRTUAL, user);
	check_timer(p, CPU_TIMER_PROF, user + system);
	check_limit(p, user + system);
	if (p->cpu_timer_count) {
		collect(p, &p->cpu_timers[CPU_TIMER_VIRTUAL], user, &due);
		collect(p, &p->cpu_timers[CPU_TIMER_PROF], user + system, &due);
		task_times(t, &user, &system);
		collect(p, &t->cpu_timers[CPU_TIMER_VIRTUAL], user, &due);
		collect(p, &t->cpu_timers[CPU_TIMER_PROF], user + system, &due);
	}
	cpu_timers_update(p);
	return due;
}

/* Interrupts off, no lock held. */
static void tick(struct task *t)
{
	struct process *p = t->process;

	if (unlikely(t->se.class == SCHED_CLASS_RT) && p &&
	    READ_ONCE(p->limits[RLIMIT_RTTIME].rlim_cur) != RLIM64_INFINITY)
		check_rt_time(t, p);
	if (likely(!p || !READ_ONCE(p->cpu_watched)))
		return;
	for (struct cpu_timer *due = check_process(p, t), *next; due; due = next) {
		next = due->next_due;
		due->fn(due);
		atomic_store(&due->firing, false); /* from here on it may vanish */
	}
}

/* ---- timers on the CPU time of any process or thread; no lock held ---- */

static u64 sample_locked(const struct cpu_clock *c)
{
	u64 user, system, sum;
	struct task *t;

	if (c->which == CPU_TIMER_VIRTUAL) {
		if (c->task)
			task_times(c->task, &user, &system);
		else
			process_times(c->process, &user, &system);
		return user;
	}
	if (c->task)
		return task_runtime_ns(c->task);
	sum = c->process->dead_user_ns + c->process->dead_system_ns;
	list_for_each(t, &c->process->threads, thread_link)
		if (t->state != TASK_ZOMBIE)
			sum += task_runtime_ns(t);
	return sum;
}

u64 cpu_clock_sample(const struct cpu_clock *c)
{
	IRQSPIN_GUARD(&c->process->lock);
	return sample_locked(c);
}

static struct rb_root_cached *tree_of(const struct cpu_clock *c)
{
	return c->task ? &c->task->cpu_timers[c->which] : &c->process->cpu_timers[c->which];
}

void cpu_timer_init(struct cpu_timer *t, const struct cpu_clock *clock, void (*fn)(struct cpu_timer *t))
{
	*t = (struct cpu_timer){ .clock = *clock, .fn = fn };
}

void cpu_timer_start(struct cpu_timer *t, u64 at)
{
	struct process *p = t->clock.process;
	struct rb_root_cached *tree = tree_of(&t->clock);
	struct rb_node **link = &tree->root.node, *parent = NULL;
	bool leftmost = true;
	IRQSPIN_GUARD(&p->lock);

	ASSERT(!t->queued);
	t->at = at;
	while (*link) {
		parent = *link;
		if (at < node_timer(parent)->at) {
			link = &parent->left;
		} else {
			link = &parent->right;
			leftmost = false;
		}
	}
	rb_link(&t->node, parent, link);
	rb_insert_cached(&t->node, tree, leftmost);
	t->queued = true;
	p->cpu_timer_count++;
	cpu_timers_update(p);
}

static void dequeue(struct cpu_timer *t)
{
	struct process *p = t->clock.process;
	IRQSPIN_GUARD(&p->lock);

	if (!t->queued)
		return;
	rb_erase_cached(&t->node, tree_of(&t->clock));
	t->queued = false;
	p->cpu_timer_count--;
	cpu_timers_update(p);
}

void cpu_timer_cancel(struct cpu_timer *t)
{
	/* Its function may start it again; that is over before `firing` is. */
	do {
		while (atomic_load(&t->firing))
			cpu_relax();
		dequeue(t);
	} while (atomic_load(&t->firing));
}

int cpu_clock_get(int id, struct cpu_clock *c)
{
	pid_t n = id == CLOCK_PROCESS_CPUTIME_ID || id == CLOCK_THREAD_CPUTIME_ID ? 0 : (pid_t)~(id >> 3);
	bool thread = id == CLOCK_THREAD_CPUTIME_ID || (id < 0 && id & CPU_CLOCK_THREAD);
	struct task *t = NULL;
	struct process *p;

	if (id < 0 && (id & CPU_CLOCK_KIND) == CPU_CLOCK_KIND)
		return -EINVAL;
	if (thread) {
		t = n ? task_find(n) : current;
		if (!t)
			return -EINVAL;
		if (!n)
			task_get(t);
		p = t->process;
		if (p != current->process) {
			task_put(t);
			return -EINVAL;
		}
		process_get(p);
	} else {
		p = n ? process_find(n) : current->process;
		if (!p)
			return -EINVAL;
		if (!n)
			process_get(p);
	}
	*c = (struct cpu_clock){ .process = p, .task = t,
				 .which = id < 0 && (id & CPU_CLOCK_KIND) == CPU_CLOCK_VIRTUAL ?
					  CPU_TIMER_VIRTUAL : CPU_TIMER_PROF };
	return 0;
}

void cpu_clock_put(struct cpu_clock *c)
{
	if (c->task)
		task_put(c->task);
	process_put(c->process);
}

/* ---- ITIMER_VIRTUAL and ITIMER_PROF; process->lock held ---- */

void cpu_timer_get(struct process *p, unsigned which, u64 *left, u64 *interval)
{
	u64 at = p->cpu_timer_at[which], now = at ? timer_clock(p, which) : 0;

	*left = !at ? 0 : at > now ? at - now : 1;
	*interval = p->cpu_timer_interval_ns[which];
}

void cpu_timer_set(struct process *p, unsigned which, u64 left, u64 interval)
{
	p->cpu_timer_at[which] = left ? timer_clock(p, which) + left : 0;
	p->cpu_timer_interval_ns[which] = interval;
	cpu_timers_update(p);
}

void cpu_timers_init(void)
{
	sched_tick_upper = tick;
}
