; SPDX-License-Identifier: MIT
;
; The Multiboot2 header, which GRUB looks for in the first 32 KiB of the file (specification 2.0,
; section 3.1). Each tag: type, flags (1: optional), size; aligned to 8 bytes.

MAGIC			equ 0xe85250d6
ARCH_I386		equ 0			; entered in 32-bit protected mode, in both firmwares
OPTIONAL		equ 1

TAG_END			equ 0
TAG_INFO_REQUEST	equ 1
TAG_ENTRY_ADDRESS	equ 3
TAG_FRAMEBUFFER		equ 5
TAG_MODULE_ALIGN	equ 6
TAG_RELOCATABLE		equ 10

PREFER_LOWEST		equ 1
MIB			equ 0x100000
GIB			equ 0x40000000

extern head_entry_physical			; kernel.ld: where it is if we are not moved

section .multiboot2 progbits alloc noexec nowrite align=8

header:
	dd	MAGIC
	dd	ARCH_I386
	dd	header_end - header
	dd	-(MAGIC + ARCH_I386 + (header_end - header)) & 0xffffffff

	align	8, db 0
request:
	dw	TAG_INFO_REQUEST, OPTIONAL
	dd	request_end - request
	dd	1, 2, 3, 4			; command line, loader, modules, memory sizes
	dd	6, 8, 9				; memory map, frame buffer, ELF sections
	dd	12, 14, 15			; EFI64 system table, ACPI old and new RSDP
	dd	17, 20, 21			; EFI memory map, image handle, load base
request_end:

	; A frame buffer if there is one; a machine without still boots.
	align	8, db 0
framebuffer:
	dw	TAG_FRAMEBUFFER, OPTIONAL
	dd	framebuffer_end - framebuffer
	dd	1024, 768, 32
framebuffer_end:

	align	8, db 0
module_align:					; modules begin on page boundaries
	dw	TAG_MODULE_ALIGN, 0
	dd	module_align_end - module_align
module_align_end:

	; Without this tag GRUB would put us at 2 MiB whatever is there: under OVMF that is reserved.
	align	8, db 0
relocatable:
	dw	TAG_RELOCATABLE, 0
	dd	relocatable_end - relocatable
	dd	2 * MIB				; lowest address
	dd	4 * GIB - 2 * MIB		; highest end
	dd	2 * MIB				; alignment
	dd	PREFER_LOWEST
relocatable_end:

	align	8, db 0
entry:						; moved along with the image
	dw	TAG_ENTRY_ADDRESS, 0
	dd	entry_end - entry
	dd	head_entry_physical
entry_end:

	align	8, db 0
	dw	TAG_END, 0
	dd	8
header_end:

section .note.GNU-stack noalloc noexec nowrite progbits
