/* SPDX-License-Identifier: MIT */
/* System-call numbers that do not exist give ENOSYS and nothing else. */

#include "../abi.h"

TEST
{
	static const long numbers[] = {
		-1, -2, 380, 400, 423, 1000, 4095, 65535, 0x7fffffff, 0x80000000, -0x80000000L, 0x3fffffff,
		0x40000000 + 1000,
	};
	static const char *const gone[] = {
		"uselib", "create_module", "get_kernel_syms", "query_module", "nfsservctl", "getpmsg",
		"putpmsg", "afs_syscall", "tuxcall", "security", "vserver", "epoll_ctl_old", "epoll_wait_old",
	};
	static const int gone_nr[] = { 134, 174, 177, 178, 180, 181, 182, 183, 184, 185, 236, 214, 215 };

	for (size_t i = 0; i < COUNT(numbers); i++) {
		char name[40];
		sprintf(name, "%#lx", numbers[i]);
		CALL(name, syscall(numbers[i], 0, 0, 0, 0, 0, 0));
	}
	for (size_t i = 0; i < COUNT(gone); i++)
		CALL(gone[i], syscall(gone_nr[i], 0, 0, 0, 0, 0, 0));
	uint64_t rcx, rax = SYS_getppid, r8 = 0x1111, r9 = 0x2222, r10 = 0x3333, rdi = 4, rsi = 5, rdx = 6;
	register uint64_t a10 __asm__("r10") = r10, a8 __asm__("r8") = r8, a9 __asm__("r9") = r9;
	__asm__ volatile("syscall" : "+a"(rax), "=c"(rcx), "+r"(a10), "+r"(a8), "+r"(a9),
	    "+D"(rdi), "+S"(rsi), "+d"(rdx) : : "memory", "r11");
	YES("arguments are preserved", a10 == r10 && a8 == r8 && a9 == r9 && rdi == 4 && rsi == 5 && rdx == 6);
	YES("rcx is the return address", rcx > 0x10000 && rcx < 0x7fffffffffff);
}
