/* SPDX-License-Identifier: MIT */
/*
 * Four threads want one lock with priority inheritance, two of them only if they need not wait long: a waiter that
 * gives up while the owner unlocks must leave nothing behind that the next one stumbles over.
 */
/* build: glibc */
#include "../abi.h"
#include <linux/futex.h>
#include <pthread.h>

enum { THREADS = 4, SECONDS = 2 };

static unsigned word;
static volatile int stop;
static int inside, overlaps, got, late, wrong, wrong_unlock;

static long futex(int op, struct timespec *timeout)
{
	return syscall(SYS_futex, &word, op | FUTEX_PRIVATE_FLAG, 0, timeout, NULL, 0) < 0 ? errno : 0;
}

static void spin(unsigned n)
{
	for (volatile unsigned i = 0; i < n; i++)
		;
}

static void *wants(void *arg)
{
	unsigned seed = (unsigned)(uintptr_t)arg, impatient = seed % 2;

	while (!stop) {
		struct timespec t;
		clock_gettime(CLOCK_REALTIME, &t);
		t.tv_sec += impatient ? -1 : 20;
		long err = futex(FUTEX_LOCK_PI, &t);
		if (err == ETIMEDOUT) {
			__atomic_add_fetch(&late, 1, __ATOMIC_SEQ_CST);
			continue;
		}
		if (err) {
			__atomic_store_n(&wrong, err, __ATOMIC_SEQ_CST);
			continue;
		}
		if (__atomic_add_fetch(&inside, 1, __ATOMIC_SEQ_CST) != 1)
			overlaps = 1;
		spin(rand_r(&seed) % 300);
		__atomic_sub_fetch(&inside, 1, __ATOMIC_SEQ_CST);
		__atomic_add_fetch(&got, 1, __ATOMIC_SEQ_CST);
		if ((err = futex(FUTEX_UNLOCK_PI, NULL)))
			__atomic_store_n(&wrong_unlock, err, __ATOMIC_SEQ_CST);
	}
	return NULL;
}

TEST
{
	pthread_t t[THREADS];

	for (uintptr_t i = 0; i < THREADS; i++)
		MUST(-pthread_create(&t[i], NULL, wants, (void *)(i + 1)));
	usleep(SECONDS * 1000000);
	stop = 1;
	for (int i = 0; i < THREADS; i++)
		MUST(-pthread_join(t[i], NULL));
	YES("somebody got it", got > 0);
	YES("somebody was late", late > 0);
	YES("never two at once", !overlaps);
	say("error of a lock: %s", wrong ? errname(wrong) : "none");
	say("error of an unlock: %s", wrong_unlock ? errname(wrong_unlock) : "none");
	YES("free in the end", word == 0);
}
