/* SPDX-License-Identifier: MIT */
/* sigaltstack: handlers run on it, stack overflow caught, flags and errors. */

#include "../abi.h"
#include <setjmp.h>

static char *stack_low;
static volatile int on_it;
static sigjmp_buf back;

static bool inside(void *p)
{
	return (char *)p >= stack_low && (char *)p < stack_low + 65536;
}

static void handler(int s)
{
	int here;
	stack_t ss;

	on_it = inside(&here);
	sigaltstack(NULL, &ss);
	say("in handler: flags %d", ss.ss_flags);
	ss.ss_flags = SS_DISABLE;
	CALL("change while on it", sigaltstack(&ss, NULL));
	if (s == SIGSEGV)
		siglongjmp(back, 1);
}

__attribute__((noinline)) static int dive(volatile int n)
{
	volatile char eat[4096];

	eat[n % 4096] = n;
	return n < 0 ? 0 : dive(n + 1) + eat[n % 4096];
}

TEST
{
	stack_t ss = { 0 }, old;

	CALL("query", sigaltstack(NULL, &old));
	say("flags %d", old.ss_flags);
	stack_low = map_anon(65536, PROT_READ | PROT_WRITE);
	ss.ss_sp = stack_low;
	ss.ss_size = 1024;
	CALL("too small", syscall(SYS_sigaltstack, &ss, NULL));
	ss.ss_size = 65536;
	ss.ss_flags = 0x40;
	CALL("bad flags", syscall(SYS_sigaltstack, &ss, NULL));
	ss.ss_flags = 0;
	CALL("set", sigaltstack(&ss, &old));
	on_signal(SIGUSR1, handler, 0);
	raise(SIGUSR1);
	say("without SA_ONSTACK on it: %d", on_it);
	sigaltstack(&ss, NULL);
	on_signal(SIGUSR1, handler, SA_ONSTACK);
	raise(SIGUSR1);
	say("with: %d", on_it);
	on_signal(SIGSEGV, handler, SA_ONSTACK);
	if (sigsetjmp(back, 1) == 0)
		dive(1);
	say("stack overflow caught on it: %d", on_it);
	CHILD("no alternate stack: overflow kills") {
		signal(SIGSEGV, SIG_DFL);
		dive(1);
	}
	CHILD("copied by fork") {
		sigaltstack(NULL, &old);
		YES("same", old.ss_sp == stack_low);
	}
	CALL("bad pointer", syscall(SYS_sigaltstack, bad_page(), NULL));
	ss.ss_flags = SS_DISABLE;
	CALL("disable", sigaltstack(&ss, NULL));
	sigaltstack(NULL, &old);
	say("flags %d", old.ss_flags);
}
