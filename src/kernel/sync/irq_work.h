/* SPDX-License-Identifier: MIT */
/*
 * Work put off to the next moment at which this CPU has interrupts on.
 *
 * For those who stand where a lock must not be taken or a task not be woken: in an NMI, under a
 * run-queue or timer-queue lock, in the log.  irq_work_queue() itself takes no lock and calls
 * nobody.
 *
 * The function runs in interrupt context (interrupts off), on the CPU that queued it, soon: by
 * an interrupt that the CPU sends to itself.  Before the local APIC is up work waits for it.
 */
#pragma once

#include <sync/mpsc.h>

struct irq_work {
	struct mpsc_node node;
	void (*fn)(struct irq_work *w); /* may queue `w` again, or free it */
	u32 queued;                     /* atomic */
};

#define IRQ_WORK_INIT(f) { { NULL }, f, 0 }

static inline void irq_work_init(struct irq_work *w, void (*fn)(struct irq_work *w))
{
	*w = (struct irq_work)IRQ_WORK_INIT(fn);
}

/*
 * Queues `w` unless it is queued already and has not begun (then what the caller has written
 * before is seen by that run).  False: it was queued already.  Any context, NMI included.
 */
bool irq_work_queue(struct irq_work *w);
/* The same for CPU `cpu`, online. Any context but NMI. */
bool irq_work_queue_on(struct irq_work *w, unsigned cpu);
/* Waits until `w` is neither queued nor running. Interrupts on, preemption may be off; not in interrupts. */
void irq_work_sync(struct irq_work *w);

/* The interrupt's handler: runs what is queued here. Interrupts off. */
void irq_work_run(void);
