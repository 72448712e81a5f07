/* SPDX-License-Identifier: MIT */
/* Between futex.c and futex_pi.c. */
#pragma once

#include <proc/process.h>
#include <mm/usercopy.h>

struct futex_key {
	u64 object; /* struct mm or struct page_cache */
	u64 offset; /* address, or offset in the object */
};

struct futex_bucket {
	spinlock_t lock;
	struct list waiters;
	struct list pi_states; /* lock: struct futex_pi */
} aligned_to(64);

static inline bool futex_key_equal(const struct futex_key *a, const struct futex_key *b)
{
	return a->object == b->object && a->offset == b->offset;
}

/* -EINVAL, -EFAULT */
int futex_key_of(uptr_t p, bool private, struct futex_key *k);
struct futex_bucket *futex_bucket_of(const struct futex_key *k);
/* Reads the word without faulting: -EFAULT when it is not there now. */
int futex_read_now(u32 *v, uptr_t p);

/* futex_pi.c.  deadline: ns of `clock`, 0: none. */
s64 futex_lock_pi(uptr_t p, bool private, enum timer_clock clock, u64 deadline, bool try);
s64 futex_unlock_pi(uptr_t p, bool private);
/* The task ends or execs: what it holds goes to those who wait. */
void futex_pi_exit(struct task *t);
