/* SPDX-License-Identifier: MIT */
/* nice, getpriority, setpriority, sched_* basics. */

#include "../abi.h"

TEST
{
	CALL("start", getpriority(PRIO_PROCESS, 0));
	CALL("raw is 20 - nice", syscall(SYS_getpriority, PRIO_PROCESS, 0));
	CALL("set 5", setpriority(PRIO_PROCESS, 0, 5));
	CALL("get", getpriority(PRIO_PROCESS, 0));
	CALL("clamped", setpriority(PRIO_PROCESS, 0, 100));
	CALL("get", getpriority(PRIO_PROCESS, 0));
	CALL("root lowers", setpriority(PRIO_PROCESS, 0, -20));
	errno = 0;
	say("get %d", getpriority(PRIO_PROCESS, 0));
	setpriority(PRIO_PROCESS, 0, 3);
	CHILD("as nobody") {
		say("inherited %d", getpriority(PRIO_PROCESS, 0));
		become_nobody();
		CALL("nicer", setpriority(PRIO_PROCESS, 0, 7));
		CALL("less nice", setpriority(PRIO_PROCESS, 0, 1));
		CALL("root's", setpriority(PRIO_PROCESS, getppid(), 10));
	}
	CALL("group", getpriority(PRIO_PGRP, 0));
	CALL("user", setpriority(PRIO_USER, 999999, 1));
	CALL("bad which", setpriority(7, 0, 1));
	struct timespec ts;
	CALL("policy", syscall(SYS_sched_getscheduler, 0));
	CALL("interval of nobody", syscall(SYS_sched_rr_get_interval, 999999, &ts));
	int prio = 50;
	CALL("fifo", syscall(SYS_sched_setscheduler, 0, SCHED_FIFO, &prio));
	CALL("policy", syscall(SYS_sched_getscheduler, 0));
	prio = 0;
	CALL("fifo 0", syscall(SYS_sched_setscheduler, 0, SCHED_FIFO, &prio));
	CALL("batch", syscall(SYS_sched_setscheduler, 0, SCHED_BATCH, &prio));
	CALL("policy", syscall(SYS_sched_getscheduler, 0));
}
