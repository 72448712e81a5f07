# SPDX-License-Identifier: MIT
kernel-srcs += src/kernel/device/device.c
kernel-srcs += src/kernel/device/irq.c
kernel-srcs += src/kernel/device/power.c
