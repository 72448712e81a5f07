/* SPDX-License-Identifier: MIT */
/*
 * Threads as the CPU sees them: how a new one starts, segment bases, exec.
 *
 * A stack that thread_switch has left, or that pretends so:
 *
 *	top	struct regs (user context)
 *		return address: thread_start_user, thread_start_kernel or into a caller
 *		rbp rbx r12 r13 r14 r15		<- arch.sp
 *
 * Where the CPU has FSGSBASE, user programs change their bases themselves, so the registers hold
 * the truth about the running task; else arch.fs_base and gs_base do.
 */
#include <arch/cpu.h>
#include <arch/irqflags.h>
#include <arch/thread.h>
#include <arch/x86_64/features.h>
#include <arch/x86_64/fpu.h>
#include <arch/x86_64/insn.h>
#include <arch/x86_64/internal.h>
#include <debug/panic.h>
#include <lib/string.h>
#include <mm/layout.h>
#include <sched/task.h>
#include <sync/atomic.h>
#include <asm/prctl.h>
#include <linux/errno.h>

struct switch_frame {
	u64 r15, r14, r13, r12, rbx, rbp, ip;
};

void thread_start_user(void);
void thread_start_kernel(void);

struct regs *thread_user_regs(struct task *t)
{
	return (struct regs *)t->arch.stack_top - 1;
}

static struct switch_frame *first_frame(struct task *t)
{
	struct switch_frame *f;

	t->arch.stack_top = (u64)t->stack;
	f = (struct switch_frame *)thread_user_regs(t) - 1;
	t->arch.sp = (u64)f;
	f->rbp = 0;
	return f;
}

void thread_init_kernel(struct task *t, void (*fn)(void *), void *arg)
{
	struct switch_frame *f = first_frame(t);

	f->rbx = (u64)fn;
	f->r12 = (u64)arg;
	f->ip = (u64)thread_start_kernel;
	t->arch.fpu = NULL;
	t->arch.fpu_cpu = -1;
}

static u64 user_fs_base(void)
{
	u64 v = current->arch.fs_base;

	if (cpu_has(FEATURE_FSGSBASE))
		__asm__ volatile("rdfsbase %0" : "=r"(v));
	return v;
}

static u64 user_gs_base(void)
{
	u64 v = current->arch.gs_base;
	IRQ_GUARD();

	if (cpu_has(FEATURE_FSGSBASE))
		__asm__ volatile("swapgs; rdgsbase %0; swapgs" : "=r"(v)::"memory");
	return v;
}

/* Memory first: a switch right after it loads the new value. */
static void user_fs_base_set(u64 v)
{
	current->arch.fs_base = v;
	barrier();
	if (cpu_has(FEATURE_FSGSBASE))
		__asm__ volatile("wrfsbase %0" ::"r"(v) : "memory");
	else
		msr_write(MSR_FS_BASE, v);
}

static void user_gs_base_set(u64 v)
{
	IRQ_GUARD();

	current->arch.gs_base = v;
	if (cpu_has(FEATURE_FSGSBASE))
		__asm__ volatile("swapgs; wrgsbase %0; swapgs" ::"r"(v) : "memory");
	else
		msr_write(MSR_KERNEL_GS_BASE, v);
}

int thread_init_user(struct task *t, const struct regs *parent, u64 sp, bool set_tls, u64 tls)
{
	struct switch_frame *f = first_frame(t);
	struct regs *r = thread_user_regs(t);
	int err;

	if (set_tls && tls >= USER_MAX)
		return -EPERM;
	err = fpu_fork(t);
	if (err)
		return err;
	*r = *parent;
	r->rax = 0;
	if (sp)
		r->rsp = sp;
	t->arch.fs_base = set_tls ? tls : user_fs_base();
	t->arch.gs_base = user_gs_base();
	f->ip = (u64)thread_start_user;
	return 0;
}

void thread_free(struct task *t)
{
	fpu_free(t);
}

void thread_regs_changed(void)
{
	atomic_or(&current->work, THREAD_WORK_FULL_REGS);
}

/* IRET to a non-canonical address faults in the kernel; this one faults in user mode instead. */
u64 ip_for_user(u64 ip)
{
	return (u64)((s64)(ip << 16) >> 16) == ip ? ip : USER_MAX;
}

void thread_exec(struct regs *r, u64 ip, u64 sp)
{
	*r = (struct regs){
		.rip = ip_for_user(ip),
		.rsp = sp,
		.cs = USER_CS,
		.ss = USER_DS,
		.rflags = RFLAGS_IF,
		.orig_rax = (u64)-1,
	};
	fpu_reset();
	user_fs_base_set(0);
	user_gs_base_set(0);
	thread_regs_changed();
}

/* A kernel thread's function has returned (entry.asm): is it a user program by now? */
struct regs *thread_kernel_returned(void)
{
	if (!current->arch.fpu)
		sched_exit();
	return thread_user_regs(current);
}

s64 thread_arch_prctl(int code, u64 v, u64 *out, bool *has_out)
{
	*has_out = false;
	switch (code) {
	case ARCH_SET_FS:
		if (v >= USER_MAX)
			return -EPERM;
		user_fs_base_set(v);
		return 0;
	case ARCH_SET_GS:
		if (v >= USER_MAX)
			return -EPERM;
		user_gs_base_set(v);
		return 0;
	case ARCH_GET_FS:
		*out = user_fs_base();
		break;
	case ARCH_GET_GS:
		*out = user_gs_base();
		break;
	case ARCH_GET_CPUID:
		return 1; /* the instruction is allowed */
	case ARCH_SET_CPUID:
		return -ENODEV;
	default:
		return -EINVAL;
	}
	*has_out = true;
	return 0;
}
