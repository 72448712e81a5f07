/* SPDX-License-Identifier: MIT */
/* Mounts: where file systems hang in the tree. For fs/ alone; others see paths. */
#pragma once

#include <fs/vfs.h>
#include <linux/mount.h>
#include <sync/seqlock.h>

/* The MS_* flags that belong to a mount; the others are its super's. */
#define MOUNT_FLAGS                                                            \
	(MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME | MS_NODIRATIME | MS_RELATIME | \
	 MS_STRICTATIME | MS_NOSYMFOLLOW)

struct mount {
	refcount_t refs;         /* one for hanging in the tree, one for each path */
	u32 flags;               /* MOUNT_FLAGS; mounts_lock to change */
	struct super *super;     /* imm, referenced */
	struct dentry *root;     /* imm, referenced */
	struct mount *parent;    /* walk_seq; itself: the root, or not attached */
	struct dentry *mountpoint; /* walk_seq; referenced */
	struct hlist_node hash_link; /* walk_seq to change, RCU to read */
	struct list children, child_link; /* mounts_lock */
	struct list all_link;    /* mounts_lock: in the order of mounting */
	u32 id;                  /* imm */
	struct rcu_head rcu;
};

extern struct mutex mounts_lock;
/* Changes whenever a name or a mount moves: a path walk without references is good if it stayed the same. */
extern seqlock_t walk_seq;

/* What is mounted on (m, d), not referenced, or NULL. RCU. */
struct mount *mount_at(const struct mount *m, const struct dentry *d);

static inline bool mount_is_attached(const struct mount *m)
{
	return !list_empty(&m->all_link);
}
/* May not be written to: the mount or its file system is read-only. */
static inline bool mount_readonly(const struct mount *m)
{
	return (m->flags | m->super->flags) & MS_RDONLY;
}
/* Is `d` the root of, or below the root of, something mounted? -EBUSY for unlink and rename. */
static inline bool dentry_is_mountpoint(const struct dentry *d)
{
	return READ_ONCE(d->flags) & DENTRY_MOUNTPOINT;
}

/* umount2(2): not in the kernel's exported headers. */
enum { MNT_FORCE = 1, MNT_DETACH = 2, MNT_EXPIRE = 4, UMOUNT_NOFOLLOW = 8 };
