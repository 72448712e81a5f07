/* SPDX-License-Identifier: MIT */
#pragma once

#include <lib/types.h>

/* A module of the boot loader at physical [start, end), reserved memory; before vfs_mount_root. */
void initramfs_add(u64 start, u64 end);
/* Unpacks all modules, in the order they were added, over the root. Panics on a damaged archive. */
void initramfs_unpack(void);
/* The same for one archive in ordinary memory, which is copied. 0, or an enum cpio_result below 0. */
int initramfs_unpack_bytes(const void *bytes, size_t length);
