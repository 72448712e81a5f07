; SPDX-License-Identifier: MIT
;
; memcpy, memmove, memset, memcmp (C calling convention).
;
; Sizes up to 64 are a few plain moves: words from the front and words from the back, which overlap
; in the middle when the size is no multiple of 8; no byte loop anywhere. From there on `rep
; movsq` (stosq) moves 8 bytes an iteration, and the odd tail, loaded before, is stored after it.
; The direction flag is clear on entry, as the ABI says, and on exit.
;
; Each has a second name with two underscores, for the checking versions of sanitizer builds to
; call; the plain names are weak, so that those may take their place.

default rel
bits 64
section .text

global memcpy:function weak
global memmove:function weak
global memset:function weak
global memcmp:function weak
global __memcpy:function
global __memmove:function
global __memset:function
global __memcmp:function

; void *memcpy(rdi dst, rsi src, rdx n)
align 16
memcpy:
__memcpy:
	mov	rax, rdi
	cmp	rdx, 64
	ja	.long
	cmp	rdx, 16
	jb	.under16
	cmp	rdx, 32
	ja	.under64
	mov	rcx, [rsi]			; 16..32
	mov	r8, [rsi + 8]
	mov	r9, [rsi + rdx - 16]
	mov	r10, [rsi + rdx - 8]
	mov	[rdi], rcx
	mov	[rdi + 8], r8
	mov	[rdi + rdx - 16], r9
	mov	[rdi + rdx - 8], r10
	ret
.under64:					; 33..64: the first 32 and the last 32
	mov	rcx, [rsi]
	mov	r8, [rsi + 8]
	mov	r9, [rsi + 16]
	mov	r10, [rsi + 24]
	mov	[rdi], rcx
	mov	[rdi + 8], r8
	mov	[rdi + 16], r9
	mov	[rdi + 24], r10
	mov	rcx, [rsi + rdx - 32]
	mov	r8, [rsi + rdx - 24]
	mov	r9, [rsi + rdx - 16]
	mov	r10, [rsi + rdx - 8]
	mov	[rdi + rdx - 32], rcx
	mov	[rdi + rdx - 24], r8
	mov	[rdi + rdx - 16], r9
	mov	[rdi + rdx - 8], r10
	ret
.under16:
	cmp	edx, 8
	jb	.under8
	mov	rcx, [rsi]
	mov	r8, [rsi + rdx - 8]
	mov	[rdi], rcx
	mov	[rdi + rdx - 8], r8
	ret
.under8:
	cmp	edx, 4
	jb	.under4
	mov	ecx, [rsi]
	mov	r8d, [rsi + rdx - 4]
	mov	[rdi], ecx
	mov	[rdi + rdx - 4], r8d
	ret
.under4:
	test	edx, edx
	jz	.none
	movzx	ecx, byte [rsi]			; 1..3: first, middle, last
	movzx	r8d, byte [rsi + rdx - 1]
	mov	[rdi], cl
	mov	[rdi + rdx - 1], r8b
	shr	edx, 1
	movzx	ecx, byte [rsi + rdx]
	mov	[rdi + rdx], cl
.none:
	ret
.long:
	mov	r8, [rsi + rdx - 8]
	lea	r9, [rdi + rdx - 8]
	lea	rcx, [rdx - 1]			; with the tail apart, (n - 1) / 8 whole words
	shr	rcx, 3
	rep	movsq
	mov	[r9], r8
	ret

; void *memmove(rdi dst, rsi src, rdx n)
; Every path below 64 bytes loads all before it stores; forward copying is right unless dst lies
; inside [src, src + n).
align 16
memmove:
__memmove:
	mov	rax, rdi
	cmp	rdx, 32
	ja	.over32
	cmp	rdx, 16
	jb	.under16
	mov	rcx, [rsi]
	mov	r8, [rsi + 8]
	mov	r9, [rsi + rdx - 16]
	mov	r10, [rsi + rdx - 8]
	mov	[rdi], rcx
	mov	[rdi + 8], r8
	mov	[rdi + rdx - 16], r9
	mov	[rdi + rdx - 8], r10
	ret
.under16:
	cmp	edx, 8
	jb	.under8
	mov	rcx, [rsi]
	mov	r8, [rsi + rdx - 8]
	mov	[rdi], rcx
	mov	[rdi + rdx - 8], r8
	ret
.under8:
	cmp	edx, 4
	jb	.under4
	mov	ecx, [rsi]
	mov	r8d, [rsi + rdx - 4]
	mov	[rdi], ecx
	mov	[rdi + rdx - 4], r8d
	ret
.under4:
	test	edx, edx
	jz	.none
	movzx	ecx, byte [rsi]
	movzx	r8d, byte [rsi + rdx - 1]
	mov	r10, rdx
	shr	r10, 1
	movzx	r9d, byte [rsi + r10]
	mov	[rdi + r10], r9b
	mov	[rdi], cl
	mov	[rdi + rdx - 1], r8b
.none:
	ret
.over32:
	mov	rcx, rdi
	sub	rcx, rsi
	cmp	rcx, rdx
	jb	.backward
	mov	r8, [rsi + rdx - 8]
	lea	r9, [rdi + rdx - 8]
	lea	rcx, [rdx - 1]
	shr	rcx, 3
	rep	movsq
	mov	[r9], r8
	ret
.backward:
	mov	r8, [rsi]
	lea	rcx, [rdx - 1]
	shr	rcx, 3
	lea	rsi, [rsi + rdx - 8]
	lea	rdi, [rdi + rdx - 8]
	std
	rep	movsq
	cld
	mov	[rax], r8
	ret

; void *memset(rdi dst, sil byte, rdx n)
align 16
memset:
__memset:
	mov	r8, rdi				; the result
	movzx	eax, sil
	mov	rcx, 0x0101010101010101
	imul	rax, rcx
	cmp	rdx, 32
	ja	.long
	cmp	edx, 8
	jb	.under8
	mov	[rdi], rax
	mov	[rdi + rdx - 8], rax
	cmp	edx, 16
	jbe	.done
	mov	[rdi + 8], rax
	mov	[rdi + rdx - 16], rax
.done:
	mov	rax, r8
	ret
.under8:
	cmp	edx, 4
	jb	.under4
	mov	[rdi], eax
	mov	[rdi + rdx - 4], eax
	mov	rax, r8
	ret
.under4:
	test	edx, edx
	jz	.done
	mov	[rdi], al
	mov	[rdi + rdx - 1], al
	shr	edx, 1
	mov	[rdi + rdx], al
	mov	rax, r8
	ret
.long:
	mov	[rdi + rdx - 8], rax
	lea	rcx, [rdx - 1]
	shr	rcx, 3
	rep	stosq
	mov	rax, r8
	ret

; int memcmp(rdi a, rsi b, rdx n)
; Eight bytes at a time; the words that differ are swapped to big-endian, where the first byte
; that differs decides.
align 16
memcmp:
__memcmp:
	cmp	rdx, 8
	jb	.bytes
.words:
	mov	rax, [rdi]
	mov	rcx, [rsi]
	cmp	rax, rcx
	jne	.differ
	add	rdi, 8
	add	rsi, 8
	sub	rdx, 8
	cmp	rdx, 8
	jae	.words
	test	rdx, rdx
	jz	.equal
	mov	rax, [rdi + rdx - 8]		; the rest, with some bytes that are known to be equal
	mov	rcx, [rsi + rdx - 8]
	cmp	rax, rcx
	jne	.differ
.equal:
	xor	eax, eax
	ret
.differ:
	bswap	rax
	bswap	rcx
	xor	edx, edx
	cmp	rax, rcx
	seta	dl
	sbb	eax, eax			; -1 if below
	or	eax, edx
	ret
.bytes:
	test	edx, edx
	jz	.equal
	xor	r8d, r8d
.byte:
	movzx	eax, byte [rdi + r8]
	movzx	ecx, byte [rsi + r8]
	sub	eax, ecx
	jnz	.out
	inc	r8d
	cmp	r8d, edx
	jb	.byte
.out:
	ret

section .note.GNU-stack noalloc noexec nowrite progbits
