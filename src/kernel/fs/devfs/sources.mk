# SPDX-License-Identifier: MIT
kernel-srcs += src/kernel/fs/devfs/devfs.c
