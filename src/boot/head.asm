; SPDX-License-Identifier: MIT
;
; From GRUB's 32-bit protected mode to the kernel's first C line in 64-bit mode.
;
; On entry: EAX is the Multiboot2 magic, EBX the physical address of the boot information, paging
; and interrupts are off, segments are flat, and there is no stack. GRUB may have moved the image to
; any multiple of 2 MiB below 4 GiB, so this code finds out where it runs and reaches everything
; relative to that. `off_X` symbols (kernel.ld) are distances from the start of the image.
;
; What is wrong with the machine is said on the screen (VGA text or a frame buffer) and on COM1, then it
; halts.
;
; The first page tables, all in .bss, which paging_init() replaces:
;
;	boot_pml4    [0]    -+
;	             [256]  -+-> boot_pdpt_low [0..3] -> boot_pd_low: first 4 GiB, 2 MiB pages
;	             [511]  ---> boot_pdpt_high [510] -> boot_pd_high [1..] -> boot_pt_image: 4 KiB
;
;   0x0000000000000000  identity: only until the jump to the higher half, then unmapped
;   0xffff800000000000  direct map, writable, never executable
;   0xffffffff80200000  the image: text R-X, rodata R--, data and bss RW-; the page below the boot
;                       stack is missing
;
; In KASAN builds every page of the shadow is one page of zeros ("all may be accessed"), so that
; instrumented code runs before the real shadow is there.

MB2_LOADER_MAGIC	equ 0x36d76289

IMAGE_TABLES		equ 8			; 2 MiB of image each; kernel.ld checks that it fits
IMAGE_PD_INDEX		equ 1			; the image is linked 2 MiB into its 1 GiB
DIRECT_MAP_INDEX	equ 256
KASAN_INDEX		equ 448			; 0xffffe00000000000
KASAN_ENTRIES		equ 32			; 16 TiB
STACK_SIZE		equ 16384
PAGE			equ 4096

PTE_P			equ 1 << 0
PTE_W			equ 1 << 1
PTE_A			equ 1 << 5
PTE_D			equ 1 << 6
PTE_PS			equ 1 << 7
PTE_NX_HIGH		equ 1 << 31		; in the upper half of the entry

CR0_MP			equ 1 << 1
CR0_EM			equ 1 << 2
CR0_TS			equ 1 << 3
CR0_NE			equ 1 << 5
CR0_WP			equ 1 << 16
CR0_PG			equ 1 << 31
CR4_PAE			equ 1 << 5
CR4_MCE			equ 1 << 6
MSR_EFER		equ 0xc0000080
MSR_FS_BASE		equ 0xc0000100
MSR_GS_BASE		equ 0xc0000101
MSR_KERNEL_GS_BASE	equ 0xc0000102
EFER_LME		equ 1 << 8
EFER_NXE		equ 1 << 11
EFLAGS_ID		equ 1 << 21

BOOT_CS			equ 0x08
BOOT_DS			equ 0x10

COM1			equ 0x3f8
LSR_THR_EMPTY		equ 1 << 5
VGA_TEXT		equ 0xb8000
VGA_COLS		equ 80
VGA_CELLS		equ VGA_COLS * 25

; The boot information's frame buffer tag (Multiboot2 specification, section 3.6.12).
MB2_FIRST_TAG		equ 8
MB2_TAG_END		equ 0
MB2_TAG_FRAMEBUFFER	equ 8
FB_ADDR			equ 8
FB_PITCH		equ 16
FB_WIDTH		equ 20
FB_HEIGHT		equ 24
FB_BPP			equ 28
FB_TYPE			equ 29
FB_TYPE_RGB		equ 1
GLYPH_WIDTH		equ 8
GLYPH_HEIGHT		equ 16
GLYPHS			equ 95			; from the space on

extern kernel_main
extern off_head, off_boot_tables, off_stack_guard, off_stack_top
extern off_font, off_text_end, off_data_start, off_image_end

global head_entry, head_base
global boot_tables_start, boot_tables_end, boot_pml4
global boot_stack_guard, boot_stack_bottom, boot_stack_top

; While EBP holds the physical address of the image:
%define HERE(label)	ebp + off_head + ((label) - head_base)
%define TABLE(label)	ebp + off_boot_tables + ((label) - boot_tables_start)

; ------------------------------------------------------------------------------------------------
section .head.text progbits alloc exec nowrite align=16
bits 32

head_base:
head_entry:
	cli
	cld
	; One word of memory is needed to learn the own address by CALL: the reserved second word of
	; the boot information; or, if no loader passed one, any word of the first 640 KiB.
	mov	esp, 0x7c00
	cmp	eax, MB2_LOADER_MAGIC
	jne	.find
	lea	esp, [ebx + 8]
.find:	call	.found
.found:	pop	ebp
	sub	ebp, off_head + (.found - head_base)
	lea	esp, [ebp + off_stack_top]	; .bss is zero: the loader saw to it

	cmp	eax, MB2_LOADER_MAGIC
	lea	esi, [HERE(text_no_magic)]
	jne	refuse
	mov	[HERE(boot_info)], ebx
	call	check_cpu
	call	fill_tables
	jmp	enter_long_mode

; ------------------------------------------------------------------------------------------------
; Halts with a message unless the CPU has all that the kernel is built on.

check_cpu:
	push	ebx
	pushfd					; CPUID exists if EFLAGS.ID can be changed
	pop	eax
	mov	ecx, eax
	xor	eax, EFLAGS_ID
	push	eax
	popfd
	pushfd
	pop	eax
	xor	eax, ecx
	lea	esi, [HERE(text_no_cpuid)]
	test	eax, EFLAGS_ID
	jz	refuse

	mov	eax, 1
	cpuid
	push	edx				; [esp + 4]: leaf 1
	xor	edi, edi
	mov	eax, 0x80000000
	cpuid
	cmp	eax, 0x80000001
	jb	.no_extended
	mov	eax, 0x80000001
	cpuid
	mov	edi, edx
.no_extended:
	push	edi				; [esp]: leaf 0x80000001

	xor	edi, edi			; how many are missing
	lea	ebx, [HERE(features)]
.next:
	movzx	eax, byte [ebx]			; which of the two words
	movzx	ecx, byte [ebx + 1]		; which bit
	bt	[esp + eax * 4], ecx
	jc	.present
	test	edi, edi
	jnz	.named
	lea	esi, [HERE(text_lacks)]
	call	say
.named:
	inc	edi
	lea	esi, [ebx + 2]
	call	say
.present:
	add	ebx, FEATURE_SIZE
	lea	eax, [HERE(features_end)]
	cmp	ebx, eax
	jb	.next
	lea	esi, [HERE(text_needs)]
	test	edi, edi
	jnz	refuse
	add	esp, 8
	pop	ebx
	ret

; ------------------------------------------------------------------------------------------------
; Fills the page tables drawn above.

fill_tables:
	lea	edi, [TABLE(boot_pd_low)]	; 2048 pages of 2 MiB
	mov	eax, PTE_P | PTE_W | PTE_A | PTE_D | PTE_PS
	xor	ecx, ecx
.low_page:
	mov	[edi + ecx * 8], eax
	add	eax, 2 << 20
	inc	ecx
	cmp	ecx, 4 * 512
	jb	.low_page

	lea	eax, [TABLE(boot_pd_low) + PTE_P + PTE_W]
	lea	edi, [TABLE(boot_pdpt_low)]
	mov	ecx, 4
	call	link_tables

	lea	eax, [TABLE(boot_pdpt_low) + PTE_P + PTE_W]
	mov	[TABLE(boot_pml4)], eax
	mov	[TABLE(boot_pml4) + DIRECT_MAP_INDEX * 8], eax
	mov	dword [TABLE(boot_pml4) + DIRECT_MAP_INDEX * 8 + 4], PTE_NX_HIGH
	lea	eax, [TABLE(boot_pdpt_high) + PTE_P + PTE_W]
	mov	[TABLE(boot_pml4) + 511 * 8], eax
	lea	eax, [TABLE(boot_pd_high) + PTE_P + PTE_W]
	mov	[TABLE(boot_pdpt_high) + 510 * 8], eax

	lea	eax, [TABLE(boot_pt_image) + PTE_P + PTE_W]
	lea	edi, [TABLE(boot_pd_high) + IMAGE_PD_INDEX * 8]
	mov	ecx, IMAGE_TABLES
	call	link_tables

	; The image, page by page. EAX: low half of the entry, EDX: high half, ECX: offset.
	lea	edi, [TABLE(boot_pt_image)]
	lea	eax, [ebp + PTE_P + PTE_A]
	xor	edx, edx
	xor	ecx, ecx
.image_page:
	cmp	ecx, off_text_end
	jne	.same_exec
	mov	edx, PTE_NX_HIGH
.same_exec:
	cmp	ecx, off_data_start
	jne	.same_write
	or	eax, PTE_W | PTE_D
.same_write:
	cmp	ecx, off_stack_guard
	je	.skip
	mov	[edi], eax
	mov	[edi + 4], edx
.skip:
	add	edi, 8
	add	eax, PAGE
	add	ecx, PAGE
	cmp	ecx, off_image_end
	jb	.image_page

%ifdef CONFIG_KASAN
	lea	eax, [TABLE(boot_kasan_zero) + PTE_P + PTE_A]
	lea	edi, [TABLE(boot_kasan_pt)]
	call	fill_table_nx
	lea	eax, [TABLE(boot_kasan_pt) + PTE_P + PTE_W]
	lea	edi, [TABLE(boot_kasan_pd)]
	call	fill_table_nx
	lea	eax, [TABLE(boot_kasan_pd) + PTE_P + PTE_W]
	lea	edi, [TABLE(boot_kasan_pdpt)]
	call	fill_table_nx
	lea	eax, [TABLE(boot_kasan_pdpt) + PTE_P + PTE_W]
	lea	edi, [TABLE(boot_pml4) + KASAN_INDEX * 8]
	mov	ecx, KASAN_ENTRIES
	call	fill_entries_nx
%endif
	ret

; ECX entries at EDI lead to as many tables in a row, the first one's entry being EAX.
link_tables:
	mov	[edi], eax
	add	edi, 8
	add	eax, PAGE
	dec	ecx
	jnz	link_tables
	ret

%ifdef CONFIG_KASAN
; The entry EAX, never executable, in the whole table (in ECX entries) at EDI.
fill_table_nx:
	mov	ecx, 512
fill_entries_nx:
	mov	[edi], eax
	mov	dword [edi + 4], PTE_NX_HIGH
	add	edi, 8
	dec	ecx
	jnz	fill_entries_nx
	ret
%endif

; ------------------------------------------------------------------------------------------------

enter_long_mode:
	mov	eax, cr4			; firmware may have left LA57, PCIDE or CET on: off
	and	eax, CR4_MCE
	or	eax, CR4_PAE
	mov	cr4, eax
	lea	eax, [TABLE(boot_pml4)]
	mov	cr3, eax
	mov	ecx, MSR_EFER
	rdmsr
	or	eax, EFER_LME | EFER_NXE
	wrmsr
	mov	eax, cr0
	and	eax, ~(CR0_EM | CR0_TS)
	or	eax, CR0_PG | CR0_WP | CR0_NE | CR0_MP
	mov	cr0, eax			; long mode, but a 32-bit code segment still

	lea	eax, [HERE(gdt)]
	sub	esp, 8
	mov	word [esp], gdt_end - gdt - 1
	mov	[esp + 2], eax
	lgdt	[esp]
	push	dword BOOT_CS
	lea	eax, [HERE(low_64)]
	push	eax
	retf

bits 64
low_64:
	mov	rax, high_64
	jmp	rax

high_64:
	mov	rax, gdt_pointer		; the same table by its final address
	lgdt	[rax]
	mov	eax, BOOT_DS
	mov	ds, eax
	mov	es, eax
	mov	ss, eax
	xor	eax, eax
	mov	fs, eax
	mov	gs, eax
	lldt	ax
	xor	edx, edx			; GS base 0: CPU 0's per-CPU area is the section itself
	mov	ecx, MSR_FS_BASE
	wrmsr
	mov	ecx, MSR_GS_BASE
	wrmsr
	mov	ecx, MSR_KERNEL_GS_BASE
	wrmsr

	mov	rsp, boot_stack_top
	mov	rax, boot_pml4			; from here on a null pointer faults
	mov	qword [rax], 0
	mov	rax, cr3
	mov	cr3, rax

	mov	edi, ebx			; kernel_main(boot information, image), both physical
	mov	esi, ebp
	xor	ebp, ebp			; the last frame of every backtrace
	mov	rax, kernel_main
	call	rax
.stop:	cli
	hlt
	jmp	.stop

; ------------------------------------------------------------------------------------------------
; The last words.
bits 32

; Say "Skerry cannot start: " with the reason at ESI, or only the reason if the first words were
; said, and stop for good.
refuse:
	call	say
	lea	esi, [HERE(text_stopped)]
	call	say
.halt:	cli
	hlt
	jmp	.halt

; Print the string at ESI; a newline goes to the next line. Only ESI is changed.
say:
	pushad
	cmp	dword [HERE(said_at)], 0	; text is writable: paging is still off
	jne	.char
	call	consoles_init
.char:
	lodsb
	test	al, al
	jz	.done
	cmp	al, 10
	jne	.plain
	mov	al, 13
	call	serial_put
	mov	al, 10
	call	serial_put
	mov	eax, [HERE(said_at)]		; round up to the next line of 160 bytes
	sub	eax, VGA_TEXT
	xor	edx, edx
	mov	ecx, 160
	div	ecx
	inc	eax
	mul	ecx
	add	eax, VGA_TEXT
	mov	[HERE(said_at)], eax
	jmp	.char
.plain:
	mov	edi, [HERE(said_at)]
	mov	ah, 0x0f			; white on black
	cmp	edi, VGA_TEXT + VGA_CELLS * 2
	jae	.off_screen
	mov	[edi], ax
	call	draw
	add	dword [HERE(said_at)], 2
.off_screen:
	call	serial_put
	jmp	.char
.done:
	popad
	ret

; Draw AL where on the text screen EDI points, if there is a frame buffer.
draw:
	pushad
	movzx	eax, al
	sub	eax, ' '
	cmp	eax, GLYPHS
	jae	.done
	cmp	dword [HERE(fb_addr)], 0
	je	.done
	shl	eax, 4				; GLYPH_HEIGHT bytes each
	lea	esi, [ebp + off_font + eax]
	lea	eax, [edi - VGA_TEXT]
	shr	eax, 1
	xor	edx, edx
	mov	ecx, VGA_COLS
	div	ecx				; EAX: line, EDX: column
	imul	eax, [HERE(fb_pitch)]
	imul	eax, GLYPH_HEIGHT
	imul	edx, [HERE(fb_bytes)]
	imul	edx, GLYPH_WIDTH
	lea	edi, [eax + edx]
	add	edi, [HERE(fb_addr)]
	mov	dh, GLYPH_HEIGHT
.row:
	mov	bl, [esi]
	inc	esi
	push	edi
	mov	dl, GLYPH_WIDTH
.pixel:
	shl	bl, 1
	sbb	eax, eax			; black, or all ones: white in any format
	mov	ecx, [HERE(fb_bytes)]
	rep	stosb
	dec	dl
	jnz	.pixel
	pop	edi
	add	edi, [HERE(fb_pitch)]
	dec	dh
	jnz	.row
.done:
	popad
	ret

; Take the frame buffer from the boot information: one of true colour below 4 GiB, large enough.
find_framebuffer:
	mov	esi, [HERE(boot_info)]
	test	esi, esi
	jz	.none
	mov	ecx, [esi]			; its size
	add	ecx, esi
	add	esi, MB2_FIRST_TAG
.tag:
	cmp	esi, ecx
	jae	.none
	cmp	dword [esi], MB2_TAG_END
	je	.none
	cmp	dword [esi], MB2_TAG_FRAMEBUFFER
	je	.found
	mov	eax, [esi + 4]			; sizes are rounded up to 8
	add	eax, 7
	and	eax, ~7
	jz	.none
	add	esi, eax
	jc	.none
	jmp	.tag
.found:
	cmp	byte [esi + FB_TYPE], FB_TYPE_RGB
	jne	.none
	cmp	dword [esi + FB_ADDR + 4], 0
	jne	.none
	cmp	dword [esi + FB_WIDTH], VGA_COLS * GLYPH_WIDTH
	jb	.none
	cmp	dword [esi + FB_HEIGHT], VGA_CELLS / VGA_COLS * GLYPH_HEIGHT
	jb	.none
	movzx	eax, byte [esi + FB_BPP]
	add	eax, 7
	shr	eax, 3
	mov	[HERE(fb_bytes)], eax
	mov	eax, [esi + FB_PITCH]
	mov	[HERE(fb_pitch)], eax
	mov	eax, [esi + FB_ADDR]
	mov	[HERE(fb_addr)], eax
.none:
	ret

; Clear the text screen; find the frame buffer; set COM1 to 115200 8N1.
consoles_init:
	push	esi
	call	find_framebuffer
	mov	edi, VGA_TEXT
	mov	[HERE(said_at)], edi
	mov	eax, 0x0f200f20
	mov	ecx, VGA_CELLS / 2
	rep	stosd
	lea	esi, [HERE(uart_setup)]
	mov	ecx, (uart_setup_end - uart_setup) / 2
.next:
	lodsw					; AL: register, AH: value
	movzx	edx, al
	add	edx, COM1
	mov	al, ah
	out	dx, al
	dec	ecx
	jnz	.next
	pop	esi
	ret

; Send AL, waiting a bounded time for room. Changes ECX, EDX and AH.
serial_put:
	mov	ah, al
	mov	ecx, 100000
	mov	edx, COM1 + 5
.wait:
	in	al, dx
	test	al, LSR_THR_EMPTY
	jnz	.room
	dec	ecx
	jnz	.wait
.room:
	mov	al, ah
	mov	edx, COM1
	out	dx, al
	ret

uart_setup:					; register, value
	db	1, 0x00				; no interrupts
	db	3, 0x80				; divisor latch
	db	0, 0x01				; 115200
	db	1, 0x00
	db	3, 0x03				; 8N1
	db	2, 0x07				; FIFO on, cleared
	db	4, 0x03				; DTR, RTS
uart_setup_end:

	align	4, db 0
said_at:
	dd	0				; where on the text screen, 0: nothing said yet
boot_info:
	dd	0				; 0: no loader passed one
fb_addr:
	dd	0				; 0: none
fb_pitch:
	dd	0
fb_bytes:
	dd	0				; of a pixel

; CPUID bits: word (1: leaf 1 EDX, 0: leaf 0x80000001 EDX), bit, name.
FEATURE_SIZE		equ 16
%macro feature 3
%%start:
	db	%1, %2, %3, 0
	times	FEATURE_SIZE - ($ - %%start) db 0
%endmacro

features:
	feature	0, 29, " long-mode"
	feature	0, 20, " NX"
	feature	1, 5, " MSR"
	feature	1, 6, " PAE"
	feature	1, 9, " APIC"
	feature	1, 13, " PGE"
	feature	1, 15, " CMOV"
	feature	1, 24, " FXSR"
	feature	1, 26, " SSE2"
features_end:

text_no_magic:
	db	"Skerry cannot start: it was not loaded by a Multiboot2 loader (GRUB's `multiboot2`).", 0
text_no_cpuid:
	db	"Skerry cannot start: this CPU is too old, it has no CPUID.", 0
text_lacks:
	db	"Skerry cannot start: this CPU lacks:", 0
text_needs:
	db	10, "It needs a 64-bit x86 CPU; NX can be switched off in a PC's firmware set-up.", 0
text_stopped:
	db	10, "The machine is stopped.", 10, 0

	align	8, db 0
gdt:
	dq	0
	dq	0x00af9b000000ffff		; BOOT_CS: 64-bit code
	dq	0x00cf93000000ffff		; BOOT_DS: flat data
gdt_end:

gdt_pointer:
	dw	gdt_end - gdt - 1
	dq	gdt

; ------------------------------------------------------------------------------------------------
section .bss.boot_tables nobits alloc noexec write align=4096

boot_tables_start:
boot_pml4:		resb PAGE
boot_pdpt_low:		resb PAGE
boot_pd_low:		resb 4 * PAGE
boot_pdpt_high:		resb PAGE
boot_pd_high:		resb PAGE
boot_pt_image:		resb IMAGE_TABLES * PAGE
%ifdef CONFIG_KASAN
boot_kasan_pdpt:	resb PAGE
boot_kasan_pd:		resb PAGE
boot_kasan_pt:		resb PAGE
boot_kasan_zero:	resb PAGE
%endif
boot_tables_end:

section .bss.boot_stack nobits alloc noexec write align=4096

boot_stack_guard:	resb PAGE		; never mapped
boot_stack_bottom:	resb STACK_SIZE
boot_stack_top:

section .note.GNU-stack noalloc noexec nowrite progbits
