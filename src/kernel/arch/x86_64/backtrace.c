/* SPDX-License-Identifier: MIT */
/*
 * Walks the chain of frame pointers.  A function that the entry code called has
 * the struct regs of the interrupted context right above its frame:
 *
 *	saved rbp | return address in entry.asm | struct regs ...
 *
 * so the walk goes on in that context, on whatever stack it was.
 */
#include <arch/backtrace.h>
#include <arch/cpu.h>
#include <arch/thread.h>
#include <arch/x86_64/insn.h>
#include <arch/x86_64/internal.h>
#include <debug/log.h>
#include <sched/task.h>

#define BACKTRACE_MAX 64

extern char boot_stack_bottom[], boot_stack_top[], text_start[], text_end[];

static bool inside(u64 addr, u64 size, u64 low, u64 high)
{
	return addr >= low && addr < high && high - addr >= size;
}

/* May `size` bytes at `addr` be read as part of a stack that CPU `cpu` is on? */
static bool on_stack(unsigned cpu, u64 addr, u64 size)
{
	const struct task *t = *per_cpu_ptr(percpu_current, cpu);
	u64 ist = (u64)*per_cpu_ptr(percpu_ist_stacks, cpu);

	if (addr & 7)
		return false;
	if (inside(addr, size, (u64)boot_stack_bottom, (u64)boot_stack_top) ||
	    inside(addr, size, ist, ist + IST_COUNT * IST_STACK_SIZE))
		return true;
	return t && t->arch.stack_top &&
	       inside(addr, size, t->arch.stack_top - KSTACK_SIZE, t->arch.stack_top);
}

static bool is_text(u64 ip)
{
	return ip >= (u64)text_start && ip < (u64)text_end;
}

static void no_sanitize walk(unsigned cpu, const struct regs *r, u64 frame, void (*visit)(void *ctx, u64 ip),
			     void *ctx)
{
	if (r) {
		if (regs_from_user(r))
			return;
		visit(ctx, r->rip);
		frame = r->rbp;
	}
	for (unsigned n = 0; n < BACKTRACE_MAX && on_stack(cpu, frame, 16); n++) {
		const u64 *words = (const u64 *)frame;
		u64 ip = words[1];

		if (!is_text(ip))
			return;
		visit(ctx, ip);
		if (ip >= (u64)entry_text_start && ip < (u64)entry_text_end) {
			const struct regs *below = (const struct regs *)(frame + 16);

			if (!on_stack(cpu, frame + 16, sizeof(*below)) || regs_from_user(below) ||
			    !is_text(below->rip))
				return;
			visit(ctx, below->rip);
			frame = below->rbp;
			continue;
		}
		frame = words[0];
	}
}

void no_sanitize backtrace_walk(const struct regs *r, void (*visit)(void *ctx, u64 ip), void *ctx)
{
	walk(cpu_id(), r, (u64)__builtin_frame_address(0), visit, ctx);
}

void backtrace_walk_stopped(unsigned cpu, const struct regs *r, void (*visit)(void *ctx, u64 ip), void *ctx)
{
	walk(cpu, r, 0, visit, ctx);
}

void regs_log(const struct regs *r)
{
	log_emerg("rip %016lx cs %02lx rflags %08lx rsp %016lx ss %02lx", r->rip, r->cs, r->rflags,
		  r->rsp, r->ss);
	log_emerg("rax %016lx rbx %016lx rcx %016lx rdx %016lx", r->rax, r->rbx, r->rcx, r->rdx);
	log_emerg("rsi %016lx rdi %016lx rbp %016lx r8  %016lx", r->rsi, r->rdi, r->rbp, r->r8);
	log_emerg("r9  %016lx r10 %016lx r11 %016lx r12 %016lx", r->r9, r->r10, r->r11, r->r12);
	log_emerg("r13 %016lx r14 %016lx r15 %016lx", r->r13, r->r14, r->r15);
	log_emerg("cr0 %08lx cr2 %016lx cr3 %012lx cr4 %08lx", cr0_read(), cr2_read(), cr3_read(),
		  cr4_read());
}

bool regs_user_ip(const struct regs *r, u64 *ip)
{
	*ip = r->rip;
	return regs_from_user(r);
}
