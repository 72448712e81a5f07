/* SPDX-License-Identifier: MIT */
#pragma once

#include <arch/regs.h>

/* Calls visit(ctx, ip) for each return address from `r` (or from the caller if NULL) outwards,
 * at most 64, checking that each frame lies on a kernel stack. */
void backtrace_walk(const struct regs *r, void (*visit)(void *ctx, u64 ip), void *ctx);

/* The same from `r`, where another CPU, which has stopped for good, was interrupted. */
void backtrace_walk_stopped(unsigned cpu, const struct regs *r, void (*visit)(void *ctx, u64 ip), void *ctx);
/* Is it user mode, and where? */
bool regs_user_ip(const struct regs *r, u64 *ip);

/* Prints registers (with CR2 and the like) of `r` to the log. */
void regs_log(const struct regs *r);
