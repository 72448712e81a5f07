/* SPDX-License-Identifier: MIT */
/* What poll and select share: waiting on many files at once. The theory is in poll.c. */
#pragma once

#include <fs/poll.h>
#include <linux/time_types.h>
#include <time/clock.h>

struct poll_entry {
	struct wait_entry wait;
	struct wait_queue *queue;
	struct poll_waiter *waiter;
	struct file *file; /* referenced, where the descriptor table is shared */
	u32 events;        /* wake-ups for others are none of ours */
};

struct poll_chunk;

#define POLL_ENTRIES_FAST 6

struct poll_waiter {
	struct poll_table table;   /* table.queue NULL: no more queueing */
	struct task *task;
	bool triggered;            /* by the wake function; a pass over the files has to follow */
	bool shared;               /* descriptor table */
	s32 error;                 /* -ENOMEM: not all queues could be joined */
	u32 used;                  /* of `fast` */
	struct poll_chunk *chunks;
	struct poll_entry fast[POLL_ENTRIES_FAST];
};

/* `deadline`: POLL_FOREVER, monotonic ns, or POLL_AT_ONCE: nothing is ever queued. */
#define POLL_FOREVER 0ULL
#define POLL_AT_ONCE 1ULL
void poll_waiter_init(struct poll_waiter *w, u64 deadline);
/* Sleeps until some file's state may have changed. 0, -ETIMEDOUT, -ERESTARTSYS. */
int poll_waiter_sleep(struct poll_waiter *w, u64 deadline);
void poll_waiter_end(struct poll_waiter *w);
/*
 * Passes over the files and sleeps between, until a pass returns other than 0 (ready files, or an error),
 * the deadline (0) or a signal (-ERESTARTSYS).  A pass stops queueing at the first ready file.
 */
int poll_until(int (*pass)(void *files, struct poll_waiter *w), void *files, u64 deadline);
/* Is a signal pending that ends an interruptible wait? */
bool poll_interrupted(void);

/* The deadline of a time-out; never one of the special values but POLL_AT_ONCE for 0. */
u64 poll_deadline(u64 ns);
/* Of a user's timespec; a null pointer is POLL_FOREVER. -EFAULT, -EINVAL */
int poll_deadline_get(uptr_t ts, u64 *deadline) must_check;
/* ns to a deadline, 0 when it is past. */
u64 poll_remaining(u64 deadline);
/* The end of ppoll: writes the time that is left; the result, which must be EINTR if that fails. */
s64 poll_put_remaining(uptr_t ts, u64 deadline, s64 result);
/* The signal mask for the length of the call, unless null. -EINVAL, -EFAULT */
int poll_set_sigmask(uptr_t mask, size_t size) must_check;
