/* SPDX-License-Identifier: MIT */
/* A signal at any instruction leaves registers, flags and vector state as they were. */

#include "../abi.h"

static volatile int got;

static void handler(int s)
{
	volatile double x = 1.5;

	for (int i = 0; i < 10; i++)
		x = x * 1.25 + i;
	__asm__ volatile("pcmpeqd %%xmm0, %%xmm0; movdqa %%xmm0, %%xmm7; movdqa %%xmm0, %%xmm15;"
		"std; cld; xorl %%ebx, %%ebx; xorl %%r12d, %%r12d" : : : "xmm0", "xmm7", "xmm15", "rbx", "r12");
	got++;
}

TEST
{
	struct itimerval it = { { 0, 1000 }, { 0, 1000 } };
	long bad = 0;

	on_signal(SIGALRM, handler, 0);
	setitimer(ITIMER_REAL, &it, NULL);
	int64_t end = now_ns() + 20000000000;
	for (uint64_t k = 1; got < 100 && now_ns() < end; k++) {
		uint64_t in = k * 0x9e3779b97f4a7c15, out = 0, vec = 0;
		__asm__ volatile(
			"mov %2, %%rbx; mov %2, %%r12; mov %2, %%r13; mov %2, %%r14; mov %2, %%r8; mov %2, %%rdi\n"
			"movq %2, %%xmm7; movq %2, %%xmm15; movq %2, %%xmm0\n"
			"mov $2000, %%ecx\n"
			"1: stc; nop; jnc 2f; dec %%ecx; jnz 1b\n"
			"2: xor %%r12, %%rbx; xor %%r14, %%r13; or %%r13, %%rbx; xor %%r8, %%rdi; or %%rdi, %%rbx\n"
			"or %%rcx, %%rbx; mov %%rbx, %0\n"
			"pxor %%xmm7, %%xmm15; pxor %%xmm7, %%xmm0; por %%xmm15, %%xmm0; movq %%xmm0, %1\n"
			: "=m"(out), "=m"(vec) : "r"(in)
			: "rbx", "rcx", "rdi", "r8", "r12", "r13", "r14", "xmm0", "xmm7", "xmm15", "cc");
		bad += out != 0 || vec != 0;
	}
	setitimer(ITIMER_REAL, &(struct itimerval){ { 0, 0 }, { 0, 0 } }, NULL);
	YES("interrupted often", got >= 100);
	say("corrupted %ld", bad);
	alarm(30);
}
