# SPDX-License-Identifier: MIT
kernel-srcs += src/boot/header.asm
kernel-srcs += src/boot/head.asm
