/* SPDX-License-Identifier: MIT */
/* Mutexes, reader-writer locks, completions, queued work. */
#include <debug/selftest.h>
#include <lib/string.h>
#include <sched/mutex.h>
#include <sched/task.h>
#include <sched/workqueue.h>
#include <sync/atomic.h>

#define THREADS 4
#define ROUNDS 300

static struct mutex m = MUTEX_INIT(m);
static struct rwsem rw = RWSEM_INIT(rw);
static u32 inside, readers, broken, left;
static u64 counter;
static struct completion done;

static void leave(void)
{
	if (atomic_sub_fetch(&left, 1) == 0)
		complete_all(&done);
}

static bool run_threads(void (*fn)(void *))
{
	left = THREADS;
	broken = inside = readers = 0;
	counter = 0;
	completion_init(&done);
	for (u64 i = 0; i < THREADS; i++)
		if (!kthread_start("selftest", fn, (void *)i))
			return false;
	completion_wait(&done);
	return true;
}

static void count_up(void *arg)
{
	for (unsigned i = 0; i < ROUNDS; i++) {
		MUTEX_GUARD(&m);
		if (atomic_add_fetch(&inside, 1) != 1)
			broken = 1;
		u64 seen = counter;
		if (i % 3 == 0)
			sched_yield_current();
		counter = seen + 1;
		atomic_dec(&inside);
	}
	leave();
}

SELFTEST(sched_mutex_excludes)
{
	CHECK(run_threads(count_up));
	CHECK(!broken);
	CHECK(counter == THREADS * ROUNDS);
	CHECK(m.owner == 0);
	CHECK(!wait_queue_active(&m.waiters));
}

SELFTEST(sched_mutex_try)
{
	CHECK(mutex_trylock(&m));
	CHECK(mutex_held(&m));
	CHECK(!mutex_trylock(&m));
	mutex_unlock(&m);
	CHECK(!mutex_held(&m));
	CHECK(mutex_lock_killable(&m) == 0);
	mutex_unlock(&m);
}

static void read_or_write(void *arg)
{
	for (unsigned i = 0; i < ROUNDS; i++) {
		if ((i + (u64)arg) % 4 == 0) {
			rwsem_write_lock(&rw);
			if (atomic_add_fetch(&inside, 1) != 1 || atomic_load(&readers))
				broken = 1;
			counter++;
			sched_yield_current();
			atomic_dec(&inside);
			if (i % 8 == 0) {
				rwsem_downgrade(&rw);
				rwsem_read_unlock(&rw);
			} else {
				rwsem_write_unlock(&rw);
			}
		} else {
			rwsem_read_lock(&rw);
			atomic_inc(&readers);
			if (atomic_load(&inside))
				broken = 1;
			if (i % 5 == 0)
				sched_yield_current();
			atomic_dec(&readers);
			rwsem_read_unlock(&rw);
		}
	}
	leave();
}

SELFTEST(sched_rwsem_excludes)
{
	CHECK(run_threads(read_or_write));
	CHECK(!broken);
	CHECK(counter == THREADS * ROUNDS / 4);
	CHECK(rw.count == 0);
}

SELFTEST(sched_rwsem_try)
{
	CHECK(rwsem_read_trylock(&rw));
	CHECK(rwsem_read_trylock(&rw));
	CHECK(!rwsem_write_trylock(&rw));
	rwsem_read_unlock(&rw);
	rwsem_read_unlock(&rw);
	CHECK(rwsem_write_trylock(&rw));
	CHECK(!rwsem_read_trylock(&rw));
	rwsem_downgrade(&rw);
	CHECK(rwsem_read_trylock(&rw));
	rwsem_read_unlock(&rw);
	rwsem_read_unlock(&rw);
	CHECK(rw.count == 0);
}

static char order[8];
static u32 ordered;

static void work_a(struct work *w) { order[ordered++] = 'a'; }
static void work_b(struct work *w) { order[ordered++] = 'b'; }
static void work_c(struct work *w) { order[ordered++] = 'c'; }

SELFTEST(sched_work_in_order)
{
	static struct work a, b, c;

	work_init(&a, work_a);
	work_init(&b, work_b);
	work_init(&c, work_c);
	memset(order, 0, sizeof(order));
	ordered = 0;
	preempt_disable();
	work_queue(&b);
	work_queue(&a);
	work_queue(&b); /* queued already */
	work_queue(&c);
	preempt_enable();
	work_flush();
	CHECK(str_eq(order, "bac"));
	work_queue(&a);
	work_flush();
	CHECK(str_eq(order, "baca"));
}
