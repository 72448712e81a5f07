/* SPDX-License-Identifier: MIT */
/* exit_group ends every thread; exit of the main thread leaves the others. */

#include "../abi.h"
#include <pthread.h>

static void *forever(void *arg)
{
	for (;;)
		pause();
	return arg;
}

static void *ends_all(void *arg)
{
	sleep_ms(20);
	_exit(33);
}

static void *spin(void *arg)
{
	for (;;)
		__asm__ volatile("pause");
	return arg;
}

static void *late(void *arg)
{
	sleep_ms(50);
	say("thread outlived main");
	syscall(SYS_exit, 12);
	return NULL;
}

static void *crash(void *arg)
{
	*(volatile int *)8 = 1;
	return NULL;
}

static void start(void *(*fn)(void *))
{
	pthread_t t;
	if (pthread_create(&t, NULL, fn, NULL))
		say("no thread");
}

TEST
{
	CHILD("main exits") {
		start(forever);
		start(spin);
		_exit(5);
	}
	CHILD("a thread exits all") {
		start(ends_all);
		start(spin);
		for (;;)
			pause();
	}
	CHILD("main leaves alone") {
		start(late);
		syscall(SYS_exit, 4);
	}
	CHILD("a thread crashes") {
		start(crash);
		start(spin);
		for (;;)
			pause();
	}
	CHILD("killed from outside") {
		start(forever);
		start(spin);
		kill(getpid(), SIGTERM);
		for (;;)
			pause();
	}
}
