/* SPDX-License-Identifier: MIT */
/*
 * Work done later by a kernel thread, in a context that may sleep.
 *
 * It is done on the CPU that queued it, in the order of queueing as long as none of it sleeps; a
 * piece of work that sleeps does not hold the others up.  One and the same `struct work` never runs twice at
 * a time: queued again while it runs, it runs again afterwards.
 */
#pragma once

#include <lib/list.h>

struct work {
	struct list link;           /* pool's lock */
	void (*fn)(struct work *w); /* may free the struct */
	u64 seq;                    /* pool's lock: its number among all that was queued there */
	u32 queued;                 /* atomic */
	u32 cpu;                    /* whose pool it was queued to last; changed by who has set `queued` */
};

static inline void work_init(struct work *w, void (*fn)(struct work *w))
{
	list_init(&w->link);
	w->fn = fn;
	w->queued = 0;
	w->cpu = 0;
}

/* Queues `w` unless it is queued already. Any context but NMI; no run queue locked. */
void work_queue(struct work *w);
/* The same for CPU `cpu`, online. If it still runs elsewhere, it runs there again. */
void work_queue_on(unsigned cpu, struct work *w);
/* Waits until all work queued before the call, on any CPU, has been done. Not from work; may sleep. */
void work_flush(void);
/*
 * Takes `w` out of the queue and waits until it does not run; true when it was queued. Who could
 * queue it again is to be stopped before. Not from work; may sleep.
 */
bool work_cancel(struct work *w);

/* Starts the workers of the boot CPU; then, once they are up, those of the others. May sleep. */
void workqueue_init(void);
void workqueue_init_others(void);
