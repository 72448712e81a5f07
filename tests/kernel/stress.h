/* SPDX-License-Identifier: MIT */
/* Threads on every CPU, for tests of what many CPUs do at a time. */
#pragma once

#include <arch/cpu.h>
#include <debug/selftest.h>
#include <sched/mutex.h>
#include <sched/task.h>
#include <sync/atomic.h>
#include <time/clock.h>

struct stress {
	void (*fn)(unsigned thread);
	u32 next, waiting, left; /* atomic */
	unsigned threads;
	struct completion done;
};

static inline void stress_main(void *arg)
{
	struct stress *s = arg;
	unsigned me = atomic_fetch_add(&s->next, 1);

	(void)task_set_affinity(current, 1UL << me % cpu_count);
	sched_yield_current();
	atomic_inc(&s->waiting);
	while (atomic_load(&s->waiting) < s->threads)
		sched_yield_current(); /* all begin together */
	s->fn(me);
	if (atomic_sub_fetch(&s->left, 1) == 0)
		complete_all(&s->done);
}

/* Runs fn(0) .. fn(n - 1), `per_cpu` of them on each CPU, to their ends. */
static inline bool stress_run(void (*fn)(unsigned thread), unsigned per_cpu)
{
	struct stress s = { .fn = fn, .threads = cpu_count * per_cpu };

	s.left = s.threads;
	completion_init(&s.done);
	for (unsigned i = 0; i < s.threads; i++)
		VERIFY(kthread_start("stress", stress_main, &s));
	completion_wait(&s.done);
	return true;
}

static inline u32 stress_random(u32 *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}
