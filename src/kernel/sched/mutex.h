/* SPDX-License-Identifier: MIT */
/* Locks whose holder may sleep, and completions.  Not in interrupt context. */
#pragma once

#include <sched/wait.h>

struct task;

struct mutex {
	u64 owner; /* atomic: struct task *; bits 0 and 1: MUTEX_* of mutex.c */
	struct wait_queue waiters;
	u32 spinner; /* atomic: 1 while a task spins for it */
	LOCKDEP_FIELD
};
#define MUTEX_INIT(m) { .waiters = WAIT_QUEUE_INIT((m).waiters) }

/* All mutexes initialised at one place in the source are of one class for LOCKDEP. */
#define mutex_init(m)                                                          \
	do {                                                                   \
		(m)->owner = 0;                                                \
		(m)->spinner = 0;                                              \
		wait_queue_init(&(m)->waiters);                                \
		LOCKDEP_INIT(m);                                               \
	} while (0)

/*
 * `subclass` 1 to 3: for a mutex taken while another of its class is held, in an order that the
 * caller has from elsewhere (and documents): the inner one's place in that order.
 */
void mutex_lock_nested(struct mutex *m, unsigned subclass);
void mutex_lock(struct mutex *m);
int mutex_lock_killable(struct mutex *m) must_check; /* -EINTR */
bool mutex_trylock(struct mutex *m);
void mutex_unlock(struct mutex *m);
bool mutex_held(const struct mutex *m); /* by the current task */

static inline struct mutex *mutex_guard_begin_(struct mutex *m)
{
	mutex_lock(m);
	return m;
}
static inline void mutex_guard_end_(struct mutex **m)
{
	if (*m)
		mutex_unlock(*m);
}
/* Held to the end of the scope. */
#define MUTEX_GUARD(m)                                                         \
	struct mutex *GUARD_NAME(mutex_) __attribute__((cleanup(mutex_guard_end_), __unused__)) = \
		mutex_guard_begin_(m)

/* Many readers or one writer; writers are not starved. */
struct rwsem {
	u64 count; /* atomic: readers << 8, RWSEM_* bits of rwsem.c */
	struct task *writer; /* for assertions and panics */
	struct wait_queue waiters;
	u32 spinner; /* atomic: 1 while a task spins for it */
	LOCKDEP_FIELD
};
#define rwsem_init(s)                                                          \
	do {                                                                   \
		(s)->count = 0;                                                \
		(s)->writer = NULL;                                            \
		(s)->spinner = 0;                                              \
		wait_queue_init(&(s)->waiters);                                \
		LOCKDEP_INIT(s);                                               \
	} while (0)
void rwsem_read_lock_nested(struct rwsem *s, unsigned subclass);
void rwsem_write_lock_nested(struct rwsem *s, unsigned subclass);
void rwsem_read_lock(struct rwsem *s);
void rwsem_write_lock(struct rwsem *s);
int rwsem_read_lock_killable(struct rwsem *s) must_check;
bool rwsem_read_trylock(struct rwsem *s);
void rwsem_read_unlock(struct rwsem *s);
int rwsem_write_lock_killable(struct rwsem *s) must_check;
bool rwsem_write_trylock(struct rwsem *s);
void rwsem_write_unlock(struct rwsem *s);
void rwsem_downgrade(struct rwsem *s);

#define RWSEM_INIT(s) { .waiters = WAIT_QUEUE_INIT((s).waiters) }

/* An event that happens once. The waiter may free it as soon as a wait has returned. */
struct completion {
	bool done; /* waiters.lock */
	struct wait_queue waiters;
};
#define completion_init(c)                                                     \
	do {                                                                   \
		(c)->done = false;                                             \
		wait_queue_init(&(c)->waiters);                                \
	} while (0)
#define COMPLETION_INIT(c) { false, WAIT_QUEUE_INIT((c).waiters) }
void completion_wait(struct completion *c);
int completion_wait_killable(struct completion *c) must_check;
void complete_all(struct completion *c);
