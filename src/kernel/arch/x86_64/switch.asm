; SPDX-License-Identifier: MIT
;
; struct task *thread_switch(rdi prev, rsi next)
;
; Interrupts are off, the address space is next's already.  The callee-saved registers go onto
; prev's stack, the rest of its kernel context is dead by the calling convention.  Of the user
; context, which only user tasks have (fpu != NULL), the general registers lie at the top of the
; kernel stack; here go the segment bases and the vector state.
;
; The vector state of a user task that leaves is always saved; it is only loaded if this CPU's
; registers do not hold it still (fpu_owner, with arch.fpu_cpu as the other half of the promise: a
; task that ran elsewhere meanwhile names another CPU, a recycled struct task says -1).
; So user -> kernel thread -> the same user loads nothing.

%include "arch/x86_64/defs.inc"

default rel
bits 64

extern percpu_tss, percpu_cpu_id
global thread_switch, fpu_owner

section .text.entry progbits alloc exec nowrite align=16

align 64
thread_switch:
	push	rbp
	push	rbx
	push	r12
	push	r13
	push	r14
	push	r15
	mov	r8, rdi
	mov	r9, [rdi + THREAD_FPU]
	mov	rbx, [rsi + THREAD_FPU]
	test	r9, r9
	jz	.saved
ALT_NEW FEATURE_FSGSBASE
	rdfsbase rax
	mov	[rdi + THREAD_FS], rax
	swapgs
	rdgsbase rax
	swapgs
	mov	[rdi + THREAD_GS], rax
ALT_OLD					; without FSGSBASE only arch_prctl changes the bases
	jmp	short .bases_saved
.bases_saved:
ALT_END
	or	eax, -1
	or	edx, -1
ALT_NEW FEATURE_XSAVEOPT
	xsaveopt64 [r9]
ALT_OLD
ALT_NEW FEATURE_XSAVE
	xsave64	[r9]
ALT_OLD
	fxsave64 [r9]
ALT_END
ALT_END
.saved:
	mov	[rdi + THREAD_SP], rsp
	mov	rsp, [rsi + THREAD_SP]
	mov	rax, [rsi + THREAD_TOP]
	mov	[gs:percpu_tss + TSS_RSP0], rax
	test	rbx, rbx
	jz	.loaded
	mov	rax, [rsi + THREAD_FS]
	mov	rdi, [rsi + THREAD_GS]
ALT_NEW FEATURE_FSGSBASE
	wrfsbase rax
	swapgs
	wrgsbase rdi
	swapgs
ALT_OLD
	call	bases_load
ALT_END
	cmp	[gs:fpu_owner], rsi
	je	.maybe_owned
.load:
	mov	[gs:fpu_owner], rsi
	mov	eax, [gs:percpu_cpu_id]
	mov	[rsi + THREAD_FPU_CPU], eax
	or	eax, -1
	or	edx, -1
ALT_NEW FEATURE_XSAVE
	xrstor64 [rbx]
ALT_OLD
	fxrstor64 [rbx]
ALT_END
.loaded:
	pop	r15
	pop	r14
	pop	r13
	pop	r12
	pop	rbx
	pop	rbp
	mov	rax, r8
	ret
.maybe_owned:
	mov	eax, [gs:percpu_cpu_id]
	cmp	[rsi + THREAD_FPU_CPU], eax
	jne	.load
	jmp	.loaded

; FS base from RAX, the user's GS base from RDI, by MSR.
bases_load:
	mov	ecx, 0xc0000100
	mov	rdx, rax
	shr	rdx, 32
	wrmsr
	mov	ecx, 0xc0000102
	mov	rax, rdi
	mov	rdx, rdi
	shr	rdx, 32
	wrmsr
	ret

section .percpu nobits alloc noexec write align=8
fpu_owner:
	resq	1			; whose vector state this CPU's registers hold, or 0

section .note.GNU-stack noalloc noexec nowrite progbits
