# SPDX-License-Identifier: MIT
kernel-srcs += src/kernel/boot.c
kernel-srcs += src/kernel/console_keys.c
kernel-srcs += src/kernel/main.c
