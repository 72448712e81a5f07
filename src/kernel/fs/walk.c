/* SPDX-License-Identifier: MIT */
/*
 * From path names to dentries: the walk.
 *
 * A walk goes from component to component in one of two ways.  Normally it is under RCU
 * and takes no references at all: `seq` is the value of walk_seq at its start, and what
 * was found holds if walk_seq is still the same when references are finally taken (else
 * the walk starts over; after a few times under rename_lock).  When a step may
 * sleep (a name that is not in the cache, a link, an operation of the file system)
 * the walk takes references on where it is (walk_settle), does the step, and goes on under RCU from
 * there; the references (`anchor`) are kept until the next ones or the end.
 *
 * A symbolic link is followed by putting its text in front of the rest of the name, in a
 * new buffer (walk_link.c).  So a walk has no stack.
 *
 * Names are compared and hashed by words of 8 bytes, so all buffers may be read
 * up to 8 bytes past the end of the name.
 *
 * File systems without a lookup operation have all their names in the cache: what is
 * not there does not exist.
 */
#include <fs/walk.h>

/* --- Where walks begin and end --------------------------------------------------------------- */

static void read_context(struct walk *w, bool cwd)
{
	struct fs_context *c = fs_current();

	if (likely(ref_read(&c->refs) == 1)) {
		w->root = c->root;
		if (cwd)
			w->path = c->cwd;
		return;
	}
	SPIN_GUARD(&c->lock);
	w->root = c->root;
	if (cwd)
		w->path = c->cwd;
}

int walk_begin(struct walk *w, int dirfd, const char *name, unsigned flags)
{
	w->rest = name;
	w->buffer = NULL;
	w->flags = flags;
	w->links = 0;
	w->anchor.mount = w->root_held.mount = NULL;
	w->dir = (struct fd_ref){ NULL, false };
	w->state = WALK_RCU;
	w->type = LAST_ROOT;
	w->length = 0;
	w->trailing_slash = false;
	bool absolute = *name == '/' && !(flags & LOOKUP_IN_ROOT);
	if (absolute && flags & LOOKUP_BENEATH)
		return -EXDEV;
	if (!absolute && dirfd != AT_FDCWD) {
		w->dir = fd_get_any(dirfd);
		if (!w->dir.file)
			return -EBADF;
		if (*name && !inode_is(w->dir.file->inode, S_IFDIR)) {
			fd_ref_end_(&w->dir);
			return -ENOTDIR;
		}
	}
	rcu_read_lock();
	w->seq = seq_read_begin(&walk_seq.count);
	read_context(w, !absolute && dirfd == AT_FDCWD);
	if (absolute)
		w->path = w->root;
	else if (dirfd != AT_FDCWD)
		w->path = w->dir.file->path;
	if (unlikely(flags & (LOOKUP_BENEATH | LOOKUP_IN_ROOT)))
		w->root = w->path;
	return 0;
}

/* Leaves RCU if need be and drops what is held. */
void walk_end(struct walk *w)
{
	if (w->state & WALK_RCU)
		rcu_read_unlock();
	if (unlikely(w->anchor.mount))
		path_put(&w->anchor);
	if (unlikely(w->root_held.mount))
		path_put(&w->root_held);
	if (unlikely(w->buffer))
		kfree(w->buffer);
	if (w->dir.file)
		fd_ref_end_(&w->dir);
}

/* References on *p, found under RCU; false: it is going, or names have moved. Leaves nothing behind. */
bool path_get_rcu(const struct walk *w, const struct path *p)
{
	if (unlikely(!ref_get_unless_zero(&p->mount->refs)))
		return false;
	if (likely(dentry_get_rcu(p->dentry))) {
		if (likely(!seq_read_retry(&walk_seq.count, w->seq)))
			return true;
		rcu_read_unlock();
		dentry_put(p->dentry);
	} else {
		rcu_read_unlock();
	}
	mount_put(p->mount);
	rcu_read_lock();
	return false;
}

/* From RCU to references on where we are (and on the root): -ECHILD: start over. */
int walk_settle(struct walk *w)
{
	if (!(w->state & WALK_RCU))
		return 0;
	struct path p = w->path, root = w->root;
	if (!path_get_rcu(w, &p))
		return -ECHILD;
	if (!w->root_held.mount) {
		if (!path_get_rcu(w, &root)) {
			rcu_read_unlock();
			path_put(&p);
			rcu_read_lock();
			return -ECHILD;
		}
		w->root_held = root;
	}
	rcu_read_unlock();
	w->state &= ~(u32)WALK_RCU;
	if (w->anchor.mount)
		path_put(&w->anchor);
	w->anchor = p;
	return 0;
}

/* Back under RCU; w->path is held by the anchor. */
void walk_resume(struct walk *w)
{
	rcu_read_lock();
	w->seq = seq_read_begin(&walk_seq.count);
	w->state |= WALK_RCU;
}

/* Outside of RCU: go to p, whose references are taken over. */
void walk_jump(struct walk *w, const struct path *p)
{
	if (w->anchor.mount)
		path_put(&w->anchor);
	w->anchor = w->path = *p;
}

/* --- Steps ----------------------------------------------------------------------------------- */

static int walk_permission_slow(struct walk *w)
{
	struct inode *i = w->path.dentry->inode;

	if (!i->ops || !i->ops->permission)
		return inode_permission_by_mode(i, MAY_EXEC);
	int err = walk_settle(w);
	if (err)
		return err;
	err = inode_permission(i, MAY_EXEC);
	walk_resume(w);
	return err;
}

/* May we look for names here? */
static always_inline int walk_permission(struct walk *w)
{
	struct inode *i = w->path.dentry->inode;

	if (unlikely(!inode_is(i, S_IFDIR)))
		return -ENOTDIR;
	if (likely((i->mode & 0111) == 0111 && !i->ops->permission))
		return 0;
	return walk_permission_slow(w);
}

/* Onto what is mounted here. */
noinline int walk_mounts(struct walk *w)
{
	while (w->path.dentry->flags & DENTRY_MOUNTPOINT) {
		struct mount *m = mount_at(w->path.mount, w->path.dentry);
		if (!m)
			break;
		if (w->flags & LOOKUP_NO_XDEV)
			return -EXDEV;
		w->path = (struct path){ m, m->root };
	}
	return 0;
}

static int walk_up(struct walk *w)
{
	for (;;) {
		if (w->path.dentry == w->root.dentry && w->path.mount == w->root.mount)
			return w->flags & LOOKUP_BENEATH ? -EXDEV : 0;
		if (w->path.dentry != w->path.mount->root) {
			w->path.dentry = w->path.dentry->parent;
			break;
		}
		struct mount *m = w->path.mount;
		if (m->parent == m)
			return 0;
		if (w->flags & LOOKUP_NO_XDEV)
			return -EXDEV;
		w->path = (struct path){ m->parent, m->mountpoint };
	}
	return walk_mounts(w);
}

/* The component's dentry was not in the cache or has to be asked: *child NULL or w->path moved onto it. */
noinline int walk_child_slow(struct walk *w, bool *found)
{
	struct dentry *d;
	int err = walk_settle(w);

	if (err)
		return err;
	err = path_child(w->path.dentry, w->name, w->length, &d);
	if (!err) {
		*found = d && d->inode;
		if (*found) {
			struct path p = { w->path.mount, d };
			mount_get(p.mount);
			walk_jump(w, &p);
		} else if (d) {
			dentry_put(d);
		}
	}
	walk_resume(w);
	return err;
}

/* --- Components ------------------------------------------------------------------------------ */

/* Offset of the first '/' or NUL in the word, in bits, or 64. */
static always_inline unsigned word_end(u64 v)
{
	u64 s = v ^ NAME_SLASHES;
	u64 hit = ((v - WORD_ONES) & ~v & WORD_HIGHS) | ((s - WORD_ONES) & ~s & WORD_HIGHS);

	return hit ? (unsigned)__builtin_ctzll(hit) & ~7U : 64;
}

/* Cuts the next component off w->rest; false: there is none. Sets trailing_slash if only slashes follow. */
static always_inline bool next_component(struct walk *w)
{
	const char *s = w->rest, *p;
	u64 h = name_start(w->path.dentry), word;
	unsigned end;

	while (*s == '/')
		s++;
	if (!*s) {
		w->rest = s;
		return false;
	}
	for (p = s;; p += 8) {
		__builtin_memcpy(&word, p, 8);
		end = word_end(word);
		if (end < 64)
			break;
		/* A name of a multiple of 8 bytes has a full last word, not one of zeros. */
		u64 next;
		__builtin_memcpy(&next, p + 8, 1);
		u8 c = (u8)next;
		if (c == 0 || c == '/') {
			p += 8;
			end = 0;
			break;
		}
		h = name_step(h, word);
	}
	if (end)
		h = name_step(h, word & ~0ULL >> (64 - end));
	else
		h = name_step(h, word);
	w->hash = (u32)(h >> 32);
	w->name = s;
	w->length = (size_t)(p - s) + end / 8;
	p = s + w->length;
	w->trailing_slash = *p == '/';
	while (*p == '/')
		p++;
	w->rest = p;
	w->type = LAST_NAME;
	if (unlikely(*s == '.')) {
		if (w->length == 1)
			w->type = LAST_DOT;
		else if (w->length == 2 && s[1] == '.')
			w->type = LAST_DOTDOT;
	}
	return true;
}

/*
 * Walks up to the last component: w->path is its directory, in which we may search, and
 * w->name etc. what is left to do.
 */
int walk_to_last(struct walk *w)
{
	bool found;
	int err;

	for (;;) {
		if (!next_component(w)) {
			/* "/", or a link that was followed to its end */
			if (w->type == LAST_NAME)
				w->type = LAST_DOT;
			w->length = 0;
			return 0;
		}
		if (unlikely((err = walk_permission(w))))
			return err;
		if (!*w->rest)
			return 0;
		if (unlikely(w->type != LAST_NAME)) {
			if (w->type == LAST_DOTDOT && (err = walk_up(w)))
				return err;
			continue;
		}
		struct path dir = w->path;
		if (unlikely((err = walk_child(w, &found))))
			return err;
		if (!found)
			return -ENOENT;
		if (unlikely(w->path.dentry->flags & DENTRY_MOUNTPOINT) && (err = walk_mounts(w)))
			return err;
		if (unlikely(inode_is(w->path.dentry->inode, S_IFLNK))) {
			w->type = LAST_ROOT;
			if ((err = walk_follow(w, &dir)))
				return err;
		}
	}
}

/* The last component is "." or "..", or nothing: moves there. */
int walk_last_special(struct walk *w)
{
	return w->type == LAST_DOTDOT && w->length ? walk_up(w) : 0;
}

/* The whole way. w->path is what the name names; *w->path is good only under RCU or by the anchor. */
int walk_all(struct walk *w)
{
	for (;;) {
		bool found;
		int err = walk_to_last(w);

		if (unlikely(err))
			return err;
		if (unlikely(w->type != LAST_NAME || !w->length)) {
			if ((err = walk_last_special(w)))
				return err;
			w->trailing_slash = false;
			break;
		}
		struct path dir = w->path;
		if (unlikely((err = walk_child(w, &found))))
			return err;
		if (!found)
			return -ENOENT;
		if (unlikely(w->path.dentry->flags & DENTRY_MOUNTPOINT) && (err = walk_mounts(w)))
			return err;
		if (likely(!inode_is(w->path.dentry->inode, S_IFLNK)))
			break;
		if (!(w->flags & LOOKUP_FOLLOW) && !w->trailing_slash)
			return 0;
		if (w->trailing_slash)
			w->flags |= LOOKUP_DIRECTORY;
		if ((err = walk_follow(w, &dir)))
			return err;
		w->type = LAST_ROOT;
	}
	if (unlikely((w->trailing_slash || w->flags & LOOKUP_DIRECTORY) && !inode_is(w->path.dentry->inode, S_IFDIR)))
		return -ENOTDIR;
	return 0;
}

/* An error is one only if what led to it held still. */
int walk_error(struct walk *w, int err)
{
	return w->state & WALK_RCU && seq_read_retry(&walk_seq.count, w->seq) ? -ECHILD : err;
}

/* Gives the result of a finished walk with references. */
int walk_take(struct walk *w, struct path *out)
{
	struct path p = w->path;

	if (w->state & WALK_RCU) {
		if (unlikely(!path_get_rcu(w, &p)))
			return -ECHILD;
		rcu_read_unlock();
		w->state &= ~(u32)WALK_RCU;
	} else {
		path_get(&p);
	}
	*out = p;
	return 0;
}
