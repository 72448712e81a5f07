/* SPDX-License-Identifier: MIT */
/*
 * Preemption: a per-CPU nesting count whose top bit is set while NO reschedule
 * is wanted, so that "last enable and a reschedule is wanted" is one test for 0.
 */
#pragma once

#include <arch/percpu.h>
#include <arch/irqflags.h>

#define PREEMPT_NO_RESCHED 0x80000000U
#define PREEMPT_IRQ 0x00010000U /* added while an interrupt is served */
#define PREEMPT_COUNT_MASK 0x0000ffffU

extern u32 preempt_state; /* PERCPU; sched/sched.c.  0x80000000 at boot, set by sched_early_init */

/* Reschedules now; called with the count at 0. sched/sched.c */
void preempt_reschedule(void);

static always_inline void preempt_disable(void)
{
	this_cpu_add(preempt_state, 1);
	barrier();
}

/* Without the check: for places that reschedule or return soon anyway. */
static always_inline void preempt_enable_no_resched(void)
{
	barrier();
	this_cpu_add(preempt_state, -1);
}

static always_inline void preempt_enable(void)
{
	bool zero;
	barrier();
	__asm__ volatile("subl $1, %%gs:%1" : "=@ccz"(zero), "+m"(preempt_state)::"memory");
	if (unlikely(zero))
		preempt_reschedule();
}

static always_inline bool preemptible(void)
{
	return (this_cpu_read(preempt_state) & ~PREEMPT_NO_RESCHED) == 0 && irqs_enabled();
}

static always_inline bool in_interrupt(void)
{
	return this_cpu_read(preempt_state) & 0x7fff0000U;
}

static always_inline void need_resched_set(void)
{
	__asm__ volatile("andl %1, %%gs:%0" : "+m"(preempt_state) : "i"(~PREEMPT_NO_RESCHED));
}

static always_inline void need_resched_clear(void)
{
	__asm__ volatile("orl %1, %%gs:%0" : "+m"(preempt_state) : "i"(PREEMPT_NO_RESCHED));
}

static always_inline bool need_resched(void)
{
	return !(this_cpu_read(preempt_state) & PREEMPT_NO_RESCHED);
}
