# SPDX-License-Identifier: MIT
kernel-srcs += src/kernel/mm/bootmem.c
kernel-srcs += src/kernel/mm/frame.c
kernel-srcs += src/kernel/mm/frame_boot.c
kernel-srcs += src/kernel/mm/kmalloc.c
kernel-srcs += src/kernel/mm/kmap.c
kernel-srcs += src/kernel/mm/kstack.c
kernel-srcs += src/kernel/mm/pagefault.c
# It keeps free objects' links where nobody else may look.
nosan-srcs += src/kernel/mm/slab.c
ifneq ($(call on,KASAN),)
nosan-srcs += src/kernel/mm/kasan.c
endif
