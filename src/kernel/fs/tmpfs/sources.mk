# SPDX-License-Identifier: MIT
# Files that live in memory.
kernel-srcs += $(addprefix src/kernel/fs/tmpfs/, tmpfs.c inode.c file.c xattr.c memfd.c)
