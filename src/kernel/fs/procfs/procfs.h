/* SPDX-License-Identifier: MIT */
/*
 * /proc: a tree of fixed files (fs/tree.h), to which any module adds its own, and
 * in its root the directories of processes, which proc/ supplies.
 */
#pragma once

#include <fs/tree.h>

extern struct tree procfs_tree;

/* What proc/ registers for names that are not fixed. */
struct procfs_processes {
	/* As inode_ops.lookup, for /proc itself. */
	int (*lookup)(struct inode *dir, struct dentry *d);
	/* Emits the processes with pid >= first, position pid + base; stops when emit says so. */
	int (*readdir)(struct file *f, struct dir_emitter *e, u64 base);
	/* As super_ops.evict, for inodes that look-ups made. */
	void (*evict)(struct inode *i);
};
void procfs_set_processes(const struct procfs_processes *p);

static inline int procfs_add(const char *path, int (*show)(struct text *t, void *ctx), void *ctx)
{
	return tree_add_file(&procfs_tree, path, 0444, show, NULL, ctx);
}

/* A number in /proc/sys: shown in decimal; written (mode 0644) if within [min, max]. */
struct procfs_number {
	u64 *value;
	u64 min, max;
};
int procfs_add_number(const char *path, u32 mode, const struct procfs_number *n);

void procfs_init(void);
