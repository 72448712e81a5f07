/* SPDX-License-Identifier: MIT */
/* getrusage and times: user time grows with work, children's after wait. */

#include "../abi.h"
#include <sys/times.h>

static int64_t cpu(const struct rusage *ru)
{
	return (ru->ru_utime.tv_sec + ru->ru_stime.tv_sec) * 1000000LL + ru->ru_utime.tv_usec + ru->ru_stime.tv_usec;
}

static void work(void)
{
	struct rusage a, b;
	getrusage(RUSAGE_SELF, &a);
	do
		getrusage(RUSAGE_SELF, &b);
	while (cpu(&b) - cpu(&a) < 50000);
}

TEST
{
	struct rusage ru, kids;
	struct tms t;

	work();
	getrusage(RUSAGE_SELF, &ru);
	YES("self", cpu(&ru) >= 50000);
	YES("faults", ru.ru_minflt > 0);
	getrusage(RUSAGE_CHILDREN, &kids);
	say("children none %d", cpu(&kids) == 0);
	CHILD("works") work();
	getrusage(RUSAGE_CHILDREN, &kids);
	YES("children's after wait", cpu(&kids) >= 40000);
	times(&t);
	YES("times", t.tms_utime + t.tms_stime >= 3);
	YES("times of children", t.tms_cutime + t.tms_cstime >= 3);
	getrusage(RUSAGE_THREAD, &ru);
	YES("thread", cpu(&ru) >= 50000);
	getrusage(RUSAGE_SELF, &ru);
	long v = ru.ru_nvcsw;
	for (int i = 0; i < 5; i++)
		sleep_ms(40); /* so long that no host is late by as much: a time that is past needs no switch */
	getrusage(RUSAGE_SELF, &ru);
	YES("voluntary switches counted", ru.ru_nvcsw >= v + 5);
}
