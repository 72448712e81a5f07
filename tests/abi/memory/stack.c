/* SPDX-License-Identifier: MIT */
/* Stack growth: deep use grows it, the limit stops it, far below it is a fault. */

#include "../abi.h"

__attribute__((noinline)) static long dive(volatile long n)
{
	volatile char eat[8000];

	eat[0] = eat[7999] = n;
	return n == 0 ? 0 : dive(n - 1) + (eat[0] == (char)n);
}


TEST
{
	CHILD("4 MiB") say("depth %ld", dive(500));
	CHILD("endless") dive(1 << 30);
	CHILD("limit of 1 MiB") {
		struct rlimit rl = { 1 << 20, 1 << 20 };
		setrlimit(RLIMIT_STACK, &rl);
		dive(500);
	}
	CHILD("a big jump down inside the limit") {
		volatile char *sp = (char *)__builtin_frame_address(0) - (5 << 20);
		*sp = 1;
		say("grew");
	}
	CHILD("kernel writes grow it") {
		char *sp = (char *)__builtin_frame_address(0) - (3 << 20);
		int fd = MUST(open("/dev/zero", O_RDONLY));
		CALL("read", read(fd, sp, 100));
	}
	CHILD("stack is not executable") {
		char code[16] = { (char)0xc3 };
		((void (*)(void))code)();
	}
	struct rlimit rl;
	getrlimit(RLIMIT_STACK, &rl);
	say("soft limit %ld MiB", (long)(rl.rlim_cur >> 20));
}
