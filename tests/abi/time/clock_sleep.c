/* SPDX-License-Identifier: MIT */
/* clock_nanosleep on every clock; CPU clocks of others; errors before effects. */
#include "../abi.h"
#include <pthread.h>
#include <sys/prctl.h>

static long sleep_on(int clock, int flags, long sec, long nsec, struct timespec *left)
{
	struct timespec ts = { sec, nsec };
	return syscall(SYS_clock_nanosleep, clock, flags, &ts, left);
}

static void nothing(int signo) {}
static volatile int stop;
static void *burner(void *arg)
{
	while (!stop)
		;
	return NULL;
}

#define CPU_OF(n, kind) ((int)(~(unsigned)(n) << 3 | (kind)))

TEST
{
	struct timespec now, then, left = { 77, 77 }, res;
	char name[64];

	for (int clock = -2; clock <= 17; clock++) {
		if (clock == 8 || clock == 9)
			continue; /* depends on the machine */
		snprintf(name, sizeof name, "clock %d relative", clock);
		if (clock != CLOCK_PROCESS_CPUTIME_ID) /* nobody would spend it */
			CALL(name, sleep_on(clock, 0, 0, 1000, NULL));
		snprintf(name, sizeof name, "clock %d absolute", clock);
		CALL(name, sleep_on(clock, TIMER_ABSTIME, 0, 1000, NULL));
		snprintf(name, sizeof name, "clock %d bad", clock);
		CALL(name, sleep_on(clock, 0, 0, -1, NULL));
		snprintf(name, sizeof name, "clock %d gettime", clock);
		CALL(name, syscall(SYS_clock_gettime, clock, &now));
		snprintf(name, sizeof name, "clock %d getres", clock);
		CALL(name, syscall(SYS_clock_getres, clock, &res));
		snprintf(name, sizeof name, "clock %d settime bad", clock);
		struct timespec bad = { -1, 0 };
		CALL(name, syscall(SYS_clock_settime, clock, &bad));
		struct { unsigned modes; char rest[256]; } tx = { 0 };
		snprintf(name, sizeof name, "clock %d adjtime", clock);
		long r = syscall(SYS_clock_adjtime, clock, &tx);
		say("%s: %s", name, r < 0 ? errname(errno) : "ok");
	}
	CALL("bad pointer", syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, 8L, NULL));
	CALL("bad pointer, no clock", syscall(SYS_clock_nanosleep, 17, 0, 8L, NULL));

	static const int absolute[] = { CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME, CLOCK_TAI };
	for (unsigned i = 0; i < COUNT(absolute); i++) {
		syscall(SYS_clock_gettime, absolute[i], &then);
		then.tv_nsec += 5000000;
		if (then.tv_nsec >= 1000000000) {
			then.tv_sec++;
			then.tv_nsec -= 1000000000;
		}
		CALL("sleep until", syscall(SYS_clock_nanosleep, absolute[i], TIMER_ABSTIME, &then, NULL));
		syscall(SYS_clock_gettime, absolute[i], &now);
		YES("it was not early", now.tv_sec > then.tv_sec || (now.tv_sec == then.tv_sec && now.tv_nsec >= then.tv_nsec));
	}

	/* CPU time of a process, spent by another thread. */
	pthread_t th;
	MUST(-pthread_create(&th, NULL, burner, NULL));
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &then);
	CALL("CPU sleep", sleep_on(CLOCK_PROCESS_CPUTIME_ID, 0, 0, 30000000, NULL));
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	YES("so much passed", (now.tv_sec - then.tv_sec) * 1000000000 + now.tv_nsec - then.tv_nsec >= 30000000);
	CALL("own number", sleep_on(CPU_OF(getpid(), 2), 0, 0, 1000000, NULL));
	CALL("user time", sleep_on(CPU_OF(0, 1), 0, 0, 1000000, NULL));
	CALL("my thread", sleep_on(CPU_OF(0, 6), 0, 0, 1000000, NULL));
	CALL("my thread by number", sleep_on(CPU_OF(getpid(), 6), 0, 0, 1000000, NULL));
	CALL("no such kind", sleep_on(CPU_OF(0, 3), 0, 0, 1000000, NULL));
	CALL("no such process", sleep_on(CPU_OF(4194303, 2), 0, 0, 1000000, NULL));
	struct sigaction sa = { .sa_handler = nothing };
	sigaction(SIGALRM, &sa, NULL);
	stop = 1;
	pthread_join(th, NULL);
	/* again and again: the first one may come before the sleep */
	struct itimerval it = { { 0, 20000 }, { 0, 20000 } };
	setitimer(ITIMER_REAL, &it, NULL);
	CALL("interrupted CPU sleep", sleep_on(CLOCK_PROCESS_CPUTIME_ID, 0, 100, 0, &left));
	YES("what was left", left.tv_sec >= 50 && left.tv_sec < 100);
	left.tv_sec = 77;
	CALL("interrupted absolute", sleep_on(CLOCK_REALTIME, TIMER_ABSTIME, 4000000000, 0, &left));
	it = (struct itimerval){ { 0, 0 }, { 0, 0 } };
	setitimer(ITIMER_REAL, &it, NULL);
	say("left untouched: %ld", (long)left.tv_sec);

	/* Clocks of others. */
	int pid = fork();
	if (!pid) {
		pause();
		_exit(0);
	}
	clockid_t c;
	CALL("getcpuclockid", (clock_getcpuclockid(pid, &c), 0));
	CALL("child's clock", syscall(SYS_clock_gettime, c, &now));
	YES("less than ours", now.tv_sec < 5);
	CALL("child's thread clock", syscall(SYS_clock_gettime, CPU_OF(pid, 6), &now));
	CALL("set a CPU clock", syscall(SYS_clock_settime, c, &now));
	CALL("set the child's thread clock", syscall(SYS_clock_settime, CPU_OF(pid, 6), &now));
	CALL("resolution", syscall(SYS_clock_getres, c, &res));
	say("%ld", res.tv_nsec);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	CALL("of a process that is gone", syscall(SYS_clock_gettime, c, &now));

	/* Slack. */
	say("slack %d", prctl(PR_GET_TIMERSLACK));
	CALL("set", prctl(PR_SET_TIMERSLACK, 1234UL));
	CHILD("inherited") {
		say("slack %d", prctl(PR_GET_TIMERSLACK));
		prctl(PR_SET_TIMERSLACK, 99UL);
		CALL("default", prctl(PR_SET_TIMERSLACK, 0UL));
		say("slack %d", prctl(PR_GET_TIMERSLACK));
	}
	CALL("default", prctl(PR_SET_TIMERSLACK, 0UL));
	say("slack %d", prctl(PR_GET_TIMERSLACK));
}
