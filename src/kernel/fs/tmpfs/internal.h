/* SPDX-License-Identifier: MIT */
/* Shared by the files of tmpfs. */
#pragma once

#include <fs/internal.h>

struct tmpfs_super {
	u64 limit_pages;  /* 0: none */
	u64 used_pages;   /* atomic */
	u64 limit_inodes; /* 0: none */
	u64 used_inodes;  /* atomic */
	u32 mode;         /* of the root, as the options say */
	uid_t uid;
	gid_t gid;
};

struct tmpfs_xattr {
	struct list link; /* tmpfs_node.xattrs */
	char *name;
	size_t size;
	u8 value[];
};

/* What tmpfs keeps for an inode besides it: inode->priv. */
struct tmpfs_node {
	struct page_cache cache;  /* regular files */
	struct list xattrs;       /* attr_mutex */
	u64 xattr_bytes;          /* attr_mutex: of names and values, counted in pages against the limit */
	struct mutex attr_mutex;
	char *target;             /* symbolic links: kmalloc'ed or short_target */
	u32 target_length;
	u32 seals;                /* F_SEAL_*; inode->lock */
	char short_target[40];
};

static inline struct tmpfs_super *tmpfs_super_of(const struct inode *i) { return i->super->priv; }
static inline struct tmpfs_node *tmpfs_node_of(const struct inode *i) { return i->priv; }

extern const struct inode_ops tmpfs_dir_ops, tmpfs_file_inode_ops, tmpfs_link_ops, tmpfs_special_ops;
extern const struct file_ops tmpfs_file_ops;
extern const struct page_cache_ops tmpfs_cache_ops;
extern const struct fs_type tmpfs_type;

/* An inode of any type in `s`, owner by `dir` (may be NULL). -ENOSPC, -ENOMEM */
int tmpfs_inode_new(struct super *s, const struct inode *dir, u32 mode, dev_t rdev, struct inode **out);
int tmpfs_get_super(const struct fs_type *t, const char *source, unsigned flags, const char *data, struct super **out);
/* Takes `pages` more of what the instance may hold, or gives them back. -ENOSPC */
int tmpfs_charge(struct tmpfs_super *t, u64 pages) must_check;
void tmpfs_uncharge(struct tmpfs_super *t, u64 pages);
/* Puts text into a new link's inode. */
int tmpfs_set_target(struct inode *i, const char *target);
void tmpfs_evict(struct inode *i);

ssize_t tmpfs_getxattr(struct inode *i, const char *name, void *buf, size_t size);
int tmpfs_setxattr(struct inode *i, const char *name, const void *buf, size_t size, int flags);
ssize_t tmpfs_listxattr(struct inode *i, char *buf, size_t size);
int tmpfs_removexattr(struct inode *i, const char *name);
void tmpfs_xattrs_free(struct inode *i);
void tmpfs_inodes_init(void);
void memfd_init(void);
