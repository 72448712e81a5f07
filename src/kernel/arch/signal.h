/* SPDX-License-Identifier: MIT */
/* Signal frames: how a handler is entered and left. */
#pragma once

#include <arch/regs.h>
#include <asm/signal.h>
#include <asm/siginfo.h>

struct signal_delivery {
	int signo;
	const siginfo_t *info;
	u64 handler, restorer;
	u64 flags;      /* SA_* */
	u64 saved_mask; /* mask to be restored by sigreturn */
	stack_t altstack;
	u64 frame_sp;   /* where the frame goes: chosen by the caller (red zone and alternate
			 * stack are the CPU code's matter: see signal_frame_push) */
};

/*
 * Builds an rt_sigframe (ucontext with XSAVE image, siginfo) on the user stack,
 * or on d->altstack when SA_ONSTACK asks for it and the context is not on it
 * already, and points `r` at the handler.  -EFAULT when the stack cannot be written.
 */
int signal_frame_push(struct regs *r, const struct signal_delivery *d);

/*
 * rt_sigreturn: loads the context from the frame at the user stack pointer into
 * `r`, all of it checked.  *mask and *altstack are to be restored by the caller.  -EFAULT.
 */
int signal_frame_pop(struct regs *r, u64 *mask, stack_t *altstack);

/* Most bytes of user stack that a signal frame takes (AT_MINSIGSTKSZ). */
size_t signal_frame_size(void);
