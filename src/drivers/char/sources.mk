# SPDX-License-Identifier: MIT
kernel-srcs += src/drivers/char/kmsg.c
kernel-srcs += src/drivers/char/mem.c
kernel-srcs += src/drivers/char/random.c
