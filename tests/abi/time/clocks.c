/* SPDX-License-Identifier: MIT */
/* Clocks: monotonic, agree with each other, resolution, vDSO and call the same. */

#include "../abi.h"
#include <sys/times.h>

static int64_t clk(int id)
{
	struct timespec ts = { 0, -1 };
	if (syscall(SYS_clock_gettime, id, &ts) != 0)
		return -1;
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

TEST
{
	static const int ids[] = { 0, 1, 2, 3, 4, 5, 6, 7 };
	struct timespec ts, res;
	struct timeval tv;
	struct tms tms;

	for (size_t i = 0; i < COUNT(ids); i++) {
		int64_t last = clk(ids[i]);
		bool back = false;
		for (int k = 0; k < 1000; k++) {
			int64_t t = clk(ids[i]);
			back |= t < last;
			last = t;
		}
		say("clock %d: works %d goes back %d", ids[i], last >= 0, back);
		clock_getres(ids[i], &res);
		YES("resolution below 20 ms", res.tv_sec == 0 && res.tv_nsec > 0 && res.tv_nsec <= 20000000);
	}
	clock_getres(CLOCK_MONOTONIC, &res);
	say("resolution %ld", res.tv_nsec);
	int64_t a = clk(CLOCK_MONOTONIC);
	clock_gettime(CLOCK_MONOTONIC, &ts);
	int64_t b = ts.tv_sec * 1000000000LL + ts.tv_nsec, c = clk(CLOCK_MONOTONIC);
	YES("library and call agree", a <= b && b <= c);
	gettimeofday(&tv, NULL);
	a = clk(CLOCK_REALTIME);
	YES("gettimeofday agrees", a / 1000 - (tv.tv_sec * 1000000LL + tv.tv_usec) < 5000000);
	time_t t = time(NULL);
	YES("time agrees", t - tv.tv_sec >= 0 && t - tv.tv_sec <= 5);
	YES("a date of this century", t > 1577836800 && t < 4102444800);
	a = clk(CLOCK_MONOTONIC);
	b = clk(CLOCK_REALTIME);
	sleep_ms(100);
	int64_t d1 = clk(CLOCK_MONOTONIC) - a, d2 = clk(CLOCK_REALTIME) - b;
	YES("slept at least 100 ms", d1 >= 100000000);
	YES("both clocks run alike", d1 - d2 < 50000000 && d2 - d1 < 50000000);
	a = clk(CLOCK_PROCESS_CPUTIME_ID);
	sleep_ms(100);
	YES("sleeping costs no CPU time", clk(CLOCK_PROCESS_CPUTIME_ID) - a < 50000000);
	a = clk(CLOCK_THREAD_CPUTIME_ID);
	b = clk(CLOCK_MONOTONIC);
	while (clk(CLOCK_MONOTONIC) - b < 50000000)
		;
	YES("working does", clk(CLOCK_THREAD_CPUTIME_ID) - a > 1000000);
	YES("times", times(&tms) > 0);
	say("clock ticks %ld", sysconf(_SC_CLK_TCK));
}
