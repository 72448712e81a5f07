/* SPDX-License-Identifier: MIT */
/*
 * Sequence locks: readers that never write, and start over when a writer was
 * there meanwhile.  For small data read far more often than written.
 *
 *   do {
 *           seq = seq_read_begin(&s);
 *           copy = data;
 *   } while (seq_read_retry(&s, seq));
 *
 * The count is odd while a writer is at work.  Writers exclude each other by
 * their own lock (seqcount_t) or the one inside (seqlock_t), and must not be
 * preempted or interrupted by a reader.
 */
#pragma once

#include <arch/cpu.h>
#include <sync/spinlock.h>

typedef struct {
	u32 seq; /* atomic */
} seqcount_t;

#define SEQCOUNT_INIT { 0 }

static inline u32 seq_read_begin(const seqcount_t *s)
{
	u32 seq;

	while (unlikely((seq = __atomic_load_n(&s->seq, __ATOMIC_ACQUIRE)) & 1))
		cpu_relax();
	return seq;
}

static inline bool seq_read_retry(const seqcount_t *s, u32 seq)
{
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return unlikely(__atomic_load_n(&s->seq, __ATOMIC_RELAXED) != seq);
}

/* The caller excludes other writers. */
static inline void seq_write_begin(seqcount_t *s)
{
	__atomic_store_n(&s->seq, s->seq + 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
}

static inline void seq_write_end(seqcount_t *s)
{
	__atomic_store_n(&s->seq, s->seq + 1, __ATOMIC_RELEASE);
}

typedef struct {
	seqcount_t count;
	spinlock_t lock; /* writers */
} seqlock_t;

#define SEQLOCK_INIT { SEQCOUNT_INIT, SPINLOCK_INIT }

static inline u32 seqlock_read_begin(const seqlock_t *s) { return seq_read_begin(&s->count); }
static inline bool seqlock_read_retry(const seqlock_t *s, u32 seq)
{
	return seq_read_retry(&s->count, seq);
}

/* Returns what seqlock_write_end needs; interrupts are off between the two. */
static inline u64 seqlock_write_begin(seqlock_t *s)
{
	u64 irq = spin_lock_irqsave(&s->lock);

	seq_write_begin(&s->count);
	return irq;
}

static inline void seqlock_write_end(seqlock_t *s, u64 irq)
{
	seq_write_end(&s->count);
	spin_unlock_irqrestore(&s->lock, irq);
}
