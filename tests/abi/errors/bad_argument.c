/* SPDX-License-Identifier: MIT */
/* Values out of range: flags, counts, ids, sizes, each with its errno. */

#include "../abi.h"
#include <sys/prctl.h>

TEST
{
	struct timespec neg = { -1, 0 }, big = { 0, 1000000000 };
	struct timeval tv = { 0, -1 };
	char buf[64];

	CALL("nanosleep negative", nanosleep(&neg, NULL));
	CALL("nanosleep too many ns", nanosleep(&big, NULL));
	CALL("clock_nanosleep bad clock", syscall(SYS_clock_nanosleep, 99, 0, &big, NULL));
	CALL("clock_gettime bad clock", syscall(SYS_clock_gettime, 99, &neg));
	CALL("clock_gettime negative clock", syscall(SYS_clock_gettime, -1, &neg));
	CALL("settimeofday negative", syscall(SYS_settimeofday, &tv, NULL));
	CALL("getrandom flags", syscall(SYS_getrandom, buf, 1, 0x80));
	CALL("getrlimit", syscall(SYS_getrlimit, 99, buf));
	CALL("setrlimit soft over hard", setrlimit(RLIMIT_CORE, &(struct rlimit){ 10, 5 }));
	CALL("getrusage who", syscall(SYS_getrusage, 99, buf));
	CALL("getpriority which", syscall(SYS_getpriority, 9, 0));
	CALL("getpriority nobody", syscall(SYS_getpriority, PRIO_PROCESS, 999999));
	CALL("getpriority raw", syscall(SYS_getpriority, PRIO_PROCESS, 0));
	CALL("prctl unknown", prctl(9999, 0, 0, 0, 0));
	CALL("prctl pdeathsig", prctl(PR_SET_PDEATHSIG, 99));
	CALL("prctl dumpable", prctl(PR_SET_DUMPABLE, 7));
	CALL("prctl no_new_privs args", prctl(PR_SET_NO_NEW_PRIVS, 1, 1, 0, 0));
	CALL("arch_prctl unknown", syscall(SYS_arch_prctl, 0x9999, 0));
	CALL("arch_prctl kernel base", syscall(SYS_arch_prctl, 0x1001, 0xffff800000000000));
	CALL("arch_prctl non-canonical base", syscall(SYS_arch_prctl, 0x1001, 0x100000000000000));
	CALL("sched_setscheduler policy", syscall(SYS_sched_setscheduler, 0, 99, (int[]){ 0 }));
	CALL("sched_setscheduler priority", syscall(SYS_sched_setscheduler, 0, 0, (int[]){ 5 }));
	CALL("sched_getscheduler nobody", syscall(SYS_sched_getscheduler, 999999));
	CALL("sched_getscheduler", syscall(SYS_sched_getscheduler, 0));
	CALL("sched_get_priority_max fifo", syscall(SYS_sched_get_priority_max, SCHED_FIFO));
	CALL("sched_get_priority_min other", syscall(SYS_sched_get_priority_min, SCHED_OTHER));
	CALL("sched_get_priority_max bad", syscall(SYS_sched_get_priority_max, 99));
	CALL("sched_getaffinity size", syscall(SYS_sched_getaffinity, 0, 3, buf));
	CALL("sched_setaffinity none", syscall(SYS_sched_setaffinity, 0, 8, (long[]){ 0 }));
	CALL("getgroups negative", syscall(SYS_getgroups, -1, buf));
	CALL("setgroups many", syscall(SYS_setgroups, 70000, buf));
	CALL("sethostname long", syscall(SYS_sethostname, buf, 65));
	CALL("reboot magic", syscall(SYS_reboot, 1, 2, 3, 0));
	CALL("getcpu", syscall(SYS_getcpu, NULL, NULL, NULL));
	CALL("personality query", syscall(SYS_personality, 0xffffffff));
	CALL("umount nothing", syscall(SYS_umount2, "/tmp/none", 0));
	CALL("umount not a mount", syscall(SYS_umount2, ".", 0));
	CALL("mount unknown type", syscall(SYS_mount, "none", ".", "nosuchfs", 0, ""));
	CALL("syslog type", syscall(SYS_syslog, 99, buf, 10));
	CALL("syslog negative", syscall(SYS_syslog, 3, buf, -1));
	CALL("ioctl on a file", (make_file("f", ""), syscall(SYS_ioctl, open("f", O_RDONLY), 0x5401, buf)));
	CALL("ioctl unknown", syscall(SYS_ioctl, open("f", O_RDONLY), 0x12345678, buf));
}
