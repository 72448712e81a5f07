/* SPDX-License-Identifier: MIT */
/* ITIMER_VIRTUAL, ITIMER_PROF and RLIMIT_CPU: what is due after an amount of CPU time. */

#include "../abi.h"

static volatile int count;

static void handler(int s)
{
	count++;
}

static void spin_until(int n)
{
	int64_t end = now_ns() + 20000000000;
	while (count < n && now_ns() < end)
		;
}

static int64_t used_us(void)
{
	struct rusage ru;
	getrusage(RUSAGE_SELF, &ru);
	return (ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) * 1000000L + ru.ru_utime.tv_usec + ru.ru_stime.tv_usec;
}

static void one(const char *name, int which, int signo)
{
	struct itimerval it = { { 0, 0 }, { 0, 50000 } }, off = { { 0, 0 }, { 0, 0 } }, old;
	int64_t start = used_us();

	count = 0;
	signal(signo, handler);
	say("%s", name);
	CALL("set", setitimer(which, &it, NULL));
	CALL("get", getitimer(which, &old));
	YES("counting", old.it_value.tv_usec > 0 && old.it_interval.tv_usec == 0);
	sleep_ms(100);
	say("not while asleep: %d", count);
	spin_until(1);
	say("once: %d", count);
	/* (Linux counts ticks, which on a busy machine is far from exact.) */
	YES("not early", used_us() - start >= 10000);
	CALL("get", getitimer(which, &old));
	say("off: %ld", (long)old.it_value.tv_usec);
	it.it_interval.tv_usec = 20000;
	CALL("again and again", setitimer(which, &it, &old));
	spin_until(4);
	YES("more", count >= 4);
	CALL("stop", setitimer(which, &off, &old));
	say("interval was %ld", (long)old.it_interval.tv_usec);
}

TEST
{
	struct rlimit rl = { 1, 2 };

	one("virtual", ITIMER_VIRTUAL, SIGVTALRM);
	one("profile", ITIMER_PROF, SIGPROF);
	CALL("bad", setitimer(3, NULL, NULL));
	CHILD("a child has none") {
		struct itimerval it = { { 0, 0 }, { 5, 0 } }, old;
		setitimer(ITIMER_PROF, &it, NULL);
		CHILD("child") {
			CALL("get", getitimer(ITIMER_PROF, &old));
			say("%ld", (long)old.it_value.tv_sec);
		}
	}
	CHILD("soft limit with a handler, then the hard one") {
		count = 0;
		signal(SIGXCPU, handler);
		CALL("set", setrlimit(RLIMIT_CPU, &rl));
		spin_until(1);
		say("told %d", count);
		getrlimit(RLIMIT_CPU, &rl);
		say("soft %ld hard %ld", (long)rl.rlim_cur, (long)rl.rlim_max);
		spin_until(100);
	}
	CHILD("kills by default") {
		signal(SIGVTALRM, SIG_DFL);
		setitimer(ITIMER_VIRTUAL, &(struct itimerval){ { 0, 0 }, { 0, 10000 } }, NULL);
		spin_until(1000000);
	}
}
