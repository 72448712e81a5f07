# SPDX-License-Identifier: MIT
# clock.c is not the kernel's: it is linked into vdso.so, which image.asm embeds.
kernel-srcs += src/vdso/image.asm
vdso-srcs += src/vdso/clock.c
