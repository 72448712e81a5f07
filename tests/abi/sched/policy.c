/* SPDX-License-Identifier: MIT */
/* sched_setscheduler, setparam, setattr and their kin: what is allowed, what is refused and how. */
#include "../abi.h"
#include <linux/sched.h>
#define sched_param kernel_sched_param /* libc has its own */
#include <linux/sched/types.h>
#undef sched_param

#define setsched(pid, policy, prio) syscall(SYS_sched_setscheduler, pid, policy, &(struct sched_param){ prio })
#define setparam(pid, prio) syscall(SYS_sched_setparam, pid, &(struct sched_param){ prio })

static void state(const char *name)
{
	struct sched_attr a = { 0 };
	struct timespec ts = { 0, 0 };
	struct sched_param sp = { -1 };

	MUST(syscall(SYS_sched_getattr, 0, &a, sizeof a, 0));
	MUST(syscall(SYS_sched_getparam, 0, &sp));
	MUST(syscall(SYS_sched_rr_get_interval, 0, &ts));
	say("%s: policy %ld attr %u flags %llu nice %d priority %u %d size %u getpriority %d rr %s", name,
	    syscall(SYS_sched_getscheduler, 0), a.sched_policy, (unsigned long long)a.sched_flags, a.sched_nice,
	    a.sched_priority, sp.sched_priority, a.size, getpriority(PRIO_PROCESS, 0),
	    ts.tv_nsec == 100000000 ? "100 ms" : ts.tv_nsec && a.sched_policy == SCHED_FIFO ? "wrong" : "other");
}

static void legacy(void)
{
	static const int policies[] = { SCHED_NORMAL, SCHED_FIFO, SCHED_RR, SCHED_BATCH, 4, SCHED_IDLE, 77, 1000, -1 };

	for (unsigned i = 0; i < COUNT(policies); i++)
		for (int prio = -1; prio <= 101; prio += prio < 2 || prio >= 98 ? 1 : 96) {
			char name[40];
			snprintf(name, sizeof name, "policy %d priority %d", policies[i], prio);
			CALL(name, setsched(0, policies[i], prio));
			setsched(0, SCHED_NORMAL, 0);
		}
	for (unsigned i = 0; i < COUNT(policies); i++) {
		CALL("max", syscall(SYS_sched_get_priority_max, policies[i]));
		CALL("min", syscall(SYS_sched_get_priority_min, policies[i]));
	}
	CALL("no param", syscall(SYS_sched_setscheduler, 0, SCHED_FIFO, NULL));
	CALL("bad param", syscall(SYS_sched_setscheduler, 0, SCHED_FIFO, bad_page()));
	CALL("pid -1", setsched(-1, SCHED_FIFO, 1));
	CALL("pid gone", setsched(4000000, SCHED_FIFO, 1));
	CALL("getscheduler -1", syscall(SYS_sched_getscheduler, -1));
	CALL("getscheduler gone", syscall(SYS_sched_getscheduler, 4000000));
	CALL("getparam -1", syscall(SYS_sched_getparam, -1, &(struct sched_param){ 0 }));
	CALL("getparam null", syscall(SYS_sched_getparam, 0, NULL));
	CALL("getparam bad", syscall(SYS_sched_getparam, 0, bad_page()));
	CALL("rr -1", syscall(SYS_sched_rr_get_interval, -1, &(struct timespec){ 0 }));
	CALL("rr gone", syscall(SYS_sched_rr_get_interval, 4000000, &(struct timespec){ 0 }));
	CALL("rr bad", syscall(SYS_sched_rr_get_interval, 0, bad_page()));
	state("normal");
	CALL("fifo", setsched(0, SCHED_FIFO, 10));
	state("fifo");
	CALL("setparam", setparam(0, 20));
	state("fifo 20");
	CALL("setparam 0", setparam(0, 0));
	CALL("rr", setsched(0, SCHED_RR | SCHED_RESET_ON_FORK, 5));
	state("rr, reset");
	CHILD("child of rr with reset") state("child");
	CALL("setparam keeps reset", setparam(0, 6));
	state("rr 6");
	CALL("batch", setsched(0, SCHED_BATCH, 0));
	state("batch");
	CALL("idle", setsched(0, SCHED_IDLE, 0));
	state("idle");
	CALL("normal", setsched(0, SCHED_NORMAL, 0));
	CALL("nice -5", setpriority(PRIO_PROCESS, 0, -5));
	CALL("reset", setsched(0, SCHED_NORMAL | SCHED_RESET_ON_FORK, 0));
	CHILD("child of nice -5 with reset") state("child");
	CALL("nice 0", setpriority(PRIO_PROCESS, 0, 0));
	CALL("no reset", setsched(0, SCHED_NORMAL, 0));
	CALL("fifo", setsched(0, SCHED_FIFO, 10));
	CHILD("child of fifo") state("child");
	CALL("normal", setsched(0, SCHED_NORMAL, 0));
}

static long set(struct sched_attr a)
{
	return syscall(SYS_sched_setattr, 0, &a, 0);
}

static void attributes(void)
{
	struct sched_attr a = { .size = sizeof a }, b;
	char *end = before_hole(48);
	char big[4200] = { 0 };

	CALL("attr size 0", set((struct sched_attr){ .size = 0 }));
	CALL("attr size 48", set((struct sched_attr){ .size = 48 }));
	CALL("attr nice 7", set((struct sched_attr){ .size = 48, .sched_nice = 7 }));
	state("nice 7");
	CALL("attr nice 100", set((struct sched_attr){ .size = 48, .sched_nice = 100 }));
	state("nice 100");
	CALL("attr nice -100", set((struct sched_attr){ .size = 48, .sched_nice = -100 }));
	state("nice -100");
	CALL("attr nice 0", set((struct sched_attr){ .size = 48 }));
	CALL("attr batch nice 3", set((struct sched_attr){ .size = 48, .sched_policy = SCHED_BATCH, .sched_nice = 3 }));
	state("batch 3");
	CALL("attr fifo 5", set((struct sched_attr){ .size = 48, .sched_policy = SCHED_FIFO, .sched_priority = 5, .sched_nice = 9 }));
	state("fifo 5");
	CALL("keep policy", set((struct sched_attr){ .size = 48, .sched_policy = SCHED_NORMAL, .sched_priority = 6, .sched_flags = SCHED_FLAG_KEEP_POLICY }));
	state("fifo 6");
	CALL("keep params", set((struct sched_attr){ .size = 48, .sched_policy = SCHED_RR, .sched_flags = SCHED_FLAG_KEEP_PARAMS }));
	state("rr 6");
	CALL("fifo 0", set((struct sched_attr){ .size = 48, .sched_policy = SCHED_FIFO }));
	CALL("fifo 100", set((struct sched_attr){ .size = 48, .sched_policy = SCHED_FIFO, .sched_priority = 100 }));
	CALL("normal 1", set((struct sched_attr){ .size = 48, .sched_priority = 1 }));
	CALL("policy 77", set((struct sched_attr){ .size = 48, .sched_policy = 77 }));
	CALL("policy -1", set((struct sched_attr){ .size = 48, .sched_policy = -1 }));
	CALL("flags", set((struct sched_attr){ .size = 48, .sched_flags = 1ULL << 40 }));
	CALL("reset", set((struct sched_attr){ .size = 48, .sched_flags = SCHED_FLAG_RESET_ON_FORK }));
	state("reset");
	CALL("no reset", set((struct sched_attr){ .size = 48 }));
	CALL("deadline without times", set((struct sched_attr){ .size = 48, .sched_policy = SCHED_DEADLINE }));
	CALL("flags argument", syscall(SYS_sched_setattr, 0, &a, 1));
	CALL("null", syscall(SYS_sched_setattr, 0, NULL, 0));
	CALL("bad", syscall(SYS_sched_setattr, 0, bad_page(), 0));
	CALL("pid -1", syscall(SYS_sched_setattr, -1, &a, 0));
	CALL("pid gone", syscall(SYS_sched_setattr, 4000000, &a, 0));
	a.size = 47;
	CALL("size 47", syscall(SYS_sched_setattr, 0, &a, 0));
	say("tells %u", a.size);
	a.size = 5000;
	CALL("size 5000", syscall(SYS_sched_setattr, 0, &a, 0));
	a = (struct sched_attr){ .size = 4096 };
	memcpy(big, &a, sizeof a);
	CALL("longer, zeros", syscall(SYS_sched_setattr, 0, big, 0));
	big[4000] = 1;
	CALL("longer, not all zeros", syscall(SYS_sched_setattr, 0, big, 0));
	a = (struct sched_attr){ .size = 48 };
	memcpy(end, &a, 48);
	CALL("up to a hole", syscall(SYS_sched_setattr, 0, end, 0));
	((struct sched_attr *)end)->size = 56;
	CALL("into a hole", syscall(SYS_sched_setattr, 0, end, 0));
	CALL("get 48", syscall(SYS_sched_getattr, 0, &b, 48, 0));
	say("size %u", b.size);
	CALL("get 47", syscall(SYS_sched_getattr, 0, &b, 47, 0));
	CALL("get 4096", syscall(SYS_sched_getattr, 0, big, 4096, 0));
	CALL("get 4097", syscall(SYS_sched_getattr, 0, big, 4097, 0));
	CALL("get flags", syscall(SYS_sched_getattr, 0, &b, 48, 1));
	CALL("get null", syscall(SYS_sched_getattr, 0, NULL, 48, 0));
	CALL("get into a hole", syscall(SYS_sched_getattr, 0, end, 56, 0));
	CALL("get gone", syscall(SYS_sched_getattr, 4000000, &b, 48, 0));
	CALL("get -1", syscall(SYS_sched_getattr, -1, &b, 48, 0));
}

static void limit(int which, unsigned long n)
{
	MUST(setrlimit(which, &(struct rlimit){ n, n }));
}

static void without_privilege(void)
{
	CHILD("nobody, no limits") {
		limit(RLIMIT_NICE, 0);
		limit(RLIMIT_RTPRIO, 0);
		become_nobody();
		CALL("fifo", setsched(0, SCHED_FIFO, 1));
		CALL("nice 5", setpriority(PRIO_PROCESS, 0, 5));
		CALL("nice 4", setpriority(PRIO_PROCESS, 0, 4));
		CALL("attr nice 4", set((struct sched_attr){ .size = 48, .sched_nice = 4 }));
		CALL("attr nice 6", set((struct sched_attr){ .size = 48, .sched_nice = 6 }));
		CALL("init's nice", setpriority(PRIO_PROCESS, 1, 5));
		CALL("init's policy", setsched(1, SCHED_BATCH, 0));
		CALL("init's affinity", syscall(SYS_sched_setaffinity, 1, 8, &(unsigned long){ 1 }));
		CALL("reset", setsched(0, SCHED_NORMAL | SCHED_RESET_ON_FORK, 0));
		CALL("take reset back", setsched(0, SCHED_NORMAL, 0));
		CALL("idle", setsched(0, SCHED_IDLE | SCHED_RESET_ON_FORK, 0));
		CALL("from idle", setsched(0, SCHED_NORMAL | SCHED_RESET_ON_FORK, 0));
		CALL("bad priority first", setsched(0, SCHED_FIFO, 100));
	}
}

TEST
{
	legacy();
	attributes();
	without_privilege();
}
