/* SPDX-License-Identifier: MIT */
/* Wait queues: order, exclusive wake-ups, deadlines, and that no wake-up is lost. */
#include <debug/selftest.h>
#include <linux/errno.h>
#include <sched/mutex.h>
#include <sched/task.h>
#include <sync/atomic.h>
#include <time/clock.h>

SELFTEST(sched_wait_deadline)
{
	struct wait_queue q = WAIT_QUEUE_INIT(q);
	u64 start = clock_monotonic_ns(), end = start + 5 * NSEC_PER_MSEC;

	CHECK(wait_event_until(&q, WAIT_UNINTERRUPTIBLE, false, end) == -ETIMEDOUT);
	CHECK(clock_monotonic_ns() >= end);
	CHECK(wait_event_until(&q, WAIT_UNINTERRUPTIBLE, false, start) == -ETIMEDOUT);
	CHECK(wait_event_until(&q, WAIT_UNINTERRUPTIBLE, true, start) == 0);
	CHECK(!wait_queue_active(&q));
	CHECK(current->state == TASK_RUNNING);
}

struct line {
	struct wait_queue q;
	u32 ready, woken, ended;
};

static void wait_exclusively(void *arg)
{
	struct line *l = arg;
	struct wait_entry e;

	wait_entry_init(&e, NULL);
	e.flags = WAIT_ENTRY_EXCLUSIVE;
	wait_prepare(&l->q, &e, WAIT_UNINTERRUPTIBLE);
	atomic_inc(&l->ready);
	schedule();
	atomic_inc(&l->woken);
	wait_finish(&l->q, &e);
	atomic_inc(&l->ended);
}

static void let_others_run(void)
{
	for (unsigned i = 0; i < 50; i++)
		sched_yield_current();
}

SELFTEST(sched_wait_exclusive)
{
	static struct line l;

	l = (struct line){ .ready = 0 };
	wait_queue_init(&l.q);
	CHECK(task_set_affinity(current, 1) == 0); /* so that yielding lets them run */
	for (unsigned i = 0; i < 3; i++)
		CHECK(kthread_start_on(0, "selftest", wait_exclusively, &l));
	while (atomic_load(&l.ready) < 3)
		sched_yield_current();
	let_others_run();
	CHECK(l.woken == 0);
	wait_wake(&l.q);
	let_others_run();
	CHECK(l.woken == 1);
	wait_wake_key(&l.q, 2, 0);
	let_others_run();
	CHECK(l.woken == 3);
	while (atomic_load(&l.ended) < 3)
		sched_yield_current();
	CHECK(task_set_affinity(current, ~0ULL) == 0);
	CHECK(!wait_queue_active(&l.q));
}

/* Two threads and a ball; under preemption at any point neither may sleep for ever. */
#define ROUNDS 3000

static struct {
	struct wait_queue q[2];
	u32 turn;
	struct completion done;
} game;

static void return_ball(void *arg)
{
	for (unsigned i = 0; i < ROUNDS; i++) {
		(void)wait_event(&game.q[1], WAIT_INTERRUPTIBLE, atomic_load(&game.turn) == 1);
		atomic_store(&game.turn, 0);
		wait_wake(&game.q[0]);
	}
	complete_all(&game.done);
}

SELFTEST(sched_wait_ping_pong)
{
	wait_queue_init(&game.q[0]);
	wait_queue_init(&game.q[1]);
	completion_init(&game.done);
	game.turn = 0;
	CHECK(kthread_start("selftest", return_ball, NULL));
	for (unsigned i = 0; i < ROUNDS; i++) {
		atomic_store(&game.turn, 1);
		wait_wake(&game.q[1]);
		(void)wait_event(&game.q[0], WAIT_INTERRUPTIBLE, atomic_load(&game.turn) == 0);
	}
	completion_wait(&game.done);
}

/* Producers and consumers over one queue and a spinlock. */
#define MAKERS 3
#define ITEMS 500

static struct {
	spinlock_t lock;
	struct wait_queue q;
	u32 stock, taken, makers_left;
	struct completion done;
} shop;

static void make_items(void *arg)
{
	for (unsigned i = 0; i < ITEMS; i++) {
		spin_lock(&shop.lock);
		shop.stock++;
		spin_unlock(&shop.lock);
		wait_wake(&shop.q);
		if (i % 7 == 0)
			sched_yield_current();
	}
}

static void take_items(void *arg)
{
	for (;;) {
		spin_lock(&shop.lock);
		(void)wait_event_locked(&shop.q, WAIT_UNINTERRUPTIBLE,
					shop.stock > 0 || shop.taken == MAKERS * ITEMS, &shop.lock);
		if (shop.taken == MAKERS * ITEMS) {
			spin_unlock(&shop.lock);
			return;
		}
		shop.stock--;
		if (++shop.taken == MAKERS * ITEMS) {
			spin_unlock(&shop.lock);
			wait_wake_all(&shop.q);
			complete_all(&shop.done);
			return;
		}
		spin_unlock(&shop.lock);
	}
}

SELFTEST(sched_wait_many)
{
	spin_init(&shop.lock);
	wait_queue_init(&shop.q);
	completion_init(&shop.done);
	shop.stock = shop.taken = 0;
	for (unsigned i = 0; i < 3; i++)
		CHECK(kthread_start("selftest", take_items, NULL));
	for (unsigned i = 0; i < MAKERS; i++)
		CHECK(kthread_start("selftest", make_items, NULL));
	completion_wait(&shop.done);
	CHECK(shop.stock == 0 && shop.taken == MAKERS * ITEMS);
	let_others_run();
}
