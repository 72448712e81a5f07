/* SPDX-License-Identifier: MIT */
/* build: glibc */
/* CPU time and switches of a thread alone: clocks, getrusage, /proc/PID/task/TID. */
#include "../abi.h"
#include <pthread.h>

static int64_t cpu_ns(clockid_t c)
{
	struct timespec ts;

	MUST(clock_gettime(c, &ts));
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static void burn(int ms)
{
	int64_t end = cpu_ns(CLOCK_THREAD_CPUTIME_ID) + ms * 1000000LL;

	while (cpu_ns(CLOCK_THREAD_CPUTIME_ID) < end)
		;
}

/* utime + stime, in ticks, of a stat file; switches of a status file. */
static long stat_ticks(const char *path)
{
	const char *p = strrchr(file_text(path), ')');
	long user = -1, system = 0;

	if (p)
		sscanf(p, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %ld %ld", &user, &system);
	return user + system;
}

static long field(const char *path, const char *name)
{
	const char *p = strstr(file_text(path), name);

	return p ? atol(p + strlen(name)) : -1;
}

static int tid;
static pthread_barrier_t there, done;

static void *burner(void *arg)
{
	tid = syscall(SYS_gettid);
	burn(300);
	pthread_barrier_wait(&there);
	pthread_barrier_wait(&done);
	return NULL;
}

TEST
{
	pthread_t t;
	char mine[64], its[64], whole[64];
	struct rusage ru, self;

	pthread_barrier_init(&there, NULL, 2);
	pthread_barrier_init(&done, NULL, 2);
	pthread_create(&t, NULL, burner, NULL);
	pthread_barrier_wait(&there);
	snprintf(mine, sizeof mine, "/proc/self/task/%d/stat", getpid());
	snprintf(its, sizeof its, "/proc/self/task/%d/stat", tid);
	snprintf(whole, sizeof whole, "/proc/self/stat");
	YES("the other thread has burnt", stat_ticks(its) >= 29);
	YES("this one has not", stat_ticks(mine) >= 0 && stat_ticks(mine) < 15);
	YES("the process has", stat_ticks(whole) >= 29);
	MUST(getrusage(RUSAGE_THREAD, &ru));
	MUST(getrusage(RUSAGE_SELF, &self));
	YES("rusage of the thread", ru.ru_utime.tv_sec * 1000000 + ru.ru_utime.tv_usec + ru.ru_stime.tv_sec * 1000000 + ru.ru_stime.tv_usec < 150000);
	YES("rusage of the process", self.ru_utime.tv_sec * 1000000 + self.ru_utime.tv_usec + self.ru_stime.tv_sec * 1000000 + self.ru_stime.tv_usec >= 290000);
	YES("clock of the thread", cpu_ns(CLOCK_THREAD_CPUTIME_ID) < 150000000);
	YES("clock of the process", cpu_ns(CLOCK_PROCESS_CPUTIME_ID) >= 300000000);
	int64_t a = cpu_ns(CLOCK_THREAD_CPUTIME_ID), b = cpu_ns(CLOCK_THREAD_CPUTIME_ID);
	YES("it is finer than a tick", b > a && b - a < 1000000);

	long v = field("/proc/self/status", "\nvoluntary_ctxt_switches:");
	for (int i = 0; i < 20; i++)
		sleep_ms(2);
	long w = field("/proc/self/status", "\nvoluntary_ctxt_switches:");
	YES("sleeps count as voluntary", w >= v + 10); /* not all: the timer may be first */
	MUST(getrusage(RUSAGE_THREAD, &ru));
	YES("rusage says so too", ru.ru_nvcsw >= 10);
	YES("involuntary ones are told", field("/proc/self/status", "\nnonvoluntary_ctxt_switches:") >= 0);
	YES("sched has them", strstr(file_text("/proc/self/sched"), "nr_voluntary_switches") != NULL);
	pthread_barrier_wait(&done);
	pthread_join(t, NULL);

	CALL("rusage 2", getrusage(2, &ru));
	CALL("rusage -3", getrusage(-3, &ru));
}
