/* SPDX-License-Identifier: MIT */
/* The end of the kernel, and the checks that lead to it. */
#pragma once

#include <lib/compiler.h>

struct regs;

/*
 * First line "panic: REASON", then CPU, task, registers and backtrace; stops the
 * other CPUs; halts, or resets after `panic=N` seconds.  Any context.
 */
noreturn void panic(const char *fmt, ...) printf_like(1, 2);
/* The same for an interrupted context: prints `r` and walks its stack. */
noreturn void panic_regs(const struct regs *r, const char *fmt, ...) printf_like(2, 3);

/* panic=N: seconds to the reset, 0: never, negative: at once. */
extern int panic_timeout;

/* Set for good by the first panic. */
extern bool panic_in_progress;
/* Set for good by a panic and by who switches the machine off: nobody else runs any more, so on the way to
 * a console no lock is waited for, and what is written there shows at once. */
extern bool machine_stopping;

/* Lines about the task that CPU `cpu` runs for the panic text; set by sched/. */
extern void (*panic_describe_task)(unsigned cpu);

/* Tells whoever watches the machine from outside, once, behind the text; any context. Set by a driver. */
extern void (*panic_notify)(void);

/* Logs the backtrace of the caller (or of `r`). */
void backtrace_log(const struct regs *r);

/* Always checked. */
#define VERIFY(cond)                                                           \
	do {                                                                   \
		if (unlikely(!(cond)))                                         \
			panic("%s:%d: %s: not true: %s", __FILE__, __LINE__, __func__, #cond); \
	} while (0)
/* Compares two integers and prints both when the relation does not hold: VERIFY_OP(n, <=, cap). */
#define VERIFY_OP(a, op, b)                                                    \
	do {                                                                   \
		u64 a_ = (u64)(a), b_ = (u64)(b);                              \
		if (unlikely(!(a_ op b_)))                                     \
			panic("%s:%d: %s: not true: %s (%#lx) " #op " %s (%#lx)", __FILE__, __LINE__, \
			      __func__, #a, a_, #b, b_);                       \
	} while (0)

/* Checked in DEBUG builds. */
#ifdef CONFIG_DEBUG
#define ASSERT(cond) VERIFY(cond)
#define ASSERT_OP(a, op, b) VERIFY_OP(a, op, b)
#else
#define ASSERT(cond) do { (void)sizeof(cond); } while (0)
#define ASSERT_OP(a, op, b) do { (void)sizeof((a) op (b)); } while (0)
#endif
