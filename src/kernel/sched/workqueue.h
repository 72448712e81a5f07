/* SPDX-License-Identifier: MIT */
/* Work done later by a kernel thread, in a context that may sleep. */
#pragma once

#include <lib/list.h>

struct work {
	struct list link;           /* queue's lock */
	void (*fn)(struct work *w); /* may free the struct */
	u32 queued;                 /* atomic */
};

static inline void work_init(struct work *w, void (*fn)(struct work *w))
{
	list_init(&w->link);
	w->fn = fn;
	w->queued = 0;
}

/* Queues `w` unless it is queued already. Any context. */
void work_queue(struct work *w);
/* Waits until all work queued before the call has been done. */
void work_flush(void);
void workqueue_init(void);
