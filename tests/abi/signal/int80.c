/* SPDX-License-Identifier: MIT */
/* int 0x80: Skerry has no 32-bit calls and gives SIGSEGV; Linux with IA32 emulation makes the call, so the expected output is in a file. */

#include "../abi.h"

TEST
{
	CHILD("int 0x80") {
		long r;
		__asm__ volatile("int $0x80" : "=a"(r) : "a"(20L) : "memory", "r8", "r9", "r10", "r11");
	}
}
