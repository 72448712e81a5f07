/* SPDX-License-Identifier: MIT */
/* timer_create and its kin: clocks, kinds of notification, overruns, fork and exec. */
static void exec_hook(int argc, char **argv);
#define EXEC_HOOK exec_hook
#include "../abi.h"
#include <pthread.h>

struct kevent { union { int i; void *p; } value; int signo, notify, tid, pad[11]; };

static long create(int clock, int notify, int signo, int tid, int *id)
{
	struct kevent e = { .value.i = 4711, .signo = signo, .notify = notify, .tid = tid };
	return syscall(SYS_timer_create, clock, &e, id);
}

static long set(int id, int flags, long sec, long nsec, long isec, long insec, struct itimerspec *old)
{
	struct itimerspec its = { { isec, insec }, { sec, nsec } };
	return syscall(SYS_timer_settime, id, flags, &its, old);
}

static long get(int id, struct itimerspec *its)
{
	return syscall(SYS_timer_gettime, id, its);
}

static int wait_for(int signo, siginfo_t *info)
{
	sigset_t s;
	sigemptyset(&s);
	sigaddset(&s, signo);
	return sigwaitinfo(&s, info);
}

static void block(int signo)
{
	sigset_t s;
	sigemptyset(&s);
	sigaddset(&s, signo);
	sigprocmask(SIG_BLOCK, &s, NULL);
}

static void exec_hook(int argc, char **argv)
{
	struct itimerspec its;
	sigset_t s;
	CALL("timer after exec", get(atoi(argv[2]), &its));
	sigpending(&s);
	say("pending after exec: SIGUSR1 %d SIGUSR2 %d", sigismember(&s, SIGUSR1), sigismember(&s, SIGUSR2));
	_exit(0);
}

static volatile int burnt;
static void burn(int ms)
{
	struct timespec a, b;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
	do {
		for (int i = 0; i < 1000; i++)
			burnt++;
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
	} while ((b.tv_sec - a.tv_sec) * 1000 + (b.tv_nsec - a.tv_nsec) / 1000000 < ms);
}

static volatile int caught_by;
static void handler(int signo, siginfo_t *info, void *context)
{
	caught_by = syscall(SYS_gettid);
}

static int thread_tid;
static void *thread(void *arg)
{
	__atomic_store_n(&thread_tid, (int)syscall(SYS_gettid), __ATOMIC_SEQ_CST);
	while (!caught_by)
		usleep(1000);
	return NULL;
}

TEST
{
	static const int clocks[] = { CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID,
		CLOCK_MONOTONIC_RAW, CLOCK_REALTIME_COARSE, CLOCK_MONOTONIC_COARSE, CLOCK_BOOTTIME, CLOCK_TAI, 10, 12, 17, -1 };
	struct itimerspec its, old;
	siginfo_t info;
	int id, ids[2];

	for (unsigned i = 0; i < COUNT(clocks); i++) {
		char name[32];
		snprintf(name, sizeof name, "create on clock %d", clocks[i]);
		CALL(name, create(clocks[i], SIGEV_SIGNAL, SIGUSR1, 0, &id));
		if (i == 0)
			say("first id %d", id);
	}
	CALL("bad notify", create(CLOCK_MONOTONIC, 3, SIGUSR1, 0, &id));
	CALL("bad signal 0", create(CLOCK_MONOTONIC, SIGEV_SIGNAL, 0, 0, &id));
	CALL("bad signal 65", create(CLOCK_MONOTONIC, SIGEV_SIGNAL, 65, 0, &id));
	CALL("signal of NONE is not looked at", create(CLOCK_MONOTONIC, SIGEV_NONE, 65, 0, &id));
	CALL("another process's thread", create(CLOCK_MONOTONIC, SIGEV_SIGNAL | 4, SIGUSR1, 1, &id));
	CALL("bad event pointer", syscall(SYS_timer_create, CLOCK_MONOTONIC, 8L, &id));
	CALL("bad id pointer", syscall(SYS_timer_create, CLOCK_MONOTONIC, NULL, 8L));
	CALL("delete", syscall(SYS_timer_delete, 0));
	CALL("delete again", syscall(SYS_timer_delete, 0));
	CALL("gettime of deleted", get(0, &its));
	CALL("settime of deleted", set(0, 0, 1, 0, 0, 0, NULL));
	CALL("getoverrun of deleted", syscall(SYS_timer_getoverrun, 0));

	/* NONE: only asked. */
	OK("create NONE", create(CLOCK_MONOTONIC, SIGEV_NONE, 0, 0, &id));
	CALL("bad value", set(id, 0, 1, 1000000000, 0, 0, NULL));
	CALL("bad interval", set(id, 0, 1, 0, -1, 0, NULL));
	CALL("no value", syscall(SYS_timer_settime, id, 0, NULL, NULL));
	CALL("value without value", set(id, 0, 0, 0, 5, 0, NULL));
	get(id, &its);
	say("disarmed: %ld %ld", (long)its.it_value.tv_sec, (long)its.it_interval.tv_sec);
	OK("100 s", set(id, 0, 100, 0, 7, 0, &old));
	get(id, &its);
	YES("most of it is left", its.it_value.tv_sec >= 50 && its.it_value.tv_sec <= 100);
	say("interval %ld", (long)its.it_interval.tv_sec);
	OK("set again", set(id, 0, 50, 0, 0, 0, &old));
	YES("old value", old.it_value.tv_sec >= 50 && old.it_interval.tv_sec == 7);
	OK("short", set(id, 0, 0, 1, 0, 0, &old));
	usleep(2000);
	get(id, &its);
	say("NONE that has expired: %ld %ld", (long)its.it_value.tv_sec, its.it_value.tv_nsec);
	OK("absolute, past", set(id, TIMER_ABSTIME, 0, 1, 1000, 0, &old));
	get(id, &its);
	YES("periodic NONE goes on", its.it_value.tv_sec > 0);

	/* A signal, with a value. */
	block(SIGUSR1);
	block(SIGUSR2);
	block(SIGALRM);
	OK("create", create(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1, 0, &id));
	OK("1 ms", set(id, 0, 0, 1000000, 0, 0, NULL));
	say("%s", signame(wait_for(SIGUSR1, &info)));
	say("code %d value %d overrun %d", info.si_code == SI_TIMER, info.si_value.sival_int, info.si_overrun);
	YES("timer id", info.si_timerid == id);
	get(id, &its);
	say("afterwards: %ld %ld", (long)its.it_value.tv_sec, its.it_value.tv_nsec);
	CALL("overrun", syscall(SYS_timer_getoverrun, id));

	/* Two timers, one signal: two places in the queue. */
	OK("two", create(CLOCK_REALTIME, SIGEV_SIGNAL, SIGUSR2, 0, &ids[0]) | create(CLOCK_BOOTTIME, SIGEV_SIGNAL, SIGUSR2, 0, &ids[1]));
	set(ids[0], 0, 0, 1, 0, 0, NULL);
	set(ids[1], 0, 0, 5000000, 0, 0, NULL);
	usleep(20000);
	wait_for(SIGUSR2, &info);
	YES("the first one", info.si_timerid == ids[0]);
	wait_for(SIGUSR2, &info);
	YES("the second one", info.si_timerid == ids[1]);

	/* Overruns. */
	OK("periodic, 1 ms", set(id, 0, 0, 1000000, 0, 1000000, NULL));
	usleep(30000);
	wait_for(SIGUSR1, &info);
	YES("overruns", info.si_overrun >= 20);
	YES("getoverrun says the same", syscall(SYS_timer_getoverrun, id) == info.si_overrun);
	wait_for(SIGUSR1, &info);
	wait_for(SIGUSR1, &info);
	OK("stop", set(id, 0, 0, 0, 0, 0, &old));
	YES("interval was", old.it_interval.tv_nsec == 1000000);

	/* The default event. */
	OK("create default", syscall(SYS_timer_create, CLOCK_MONOTONIC, NULL, &id));
	set(id, 0, 0, 1, 0, 0, NULL);
	say("%s", signame(wait_for(SIGALRM, &info)));
	YES("value is the id", info.si_value.sival_int == id);

	/* CPU time. */
	OK("create CPU", create(CLOCK_PROCESS_CPUTIME_ID, SIGEV_SIGNAL, SIGUSR1, 0, &ids[0]));
	OK("20 ms", set(ids[0], 0, 0, 20000000, 0, 20000000, NULL));
	burn(5);
	get(ids[0], &its);
	YES("CPU time is left", its.it_value.tv_nsec > 0 && its.it_value.tv_nsec < 20000000);
	burn(100);
	wait_for(SIGUSR1, &info);
	YES("CPU time overran", info.si_overrun >= 2);
	OK("delete", syscall(SYS_timer_delete, ids[0]));
	sigset_t usr1;
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	while (sigtimedwait(&usr1, NULL, &(struct timespec){ 0 }) == SIGUSR1) /* it may have fired before it was deleted */
		;
	OK("create thread CPU", create(CLOCK_THREAD_CPUTIME_ID, SIGEV_SIGNAL, SIGUSR1, 0, &ids[0]));
	OK("absolute, past", set(ids[0], TIMER_ABSTIME, 0, 1, 0, 0, NULL));
	burn(10);
	say("%s", signame(wait_for(SIGUSR1, &info)));

	/* A chosen thread. */
	struct sigaction sa = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };
	pthread_t th;
	sigaction(SIGUSR1, &sa, NULL);
	sigset_t s;
	sigemptyset(&s);
	sigaddset(&s, SIGUSR1);
	sigprocmask(SIG_UNBLOCK, &s, NULL);
	pthread_create(&th, NULL, thread, NULL);
	while (!__atomic_load_n(&thread_tid, __ATOMIC_SEQ_CST))
		usleep(100);
	OK("create for a thread", create(CLOCK_MONOTONIC, SIGEV_SIGNAL | 4, SIGUSR1, thread_tid, &ids[0]));
	set(ids[0], 0, 0, 1000000, 0, 0, NULL);
	pthread_join(th, NULL);
	YES("it took it", caught_by == thread_tid);

	CHILD("fork does not inherit") { CALL("gettime", get(id, &its)); }
	CHILD("SIGPENDING") {
		struct rlimit r = { 0, 0 };
		MUST(setrlimit(RLIMIT_SIGPENDING, &r));
		CALL("create", create(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1, 0, &id));
		CALL("create NONE", create(CLOCK_MONOTONIC, SIGEV_NONE, SIGUSR1, 0, &id));
	}
	CHILD("exec") {
		char number[12];
		block(SIGUSR1);
		create(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1, 0, &id);
		set(id, 0, 0, 1, 0, 0, NULL);
		usleep(5000);
		raise(SIGUSR2);
		snprintf(number, sizeof number, "%d", id);
		execl(self_path, "t", "exec", number, NULL);
	}
	OK("delete", syscall(SYS_timer_delete, id));
}
