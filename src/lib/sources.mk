# SPDX-License-Identifier: MIT
# string_generic.c is for host tests alone: the kernel has arch/x86_64/string.asm.
kernel-srcs += src/lib/bitmap.c
kernel-srcs += src/lib/chacha20.c
kernel-srcs += src/lib/cpio.c
kernel-srcs += src/lib/crc32.c
kernel-srcs += src/lib/format.c
kernel-srcs += src/lib/memory_map.c
kernel-srcs += src/lib/multiboot2.c
kernel-srcs += src/lib/parse.c
kernel-srcs += src/lib/radix.c
kernel-srcs += src/lib/rbtree.c
kernel-srcs += src/lib/scancode.c
kernel-srcs += src/lib/string.c
kernel-srcs += src/lib/terminal.c
kernel-srcs += src/lib/utf8.c
