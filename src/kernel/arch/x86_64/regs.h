/* SPDX-License-Identifier: MIT */
/*
 * struct regs: what entry.asm pushes, in the order of Linux's pt_regs
 * (<asm/ptrace.h>), lowest address first.  For a system call `orig_rax` holds
 * its number, for an exception the error code until the handler has read it,
 * else -1 (no restartable call).
 */
#pragma once

#include <lib/compiler.h>
#include <asm/ptrace.h>

struct regs {
	u64 r15, r14, r13, r12, rbp, rbx;
	u64 r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
	u64 orig_rax;
	u64 rip, cs, rflags, rsp, ss; /* as the CPU pushes them */
};
BUILD_ASSERT(sizeof(struct regs) == sizeof(struct pt_regs));
BUILD_ASSERT(offsetof(struct regs, orig_rax) == offsetof(struct pt_regs, orig_rax));

static inline bool regs_from_user(const struct regs *r) { return r->cs & 3; }
static inline u64 regs_ip(const struct regs *r) { return r->rip; }
/* In upcall_user_return, or where thread_regs_changed() is called. `ip` is a user address. */
static inline void regs_set_ip(struct regs *r, u64 ip) { r->rip = ip; }
static inline u64 regs_sp(const struct regs *r) { return r->rsp; }
static inline u64 regs_frame_pointer(const struct regs *r) { return r->rbp; }
static inline void regs_set_result(struct regs *r, s64 v) { r->rax = (u64)v; }
static inline s64 regs_result(const struct regs *r) { return (s64)r->rax; }
/* The system call this context is in, or -1. */
static inline s64 regs_syscall(const struct regs *r) { return (s64)r->orig_rax; }
/* Goes back to the system call instruction, with the number it was made with. */
static inline void regs_restart_syscall(struct regs *r)
{
	r->rax = r->orig_rax;
	r->rip -= 2;
}
static inline void regs_forget_syscall(struct regs *r) { r->orig_rax = (u64)-1; }

/* Arguments of the system call that this context is in. */
static inline u64 regs_arg0(const struct regs *r) { return r->rdi; }
static inline u64 regs_arg1(const struct regs *r) { return r->rsi; }
static inline u64 regs_arg2(const struct regs *r) { return r->rdx; }
static inline u64 regs_arg3(const struct regs *r) { return r->r10; }
static inline u64 regs_arg4(const struct regs *r) { return r->r8; }
static inline u64 regs_arg5(const struct regs *r) { return r->r9; }

/* Goes back to the system call instruction to make call `nr` instead. */
static inline void regs_restart_as(struct regs *r, u64 nr)
{
	r->rax = nr;
	r->rip -= 2;
}
