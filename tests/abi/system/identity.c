/* SPDX-License-Identifier: MIT */
/* uname, sysinfo, getpid, getcpu, hostname, page size: the facts programs test. */

#include "../abi.h"
#include <sys/sysinfo.h>
#include <sys/utsname.h>

TEST
{
	struct utsname u;
	struct sysinfo si;
	unsigned cpu = 999, node = 999;

	CALL("uname", uname(&u));
	say("sysname %s machine %s", u.sysname, u.machine);
	int major = 0, minor = 0;
	sscanf(u.release, "%d.%d", &major, &minor);
	YES("release from 6.1 on", major * 100 + minor >= 601);
	YES("version not empty", u.version[0]);
	CHILD("host name") {
		CALL("set", syscall(SYS_sethostname, "abi-host", 8));
		uname(&u);
		say("node %s", u.nodename);
		become_nobody();
		CALL("as nobody", syscall(SYS_sethostname, "x", 1));
	}
	CALL("sysinfo", sysinfo(&si));
	YES("memory", si.totalram > 0 && si.freeram > 0 && si.freeram < si.totalram && si.mem_unit > 0);
	YES("processes", si.procs > 0);
	YES("uptime", si.uptime > 0);
	CALL("getcpu", syscall(SYS_getcpu, &cpu, &node, NULL));
	YES("sane", cpu < 1024 && node < 64);
	YES("pids", getpid() > 1 && getppid() > 0 && getpid() != getppid());
	YES("online CPUs", sysconf(_SC_NPROCESSORS_ONLN) >= 1);
	unsigned long mask[16];
	long n = syscall(SYS_sched_getaffinity, 0, sizeof(mask), mask);
	YES("affinity size", n > 0 && n % 8 == 0);
	YES("a CPU is allowed", mask[0] != 0);
	CALL("sched_yield", sched_yield());
	CALL("pin to one", syscall(SYS_sched_setaffinity, 0, 8, (unsigned long[]){ mask[0] & -mask[0] }));
}
