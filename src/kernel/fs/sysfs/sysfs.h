/* SPDX-License-Identifier: MIT */
/* /sys: a tree of fixed files (fs/tree.h) that modules add to. */
#pragma once

#include <fs/tree.h>

extern struct tree sysfs_tree;

static inline int sysfs_add(const char *path, int (*show)(struct text *t, void *ctx), void *ctx)
{
	return tree_add_file(&sysfs_tree, path, 0444, show, NULL, ctx);
}

void sysfs_init(void);
/* The files about CPUs; once all of them are up. */
void sysfs_cpus_init(void);
