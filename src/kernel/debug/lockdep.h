/* SPDX-License-Identifier: MIT */
/*
 * Lock checking, in LOCKDEP builds; nothing in others.
 *
 * Spinlocks, mutexes and rw-semaphores call this by themselves.  What is checked is told in
 * lockdep.c; how to say that two locks of a class nest by design: *_nested(lock, subclass).
 */
#pragma once

#include <lib/compiler.h>

enum { LOCKDEP_TRY = 1, LOCKDEP_SPIN = 2 };
#define LOCKDEP_CALLER ((u64)__builtin_return_address(0))

#ifdef CONFIG_LOCKDEP

struct lockdep_class;

/* One for each place in the source that initialises locks; its address is the class's identity. */
struct lockdep_key {
	const char *name;
	bool nests; /* its locks nest in an order of their own, which is not checked */
};

/* In each lock.  Zero for a lock with a static initialiser: its own address is its key then. */
struct lockdep_map {
	const struct lockdep_key *key;
	struct lockdep_class *class; /* subclass 0's, once it was looked up */
};

struct lockdep_held {
	struct lockdep_class *class;
	const struct lockdep_map *map;
	u64 ip;    /* where it was taken */
	u64 chain; /* hash of the classes held in this context up to this one */
	u32 level; /* of interrupt */
	u32 flags; /* LOCKDEP_* */
};

/* The locks that sleep, of a task; the spinlocks, of a CPU. */
enum { LOCKDEP_DEPTH = 32 };
struct lockdep_stack {
	u32 depth; /* the task itself, or its CPU with interrupts off */
	struct lockdep_held held[LOCKDEP_DEPTH];
};

#define LOCKDEP_FIELD struct lockdep_map dep;
#define LOCKDEP_MAP(l) (&(l)->dep)
#define LOCKDEP_INIT(l)                                                        \
	do {                                                                   \
		static const struct lockdep_key key_ = { #l, false };          \
		(l)->dep = (struct lockdep_map){ &key_, NULL };                \
	} while (0)
/*
 * After a lock's initialisation: locks of this class are taken under each other to any depth, in an
 * order that something else guarantees (and a comment explains): the links of a tree, say.
 */
#define LOCKDEP_NESTS(l)                                                       \
	do {                                                                   \
		static const struct lockdep_key key_ = { #l, true };           \
		(l)->dep = (struct lockdep_map){ &key_, NULL };                \
	} while (0)

/* Before a lock is waited for, at `ip` (TRY: after it was got). Any context; nothing is checked in NMIs. */
void lockdep_acquire(struct lockdep_map *m, unsigned subclass, unsigned flags, u64 ip);
/* Before it is released. */
void lockdep_release(struct lockdep_map *m);
void lockdep_spin_acquire(struct lockdep_map *m, unsigned subclass, bool try);
void lockdep_spin_release(struct lockdep_map *m);
void lockdep_rcu_enter(void);
void lockdep_rcu_leave(void);
/* The caller is about to turn interrupts on (arch/irqflags.h). */
void lockdep_irqs_on(void);
/* The caller may sleep here, whether it does or not. */
void might_sleep(void);
/* The same of an access to user memory, unless page faults are disabled. */
void might_fault(void);
/* Nothing may be held here: on the way to user mode, at a task's end. */
void lockdep_nothing_held(const char *where);
/* NMIs: the checker could be interrupted anywhere in its own work. */
void lockdep_nmi_enter(void);
void lockdep_nmi_leave(void);
/* Logs what a task holds (and this CPU, if it is the current one's stack). */
void lockdep_dump(const struct lockdep_stack *s, const char *whose);
void lockdep_dump_cpu(unsigned cpu);

/* From here on who sleeps with interrupts off is reported: the boot is over. */
void lockdep_arm(void);

/* The current task's; set by sched/. */
extern struct lockdep_stack *(*lockdep_task_stack)(void);
/* Are page faults of the current task disabled? Set by sched/. */
extern bool (*lockdep_faults_disabled)(void);

/* Kinds of reports. Between the two calls they are counted, not told; end returns a bit for each kind. */
enum lockdep_report {
	LOCKDEP_ORDER, LOCKDEP_RECURSION, LOCKDEP_IRQ, LOCKDEP_SLEEP, LOCKDEP_RCU, LOCKDEP_UNLOCK,
	LOCKDEP_LEFT_HELD, LOCKDEP_TABLES,
};
void lockdep_expect_begin(void);
unsigned lockdep_expect_end(void);
bool lockdep_active(void);
/* classes, dependencies, chains: how many, of how many. For /proc/lockdep_stats and tests. */
struct lockdep_stats { u32 classes, classes_max, edges, edges_max, chains, chains_max; };
void lockdep_stats(struct lockdep_stats *s);

#else

#define LOCKDEP_FIELD
#define LOCKDEP_MAP(l) NULL
#define LOCKDEP_INIT(l) do { } while (0)
#define LOCKDEP_NESTS(l) do { } while (0)

struct lockdep_map;
static always_inline void lockdep_acquire(struct lockdep_map *m, unsigned subclass, unsigned flags, u64 ip) {}
static always_inline void lockdep_release(struct lockdep_map *m) {}
static always_inline void lockdep_spin_acquire(struct lockdep_map *m, unsigned subclass, bool try) {}
static always_inline void lockdep_spin_release(struct lockdep_map *m) {}
static always_inline void lockdep_rcu_enter(void) {}
static always_inline void lockdep_rcu_leave(void) {}
static always_inline void might_sleep(void) {}
static always_inline void might_fault(void) {}
static always_inline void lockdep_nothing_held(const char *where) {}
static always_inline void lockdep_nmi_enter(void) {}
static always_inline void lockdep_nmi_leave(void) {}
static always_inline void lockdep_arm(void) {}
static always_inline void lockdep_dump_cpu(unsigned cpu) {}
static always_inline void lockdep_expect_begin(void) {}
static always_inline unsigned lockdep_expect_end(void) { return 0; }

#endif
