/* SPDX-License-Identifier: MIT */
/* prctl: names, death signal, dumpable, keepcaps, securebits; arch_prctl FS and GS. */

#include "../abi.h"
#include <asm/prctl.h>
#include <sys/prctl.h>

TEST
{
	char name[17] = "";
	int sig = 0;

	CALL("get name", prctl(PR_GET_NAME, name));
	say("name %s", name);
	CALL("set name", prctl(PR_SET_NAME, "a name longer than fifteen"));
	prctl(PR_GET_NAME, name);
	say("name [%s]", name);
	say("comm [%.15s]", file_text("/proc/self/comm"));
	CALL("pdeathsig", prctl(PR_SET_PDEATHSIG, SIGUSR2));
	CALL("get", prctl(PR_GET_PDEATHSIG, &sig));
	say("signal %d", sig);
	CHILD("not inherited") {
		prctl(PR_GET_PDEATHSIG, &sig);
		say("signal %d", sig);
	}
	prctl(PR_SET_PDEATHSIG, 0);
	CALL("dumpable", prctl(PR_GET_DUMPABLE));
	CALL("not dumpable", prctl(PR_SET_DUMPABLE, 0));
	CALL("dumpable", prctl(PR_GET_DUMPABLE));
	CALL("keepcaps", prctl(PR_GET_KEEPCAPS));
	CALL("timer slack", prctl(PR_GET_TIMERSLACK));
	CALL("no_new_privs", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	CALL("capbset 0", prctl(PR_CAPBSET_READ, 0));
	CALL("capbset bad", prctl(PR_CAPBSET_READ, 999));
	unsigned long fs = 0, gs = 1, old;
	CALL("get fs", syscall(SYS_arch_prctl, ARCH_GET_FS, &fs));
	YES("thread pointer", fs && *(unsigned long *)fs == fs);
	CALL("get gs", syscall(SYS_arch_prctl, ARCH_GET_GS, &gs));
	say("gs %ld", gs);
	unsigned long *page = map_anon(PAGE, PROT_READ | PROT_WRITE);
	page[1] = 0x1234;
	CALL("set gs", syscall(SYS_arch_prctl, ARCH_SET_GS, page));
	__asm__ volatile("movq %%gs:8, %0" : "=r"(old));
	say("through gs %#lx", old);
	sched_yield();
	sleep_ms(5);
	__asm__ volatile("movq %%gs:8, %0" : "=r"(old));
	say("after a switch %#lx", old);
	CHILD("inherited by fork") {
		__asm__ volatile("movq %%gs:8, %0" : "=r"(old));
		say("through gs %#lx", old);
	}
}
