/* SPDX-License-Identifier: MIT */
/*
 * File systems whose tree the kernel declares: directories, text files and links,
 * added by path at any time, never renamed, alive as long as the system (/sys, and
 * the fixed part of /proc).
 */
#pragma once

#include <fs/text.h>

struct tree {
	const char *name;   /* for logs */
	struct super *super; /* made by tree_init */
	const struct super_ops *super_ops;
};

/* Makes the super with an empty root. type: as registered. -ENOMEM. */
int tree_init(struct tree *t, const struct fs_type *type);

/* Adds a directory and those above it; 0 when it is there already. */
int tree_add_dir(struct tree *t, const char *path);
/* show and write as in struct text_source; mode 0444, 0644 ...; directories above are made. -EEXIST, -ENOMEM. */
int tree_add_file(struct tree *t, const char *path, u32 mode, int (*show)(struct text *t, void *ctx),
		  int (*write)(void *ctx, char *buf, size_t n), void *ctx);
int tree_add_link(struct tree *t, const char *path, const char *target);
/* The inode at `path`, not referenced (it stays); NULL. For mount points and special operations. */
struct inode *tree_find(struct tree *t, const char *path);
