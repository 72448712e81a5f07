/* SPDX-License-Identifier: MIT */
/*
 * CPU exceptions.
 *
 * From user mode each becomes a signal, with Linux's number and si_code.  In the
 * kernel, instructions that may fault are listed in the exception table (user
 * copies, vector state from user memory); any other exception is a panic.
 *
 * The entry code calls with interrupts off; they are turned on again where the
 * interrupted context had them on and the work may sleep.
 */
#include <arch/cpu.h>
#include <arch/io.h>
#include <arch/irqflags.h>
#include <arch/upcall.h>
#include <arch/x86_64/insn.h>
#include <arch/x86_64/internal.h>
#include <debug/log.h>
#include <debug/panic.h>
#include <mm/kmap.h>
#include <mm/layout.h>
#include <sched/task.h>
#include <sync/preempt.h>
#include <asm/siginfo.h>
#include <asm/signal.h>

#define RFLAGS_TF 0x100UL
#define DR6_SINGLE_STEP (1UL << 14)
#define DR6_BREAKPOINTS 15UL
#define DR6_CLEAR 0xffff0ff0UL

enum page_fault_error { PF_PRESENT = 1, PF_WRITE = 2, PF_USER = 4, PF_RESERVED = 8, PF_FETCH = 16 };

struct ex_entry {
	u64 site, fixup;
};
extern const struct ex_entry ex_table_start[], ex_table_end[];
extern char boot_stack_guard[], boot_stack_bottom[];

/* What an exception in user mode becomes; signo 0: decided in code below. */
static const struct {
	const char *name;
	u8 signo;
	u8 code;
	bool with_ip; /* si_addr is the instruction's */
} exceptions[32] = {
	[EXC_DE] = { "divide error", SIGFPE, FPE_INTDIV, true },
	[EXC_DB] = { "debug exception", 0, 0, true },
	[EXC_NMI] = { "non-maskable interrupt", 0, 0, false },
	[EXC_BP] = { "breakpoint", SIGTRAP, SI_KERNEL, false },
	[EXC_OF] = { "overflow", SIGSEGV, SI_KERNEL, false },
	[EXC_BR] = { "bound range exceeded", SIGSEGV, SI_KERNEL, false },
	[EXC_UD] = { "invalid opcode", SIGILL, ILL_ILLOPN, true },
	[EXC_NM] = { "device not available", SIGSEGV, SI_KERNEL, false },
	[EXC_DF] = { "double fault", 0, 0, false },
	[9] = { "coprocessor segment overrun", SIGFPE, SI_KERNEL, false },
	[EXC_TS] = { "invalid TSS", SIGSEGV, SI_KERNEL, false },
	[EXC_NP] = { "segment not present", SIGBUS, SI_KERNEL, false },
	[EXC_SS] = { "stack segment fault", SIGBUS, SI_KERNEL, false },
	[EXC_GP] = { "general protection fault", SIGSEGV, SI_KERNEL, false },
	[EXC_PF] = { "page fault", 0, 0, false },
	[15] = { "reserved exception 15", SIGSEGV, SI_KERNEL, false },
	[EXC_MF] = { "x87 floating-point error", 0, 0, true },
	[EXC_AC] = { "alignment check", SIGBUS, BUS_ADRALN, false },
	[EXC_MC] = { "machine check", 0, 0, false },
	[EXC_XM] = { "SIMD floating-point error", 0, 0, true },
	[20] = { "virtualization exception", SIGSEGV, SI_KERNEL, false },
	[EXC_CP] = { "control protection", SIGSEGV, SI_KERNEL, false },
	[28] = { "hypervisor injection", SIGSEGV, SI_KERNEL, false },
	[29] = { "VMM communication", SIGSEGV, SI_KERNEL, false },
	[30] = { "security exception", SIGSEGV, SI_KERNEL, false },
};

const char *exception_name(u64 vector)
{
	const char *name = vector < 32 ? exceptions[vector].name : NULL;

	return name ? name : "reserved exception";
}

bool extable_fixup(struct regs *r)
{
	for (const struct ex_entry *e = ex_table_start; e < ex_table_end; e++)
		if (e->site == r->rip) {
			r->rip = e->fixup;
			return true;
		}
	return false;
}

static void user_signal(struct regs *r, int signo, int code, u64 addr, unsigned trapno, u64 error)
{
	struct arch_thread *a = &current->arch;

	a->trapno = trapno;
	a->error = error;
	if (trapno == EXC_PF)
		a->fault_address = addr;
	upcall_user_exception(r, signo, code, addr, (int)trapno, error);
}

/* Status bits of the x87 and SSE units, masked ones removed, to si_code; 0: none is set. */
static int fpe_code(u32 raised)
{
	if (raised & 1)
		return FPE_FLTINV;
	if (raised & 4)
		return FPE_FLTDIV;
	if (raised & 8)
		return FPE_FLTOVF;
	if (raised & (2 | 16))
		return FPE_FLTUND;
	return raised & 32 ? FPE_FLTRES : 0;
}

/* The user's vector registers are those of this CPU as long as interrupts are off. */
static int x87_code(void)
{
	u16 status, control;

	__asm__ volatile("fnstsw %0; fnstcw %1" : "=m"(status), "=m"(control));
	return fpe_code(status & ~control & 0x3f);
}

static int sse_code(void)
{
	u32 mxcsr;

	__asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
	return fpe_code(mxcsr & ~(mxcsr >> 7) & 0x3f);
}

static int debug_code(void)
{
	u64 dr6 = dr6_read();

	dr6_write(DR6_CLEAR);
	return dr6 & DR6_SINGLE_STEP ? TRAP_TRACE : dr6 & DR6_BREAKPOINTS ? TRAP_HWBKPT : 0;
}

static void user_exception(u64 vector, struct regs *r, u64 error)
{
	int signo = exceptions[vector].signo, code = exceptions[vector].code;

	switch (vector) {
	case EXC_DB:
		signo = SIGTRAP;
		code = debug_code();
		if (!code)
			code = TRAP_BRKPT;
		break;
	case EXC_MF:
		signo = SIGFPE;
		code = x87_code();
		break;
	case EXC_XM:
		signo = SIGFPE;
		code = sse_code();
		break;
	}
	irq_enable();
	if (signo && code)
		user_signal(r, signo, code, exceptions[vector].with_ip ? r->rip : 0,
			    (unsigned)vector, error);
}

static bool is_stack_guard(u64 addr)
{
	return (addr >= (u64)boot_stack_guard && addr < (u64)boot_stack_bottom) ||
	       kstack_is_guard(addr);
}

static noreturn void double_fault(struct regs *r)
{
	u64 va = cr2_read();

	if (is_stack_guard(va) && r->rsp - va < 2 * PAGE_SIZE)
		panic_regs(r, "kernel stack overflow at %#lx", va);
	panic_regs(r, "double fault");
}

#define NMIS_LOGGED 10

PERCPU static u64 nmis;
PERCPU u32 percpu_nmi_depth;
bool (*nmi_hook)(struct regs *r);

u64 nmi_count(unsigned cpu)
{
	return READ_ONCE(*per_cpu_ptr(nmis, cpu));
}

/* Port 0x61: what pulled the NMI line of a PC. Any context: no locks, nothing that may fault. */
static void nmi_handle(struct regs *r)
{
	u8 reason;

	if (ipi_stop_wanted())
		ipi_stop_here(r);
	this_cpu_inc(nmis);
	if (ipi_dump_here(r) || (unlikely(nmi_hook) && nmi_hook(r)))
		return;
	reason = io_in8(0x61);
	if (reason & 0x80)
		log_emerg("NMI: memory or bus error (reason %#x) at %#lx", reason, r->rip);
	else if (reason & 0x40)
		log_emerg("NMI: I/O channel check (reason %#x) at %#lx", reason, r->rip);
	else if (this_cpu_read(nmis) <= NMIS_LOGGED)
		log_warn("NMI: unknown reason %#x at %#lx", reason, r->rip);
}

static void kernel_debug_trap(struct regs *r)
{
	log_once(LOG_WARN, "debug exception in the kernel at %#lx, ignored", r->rip);
	debug_code();
	r->rflags &= ~RFLAGS_TF;
}

static noreturn void kernel_exception(u64 vector, struct regs *r, u64 error)
{
	if (vector == EXC_GP && error)
		panic_regs(r, "%s in the kernel, %s selector %#lx", exception_name(vector),
			   error & 2 ? "IDT" : error & 4 ? "LDT" : "GDT", error & 0xfff8);
	panic_regs(r, "%s in the kernel, error code %#lx", exception_name(vector), error);
}

/* Those that nothing holds off. */
static void handle_anywhere(u64 vector, struct regs *r)
{
	this_cpu_inc(percpu_nmi_depth);
	lockdep_nmi_enter();
	if (vector == EXC_NMI)
		nmi_handle(r);
	else if (vector == EXC_MC)
		mce_handle(r);
	else
		kernel_debug_trap(r);
	lockdep_nmi_leave();
	this_cpu_dec(percpu_nmi_depth);
}

void exception_handle(u64 vector, struct regs *r)
{
	u64 error = r->orig_rax;

	r->orig_rax = (u64)-1;
	if (unlikely(vector == EXC_NMI || vector == EXC_MC))
		handle_anywhere(vector, r);
	else if (unlikely(vector == EXC_DF))
		double_fault(r);
	else if (regs_from_user(r))
		user_exception(vector, r, error);
	else if (vector == EXC_DB)
		handle_anywhere(vector, r);
	else if (!extable_fixup(r))
		kernel_exception(vector, r, error);
}

static noreturn void kernel_page_fault(struct regs *r, u64 va, u64 error)
{
	const char *what = error & PF_FETCH ? "execution" : error & PF_WRITE ? "write" : "read";
	const char *why = error & PF_RESERVED ? "of a corrupt page-table entry" :
			  error & PF_PRESENT  ? "not permitted" :
						"of unmapped memory";

	if (is_stack_guard(va))
		panic_regs(r, "kernel stack overflow at %#lx", va);
	panic_regs(r, "kernel page fault: %s %s at address %#lx%s", what, why, va,
		   va < PAGE_SIZE ? " (NULL pointer)" : "");
}

/* Where faults of user copies may not sleep they are not served. */
static bool may_serve_fault(const struct regs *r)
{
	return (this_cpu_read(preempt_state) & ~PREEMPT_NO_RESCHED) == 0 &&
	       (r->rflags & RFLAGS_IF) && current->pagefault_off == 0;
}

static bool in_user_copy(const struct regs *r)
{
	if (r->rip - (u64)usercopy_start < (u64)(usercopy_end - usercopy_start))
		return true;
	for (const struct ex_entry *e = ex_table_start; e < ex_table_end; e++)
		if (e->site == r->rip)
			return true;
	return false;
}

static void kernel_fault(struct regs *r, u64 va, u64 error, unsigned flags)
{
	int code;

	if (va >= USER_MAX || (error & (PF_FETCH | PF_RESERVED)) || !in_user_copy(r)) {
		if ((error & PF_FETCH) || !extable_fixup(r))
			kernel_page_fault(r, va, error);
		return;
	}
	if (likely(may_serve_fault(r))) {
		irq_enable();
		if (likely(upcall_page_fault(r, va, flags, &code) == 0))
			return;
	}
	if (!extable_fixup(r))
		kernel_page_fault(r, va, error);
}

BUILD_ASSERT((int)FAULT_WRITE == 1 && (int)FAULT_EXEC == 2 && (int)FAULT_USER == 4 &&
	     (int)FAULT_PRESENT == 8);

void page_fault_handle(struct regs *r, u64 va)
{
	u64 error = r->orig_rax;
	unsigned flags = (error & PF_WRITE) >> 1 | (error & PF_FETCH) >> 3 | (error & PF_USER) |
			 (error & PF_PRESENT) << 3;
	int signo, code = SEGV_MAPERR;

	r->orig_rax = (u64)-1;
	if (!regs_from_user(r)) {
		kernel_fault(r, va, error, flags);
		return;
	}
	irq_enable();
	if (unlikely(error & PF_RESERVED))
		panic_regs(r, "corrupt page-table entry for user address %#lx", va);
	if (likely(va < USER_MAX)) {
		signo = upcall_page_fault(r, va, flags, &code);
		if (likely(signo == 0))
			return;
	} else {
		signo = SIGSEGV;
		error |= PF_PRESENT; /* tells nothing about the kernel's half */
	}
	user_signal(r, signo, code, va, EXC_PF, error);
}
