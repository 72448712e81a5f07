; SPDX-License-Identifier: MIT
;
; Where the other CPUs start.
;
; A CPU that gets a start-up IPI begins in real mode at the page that the IPI names.  smp.c copies
; the bytes from trampoline_start to trampoline_end to such a page below 1 MiB and fills in the
; three addresses that depend on where that is, and the box.  The page is never used for anything
; else afterwards: a CPU that comes late must find this code.
;
; One CPU at a time is asked to start.  Each looks up its own APIC id and compares it with the one
; in the box, then takes the box by compare-and-swap (OFFERED to TAKEN).  Who is not meant, or
; whose offer was withdrawn, halts; so a latecomer neither uses another CPU's stack nor memory that was given back.
; Until then nothing is used that two CPUs could spoil for each other: no stack, no writable data.
;
; EBP holds the physical address of the page throughout.

CR0_PE			equ 1 << 0
CR0_MP			equ 1 << 1
CR0_ET			equ 1 << 4
CR0_NE			equ 1 << 5
CR0_WP			equ 1 << 16
CR0_PG			equ 1 << 31
CR4_PAE			equ 1 << 5
MSR_EFER		equ 0xc0000080
MSR_FS_BASE		equ 0xc0000100
MSR_GS_BASE		equ 0xc0000101
MSR_KERNEL_GS_BASE	equ 0xc0000102
EFER_LME		equ 1 << 8
EFER_NXE		equ 1 << 11
CPUID_LM		equ 1 << 29
CPUID_NX		equ 1 << 20

START_CS32		equ 0x08
START_CS64		equ 0x10
START_DS		equ 0x18

; enum start_state, smp.c
OFFERED			equ 1
TAKEN			equ 2
REFUSED			equ 4

; struct start_box, smp.c
BOX_STATE		equ 0
BOX_APIC_ID		equ 4
BOX_START_ROOT		equ 8
BOX_WHY			equ 12
BOX_STACK		equ 16
BOX_GS_BASE		equ 24
BOX_KERNEL_ROOT		equ 32
BOX_SIZE		equ 40

extern smp_cpu_main

global trampoline_start, trampoline_end, trampoline_box
global trampoline_gdt_base, trampoline_far32, trampoline_far64, trampoline_gdt
global trampoline_start32, trampoline_start64

%define AT(label)	((label) - trampoline_start)
%define BOX(field)	ebp + AT(trampoline_box) + (field)

section .rodata align=16

trampoline_start:
bits 16
	cli
	cld
	mov	ax, cs
	mov	ds, ax
	movzx	ebp, ax
	shl	ebp, 4
	o32 lgdt [AT(gdt_pointer)]
	mov	eax, cr0
	or	al, CR0_PE
	mov	cr0, eax
	jmp	dword far [AT(trampoline_far32)]

bits 32
trampoline_start32:
	mov	eax, START_DS
	mov	ds, eax
	mov	es, eax
	mov	ss, eax

	xor	eax, eax			; EDX = APIC id: 32 bits of it where leaf 11 is filled in
	cpuid
	cmp	eax, 11
	jb	.eight_bits
	mov	eax, 11
	xor	ecx, ecx
	cpuid
	test	ebx, ebx
	jnz	.have_id
.eight_bits:
	mov	eax, 1
	cpuid
	mov	edx, ebx
	shr	edx, 24
.have_id:
	cmp	edx, [BOX(BOX_APIC_ID)]
	jne	.halt
	mov	eax, OFFERED
	mov	ecx, TAKEN
	lock cmpxchg [BOX(BOX_STATE)], ecx
	jne	.halt

	mov	eax, 0x80000001
	cpuid
	not	edx
	test	edx, CPUID_LM | CPUID_NX
	jnz	.unfit

	mov	eax, CR4_PAE			; from here on as head.asm does
	mov	cr4, eax
	mov	eax, [BOX(BOX_START_ROOT)]
	mov	cr3, eax
	mov	ecx, MSR_EFER
	rdmsr
	or	eax, EFER_LME | EFER_NXE
	wrmsr
	mov	eax, CR0_PG | CR0_WP | CR0_NE | CR0_ET | CR0_MP | CR0_PE
	mov	cr0, eax			; caches on, too: CD and NW are as INIT left them until now
	jmp	far [ebp + AT(trampoline_far64)]

.unfit:
	mov	dword [BOX(BOX_STATE)], REFUSED
.halt:
	hlt					; interrupts are off, the local APIC as after a reset
	jmp	.halt

bits 64
trampoline_start64:
	mov	rax, high
	jmp	rax

	align	8, db 0
trampoline_gdt:
	dq	0
	dq	0x00cf9b000000ffff		; START_CS32: 32-bit code
	dq	0x00af9b000000ffff		; START_CS64: 64-bit code
	dq	0x00cf93000000ffff		; START_DS: flat data
gdt_end:
gdt_pointer:
	dw	gdt_end - trampoline_gdt - 1
trampoline_gdt_base:
	dd	0				; filled in by smp.c, as are the offsets of the next two
trampoline_far32:
	dd	0
	dw	START_CS32
trampoline_far64:
	dd	0
	dw	START_CS64
	align	8, db 0
trampoline_box:
	times	BOX_SIZE db 0
trampoline_end:

; ------------------------------------------------------------------------------------------------
; In the kernel's half; the identity map of the start page goes with the first load of CR3.

section .text
high:
	lea	rbx, [ebp + AT(trampoline_box)]
	mov	rsp, [rbx + BOX_STACK]
	mov	rax, [rbx + BOX_GS_BASE]
	mov	rdi, [rbx + BOX_KERNEL_ROOT]
	mov	cr3, rdi
	mov	rdx, rax
	shr	rdx, 32
	mov	ecx, MSR_GS_BASE
	wrmsr
	xor	eax, eax
	xor	edx, edx
	mov	ecx, MSR_FS_BASE
	wrmsr
	mov	ecx, MSR_KERNEL_GS_BASE
	wrmsr
	lldt	ax
	xor	ebp, ebp			; the last frame of every backtrace
	call	smp_cpu_main
.stop:	cli
	hlt
	jmp	.stop

section .note.GNU-stack noalloc noexec nowrite progbits
