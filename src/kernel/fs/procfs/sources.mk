# SPDX-License-Identifier: MIT
kernel-srcs += src/kernel/fs/procfs/procfs.c
kernel-srcs += src/kernel/fs/procfs/system.c
