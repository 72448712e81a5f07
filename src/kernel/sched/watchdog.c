/* SPDX-License-Identifier: MIT */
/*
 * Finds CPUs that are stuck:
 *
 *	soft lock-up	takes interrupts, but every tick for 2 * watchdog_thresh seconds met the same
 *			task in the kernel with preemption off
 *	hard lock-up	takes no interrupts: no tick for watchdog_thresh seconds, though it is busy
 *
 * A soft one is found by the CPU's own tick, a hard one by that of another: a busy CPU watches the
 * next busy one by number.  An idle CPU has no tick: it watches nobody and is not watched, and none is
 * woken for this.  (So a CPU that is stuck while all others idle is found as soon as one of them has
 * something to do for as long.)
 *
 * Time is counted in ticks that the watching CPU has really taken, one every 3 ms at most, never by a
 * clock: a machine that was stopped for an hour has lost an hour for all its CPUs alike and
 * reports nothing, and where the host is short of CPUs the watcher's ticks become rarer like the others'.
 *
 * A report is a message with the stuck CPU's backtrace, which an NMI makes it write, and which
 * this CPU brings to the consoles; the machine goes on.  It is repeated only after the CPU has moved.
 */
#include <sched/internal.h>
#include <sched/watchdog.h>

#include <debug/log.h>

#define TICKS_PER_SECOND (NSEC_PER_SEC / SCHED_SLICE_NS)
enum { REPORTED = 0xffffffff };

struct watch {
	u32 ticks;        /* this CPU writes, others read */
	u32 stuck;        /* this CPU: ticks in a row that met preemption off; REPORTED */
	u64 switches;     /* this CPU: run queue's, at the last of them */
	unsigned other;   /* the CPU that this one watches */
	u32 other_ticks;  /* its ticks when it last moved ... */
	u32 other_still;  /* ... and ours since; REPORTED */
};
static PERCPU struct watch watch;

u64 watchdog_thresh = 10;
u32 watchdog_soft_reports, watchdog_hard_reports;

void watchdog_dump_cpu(unsigned cpu)
{
	if (cpu == cpu_id()) {
		backtrace_log(NULL);
		return;
	}
	if (!ipi_dump(cpu))
		log_warn("CPU %u does not answer an NMI", cpu);
	if (irqs_enabled())
		log_flush();
}

static void check_soft(struct watch *w, struct rq *rq, bool user)
{
	u32 limit = (u32)(2 * watchdog_thresh * TICKS_PER_SECOND);

	if (user || !(this_cpu_read(preempt_state) & PREEMPT_COUNT_MASK) || rq->switches != w->switches) {
		w->stuck = 0;
		w->switches = rq->switches;
		return;
	}
	if (w->stuck == REPORTED || ++w->stuck < limit)
		return;
	w->stuck = REPORTED;
	watchdog_soft_reports++;
	log_emerg("watchdog: soft lock-up: CPU %u has not scheduled for %lu s, task %s", rq->cpu,
		  2 * watchdog_thresh, rq->curr->comm);
	lockdep_dump_cpu(rq->cpu);
	backtrace_log(NULL);
}

/* The next busy CPU by number; our own when there is none. */
static unsigned next_busy(unsigned me)
{
	for (unsigned i = 1; i < cpu_count; i++) {
		unsigned c = (me + i) % cpu_count;
		struct rq *rq = cpu_rq(c);
		if (READ_ONCE(rq->curr) != READ_ONCE(rq->idle))
			return c;
	}
	return me;
}

static void check_hard(struct watch *w, unsigned me)
{
	unsigned other = next_busy(me);
	u32 ticks = atomic_load_relaxed(&per_cpu_ptr(watch, other)->ticks);
	u32 limit = (u32)(watchdog_thresh * TICKS_PER_SECOND);

	if (other == me || other != w->other || ticks != w->other_ticks) {
		w->other = other;
		w->other_ticks = ticks;
		w->other_still = 0;
		return;
	}
	if (w->other_still == REPORTED || ++w->other_still < limit)
		return;
	w->other_still = REPORTED;
	watchdog_hard_reports++;
	log_emerg("watchdog: hard lock-up: CPU %u has taken no interrupt for %lu s, task %s", other,
		  watchdog_thresh, cpu_rq(other)->curr->comm);
	lockdep_dump_cpu(other);
	watchdog_dump_cpu(other);
}

void watchdog_tick(bool user, bool idle)
{
	struct watch *w = this_cpu_ptr(watch);

	atomic_store_relaxed(&w->ticks, w->ticks + 1);
	if (idle || !READ_ONCE(watchdog_thresh)) {
		w->stuck = w->other_still = 0;
		return;
	}
	check_soft(w, this_rq(), user);
	if (cpu_count > 1)
		check_hard(w, cpu_id());
}
