/* SPDX-License-Identifier: MIT */
/*
 * A walk along a path name, for the files that make walks (walk.c has the theory) and those that use them.
 *
 *	walk.c       the walk itself: where it stands, from component to component
 *	walk_link.c  following symbolic links
 *	path.c       looking names up: the whole way, or up to the last component
 *	path_open.c  looking up what open(2) opens, and may have to create
 *
 * A user of walks calls walk_begin, one of walk_all and walk_to_last, walk_take or walk_error,
 * and walk_end, all of it inside WALK_RETRY.
 */
#pragma once

#include <fs/internal.h>

enum { WALK_RCU = 1 };

struct walk {
	struct path path;    /* where we are; counted only if it equals anchor */
	struct path root;    /* of "/" and of ".." at the top */
	struct path anchor;  /* referenced; mount NULL: none */
	struct path root_held; /* the same for root */
	const char *rest;    /* what is still to be walked */
	char *buffer;        /* kmalloc'ed: holds `rest` once a link was followed */
	u32 seq;
	u32 state;           /* WALK_* */
	unsigned flags;      /* LOOKUP_* */
	unsigned links;
	struct fd_ref dir;
	/* the component at hand */
	const char *name;
	size_t length;
	u32 hash;
	enum last_type type;
	bool trailing_slash;
};

#define WALK_RETRIES_MAX 3

/* Runs one attempt after another until names hold still; the last ones exclude renames. */
#define WALK_RETRY(err, attempt)                                               \
	({                                                                     \
		unsigned tries_ = 0;                                           \
		for (;;) {                                                     \
			if (tries_ == WALK_RETRIES_MAX)                             \
				mutex_lock(&rename_lock);                      \
			(err) = (attempt);                                     \
			if (tries_ >= WALK_RETRIES_MAX)                             \
				mutex_unlock(&rename_lock);                    \
			if (likely((err) != -ECHILD))                          \
				break;                                         \
			if (tries_ < WALK_RETRIES_MAX)                              \
				tries_++;                                      \
		}                                                              \
	})

/* --- walk.c --- */

/* Begins at the start of `name` and enters RCU. -EBADF, -ENOTDIR, -EXDEV: there is nothing to end. */
int walk_begin(struct walk *w, int dirfd, const char *name, unsigned flags) must_check;
/* Leaves RCU if need be and drops what is held. */
void walk_end(struct walk *w);
/*
 * Walks up to the last component: w->path is its directory, in which we may search, and
 * w->name etc. what is left to do.
 */
int walk_to_last(struct walk *w) must_check;
/* The last component is "." or "..", or nothing: moves there. */
int walk_last_special(struct walk *w) must_check;
/* The whole way. w->path is what the name names; *w->path is good only under RCU or by the anchor. */
int walk_all(struct walk *w) must_check;
/* Gives the result of a finished walk with references. -ECHILD: start over. */
int walk_take(struct walk *w, struct path *out) must_check;
/* What to return for `err`: an error is one only if what led to it held still, else -ECHILD. */
int walk_error(struct walk *w, int err) must_check;

/* References on *p, found under RCU; false: it is going, or names have moved. Leaves nothing behind. */
bool path_get_rcu(const struct walk *w, const struct path *p) must_check;
/* From RCU to references on where we are (and on the root): -ECHILD: start over. May sleep after. */
int walk_settle(struct walk *w) must_check;
/* Back under RCU; w->path is held by the anchor. */
void walk_resume(struct walk *w);
/* Outside of RCU: go to p, whose references are taken over. */
void walk_jump(struct walk *w, const struct path *p);
/* Onto what is mounted here. -EXDEV */
int walk_mounts(struct walk *w) must_check;
/* walk_child for a dentry that was not in the cache or has to be asked. */
int walk_child_slow(struct walk *w, bool *found) must_check;

/* Moves w->path to the named child (with no regard to what is mounted on it). *found false: there is none. */
static always_inline int walk_child(struct walk *w, bool *found)
{
	struct dentry *dir = w->path.dentry;
	struct dentry *d = dentry_find_rcu(dir, w->name, w->length, w->hash);

	if (unlikely(!d)) {
		if (dir_is_pinned(dir->inode) && !seq_read_retry(&walk_seq.count, w->seq)) {
			*found = false;
			return w->length > NAME_LENGTH_MAX ? -ENAMETOOLONG : 0;
		}
		return walk_child_slow(w, found);
	}
	if (unlikely(d->ops && d->ops->revalidate))
		return walk_child_slow(w, found);
	if (unlikely(!atomic_load(&d->inode))) {
		if (seq_read_retry(&walk_seq.count, w->seq))
			return -ECHILD;
		*found = false;
		return 0;
	}
	w->path.dentry = d;
	*found = true;
	return 0;
}

/* --- walk_link.c --- */

/* w->path is a symbolic link in `dir`: go on where it leads. -ELOOP, -ECHILD, ... */
int walk_follow(struct walk *w, const struct path *dir) must_check;

/* --- path.c --- */

/* The result for an empty name: `dirfd` itself, if LOOKUP_EMPTY. */
int path_lookup_empty(int dirfd, unsigned flags, struct path *out) must_check;
