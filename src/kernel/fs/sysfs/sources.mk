# SPDX-License-Identifier: MIT
kernel-srcs += src/kernel/fs/sysfs/cpu.c
kernel-srcs += src/kernel/fs/sysfs/sysfs.c
