/* SPDX-License-Identifier: MIT */
/* rseq: registration, the CPU's number, restarts by signal and preemption, and what is wrong with a section. */
#include "../abi.h"
#include <linux/rseq.h>

#define SIG 0x53053053

static struct rseq area, other;
static struct rseq_cs section;

static long reg(void *p, unsigned size, int flags, unsigned sig)
{
	return syscall(SYS_rseq, p, size, flags, sig);
}

static volatile int in_handler_cs;
static void handler(int signo)
{
	in_handler_cs = __atomic_load_n((volatile __u64 *)&area.rseq_cs, __ATOMIC_SEQ_CST) != 0;
}

/* Spins in a section until it is thrown out of it. */
__attribute__((noinline)) static int spin(int version, int flags, int bad_signature)
{
	int result;

	section.version = version;
	section.flags = flags;
	__asm__ volatile(
		"lea 1f(%%rip), %%rax\n\t"
		"mov %%rax, 8(%[cs])\n\t"
		"lea 2f(%%rip), %%rcx\n\t"
		"sub %%rax, %%rcx\n\t"
		"mov %%rcx, 16(%[cs])\n\t"
		"lea 4f(%%rip), %%rax\n\t"
		"test %[bad], %[bad]\n\t"
		"jz 5f\n\t"
		"lea 6f(%%rip), %%rax\n"
		"5:\tmov %%rax, 24(%[cs])\n\t"
		"mov %[cs], 8(%[area])\n"
		"1:\tpause\n\t"
		"jmp 1b\n"
		"2:\tud2\n\t"
		".long 0x53053053\n"
		"4:\tmov $1, %[result]\n\t"
		"jmp 7f\n\t"
		".long 0x12345678\n"
		"6:\tmov $2, %[result]\n"
		"7:\n"
		: [result] "=&r"(result)
		: [cs] "r"(&section), [area] "r"(&area), [bad] "r"(bad_signature)
		: "rax", "rcx", "memory", "cc");
	return result;
}

static void alarm_in(int us)
{
	struct itimerval it = { { 0, us }, { 0, us } }; /* the first one may come before the section */
	setitimer(ITIMER_REAL, &it, NULL);
}

TEST
{
	unsigned cpu;

	CALL("unregister without", reg(&area, sizeof area, RSEQ_FLAG_UNREGISTER, SIG));
	CALL("not aligned", reg((char *)&area + 8, sizeof area, 0, SIG));
	CALL("too short", reg(&area, 16, 0, SIG));
	CALL("bad flag", reg(&area, sizeof area, 2, SIG));
	CALL("kernel address", reg((void *)0xffff800000000000, sizeof area, 0, SIG));
	CALL("register", reg(&area, sizeof area, 0, SIG));
	syscall(SYS_getcpu, &cpu, NULL, NULL);
	YES("CPU number", area.cpu_id < 4096 && area.cpu_id_start == area.cpu_id);
	CALL("again", reg(&area, sizeof area, 0, SIG));
	CALL("again, other signature", reg(&area, sizeof area, 0, SIG + 1));
	CALL("another", reg(&other, sizeof area, 0, SIG));
	CALL("unregister, other signature", reg(&area, sizeof area, RSEQ_FLAG_UNREGISTER, SIG + 1));
	CALL("unregister another", reg(&other, sizeof area, RSEQ_FLAG_UNREGISTER, SIG));
	CALL("unregister, bad flags", reg(&area, sizeof area, RSEQ_FLAG_UNREGISTER | 2, SIG));
	CALL("unregister", reg(&area, sizeof area, RSEQ_FLAG_UNREGISTER, SIG));
	say("then: start %u, id %d", area.cpu_id_start, (int)area.cpu_id);
	CALL("and again", reg(&area, sizeof area, 0, SIG));

	signal(SIGALRM, handler);
	alarm_in(10000);
	say("signal: %d", spin(0, 0, 0));
	say("in the handler: %d", in_handler_cs);
	CHILD("fork inherits") {
		signal(SIGALRM, handler);
		alarm_in(10000);
		say("signal: %d", spin(0, 0, 0));
		CALL("again", reg(&area, sizeof area, 0, SIG));
	}
	CHILD("preemption") {
		cpu_set_t one;
		CPU_ZERO(&one);
		CPU_SET(sched_getcpu(), &one);
		sched_setaffinity(0, sizeof one, &one);
		int pid = fork();
		if (!pid)
			for (;;)
				;
		say("%d", spin(0, 0, 0));
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	CHILD("wrong signature") { alarm_in(10000); say("%d", spin(0, 0, 1)); }
	CHILD("wrong version") { alarm_in(10000); say("%d", spin(1, 0, 0)); }
	CHILD("no section there") {
		area.rseq_cs = 8;
		raise(SIGALRM);
	}
	CHILD("outside: it is cleared") {
		section.start_ip = 0x1000;
		section.post_commit_offset = 16;
		section.abort_ip = (unsigned long)&area + 4;
		memcpy(&area.flags + 1, &(unsigned){ SIG }, 4);
		section.version = 0;
		section.abort_ip = (unsigned long)(&area.flags + 2);
		area.rseq_cs = (unsigned long)&section;
		raise(SIGALRM);
		say("%d", area.rseq_cs != 0);
	}
	CHILD("a thread's area that is gone") {
		void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		reg(&area, sizeof area, RSEQ_FLAG_UNREGISTER, SIG);
		CALL("register", reg(p, sizeof area, 0, SIG));
		munmap(p, 4096);
		for (int i = 0; i < 100; i++)
			usleep(1000);
		say("never");
	}
}
