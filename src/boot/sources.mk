# SPDX-License-Identifier: MIT
kernel-srcs += src/boot/header.asm
kernel-srcs += src/boot/head.asm
kernel-srcs += src/boot/trampoline.asm
