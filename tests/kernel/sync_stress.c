/* SPDX-License-Identifier: MIT */
/* What must hold however many CPUs take the locks at once.  With one CPU only preemption disturbs. */
#include "stress.h"

#include <debug/log.h>
#include <lib/format.h>
#include <lib/string.h>
#include <mm/slab.h>
#include <sync/irq_work.h>
#include <sync/percpu_counter.h>
#include <sync/rcu.h>
#include <sync/seqlock.h>

enum { ROUNDS = 3000 };

static u32 broken, inside;
static u64 counter, expected, interrupts;

/* --- Spinlocks ----------------------------------------------------------------------------------- */

static spinlock_t plain = SPINLOCK_INIT, shared = SPINLOCK_INIT;

static void enter_alone(void)
{
	if (atomic_add_fetch(&inside, 1) != 1)
		broken = 1;
	WRITE_ONCE(counter, READ_ONCE(counter) + 1);
	atomic_dec(&inside);
}

/* Strikes whoever holds or waits for `plain`: nested contexts need nodes of their own. */
static void take_in_interrupt(struct irq_work *w)
{
	IRQSPIN_GUARD(&shared);
	interrupts++;
}

static struct irq_work strikes[MAX_CPUS];

static void spin_thread(unsigned me)
{
	u32 random = me;
	u64 mine = 0;

	for (unsigned i = 0; i < ROUNDS; i++) {
		switch (stress_random(&random) % 4) {
		case 0:
			if (!spin_trylock(&plain))
				continue;
			enter_alone();
			spin_unlock(&plain);
			mine++;
			break;
		case 1: {
			SPIN_GUARD(&plain);
			(void)irq_work_queue_on(&strikes[me % MAX_CPUS], stress_random(&random) % cpu_count);
			enter_alone();
			mine++;
			break;
		}
		case 2: {
			IRQSPIN_GUARD(&shared);
			interrupts++;
			break;
		}
		default: {
			SPIN_GUARD(&plain);
			enter_alone();
			mine++;
		}
		}
	}
	atomic_add_fetch(&expected, mine);
}

static void spin_stress(bool fair)
{
	bool before = spin_fair;

	spin_fair = fair;
	broken = 0;
	counter = expected = 0;
	for (unsigned i = 0; i < MAX_CPUS; i++)
		irq_work_init(&strikes[i], take_in_interrupt);
	stress_run(spin_thread, 2);
	for (unsigned i = 0; i < MAX_CPUS; i++)
		irq_work_sync(&strikes[i]);
	spin_fair = before;
}

SELFTEST(sync_stress_spin_queued)
{
	spin_stress(true);
	CHECK(!broken);
	CHECK(counter == expected && counter && plain.value == 0 && shared.value == 0);
}

SELFTEST(sync_stress_spin_unfair)
{
	spin_stress(false);
	CHECK(!broken);
	CHECK(counter == expected && counter && plain.value == 0 && shared.value == 0);
}

/* --- Memory order -------------------------------------------------------------------------------- */

static u32 litmus_x, litmus_y, litmus_r[2], litmus_turn;
static u32 message, message_flag;

/* Store, barrier, load on both sides: at least one sees the other's store. */
static void litmus_thread(unsigned me)
{
	if (me > 1)
		return;
	for (u32 i = 1; i <= 1000; i++) {
		atomic_store_relaxed(me ? &litmus_y : &litmus_x, i);
		memory_barrier();
		litmus_r[me] = atomic_load_relaxed(me ? &litmus_x : &litmus_y);
		atomic_inc(&litmus_turn);
		while (atomic_load(&litmus_turn) < i * 4 - 2)
			sched_yield_current();
		if (litmus_r[0] != i && litmus_r[1] != i)
			broken = 1;
		atomic_inc(&litmus_turn);
		while (atomic_load(&litmus_turn) < i * 4)
			sched_yield_current();
	}
}

static void message_thread(unsigned me)
{
	if (me > 1)
		return;
	for (u32 i = 1; i <= 2000; i++) {
		if (me == 0) {
			while (atomic_load(&message_flag) != i - 1)
				sched_yield_current();
			atomic_store_relaxed(&message, i * 7);
			atomic_store(&message_flag, i | 0x80000000);
		} else {
			while (atomic_load(&message_flag) != (i | 0x80000000))
				sched_yield_current();
			if (atomic_load_relaxed(&message) != i * 7)
				broken = 1;
			atomic_store(&message_flag, i);
		}
	}
}

SELFTEST(sync_stress_order)
{
	broken = litmus_x = litmus_y = litmus_turn = message_flag = 0;
	stress_run(litmus_thread, 2);
	stress_run(message_thread, 2);
	CHECK(!broken);
}

/* --- Seqlock and counters ------------------------------------------------------------------------ */

static seqlock_t pair_lock = SEQLOCK_INIT;
static u64 pair[2];
static PERCPU s64 adds;

static void seq_thread(unsigned me)
{
	for (unsigned i = 0; i < ROUNDS; i++) {
		percpu_counter_inc(adds);
		if (i % 8 == me % 8) {
			u64 irq = seqlock_write_begin(&pair_lock);
			WRITE_ONCE(pair[0], pair[0] + 1);
			WRITE_ONCE(pair[1], pair[1] + 1);
			seqlock_write_end(&pair_lock, irq);
		} else {
			u64 a, b;
			u32 seq;
			do {
				seq = seqlock_read_begin(&pair_lock);
				a = READ_ONCE(pair[0]);
				b = READ_ONCE(pair[1]);
			} while (seqlock_read_retry(&pair_lock, seq));
			if (a != b)
				broken = 1;
		}
	}
}

SELFTEST(sync_stress_seqlock)
{
	s64 before = percpu_counter_sum(adds);

	broken = 0;
	stress_run(seq_thread, 2);
	CHECK(!broken && pair[0] == pair[1]);
	CHECK(percpu_counter_sum(adds) - before == 2 * cpu_count * ROUNDS);
}

/* --- The queue with many producers --------------------------------------------------------------- */

enum { MESSAGES = 500 };

struct letter {
	struct mpsc_node node;
	u32 from, number;
};
static struct mpsc post;
static struct letter *letters;
static u32 got, next_of[2 * MAX_CPUS];

static void post_thread(unsigned me)
{
	struct letter *l = &letters[me * MESSAGES];

	for (u32 i = 0; i < MESSAGES; i++) {
		l[i].from = me;
		l[i].number = i;
		mpsc_push(&post, &l[i].node);
		if (i % 64 == 0)
			sched_yield_current();
	}
	if (me)
		return;
	/* The first thread is the consumer, too. */
	while (got < 2 * cpu_count * MESSAGES) {
		struct mpsc_node *n = mpsc_pop(&post);
		if (!n) {
			sched_yield_current();
			continue;
		}
		struct letter *x = container_of(n, struct letter, node);
		if (x->number != next_of[x->from]++)
			broken = 1;
		got++;
	}
}

SELFTEST(sync_stress_mpsc)
{
	broken = got = 0;
	memset(next_of, 0, sizeof(next_of));
	mpsc_init(&post);
	letters = kcalloc(2 * cpu_count * MESSAGES, sizeof(*letters));
	VERIFY(letters);
	stress_run(post_thread, 2);
	CHECK(!broken && got == 2 * cpu_count * MESSAGES);
	CHECK(!mpsc_pop(&post));
	kfree(letters);
}

/* --- The log ------------------------------------------------------------------------------------- */

static u32 logging;
static u64 log_read_seq, log_records;

static void log_reader(void)
{
	struct log_record r;
	char line[512], want[128];

	while (log_read(&log_read_seq, &r, line, sizeof(line))) {
		const char *text = strstr(line, "stress-log ");
		u32 a, b;
		if (!text)
			continue;
		a = (u32)(text[11] - 'a');
		b = 0;
		for (const char *p = text + 13; *p >= '0' && *p <= '9'; p++)
			b = b * 10 + (u32)(*p - '0');
		snprintf(want, sizeof(want), "stress-log %c %u %0*u %u.\n", 'a' + a, b, (int)(b % 60), a, b);
		if (!str_eq(text, want))
			broken = 1;
		log_records++;
	}
}

static void log_thread(unsigned me)
{
	for (u32 i = 0; i < 600; i++)
		log_debug("stress-log %c %u %0*u %u.", 'a' + me % 26, i, (int)(i % 60), me % 26, i);
	atomic_dec(&logging);
	while (me == 0 && atomic_load(&logging)) {
		log_reader();
		sched_yield_current();
	}
}

SELFTEST(sync_stress_log)
{
	int level = log_console_level;

	log_console_level = 0;
	broken = 0;
	logging = 2 * cpu_count;
	log_records = 0;
	log_read_seq = log_seq_next();
	stress_run(log_thread, 2);
	log_reader();
	log_console_level = level;
	CHECK(!broken);
	CHECK(log_records > 100);
}

/* --- RCU ------------------------------------------------------------------------------------------ */

enum { ALIVE = 0x600d, DEAD = 0xdead };

struct thing {
	struct rcu_head rcu;
	u32 state;
};
static struct thing *things[4];
static u64 freed, made;
static u32 rcu_writers;

static void thing_free(struct rcu_head *h)
{
	struct thing *t = container_of(h, struct thing, rcu);

	if (t->state != ALIVE)
		broken = 1;
	WRITE_ONCE(t->state, DEAD);
	atomic_inc(&freed);
	kfree(t);
}

static struct thing *thing_new(void)
{
	struct thing *t = kmalloc(sizeof(*t), 0);

	VERIFY(t);
	t->state = ALIVE;
	atomic_inc(&made);
	return t;
}

static void rcu_reader(u32 *random)
{
	for (unsigned i = 0; i < 200; i++) {
		struct thing *t;
		rcu_read_lock();
		t = rcu_load(&things[stress_random(random) % 4]);
		for (unsigned n = stress_random(random) % 50; t && n; n--) {
			if (READ_ONCE(t->state) != ALIVE)
				broken = 1;
			cpu_relax();
		}
		rcu_read_unlock();
	}
}

static void rcu_thread(unsigned me)
{
	u32 random = me;

	if (me % 2) {
		while (atomic_load(&rcu_writers))
			rcu_reader(&random);
		return;
	}
	for (unsigned i = 0; i < 150; i++) {
		struct thing *old = atomic_exchange(&things[stress_random(&random) % 4], thing_new());
		switch (old ? stress_random(&random) % 16 : 99) {
		case 99:
			break;
		case 0:
			synchronize_rcu();
			thing_free(&old->rcu);
			break;
		case 1:
			synchronize_rcu_expedited();
			thing_free(&old->rcu);
			break;
		default:
			call_rcu(&old->rcu, thing_free);
		}
	}
	atomic_dec(&rcu_writers);
}

SELFTEST(sync_stress_rcu)
{
	broken = 0;
	freed = made = 0;
	rcu_writers = cpu_count;
	stress_run(rcu_thread, 2);
	for (unsigned i = 0; i < 4; i++)
		if (things[i])
			call_rcu(&things[i]->rcu, thing_free);
	memset(things, 0, sizeof(things));
	rcu_barrier();
	CHECK(!broken);
	CHECK(made == 150 * cpu_count);
	CHECK(freed == made);
}

/* A storm of call-backs: none is lost, and the thread takes most of them. */
static u32 called;
static void storm_call(struct rcu_head *h)
{
	atomic_inc(&called);
	kfree(h);
}

static void storm_thread(unsigned me)
{
	for (unsigned i = 0; i < 2000; i++) {
		struct rcu_head *h = kmalloc(sizeof(*h), 0);
		VERIFY(h);
		call_rcu(h, storm_call);
	}
}

SELFTEST(sync_stress_rcu_storm)
{
	called = 0;
	stress_run(storm_thread, 1);
	rcu_barrier();
	CHECK(called == 2000 * cpu_count);
}

/* A period with everybody idle but us does not wait for them, nor wake them up. */
SELFTEST(sync_rcu_periods_end)
{
	u64 start = clock_monotonic_ns();

	for (unsigned i = 0; i < 20; i++)
		synchronize_rcu_expedited();
	for (unsigned i = 0; i < 5; i++)
		synchronize_rcu();
	CHECK(clock_monotonic_ns() - start < 10 * NSEC_PER_SEC);
}
