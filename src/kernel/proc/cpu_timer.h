/* SPDX-License-Identifier: MIT */
/* CPU time as a clock: see cpu_timer.c. */
#pragma once

#include <proc/process.h>

/* The number in a clock id, negated: process or thread << 3 | CPU_CLOCK_THREAD | kind. */
#define CPU_CLOCK_THREAD 4
#define CPU_CLOCK_KIND 3
#define CPU_CLOCK_VIRTUAL 1 /* user time; 0 and 2: all */

/* A clock id that names a device by its descriptor: there are none. */
static inline bool clock_is_device(int id) { return id < 0 && (id & (CPU_CLOCK_THREAD | CPU_CLOCK_KIND)) == CPU_CLOCK_KIND; }

/* The CPU time of a thread or, task being NULL, of a process; both referenced. */
struct cpu_clock {
	struct process *process;
	struct task *task;
	u8 which; /* CPU_TIMER_VIRTUAL or CPU_TIMER_PROF */
};

/* From a clock id. -EINVAL: there is none such, or it is the business of another process's threads. */
int cpu_clock_get(int id, struct cpu_clock *c);
void cpu_clock_put(struct cpu_clock *c);
/* ns. No process's lock held, here and below. */
u64 cpu_clock_sample(const struct cpu_clock *c);

struct cpu_timer {
	struct rb_node node;
	struct cpu_clock clock; /* imm; the references are the owner's matter */
	u64 at;
	void (*fn)(struct cpu_timer *t); /* interrupt context, no lock held; may start it again */
	struct cpu_timer *next_due;
	bool queued;            /* clock.process->lock */
	bool firing;            /* atomic */
};

void cpu_timer_init(struct cpu_timer *t, const struct cpu_clock *clock, void (*fn)(struct cpu_timer *t));
/* It must not be queued. Fires when the clock shows `at` ns, up to a tick later. */
void cpu_timer_start(struct cpu_timer *t, u64 at);
/* Waits for fn to return. Afterwards the timer is at rest. */
void cpu_timer_cancel(struct cpu_timer *t);
