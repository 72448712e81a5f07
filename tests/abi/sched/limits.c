/* SPDX-License-Identifier: MIT */
/*
 * RLIMIT_NICE and RLIMIT_RTPRIO above 0 let a user be more urgent.  The machine that tests are built on
 * may not let its root raise limits (containers), so what must come out stands in limits.expected.
 */
#include "../abi.h"

#define setsched(policy, prio) syscall(SYS_sched_setscheduler, 0, policy, &(struct sched_param){ prio })

static void limit(int which, unsigned long n)
{
	MUST(setrlimit(which, &(struct rlimit){ n, n }));
}

TEST
{
	CHILD("nobody") {
		limit(RLIMIT_NICE, 25); /* down to -5 */
		limit(RLIMIT_RTPRIO, 10);
		become_nobody();
		CALL("fifo 10", setsched(SCHED_FIFO, 10));
		CALL("fifo 11", setsched(SCHED_FIFO, 11));
		CALL("rr 9", setsched(SCHED_RR, 9));
		CALL("normal", setsched(SCHED_OTHER, 0));
		CALL("nice -5", setpriority(PRIO_PROCESS, 0, -5));
		CALL("nice -6", setpriority(PRIO_PROCESS, 0, -6));
		CALL("idle", setsched(SCHED_IDLE, 0));
		CALL("from idle", setsched(SCHED_OTHER, 0));
	}
	CHILD("a priority that was had may be kept") {
		CALL("fifo 50", setsched(SCHED_FIFO, 50));
		limit(RLIMIT_RTPRIO, 10);
		become_nobody();
		CALL("fifo 50", setsched(SCHED_FIFO, 50));
		CALL("fifo 51", setsched(SCHED_FIFO, 51));
		CALL("fifo 40", setsched(SCHED_FIFO, 40));
		CALL("fifo 50 again", setsched(SCHED_FIFO, 50));
	}
	CHILD("a real-time hog") {
		limit(RLIMIT_RTTIME, 200000);
		CALL("fifo", setsched(SCHED_FIFO, 1));
		for (;;)
			;
	}
}
