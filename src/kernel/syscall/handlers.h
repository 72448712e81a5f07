/* SPDX-License-Identifier: MIT */
/* Prototypes of all system-call handlers, made from the table. Include it where one is defined. */
#pragma once

#include <lib/compiler.h>
#include <arch/regs.h>

/* The argument types that the table may name. */
typedef s64 slong;
typedef u64 ulong;
typedef u32 uint;

#define SYSCALL0(name) s64 sys_##name(void);
#define SYSCALL1(name, a) s64 sys_##name(a);
#define SYSCALL2(name, a, b) s64 sys_##name(a, b);
#define SYSCALL3(name, a, b, c) s64 sys_##name(a, b, c);
#define SYSCALL4(name, a, b, c, d) s64 sys_##name(a, b, c, d);
#define SYSCALL5(name, a, b, c, d, e) s64 sys_##name(a, b, c, d, e);
#define SYSCALL6(name, a, b, c, d, e, f) s64 sys_##name(a, b, c, d, e, f);
#define SYSCALL_REGS(name) s64 sys_##name(struct regs *r);
#include <syscall/table.def>
#undef SYSCALL0
#undef SYSCALL1
#undef SYSCALL2
#undef SYSCALL3
#undef SYSCALL4
#undef SYSCALL5
#undef SYSCALL6
#undef SYSCALL_REGS
