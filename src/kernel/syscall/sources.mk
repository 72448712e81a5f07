# SPDX-License-Identifier: MIT
kernel-srcs += src/kernel/syscall/dispatch.c
kernel-srcs += src/kernel/syscall/names.c
kernel-srcs += src/kernel/syscall/system.c
kernel-srcs += src/kernel/syscall/sysrq.c
