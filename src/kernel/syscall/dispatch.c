/* SPDX-License-Identifier: MIT */
/*
 * From a call number to its handler.  Everything here is made from table.def:
 * a wrapper for each call that takes its typed arguments out of the registers,
 * the dispatch table, and the names.
 */
#include <arch/upcall.h>
#include <asm/unistd_64.h>
#include <debug/log.h>
#include <linux/errno.h>
#include <sched/task.h>
#include <syscall/handlers.h>
#include <syscall/names.h>

/* A register's value as the argument type that the table names. */
#define ARG_int(x) ((int)(x))
#define ARG_uint(x) ((uint)(x))
#define ARG_slong(x) ((slong)(x))
#define ARG_ulong(x) (x)
#define ARG_size_t(x) (x)
#define ARG_uptr_t(x) UPTR(x)

#define A0(t) ARG_##t(regs_arg0(r))
#define A1(t) ARG_##t(regs_arg1(r))
#define A2(t) ARG_##t(regs_arg2(r))
#define A3(t) ARG_##t(regs_arg3(r))
#define A4(t) ARG_##t(regs_arg4(r))
#define A5(t) ARG_##t(regs_arg5(r))

#define WRAP(name, args) static s64 call_##name(struct regs *r) { return sys_##name args; }
#define SYSCALL0(name) WRAP(name, ())
#define SYSCALL1(name, a) WRAP(name, (A0(a)))
#define SYSCALL2(name, a, b) WRAP(name, (A0(a), A1(b)))
#define SYSCALL3(name, a, b, c) WRAP(name, (A0(a), A1(b), A2(c)))
#define SYSCALL4(name, a, b, c, d) WRAP(name, (A0(a), A1(b), A2(c), A3(d)))
#define SYSCALL5(name, a, b, c, d, e) WRAP(name, (A0(a), A1(b), A2(c), A3(d), A4(e)))
#define SYSCALL6(name, a, b, c, d, e, f) WRAP(name, (A0(a), A1(b), A2(c), A3(d), A4(e), A5(f)))
#define SYSCALL_REGS(name) WRAP(name, (r))
#include <syscall/table.def>
#undef SYSCALL0
#undef SYSCALL1
#undef SYSCALL2
#undef SYSCALL3
#undef SYSCALL4
#undef SYSCALL5
#undef SYSCALL6
#undef SYSCALL_REGS

typedef s64 (*syscall_handler)(struct regs *r);

static const syscall_handler handlers[SYSCALL_NUMBERS] = {
#define SYSCALL0(name) [__NR_##name] = call_##name,
#define SYSCALL1(name, ...) [__NR_##name] = call_##name,
#define SYSCALL2(name, ...) [__NR_##name] = call_##name,
#define SYSCALL3(name, ...) [__NR_##name] = call_##name,
#define SYSCALL4(name, ...) [__NR_##name] = call_##name,
#define SYSCALL5(name, ...) [__NR_##name] = call_##name,
#define SYSCALL6(name, ...) [__NR_##name] = call_##name,
#define SYSCALL_REGS(name) [__NR_##name] = call_##name,
#include <syscall/table.def>
};

static u64 reported[(SYSCALL_NUMBERS + 63) / 64]; /* atomic: missing calls that the log has named */

static noinline s64 missing(u64 nr)
{
	if (nr < SYSCALL_NUMBERS) {
		u64 bit = 1ULL << nr % 64;
		if (!(__atomic_fetch_or(&reported[nr / 64], bit, __ATOMIC_RELAXED) & bit))
			log_info("%s[%s]: system call %s (%llu) is not implemented", "syscall", current->comm,
				 syscall_name(nr), (unsigned long long)nr);
	}
	return -ENOSYS;
}

void upcall_syscall(struct regs *r)
{
	u64 nr = (u64)regs_syscall(r);

	if (likely(nr < SYSCALL_NUMBERS)) {
		syscall_handler h = handlers[nr];
		if (likely(h)) {
			regs_set_result(r, h(r));
			lockdep_nothing_held("at the end of a system call");
			return;
		}
	}
	regs_set_result(r, missing(nr));
}
