; SPDX-License-Identifier: MIT
;
; Access to user memory (mm/usercopy.h has the contract) and whole-page operations.
;
; Every instruction that touches user memory stands in the exception table (macro USER); the page
; fault handler serves the fault or goes on at the address named there.  Short copies load words
; from the front and from the back that overlap in the middle, all before anything is stored.  When
; one of these faults for good, nothing has been done yet, and the copy is made again from the
; start, byte by byte, so that the count of what was not copied is exact.

%include "arch/x86_64/defs.inc"

default rel
bits 64

USER_MAX	equ 0x00007ffffffff000

global usercopy_start, usercopy_end
global usercopy_in, usercopy_out, usercopy_clear
global get_user_u8, get_user_u32, get_user_u64, put_user_u8, put_user_u32, put_user_u64
global cmpxchg_user_u32, strncpy_from_user, strnlen_user
global page_clear, page_copy

section .text.entry progbits alloc exec nowrite align=64

usercopy_start:

; Goes to %3 unless [%1, %1 + %2) is in the user half.  Uses rax.
%macro CHECK_RANGE 3
	mov	rax, %1
	add	rax, %2
	jc	%3
	shr	rax, 47			; the last user page is never mapped, so needs no check
	jnz	%3
%endmacro

; Of the source and the destination, one is the user's: LOAD or STORE may fault.
%macro LOAD 2
%if USER_IS_SOURCE
	USER	.again, mov %1, %2
%else
	mov	%1, %2
%endif
%endmacro

%macro STORE 2
%if USER_IS_SOURCE
	mov	%1, %2
%else
	USER	.again, mov %1, %2
%endif
%endmacro

; The body of usercopy_in and usercopy_out: rdi dst, rsi src, rdx n.
%macro COPY_BODY 0
	STAC_IF
	cmp	rdx, 16
	ja	.over16
	cmp	edx, 8
	jb	.under8
	LOAD	rcx, [rsi]
	LOAD	r8, [rsi + rdx - 8]
	STORE	[rdi], rcx
	STORE	[rdi + rdx - 8], r8
.done:
	CLAC_IF
	xor	eax, eax
	ret
.under8:
	cmp	edx, 4
	jb	.under4
	LOAD	ecx, [rsi]
	LOAD	r8d, [rsi + rdx - 4]
	STORE	[rdi], ecx
	STORE	[rdi + rdx - 4], r8d
	jmp	.done
.under4:
	test	edx, edx
	jz	.done
	mov	r9d, edx
	shr	r9d, 1
	LOAD	cl, [rsi]			; first, middle and last of 1 to 3
	LOAD	r8b, [rsi + rdx - 1]
	LOAD	r10b, [rsi + r9]
	STORE	[rdi], cl
	STORE	[rdi + r9], r10b
	STORE	[rdi + rdx - 1], r8b
	jmp	.done
.over16:
	cmp	rdx, 32
	ja	.over32
	LOAD	rcx, [rsi]
	LOAD	r8, [rsi + 8]
	LOAD	r9, [rsi + rdx - 16]
	LOAD	r10, [rsi + rdx - 8]
	STORE	[rdi], rcx
	STORE	[rdi + 8], r8
	STORE	[rdi + rdx - 16], r9
	STORE	[rdi + rdx - 8], r10
	jmp	.done
.over32:
	mov	rcx, rdx
ALT_NEW FEATURE_ERMS
	jmp	.by_bytes
ALT_OLD
	mov	r10d, edx
	and	r10d, 7
ALT_END
	shr	rcx, 3
	USER	.words_left, rep movsq
	mov	edx, r10d
	test	edx, edx
	jz	.done
	sub	rdx, 8				; the odd bytes: the last 8, some of them once more
	LOAD	rcx, [rsi + rdx]
	STORE	[rdi + rdx], rcx
	jmp	.done
.by_bytes:
	USER	.bytes_left, rep movsb
	jmp	.done

	; What follows a fault that was not served.
.words_left:
	lea	rdx, [r10 + rcx * 8]
	jmp	.slow
.bytes_left:
	mov	rdx, rcx
	jmp	.out
.again:
	test	rdx, rdx
	jns	.slow
	mov	rdx, r10			; of a long copy the words are done
.slow:
%if USER_IS_SOURCE
	USER	.out, mov al, [rsi]
	mov	[rdi], al
%else
	mov	al, [rsi]
	USER	.out, mov [rdi], al
%endif
	inc	rsi
	inc	rdi
	dec	rdx
	jnz	.slow
.out:
	CLAC_IF
.bad:
	mov	rax, rdx
	ret
%endmacro

%define USER_IS_SOURCE 1
align 64
usercopy_in:
	CHECK_RANGE rsi, rdx, .bad
	COPY_BODY

%define USER_IS_SOURCE 0
align 64
usercopy_out:
	CHECK_RANGE rdi, rdx, .bad
	COPY_BODY

; size_t usercopy_clear(rdi dst, rsi n)
align 16
usercopy_clear:
	mov	rdx, rsi
	CHECK_RANGE rdi, rdx, .bad
	STAC_IF
	xor	eax, eax
	mov	rcx, rdx
ALT_NEW FEATURE_ERMS
	jmp	.by_bytes
ALT_OLD
	shr	rcx, 3
	and	edx, 7
ALT_END
	USER	.words_left, rep stosq
.odd:
	mov	ecx, edx
.by_bytes:
	USER	.bytes_left, rep stosb
	CLAC_IF
	xor	eax, eax
	ret
.words_left:
	lea	rcx, [rdx + rcx * 8]
	xor	edx, edx
	jmp	.by_bytes
.bytes_left:
	CLAC_IF
	mov	rax, rcx
	ret
.bad:
	mov	rax, rdx
	ret

; int get_user_uN(rdi uN *v, rsi p): 0 or -EFAULT
%macro GET_USER 3				; name, register, bytes
align 16
%1:
	mov	rax, USER_MAX - %3
	cmp	rsi, rax
	ja	user_fault_no_clac
	STAC_IF
	USER	user_fault, mov %2, [rsi]
	CLAC_IF
	mov	[rdi], %2
	xor	eax, eax
	ret
%endmacro
GET_USER get_user_u8, dl, 1
GET_USER get_user_u32, edx, 4
GET_USER get_user_u64, rdx, 8

; int put_user_uN(rdi p, rsi v)
%macro PUT_USER 3
align 16
%1:
	mov	rax, USER_MAX - %3
	cmp	rdi, rax
	ja	user_fault_no_clac
	STAC_IF
	USER	user_fault, mov [rdi], %2
	CLAC_IF
	xor	eax, eax
	ret
%endmacro
PUT_USER put_user_u8, sil, 1
PUT_USER put_user_u32, esi, 4
PUT_USER put_user_u64, rsi, 8

; int cmpxchg_user_u32(rdi p, rsi u32 *old, edx new)
align 16
cmpxchg_user_u32:
	mov	rax, USER_MAX - 4
	cmp	rdi, rax
	ja	user_fault_no_clac
	mov	eax, [rsi]
	STAC_IF
	USER	user_fault, lock cmpxchg [rdi], edx
	CLAC_IF
	mov	[rsi], eax
	xor	eax, eax
	ret

user_fault:
	CLAC_IF
user_fault_no_clac:
	mov	eax, -EFAULT
	cdqe
	ret

; The number of zero bytes below the lowest one in rcx goes to rax (in bits), or ZF is set if there
; is none: (x - 0x01..) & ~x & 0x80.., exact up to the first zero byte.  r10, r11: the constants.
%macro FIND_ZERO 0
	lea	rax, [rcx + r10]
	andn_	rax, rcx
	and	rax, r11
%endmacro
%macro andn_ 2
	not	%2
	and	%1, %2
%endmacro

; ssize_t strncpy_from_user(rdi dst, rsi src, rdx size)
; Eight bytes at a time while that stays inside the page; the word with the NUL is stored whole if
; there is room.
align 16
strncpy_from_user:
	mov	r9, rdi
	STAC_IF
	mov	r10, -0x0101010101010101
	mov	r11, 0x8080808080808080
	add	rdx, rdi			; end of dst
.page:
	mov	r8, rsi
	shr	r8, 47
	jnz	.fault
	mov	r8, rsi
	or	r8, 0xfff
	sub	r8, rsi				; bytes behind this one in its page
	mov	rcx, rdx
	sub	rcx, rdi			; room
	jz	.too_long
	lea	rax, [rcx - 1]
	cmp	r8, rax
	cmova	r8, rax
	inc	r8				; what may be read here: at least 1
	sub	r8, 8
	jb	.bytes
.word:
	USER	.fault, mov rcx, [rsi]
	mov	[rdi], rcx
	FIND_ZERO
	jnz	.zero
	add	rsi, 8
	add	rdi, 8
	sub	r8, 8
	jae	.word
.bytes:
	add	r8, 8
	jz	.page
.byte:
	USER	.fault, movzx ecx, byte [rsi]
	mov	[rdi], cl
	test	ecx, ecx
	jz	.end
	inc	rsi
	inc	rdi
	dec	r8
	jnz	.byte
	jmp	.page
.zero:
	bsf	rax, rax
	shr	eax, 3
	add	rdi, rax
.end:
	CLAC_IF
	mov	rax, rdi
	sub	rax, r9
	ret
.fault:
	CLAC_IF
	mov	rax, -EFAULT
	ret
.too_long:
	CLAC_IF
	mov	rax, -ENAMETOOLONG
	ret

; ssize_t strnlen_user(rdi src, rsi max)
align 16
strnlen_user:
	mov	r9, rdi
	STAC_IF
	mov	r10, -0x0101010101010101
	mov	r11, 0x8080808080808080
	add	rsi, rdi			; end
	jc	.fault
.page:
	mov	r8, rdi
	shr	r8, 47
	jnz	.fault
	mov	r8, rdi
	or	r8, 0xfff
	inc	r8				; end of the page
	cmp	r8, rsi
	cmova	r8, rsi
	sub	r8, rdi
	jz	.longer
	sub	r8, 8
	jb	.bytes
.word:
	USER	.fault, mov rcx, [rdi]
	FIND_ZERO
	jnz	.zero
	add	rdi, 8
	sub	r8, 8
	jae	.word
.bytes:
	add	r8, 8
	jz	.page
.byte:
	USER	.fault, cmp byte [rdi], 0
	je	.end
	inc	rdi
	dec	r8
	jnz	.byte
	jmp	.page
.zero:
	bsf	rax, rax
	shr	eax, 3
	add	rdi, rax
.end:
	CLAC_IF
	mov	rax, rdi
	sub	rax, r9
	ret
.fault:
	CLAC_IF
	mov	rax, -EFAULT
	ret
.longer:
	CLAC_IF
	mov	rax, rdi
	sub	rax, r9
	inc	rax
	ret
usercopy_end:

; void page_clear(rdi page)
align 16
page_clear:
	xor	eax, eax
ALT_NEW FEATURE_ERMS
	mov	ecx, 4096
	rep	stosb
ALT_OLD
	mov	ecx, 512
	rep	stosq
ALT_END
	ret

; void page_copy(rdi dst, rsi src)
align 16
page_copy:
ALT_NEW FEATURE_ERMS
	mov	ecx, 4096
	rep	movsb
ALT_OLD
	mov	ecx, 512
	rep	movsq
ALT_END
	ret

section .note.GNU-stack noalloc noexec nowrite progbits
