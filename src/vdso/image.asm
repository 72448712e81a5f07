; SPDX-License-Identifier: MIT
; The linked vDSO, as the kernel hands it to programs.
section .rodata

global vdso_image
global vdso_image_end

vdso_image:
	incbin "vdso.so"
vdso_image_end:
