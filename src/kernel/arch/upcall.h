/* SPDX-License-Identifier: MIT */
/*
 * What the CPU's entry code calls in the generic kernel: the only calls that
 * go down the layer list.  Each is implemented once, in the file named.
 */
#pragma once

#include <arch/regs.h>

/* syscall/dispatch.c.  Interrupts on.  Performs call number r->orig_rax, leaves the result in r. */
void upcall_syscall(struct regs *r);

/*
 * proc/user_return.c.  The task has work bits set and is about to return to
 * user mode.  Called and left with interrupts off; loops until no work is left.
 */
void upcall_user_return(struct regs *r);

/*
 * vm/fault.c.  Page fault at user address `va` (from user mode or from a user
 * copy routine).  Interrupts on as in the interrupted context; may sleep if
 * preemption was enabled there.  Returns 0 when the access may be repeated, else
 * what the task is to be told: a signal number, with *code its si_code.
 */
enum { FAULT_WRITE = 1, FAULT_EXEC = 2, FAULT_USER = 4, FAULT_PRESENT = 8 };
int upcall_page_fault(struct regs *r, u64 va, unsigned flags, int *code);

/* proc/signal.c.  A CPU exception in user mode: sends `signo` to the current task, forced. */
void upcall_user_exception(struct regs *r, int signo, int code, u64 addr, int trapno, u64 error);

/* device/irq.c.  Interrupt on `vector` (arch/irq.h), interrupts off, not yet acknowledged. */
void upcall_irq(unsigned vector, struct regs *r);

/* time/timer.c.  The local one-shot timer has fired in context `r`; interrupts off, acknowledged. */
void upcall_timer(struct regs *r);

/*
 * sched/sched.c.  An interrupt that came in kernel mode is about to return and
 * a reschedule is wanted with preemption enabled; interrupts off before and after.
 */
void upcall_preempt(void);

/*
 * sched/idle.c.  CPU number `cpu` is about to be started: its per-CPU area is there and zero.
 * Makes its run queue and idle task; returns the top of the stack that it is to start on, 0: no memory.
 */
u64 upcall_cpu_prepare(unsigned cpu);
/* sched/idle.c.  That CPU, counted as online by now, on that stack; interrupts off. */
noreturn void upcall_cpu_started(void);

/* time/clock.c.  The TSCs of two CPUs differ by `cycles`, so the TSC is no clock. */
void upcall_tsc_unstable(u64 cycles);

/* sched/task.c.  First C code of a new thread, on its own stack, right after the first switch to it. */
void upcall_thread_started(struct regs *user_regs_or_null);
