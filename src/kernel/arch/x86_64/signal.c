/* SPDX-License-Identifier: MIT */
/*
 * Signal frames, byte for byte as Linux lays them out (<asm/ucontext.h>,
 * <asm/sigcontext.h>): user programs and their unwinders read them.
 *
 *	old stack pointer - 128 (red zone), or the top of the alternate stack
 *		vector state, 64-byte aligned	fpu.c
 *		siginfo
 *		ucontext
 *	RSP ->	return address: the restorer, which calls rt_sigreturn; RSP % 16 == 8
 */
#include <arch/signal.h>
#include <arch/thread.h>
#include <arch/x86_64/fpu.h>
#include <arch/x86_64/internal.h>
#include <lib/string.h>
#include <mm/usercopy.h>
#include <sched/task.h>
#include <asm/sigcontext.h>
#include <asm/ucontext.h>
#include <linux/signal.h>

#define RED_ZONE 128
#define FLAG_TF 0x100UL
#define FLAG_DF 0x400UL
#define FLAG_RF 0x10000UL
/* AC RF OF DF TF SF ZF AF PF CF: what a program may set by sigreturn. */
#define FLAGS_RESTORED 0x50dd5UL

/* The kernel's layout: sigset_t of one word.  The uapi ucontext has the same. */
struct sigframe {
	u64 restorer;
	struct ucontext uc;
	siginfo_t info;
};
BUILD_ASSERT(sizeof(struct ucontext) == 304);
BUILD_ASSERT(sizeof(siginfo_t) == 128);

static bool on_altstack(u64 sp, const stack_t *s)
{
	u64 base = (u64)s->ss_sp;

	return !(s->ss_flags & SS_DISABLE) && s->ss_size && sp > base && sp - base <= s->ss_size;
}

/* Places the parts; 0 when they do not fit on the alternate stack. */
static u64 place_frame(const struct regs *r, const struct signal_delivery *d, u64 *fp)
{
	u64 sp = r->rsp - RED_ZONE;
	bool was_on = on_altstack(r->rsp, &d->altstack) && !(d->altstack.ss_flags & SS_AUTODISARM);
	bool on = was_on;

	if ((d->flags & SA_ONSTACK) && !was_on && d->altstack.ss_size &&
	    !(d->altstack.ss_flags & SS_DISABLE)) {
		sp = (u64)d->altstack.ss_sp + d->altstack.ss_size;
		on = true;
	}
	sp = ALIGN_DOWN(sp - fpu_frame_size(), 64);
	*fp = sp;
	sp = ALIGN_DOWN(sp - sizeof(struct sigframe), 16) - 8;
	if (on && !on_altstack(sp, &d->altstack))
		return 0;
	return sp;
}

size_t signal_frame_size(void)
{
	return sizeof(struct sigframe) + fpu_frame_size() + 64 + 16 + 8;
}

static void fill_context(struct sigframe *f, const struct regs *r, const struct signal_delivery *d,
			 u64 fp)
{
	const struct arch_thread *a = &current->arch;
	struct sigcontext *sc = &f->uc.uc_mcontext;

	f->restorer = d->restorer;
	f->uc.uc_flags = UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS |
			 (fpu_frame_extended() ? UC_FP_XSTATE : 0);
	f->uc.uc_link = NULL;
	f->uc.uc_stack = d->altstack;
	*sc = (struct sigcontext){
		.r8 = r->r8, .r9 = r->r9, .r10 = r->r10, .r11 = r->r11,
		.r12 = r->r12, .r13 = r->r13, .r14 = r->r14, .r15 = r->r15,
		.rdi = r->rdi, .rsi = r->rsi, .rbp = r->rbp, .rbx = r->rbx,
		.rdx = r->rdx, .rax = r->rax, .rcx = r->rcx, .rsp = r->rsp,
		.rip = r->rip, .eflags = r->rflags, .cs = (u16)r->cs, .ss = (u16)r->ss,
		.err = a->error, .trapno = a->trapno, .oldmask = d->saved_mask,
		.cr2 = a->fault_address, .fpstate = (struct _fpstate *)fp,
	};
	memcpy(&f->uc.uc_sigmask, &d->saved_mask, sizeof(f->uc.uc_sigmask));
}

int signal_frame_push(struct regs *r, const struct signal_delivery *d)
{
	struct sigframe f;
	u64 fp, sp = place_frame(r, d, &fp);
	size_t size = sizeof(f);

	if (!sp || !(d->flags & SA_RESTORER) || ip_for_user(d->handler) != d->handler)
		return -EFAULT;
	fill_context(&f, r, d, fp);
	if (d->flags & SA_SIGINFO)
		memcpy(&f.info, d->info, sizeof(f.info));
	else
		size = offsetof(struct sigframe, info);
	if (fpu_frame_save(fp) || copy_to_user(UPTR(sp), &f, size))
		return -EFAULT;
	fpu_frame_load(0);
	r->rdi = (u64)d->signo;
	r->rsi = sp + offsetof(struct sigframe, info);
	r->rdx = sp + offsetof(struct sigframe, uc);
	r->rax = 0;
	r->rip = d->handler;
	r->rsp = sp;
	r->cs = USER_CS;
	r->ss = USER_DS;
	r->rflags &= ~(FLAG_DF | FLAG_RF | FLAG_TF);
	regs_forget_syscall(r);
	return 0;
}

int signal_frame_pop(struct regs *r, u64 *mask, stack_t *altstack)
{
	u64 frame = r->rsp - sizeof(u64);
	struct ucontext uc;
	const struct sigcontext *sc = &uc.uc_mcontext;

	if (copy_from_user(&uc, UPTR(frame + offsetof(struct sigframe, uc)), sizeof(uc)))
		return -EFAULT;
	if (sc->cs != USER_CS || ip_for_user(sc->rip) != sc->rip)
		return -EFAULT;
	if (fpu_frame_load((u64)sc->fpstate))
		return -EFAULT;
	*r = (struct regs){
		.r8 = sc->r8, .r9 = sc->r9, .r10 = sc->r10, .r11 = sc->r11,
		.r12 = sc->r12, .r13 = sc->r13, .r14 = sc->r14, .r15 = sc->r15,
		.rdi = sc->rdi, .rsi = sc->rsi, .rbp = sc->rbp, .rbx = sc->rbx,
		.rdx = sc->rdx, .rax = sc->rax, .rcx = sc->rcx, .rsp = sc->rsp,
		.rip = sc->rip, .cs = USER_CS, .ss = USER_DS,
		.rflags = (r->rflags & ~FLAGS_RESTORED) | (sc->eflags & FLAGS_RESTORED),
		.orig_rax = (u64)-1,
	};
	memcpy(mask, &uc.uc_sigmask, sizeof(*mask));
	*altstack = uc.uc_stack;
	thread_regs_changed();
	return 0;
}
