/* SPDX-License-Identifier: MIT */
#pragma once

#include <lib/compiler.h>

/* In task.work: the user context was changed, so the way out must load all of it (entry.asm). */
#define THREAD_WORK_FULL_REGS 0x80000000U

struct fpu_state; /* XSAVE/FXSAVE image, fpu.c */

struct arch_thread {
	u64 sp;                /* saved kernel stack pointer; this offset is known to switch.asm */
	u64 stack_top;         /* immutable: top of the kernel stack; loaded into TSS.rsp0 */
	u64 fs_base, gs_base;  /* user values while not running */
	struct fpu_state *fpu; /* NULL for kernel threads */
	s32 fpu_cpu;           /* CPU whose registers hold the newest state, or -1 */
	u32 trapno;            /* last user exception, for the signal frame */
	u64 error, fault_address;
};
