/* SPDX-License-Identifier: MIT */
#pragma once

#include <arch/regs.h>

/* Calls visit(ctx, ip) for each return address from `r` (or from the caller if NULL) outwards,
 * at most 64, checking that each frame lies on a kernel stack. */
void backtrace_walk(const struct regs *r, void (*visit)(void *ctx, u64 ip), void *ctx);

/* Prints registers (with CR2 and the like) of `r` to the log. */
void regs_log(const struct regs *r);
