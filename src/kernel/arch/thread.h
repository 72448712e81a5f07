/* SPDX-License-Identifier: MIT */
/*
 * The CPU's part of a task: kernel stack pointer, user segment bases, vector
 * state; and the switch from one to another.
 *
 * A kernel stack, from its top downwards: struct regs of the user context (for
 * user tasks), then the frames of whatever the kernel does for it.
 */
#pragma once

#include <arch/regs.h>
#include <arch/x86_64/thread.h>

#define KSTACK_SIZE (16 * 1024UL)

struct task;
struct arch_mm;

/* The user context saved on entry at the top of `t`'s kernel stack. */
struct regs *thread_user_regs(struct task *t);

/* Makes `t` start in fn(arg) in kernel mode when first switched to; fn returning ends the thread. */
void thread_init_kernel(struct task *t, void (*fn)(void *), void *arg);

/*
 * Makes `t` start by returning to user mode with a copy of `parent`, result 0,
 * user stack `sp` if not 0, TLS base `tls` if set_tls.  Vector state is copied
 * from the current task.  -ENOMEM.
 */
int thread_init_user(struct task *t, const struct regs *parent, u64 sp, bool set_tls, u64 tls);

/* Frees what the CPU part owns (vector state). The task will never run again. */
void thread_free(struct task *t);

/*
 * Switches from `prev` (the current task) to `next`: kernel stack, segment
 * bases, vector state.  The address space has been switched by the caller.
 * Interrupts off.  Returns, in next's context, the task that ran before it.
 */
struct task *thread_switch(struct task *prev, struct task *next);

/* For exec: fresh vector state and segment bases, and the registers of a new program. */
void thread_exec(struct regs *r, u64 ip, u64 sp);

/*
 * To be called by a task after it, or a tracer, has changed its user context outside of
 * upcall_user_return (thread_exec and signal_frame_pop do it themselves): the quick way out of a
 * system call does not load registers that the call cannot have changed.
 */
void thread_regs_changed(void);

/* arch_prctl(2): ARCH_SET_FS/GS, ARCH_GET_FS/GS and others (-EINVAL). */
s64 thread_arch_prctl(int code, u64 addr_or_value, u64 *out, bool *has_out);
