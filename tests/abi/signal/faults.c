/* SPDX-License-Identifier: MIT */
/* Hardware faults become signals with the right code and address. */

#include "../abi.h"
#include <setjmp.h>
#include <ucontext.h>

static sigjmp_buf back;
static siginfo_t si;
static int got;

static void handler(int s, siginfo_t *info, void *ctx)
{
	si = *info;
	got = s;
	siglongjmp(back, 1);
}

#define FAULT(name, code) do { \
		got = 0; \
		if (sigsetjmp(back, 1) == 0) { code; } \
		say("%s: %s code %d", name, got ? signame(got) : "nothing", si.si_code); \
	} while (0)

TEST
{
	static const int sigs[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP };
	struct sigaction sa = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };
	volatile int zero = 0;
	volatile int one __attribute__((unused));

	for (size_t i = 0; i < COUNT(sigs); i++)
		sigaction(sigs[i], &sa, NULL);
	char *hole = bad_page();
	FAULT("read unmapped", one = *(volatile char *)hole);
	YES("address", si.si_addr == hole);
	FAULT("write unmapped", *(volatile char *)(hole + 123) = 1);
	YES("address", si.si_addr == hole + 123);
	char *ro = map_anon(PAGE, PROT_READ);
	FAULT("write read-only", *(volatile char *)(ro + 5) = 1);
	YES("address", si.si_addr == ro + 5);
	char *none = map_anon(PAGE, PROT_NONE);
	FAULT("read PROT_NONE", one = *(volatile char *)none);
	char *nx = map_anon(PAGE, PROT_READ | PROT_WRITE);
	*nx = (char)0xc3;
	FAULT("execute data", ((void (*)(void))nx)());
	YES("address", si.si_addr == nx);
	FAULT("call null", ((void (*)(void))(uintptr_t)zero)());
	YES("address", si.si_addr == NULL);
	FAULT("kernel address", one = *(volatile char *)0xffffffff80000000);
	FAULT("non-canonical", one = *(volatile char *)0x8000000000000000);
	YES("no address", si.si_addr == NULL);
	FAULT("non-canonical jump", __asm__ volatile("jmp *%0" : : "r"(0x8000000000000000)));
	zero = 0;
	FAULT("divide by zero", __asm__ volatile("xorl %%edx, %%edx; movl $1, %%eax; divl %0"
		: : "r"(zero) : "eax", "edx"));
	FAULT("divide overflow", __asm__ volatile("movl $0x7fffffff, %%edx; movl $1, %%ecx; divl %%ecx"
		: : : "eax", "ecx", "edx"));
	FAULT("ud2", __asm__ volatile("ud2"));
	FAULT("int3", __asm__ volatile("int3"));
	FAULT("hlt", __asm__ volatile("hlt"));
	FAULT("cli", __asm__ volatile("cli"));
	FAULT("in", __asm__ volatile("inb $0x60, %%al" : : : "eax"));
	FAULT("int 0x21", __asm__ volatile("int $0x21"));
	FAULT("single step", __asm__ volatile("pushfq; orl $0x100, (%%rsp); popfq; nop" : : : "cc", "memory"));
	int fd = MUST(open("f", O_RDWR | O_CREAT, 0644));
	ftruncate(fd, 10);
	char *map = MUST(mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
	FAULT("past end of file", one = map[PAGE]);
	YES("address", si.si_addr == map + PAGE);
	CHILD("fault with the handler blocked") {
		sigset_t set;
		sigemptyset(&set);
		sigaddset(&set, SIGSEGV);
		sigprocmask(SIG_BLOCK, &set, NULL);
		*(volatile int *)hole = 1;
	}
	CHILD("ignored fault kills") {
		signal(SIGSEGV, SIG_IGN);
		*(volatile int *)hole = 1;
	}
}
