/* SPDX-License-Identifier: MIT */
/*
 * Credentials: immutable once a task has them; a change makes a copy and swaps it.
 */
#pragma once

#include <lib/types.h>
#include <linux/capability.h>
#include <sync/rcu.h>
#include <sync/refcount.h>

struct group_list {
	refcount_t refs;
	u32 count;
	gid_t gids[];
};

struct user;

struct task;

struct cred {
	refcount_t refs;
	struct rcu_head rcu; /* others look at a task's credentials without a reference */
	struct user *user; /* of uid: what RLIMIT_NPROC and RLIMIT_SIGPENDING count; referenced */
	uid_t uid, euid, suid, fsuid;
	gid_t gid, egid, sgid, fsgid;
	u64 cap_inheritable, cap_permitted, cap_effective, cap_bounding, cap_ambient;
	u32 securebits;
	bool no_new_privs;
	struct group_list *groups; /* NULL: none */
};

extern struct cred cred_kernel; /* root with all capabilities */

static inline void cred_get(struct cred *c) { ref_get(&c->refs); }
void cred_put(struct cred *c);
/*
 * Of any task, referenced.  Under a spinlock or rcu_read_lock task->cred may be read without, since
 * it is freed under RCU.
 */
struct cred *task_cred_get(struct task *t);
/* A private copy of the current task's; NULL. */
struct cred *cred_prepare(void);
/* Makes `c` (reference taken over) the current task's. */
void cred_commit(struct cred *c);
bool cred_in_group(const struct cred *c, gid_t gid);
/* Does the current task have CAP_x in effect? */
bool capable(int cap);
