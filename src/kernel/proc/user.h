/* SPDX-License-Identifier: MIT */
/* What is counted for a user id over all its processes. */
#pragma once

#include <lib/list.h>
#include <sync/refcount.h>

struct user {
	refcount_t refs;
	uid_t uid;               /* imm */
	u32 tasks;               /* atomic: RLIMIT_NPROC */
	u32 signals;             /* atomic: RLIMIT_SIGPENDING */
	u32 pipe_pages;          /* atomic: room in pipes that the user made */
	u32 files_in_flight;     /* atomic: sent in messages of sockets, not received */
	struct hlist_node hash;  /* users_lock */
};

extern struct user user_root;

/* The account of `uid`, referenced; NULL without memory. */
struct user *user_find(uid_t uid);
static inline void user_get(struct user *u) { ref_get(&u->refs); }
void user_put(struct user *u);
