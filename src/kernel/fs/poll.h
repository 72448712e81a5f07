/* SPDX-License-Identifier: MIT */
/*
 * Readiness.  A file's poll operation calls poll_wait for each wait queue that may
 * change its state, then returns the EPOLL* bits that hold now.  The table decides
 * what being woken means: poll and select wake the task, epoll queues its item.
 */
#pragma once

#include <linux/eventpoll.h>
#include <linux/poll.h>
#include <sched/wait.h>

struct file;

struct poll_table {
	/* NULL: only the state is wanted. */
	void (*queue)(struct poll_table *pt, struct file *f, struct wait_queue *q);
	u32 events; /* that the caller is interested in */
};

static inline void poll_wait(struct file *f, struct wait_queue *q, struct poll_table *pt)
{
	if (pt && pt->queue)
		pt->queue(pt, f, q);
}
