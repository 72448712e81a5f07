; SPDX-License-Identifier: MIT
;
; The ways into the kernel and out of it.
;
; Every entry leaves a struct regs on the stack (defs.inc has the offsets):
;
;	high	ss rsp rflags cs rip		by the CPU (or pushed here for SYSCALL)
;		orig_rax			error code, call number or -1
;		rdi rsi rdx rcx rax r8-r11	by this code
;	low	rbx rbp r12-r15
;
; and calls C with its address.  Invariants:
;
;  1. In the kernel the GS base is this CPU's per-CPU offset, in user mode the user's; SWAPGS is
;     done exactly when CS says that the CPU came from or goes to user mode.  Three windows break
;     this (SYSCALL's first instruction, the last ones before SYSRET and IRET).  Only NMI, #DB, #MC
;     and #DF can strike there; they run on stacks of their own (IST), whose top word holds the
;     right GS base, and put back what they found ("paranoid").
;  2. The callee-saved registers of a context that only passed through C still hold its values, so
;     the quick ways out do not load them again.  Whoever changes a user context (signal frames,
;     exec, ptrace) runs in upcall_user_return or sets THREAD_WORK_FULL_REGS in the task's
;     work word: with any work the slow way out loads everything and ends in IRET.
;  3. So SYSRET is only reached with RIP and RFLAGS as SYSCALL saved them.  RIP is canonical
;     since the last user page is never mapped.
;  4. Who leaves for user mode has interrupts off from the test of the work word on.
;  5. The CPU holds NMIs back from one NMI to the next IRET, any IRET: a fault inside the handler
;     lets the next one in.  So an NMI may find the IST stack in use; see nmi_entry.

%include "arch/x86_64/defs.inc"

default rel
bits 64

extern upcall_syscall, upcall_user_return, upcall_irq, upcall_preempt, upcall_thread_started
extern exception_handle, page_fault_handle, local_interrupt, thread_kernel_returned
extern percpu_current, percpu_tss, preempt_state

global syscall_entry, syscall_entry_compat, idt_stubs
global thread_start_user, thread_start_kernel, entry_text_start, entry_text_end
global asm_layout

FIRST_DEVICE_VECTOR	equ 0x30
LAST_DEVICE_VECTOR	equ 0xdf
PAGE_FAULT		equ 14
%define WITH_ERROR_CODE	0x60227d00		; bit per exception: 8, 10-14, 17, 21, 29, 30

section .text.entry progbits alloc exec nowrite align=16
entry_text_start:

%macro PUSH_BELOW_RDI 0
	push	rsi
	push	rdx
	push	rcx
	push	rax
	push	r8
	push	r9
	push	r10
	push	r11
	push	rbx
	push	rbp
	push	r12
	push	r13
	push	r14
	push	r15
%endmacro

; To the word above orig_rax, loading what C may have clobbered.
%macro POP_CALLER_SAVED 0
	add	rsp, R_R11
	pop	r11
	pop	r10
	pop	r9
	pop	r8
	pop	rax
	pop	rcx
	pop	rdx
	pop	rsi
	pop	rdi
	add	rsp, 8
%endmacro

%macro POP_ALL 0
	pop	r15
	pop	r14
	pop	r13
	pop	r12
	pop	rbp
	pop	rbx
	pop	r11
	pop	r10
	pop	r9
	pop	r8
	pop	rax
	pop	rcx
	pop	rdx
	pop	rsi
	pop	rdi
	add	rsp, 8
%endmacro

; ------------------------------------------------------------------------------------------------
; SYSCALL: RCX is the user's RIP, R11 its RFLAGS; interrupts are off, RSP is still the user's.
align 64
syscall_entry:
	swapgs
	mov	[gs:syscall_user_sp], rsp
	mov	rsp, [gs:percpu_tss + TSS_RSP0]
	push	USER_DS
	push	qword [gs:syscall_user_sp]
	push	r11
	push	USER_CS
	push	rcx
	push	rax
	push	rdi
	PUSH_BELOW_RDI
	mov	rdi, rsp
	sti
	call	upcall_syscall
	cli
	mov	rax, [gs:percpu_current]
	cmp	dword [rax + TASK_WORK], 0
	jne	user_work
	mov	r11, [rsp + R_RFLAGS]
	mov	r10, [rsp + R_R10]
	mov	r9, [rsp + R_R9]
	mov	r8, [rsp + R_R8]
	mov	rax, [rsp + R_RAX]
	mov	rcx, [rsp + R_RIP]
	mov	rdx, [rsp + R_RDX]
	mov	rsi, [rsp + R_RSI]
	mov	rdi, [rsp + R_RDI]
	mov	rsp, [rsp + R_RSP]
	swapgs
	o64 sysret

; SYSCALL from compatibility mode, for which there is no user code segment: not reached.
syscall_entry_compat:
	ud2

; ------------------------------------------------------------------------------------------------
; Something is to be done before user mode.  RAX = current, RSP at its regs, interrupts off.
align 16
user_work:
	lock and dword [rax + TASK_WORK], 0x7fffffff	; not THREAD_WORK_FULL_REGS: done below
	jz	user_full
	mov	rdi, rsp
	call	upcall_user_return
user_full:
	swapgs
	POP_ALL
	iretq

; ------------------------------------------------------------------------------------------------
; Interrupts.  The stubs have pushed -1 and RDI and loaded EDI with the vector.
%macro IRQ_COMMON 1
	PUSH_BELOW_RDI
	CLAC_IF
	cld
	test	byte [rsp + R_CS], 3
	jz	%%inside
	swapgs
	add	dword [gs:preempt_state], PREEMPT_IRQ
	mov	rsi, rsp
	call	%1
	sub	dword [gs:preempt_state], PREEMPT_IRQ
	jmp	return_to_user
%%inside:
	add	dword [gs:preempt_state], PREEMPT_IRQ
	mov	rsi, rsp
	call	%1
	sub	dword [gs:preempt_state], PREEMPT_IRQ
	jz	irq_preempt			; enabled, and a reschedule is wanted
	POP_CALLER_SAVED
	iretq
%endmacro

align 16
device_irq:
	IRQ_COMMON upcall_irq
align 16
local_irq:
	IRQ_COMMON local_interrupt

irq_preempt:
	call	upcall_preempt
	POP_CALLER_SAVED
	iretq

; Interrupts off, RSP at the regs of a user context that C has not changed.
align 16
return_to_user:
	mov	rax, [gs:percpu_current]
	cmp	dword [rax + TASK_WORK], 0
	jne	user_work
	swapgs
	POP_CALLER_SAVED
	iretq

; ------------------------------------------------------------------------------------------------
; Page faults, with the address read before anything can change it.
align 16
page_fault_entry:
	push	rdi
	PUSH_BELOW_RDI
	CLAC_IF
	cld
	mov	rdi, rsp
	mov	rsi, cr2
	test	byte [rsp + R_CS], 3
	jz	.inside
	swapgs
	call	page_fault_handle
	cli
	jmp	return_to_user
.inside:
	call	page_fault_handle
	POP_CALLER_SAVED
	iretq

; Other exceptions.  EDI = vector, RDI's old value and the error code are on the stack.
align 16
exception_common:
	PUSH_BELOW_RDI
	CLAC_IF
	cld
	test	byte [rsp + R_CS], 3
	jz	.inside
	swapgs
.from_user:
	mov	rsi, rsp
	call	exception_handle
	cli
	jmp	return_to_user
.inside:
	mov	rsi, rsp
	call	exception_handle
	POP_CALLER_SAVED
	iretq

; The struct regs at RSP moves to the top of the task's stack.  Uses rax, rcx, rsi, rdi.
%macro TO_TASK_STACK 0
	mov	rsi, rsp
	mov	rax, [gs:percpu_tss + TSS_RSP0]
	sub	rax, R_SIZE
	mov	rdi, rax
	mov	ecx, R_SIZE / 8
	rep	movsq
	mov	rsp, rax
%endmacro

; Those with a stack of their own.  From user mode nothing is odd: on to the task's stack.
align 16
paranoid_common:
	PUSH_BELOW_RDI
	CLAC_IF
	cld
	test	byte [rsp + R_CS], 3
	jnz	.from_user
	mov	r12, [rsp + R_SIZE]		; this CPU's GS base
ALT_NEW FEATURE_FSGSBASE
	rdgsbase rbx
	wrgsbase r12
ALT_OLD
	call	gs_base_exchange
ALT_END
	mov	rsi, rsp
	call	exception_handle
	mov	r12, rbx
ALT_NEW FEATURE_FSGSBASE
	wrgsbase r12
ALT_OLD
	call	gs_base_exchange
ALT_END
	POP_ALL
	iretq
.from_user:
	swapgs
	mov	edx, edi
	TO_TASK_STACK
	mov	edi, edx
	jmp	exception_common.from_user

; ------------------------------------------------------------------------------------------------
; NMIs.  From user mode the handler runs on the task's stack, and nothing is odd.  From the kernel it
; runs on the IST stack, below a landing pad, whose top is where the IST entry points:
;
;	top + 8		state: 0 no handler runs, 1 one runs, 2 and another NMI has come
;	top		this CPU's GS base
;	top - 48	the pad: what the CPU pushes, and RDX for a moment
;	top - 64	this CPU's GS base
;	top - 104	a copy of what the CPU pushed, with which the handler returns
;	below		the rest of struct regs, and the handler
;
; An NMI during the handler lands on the pad, which is free by then, notes in the state that it has
; come, and goes.  At its end the handler counts the state down; where that leaves 1 it runs again.
; The JNZ and IRET behind that are run with state 0 and the copy still needed, but with all
; other registers as they were: an NMI there makes no copy but takes over the one that is there.
NMI_VECTOR		equ 2
NMI_STATE		equ 8

align 16
nmi_entry:
	push	rdx				; RSP = top - 48
	test	byte [rsp + 16], 3
	jnz	.from_user
	cmp	dword [rsp + 48 + NMI_STATE], 0
	jne	.nested
	mov	dword [rsp + 48 + NMI_STATE], 1
	lea	rdx, [.return]
	sub	rdx, [rsp + 8]			; where was it?
	cmp	rdx, .return - .last
	jbe	.take_over
	mov	rdx, [rsp + 48]			; the GS base anew: NMIs from user mode push over it
	mov	[rsp - 16], rdx
	mov	rdx, [rsp + 40]			; SS, RSP, RFLAGS, CS, RIP
	mov	[rsp - 24], rdx
	mov	rdx, [rsp + 32]
	mov	[rsp - 32], rdx
	mov	rdx, [rsp + 24]
	mov	[rsp - 40], rdx
	mov	rdx, [rsp + 16]
	mov	[rsp - 48], rdx
	mov	rdx, [rsp + 8]
	mov	[rsp - 56], rdx
.take_over:
	pop	rdx
	sub	rsp, 64				; top - 104
.run:
	push	0
	push	rdi
	PUSH_BELOW_RDI
	CLAC_IF
	cld
	mov	r12, [rsp + R_SIZE]		; this CPU's GS base
ALT_NEW FEATURE_FSGSBASE
	rdgsbase rbx
	wrgsbase r12
ALT_OLD
	call	gs_base_exchange
ALT_END
	mov	edi, NMI_VECTOR
	mov	rsi, rsp
	call	exception_handle
	mov	r12, rbx
ALT_NEW FEATURE_FSGSBASE
	wrgsbase r12
ALT_OLD
	call	gs_base_exchange
ALT_END
	POP_ALL
	dec	dword [rsp + 104 + NMI_STATE]
.last:
	jnz	.run
.return:
	iretq
.nested:
	mov	dword [rsp + 48 + NMI_STATE], 2
	pop	rdx
	iretq
.from_user:
	pop	rdx
	push	0
	push	rdi
	PUSH_BELOW_RDI
	CLAC_IF
	cld
	swapgs
	TO_TASK_STACK
	mov	edi, NMI_VECTOR
	mov	rsi, rsp
	call	exception_handle
	jmp	user_full			; by IRET, and at once: work may switch to who leaves by SYSRET

; The GS base becomes R12, RBX what it was.
gs_base_exchange:
	mov	ecx, 0xc0000101
	rdmsr
	shl	rdx, 32
	lea	rbx, [rax + rdx]
	mov	rax, r12
	mov	rdx, r12
	shr	rdx, 32
	wrmsr
	ret

; ------------------------------------------------------------------------------------------------
; First instructions of a new thread, where thread_switch "returns" to.

; Of a user thread: its regs are at the top of the stack, right above.
thread_start_user:
	mov	rdi, rsp
	call	upcall_thread_started
	cli
to_user_full:
	mov	rax, [gs:percpu_current]
	cmp	dword [rax + TASK_WORK], 0
	jne	user_work
	jmp	user_full

; Of a kernel thread: RBX = function, R12 = argument.  It may have become a user program meanwhile.
thread_start_kernel:
	xor	edi, edi
	xor	ebp, ebp
	call	upcall_thread_started
	sti
	mov	rdi, r12
	call	rbx
	call	thread_kernel_returned
	cli
	mov	rsp, rax
	jmp	to_user_full

; ------------------------------------------------------------------------------------------------
; A stub for each vector.
%assign vector 0
%rep 256
align 8
stub_%[vector]:
%if vector == PAGE_FAULT
	jmp	page_fault_entry
%elif vector == NMI_VECTOR
	jmp	nmi_entry
%elif vector < 32
%if !(WITH_ERROR_CODE >> vector & 1)
	push	0
%endif
	push	rdi
	mov	edi, vector
%if vector == 1 || vector == 8 || vector == 18
	jmp	paranoid_common
%else
	jmp	exception_common
%endif
%else
	push	-1
	push	rdi
	mov	edi, vector
%if vector >= FIRST_DEVICE_VECTOR && vector <= LAST_DEVICE_VECTOR
	jmp	device_irq
%else
	jmp	local_irq
%endif
%endif
%assign vector vector + 1
%endrep
entry_text_end:

section .rodata align=8
idt_stubs:
%assign vector 0
%rep 256
	dq	stub_%[vector]
%assign vector vector + 1
%endrep

; Checked by cpu_early_init, in this order.
asm_layout:
	dd	THREAD_SP, THREAD_TOP, THREAD_FS, THREAD_GS, THREAD_FPU, THREAD_FPU_CPU, TASK_WORK
	dd	R_R15, R_RBX, R_R11, R_RAX, R_ORIG_RAX, R_RIP, R_CS, R_SS, R_SIZE
	dd	TSS_RSP0, PREEMPT_IRQ, KERNEL_CS, KERNEL_DS, USER_CS, USER_DS
	dd	FEATURE_SMAP, FEATURE_XSAVE, FEATURE_XSAVEOPT, FEATURE_FSGSBASE, FEATURE_ERMS
	dd	EFAULT, ENAMETOOLONG

section .percpu nobits alloc noexec write align=8
syscall_user_sp:
	resq	1

section .note.GNU-stack noalloc noexec nowrite progbits
