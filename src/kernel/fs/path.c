/* SPDX-License-Identifier: MIT */
/*
 * From path names to dentries.
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
 * new buffer.  So a walk has no stack.
 *
 * Names are compared and hashed by words of 8 bytes, so all buffers may be read
 * up to 8 bytes past the end of the name.
 *
 * File systems without a lookup operation have all their names in the cache: what is
 * not there does not exist.
 */
#include <fs/internal.h>
#include <linux/openat2.h>
#include <proc/cred.h>
#include <syscall/handlers.h>

#define LINKS_MAX 40
#define RETRIES_MAX 3

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

void path_put(struct path *p)
{
	dentry_put(p->dentry);
	mount_put(p->mount);
}

/* --- Names from user space ------------------------------------------------------------------- */

int user_name_get(struct user_name *u, uptr_t p, unsigned flags)
{
	ssize_t n = strncpy_from_user(u->small, p, sizeof u->small - 8);

	u->s = u->small;
	if (unlikely(n == -ENAMETOOLONG)) {
		char *big = kmalloc(PATH_LENGTH_MAX + 8, 0);
		if (!big)
			return -ENOMEM;
		u->s = big;
		n = strncpy_from_user(big, p, PATH_LENGTH_MAX);
	}
	if (unlikely(n < 0))
		return (int)n;
	if (unlikely(n == 0 && !(flags & LOOKUP_EMPTY)))
		return -ENOENT;
	u->n = (size_t)n;
	return 0;
}

/* --- Where walks begin ----------------------------------------------------------------------- */

struct fs_context fs_context_kernel = { .refs = REFCOUNT_INIT(1), .umask = 022 };

struct fs_context *fs_current(void)
{
	struct fs_context *c = current->fs;

	return likely(c) ? c : &fs_context_kernel;
}

void fs_root_get(struct path *root)
{
	struct fs_context *c = fs_current();

	SPIN_GUARD(&c->lock);
	*root = c->root;
	path_get(root);
}

void fs_cwd_get(struct path *cwd)
{
	struct fs_context *c = fs_current();

	SPIN_GUARD(&c->lock);
	*cwd = c->cwd;
	path_get(cwd);
}

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

static int walk_begin(struct walk *w, int dirfd, const char *name, unsigned flags)
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
static void walk_end(struct walk *w)
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
static bool path_get_rcu(const struct walk *w, const struct path *p)
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
static int walk_settle(struct walk *w)
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
static void walk_resume(struct walk *w)
{
	rcu_read_lock();
	w->seq = seq_read_begin(&walk_seq.count);
	w->state |= WALK_RCU;
}

/* Outside of RCU: go to p, whose references are taken over. */
static void walk_jump(struct walk *w, const struct path *p)
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
static noinline int walk_mounts(struct walk *w)
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

int dir_lookup(struct dentry *dir, const char *name, size_t n, struct dentry **out)
{
	u32 hash = name_hash(dir, name, n);
	struct inode *i = dir->inode;

	for (;;) {
		struct dentry *d = dentry_find_hashed(dir, name, n, hash);
		if (!d)
			break;
		if (!d->ops || !d->ops->revalidate || d->ops->revalidate(d)) {
			*out = d;
			return 0;
		}
		dentry_drop(d);
		dentry_put(d);
	}
	if (n > NAME_LENGTH_MAX)
		return -ENAMETOOLONG;
	if (i->flags & INODE_DEAD)
		return -ENOENT;
	struct dentry *d = dentry_alloc(dir, name, n);
	if (!d)
		return -ENOMEM;
	if (i->ops->lookup) {
		int err = i->ops->lookup(i, d);
		if (err) {
			dentry_drop(d);
			dentry_put(d);
			return err;
		}
		if (d->flags & DENTRY_UNHASHED)
			dentry_add(d);
	}
	*out = d;
	return 0;
}

/* Pinned: what is not found while nothing moves is not there. */
static struct dentry *find_stable(struct dentry *dir, const char *name, size_t n)
{
	u32 hash = name_hash(dir, name, n);

	for (;;) {
		u32 seq = seq_read_begin(&walk_seq.count);
		struct dentry *d = dentry_find_hashed(dir, name, n, hash);
		if (d || !seq_read_retry(&walk_seq.count, seq))
			return d;
	}
}

int path_child(struct dentry *dir, const char *name, size_t n, struct dentry **out)
{
	struct inode *i = dir->inode;

	if (n > NAME_LENGTH_MAX)
		return -ENAMETOOLONG;
	if (dir_is_pinned(i)) {
		*out = find_stable(dir, name, n);
		return 0;
	}
	/* For writing, so that a name gets one dentry only. */
	int err = rwsem_write_lock_killable(&i->lock);
	if (err)
		return err;
	err = dir_lookup(dir, name, n, out);
	rwsem_write_unlock(&i->lock);
	return err;
}

/* The component's dentry was not in the cache or has to be asked: *child NULL or w->path moved onto it. */
static noinline int walk_child_slow(struct walk *w, bool *found)
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

/* Puts `n` bytes of `text` in front of the rest. */
static int splice_link(struct walk *w, char *text, size_t n)
{
	size_t rest = strlen(w->rest);

	if (n + rest + 2 + 8 > PATH_LENGTH_MAX) {
		char *big = kmalloc(n + rest + 2 + 8, 0);
		if (!big) {
			kfree(text);
			return -ENOMEM;
		}
		memcpy(big, text, n);
		kfree(text);
		text = big;
	}
	if (rest)
		text[n++] = '/';
	memcpy(text + n, w->rest, rest + 1);
	kfree(w->buffer);
	w->buffer = text;
	w->rest = text;
	return 0;
}

static int follow_jump(struct walk *w, struct inode *i)
{
	struct path p;

	if (w->flags & (LOOKUP_NO_MAGICLINKS | LOOKUP_NO_SYMLINKS))
		return -ELOOP;
	if (w->flags & (LOOKUP_BENEATH | LOOKUP_IN_ROOT))
		return -EXDEV;
	int err = i->ops->follow(i, &p);
	if (err)
		return err;
	if (w->flags & LOOKUP_NO_XDEV && p.mount != w->path.mount) {
		path_put(&p);
		return -EXDEV;
	}
	walk_jump(w, &p);
	return 0;
}

static int follow_text(struct walk *w, struct inode *i, const struct path *dir)
{
	char *text = kmalloc(PATH_LENGTH_MAX, 0);

	if (!text)
		return -ENOMEM;
	ssize_t n = i->ops->readlink(i, text, PATH_LENGTH_MAX - 1);
	if (n <= 0 || w->flags & LOOKUP_NO_SYMLINKS) {
		kfree(text);
		return n < 0 ? (int)n : n == 0 ? -ENOENT : -ELOOP;
	}
	path_accessed(&w->path);
	text[n] = 0;
	bool absolute = text[0] == '/';
	int err = splice_link(w, text, (size_t)n);
	if (err)
		return err;
	if (absolute && w->flags & LOOKUP_BENEATH)
		return -EXDEV;
	struct path from = absolute ? w->root : *dir;
	if (absolute && w->flags & LOOKUP_NO_XDEV && from.mount != w->path.mount)
		return -EXDEV;
	path_get(&from);
	walk_jump(w, &from);
	return 0;
}

/* w->path is a symbolic link in `dir`: go on where it leads. */
static noinline int walk_follow(struct walk *w, const struct path *dir)
{
	struct inode *i = w->path.dentry->inode;
	struct path from = *dir;

	if (++w->links > LINKS_MAX || w->path.mount->flags & MS_NOSYMFOLLOW ||
	    w->path.dentry == w->path.mount->root)
		return -ELOOP;
	/* The directory is there because the link is in it, unless that has just been moved. */
	if (w->path.dentry->parent != from.dentry || !path_get_rcu(w, &from))
		return -ECHILD;
	int err = walk_settle(w);
	if (err) {
		rcu_read_unlock();
		path_put(&from);
		rcu_read_lock();
		return err;
	}
	err = i->ops->follow ? follow_jump(w, i) : follow_text(w, i, &from);
	path_put(&from);
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
static int walk_to_last(struct walk *w)
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
static int walk_last_special(struct walk *w)
{
	return w->type == LAST_DOTDOT && w->length ? walk_up(w) : 0;
}

/* The whole way. w->path is what the name names; *w->path is good only under RCU or by the anchor. */
static int walk_all(struct walk *w)
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
static int walk_error(struct walk *w, int err)
{
	return w->state & WALK_RCU && seq_read_retry(&walk_seq.count, w->seq) ? -ECHILD : err;
}

/* Gives the result of a finished walk with references. */
static int walk_take(struct walk *w, struct path *out)
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

static noinline int lookup_empty(int dirfd, unsigned flags, struct path *out)
{
	if (!(flags & LOOKUP_EMPTY))
		return -ENOENT;
	if (dirfd == AT_FDCWD) {
		fs_cwd_get(out);
		return 0;
	}
	FD_GUARD_ANY(f, dirfd);
	if (!f)
		return -EBADF;
	if (flags & LOOKUP_DIRECTORY && !inode_is(f->inode, S_IFDIR))
		return -ENOTDIR;
	*out = f->path;
	path_get(out);
	return 0;
}

/* Runs one attempt after another until names hold still; the last ones exclude renames. */
#define WALK_RETRY(err, attempt)                                               \
	({                                                                     \
		unsigned tries_ = 0;                                           \
		for (;;) {                                                     \
			if (tries_ == RETRIES_MAX)                             \
				mutex_lock(&rename_lock);                      \
			(err) = (attempt);                                     \
			if (tries_ >= RETRIES_MAX)                             \
				mutex_unlock(&rename_lock);                    \
			if (likely((err) != -ECHILD))                          \
				break;                                         \
			if (tries_ < RETRIES_MAX)                              \
				tries_++;                                      \
		}                                                              \
	})

static int lookup_once(int dirfd, const char *name, unsigned flags, struct path *out)
{
	struct walk w;
	int err = walk_begin(&w, dirfd, name, flags);

	if (unlikely(err))
		return err;
	err = walk_all(&w);
	err = likely(!err) ? walk_take(&w, out) : walk_error(&w, err);
	walk_end(&w);
	return err;
}

int path_lookup_name(int dirfd, const char *name, unsigned flags, struct path *out)
{
	int err;

	if (unlikely(!*name))
		return lookup_empty(dirfd, flags, out);
	WALK_RETRY(err, lookup_once(dirfd, name, flags, out));
	return err;
}

int path_lookup_user(int dirfd, uptr_t name, unsigned flags, struct path *out)
{
	USER_NAME(u);
	int err = user_name_get(&u, name, flags);

	return err ? err : path_lookup_name(dirfd, u.s, flags, out);
}

int path_lookup(int dirfd, const char *name, unsigned flags, struct path *out)
{
	size_t n = strlen(name);
	char *padded KFREE_GUARD = NULL;

	if (n >= PATH_LENGTH_MAX)
		return -ENAMETOOLONG;
	if (!(padded = kmalloc(n + 9, 0)))
		return -ENOMEM;
	memcpy(padded, name, n + 1);
	return path_lookup_name(dirfd, padded, flags, out);
}

/* --- Parents --------------------------------------------------------------------------------- */

static int parent_once(int dirfd, const char *name, unsigned flags, struct parent_path *out)
{
	struct walk w;
	int err = walk_begin(&w, dirfd, name, flags);

	if (unlikely(err))
		return err;
	err = walk_to_last(&w);
	err = likely(!err) ? walk_take(&w, &out->path) : walk_error(&w, err);
	if (likely(!err)) {
		out->type = w.length ? w.type : LAST_ROOT;
		out->last = w.name;
		out->length = w.length;
		out->trailing_slash = w.trailing_slash;
		out->buffer = w.buffer;
		w.buffer = NULL;
	}
	walk_end(&w);
	return err;
}

int path_lookup_parent(int dirfd, const char *name, unsigned flags, struct parent_path *out)
{
	int err;

	WALK_RETRY(err, parent_once(dirfd, name, flags, out));
	return err;
}

void parent_path_end(struct parent_path *p)
{
	path_put(&p->path);
	kfree(p->buffer);
}

/* --- Opening --------------------------------------------------------------------------------- */

/* The name does not exist in w->path, which is referenced: makes the file. The directory is locked. */
static int create_locked(struct walk *w, const struct open_request *r, struct dentry *d)
{
	struct inode *dir = w->path.dentry->inode;
	int err = dir_is_closed(dir) ? -ENOENT : path_writable(&w->path);

	if (!err)
		err = dir_may_create(dir);
	if (err)
		return err;
	if (!dir->ops->create)
		return -EACCES;
	return dir->ops->create(dir, d, S_IFREG | (r->mode & 07777 & ~fs_current()->umask));
}

/* Finds or makes the last component under the directory's lock; moves w->path onto it. Not under RCU. */
static int open_create(struct walk *w, const struct open_request *r, bool *created)
{
	struct inode *dir = w->path.dentry->inode;
	struct dentry *d;
	int err;

	rwsem_write_lock(&dir->lock);
	err = dir_lookup(w->path.dentry, w->name, w->length, &d);
	if (!err && !d->inode) {
		err = create_locked(w, r, d);
		*created = !err;
		if (err) {
			if (d->flags & DENTRY_UNHASHED)
				dentry_drop(d);
			dentry_put(d);
		}
	} else if (!err && r->flags & O_EXCL) {
		dentry_put(d);
		err = -EEXIST;
	}
	rwsem_write_unlock(&dir->lock);
	if (err)
		return err;
	struct path p = { w->path.mount, d };
	mount_get(p.mount);
	walk_jump(w, &p);
	return 0;
}

/* One component that open may create. 0: w->path is there (maybe a link). */
static int open_last_create(struct walk *w, const struct open_request *r, bool *created)
{
	bool found;
	int err;

	if (w->trailing_slash)
		return -EISDIR;
	err = walk_child(w, &found);
	if (err)
		return err;
	if (found && (r->flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL))
		return -EEXIST;
	if (!found) {
		if ((err = walk_settle(w)))
			return err;
		err = open_create(w, r, created);
		if (!*created)
			walk_resume(w);
	}
	return err;
}

static int open_walk(struct walk *w, const struct open_request *r, bool *created)
{
	for (;;) {
		int err = walk_to_last(w);

		if (err)
			return err;
		if (w->type != LAST_NAME || !w->length) {
			if ((err = walk_last_special(w)))
				return err;
			if (r->flags & O_EXCL)
				return -EEXIST;
			return inode_is(w->path.dentry->inode, S_IFDIR) ? -EISDIR : 0;
		}
		struct path dir = w->path;
		if ((err = open_last_create(w, r, created)))
			return err;
		if (*created)
			return 0;
		if (w->path.dentry->flags & DENTRY_MOUNTPOINT && (err = walk_mounts(w)))
			return err;
		if (!inode_is(w->path.dentry->inode, S_IFLNK) || !(w->flags & LOOKUP_FOLLOW))
			return inode_is(w->path.dentry->inode, S_IFDIR) ? -EISDIR : 0;
		if ((err = walk_follow(w, &dir)))
			return err;
		w->type = LAST_ROOT;
	}
}

static int open_once(int dirfd, const char *name, const struct open_request *r, struct path *p, bool *created)
{
	struct walk w;
	int err = walk_begin(&w, dirfd, name, r->lookup);

	if (unlikely(err))
		return err;
	err = r->flags & O_CREAT ? open_walk(&w, r, created) : walk_all(&w);
	err = likely(!err) ? walk_take(&w, p) : walk_error(&w, err);
	walk_end(&w);
	return err;
}

int path_open(int dirfd, const char *name, const struct open_request *r, struct file **out)
{
	struct path p;
	bool created = false;
	int err;

	if (unlikely(!*name))
		err = lookup_empty(dirfd, r->lookup, &p);
	else
		WALK_RETRY(err, open_once(dirfd, name, r, &p, &created));
	/* Not part of an attempt: this may wait (for a FIFO's other side), and rename_lock may be held there. */
	return unlikely(err) ? err : file_new(&p, r, created, out);
}
