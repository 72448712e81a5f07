/* SPDX-License-Identifier: MIT */
/* The thread test that both C libraries run. */
#include "../abi.h"
#include <pthread.h>
#include <semaphore.h>

#define THREADS 8
#define ROUNDS 2000

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t barrier;
static sem_t sem;
static int counter, turn;
static __thread int local = 5;

static void *adder(void *arg)
{
	for (int i = 0; i < ROUNDS; i++) {
		pthread_mutex_lock(&lock);
		counter++;
		pthread_mutex_unlock(&lock);
	}
	local += (int)(intptr_t)arg;
	return (void *)(intptr_t)local;
}

static void *in_turn(void *arg)
{
	int me = (int)(intptr_t)arg;

	pthread_barrier_wait(&barrier);
	for (int i = 0; i < 50; i++) {
		pthread_mutex_lock(&lock);
		while (turn % THREADS != me)
			pthread_cond_wait(&cond, &lock);
		turn++;
		pthread_cond_broadcast(&cond);
		pthread_mutex_unlock(&lock);
	}
	sem_post(&sem);
	return NULL;
}

static void *sleeper(void *arg)
{
	for (;;)
		sleep_ms(1000);
	return arg;
}

TEST
{
	pthread_t t[THREADS];
	void *ret;
	int sum = 0;

	for (intptr_t i = 0; i < THREADS; i++)
		if (pthread_create(&t[i], NULL, adder, (void *)i))
			say("create failed");
	for (int i = 0; i < THREADS; i++) {
		pthread_join(t[i], &ret);
		sum += (int)(intptr_t)ret;
	}
	say("counter %d, returns %d, own %d", counter, sum, local);
	pthread_barrier_init(&barrier, NULL, THREADS);
	sem_init(&sem, 0, 0);
	for (intptr_t i = 0; i < THREADS; i++)
		pthread_create(&t[i], NULL, in_turn, (void *)i);
	for (int i = 0; i < THREADS; i++)
		sem_wait(&sem);
	for (int i = 0; i < THREADS; i++)
		pthread_join(t[i], NULL);
	say("turns %d", turn);
	pthread_create(&t[0], NULL, sleeper, NULL);
	say("cancel %d", pthread_cancel(t[0]));
	pthread_join(t[0], &ret);
	say("cancelled %d", ret == PTHREAD_CANCELED);
	struct timespec ts;
	clock_gettime(CLOCK_REALTIME, &ts);
	ts.tv_sec -= 1;
	pthread_mutex_lock(&lock);
	say("timed wait %s", errname(pthread_cond_timedwait(&cond, &lock, &ts)));
	pthread_mutex_unlock(&lock);
	for (int i = 0; i < 300; i++) {
		pthread_create(&t[0], NULL, adder, NULL);
		pthread_join(t[0], NULL);
	}
	say("counter %d", counter);
}
