/* SPDX-License-Identifier: MIT */
/*
 * Looking names up.
 *
 * What is called from outside: names are fetched from user memory (with room to be read by words,
 * see walk.c), and walked to their end, or to the directory of their last component for calls that make or
 * remove names.  Here is also where a task's walks begin: its root and its working directory.
 *
 * Further, one name in one directory, with no walk (dir_lookup, path_child).
 */
#include <fs/walk.h>

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

/* --- Root and working directory -------------------------------------------------------------- */

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

/* --- One name in a directory ----------------------------------------------------------------- */

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

/* --- The whole way --------------------------------------------------------------------------- */

int path_lookup_empty(int dirfd, unsigned flags, struct path *out)
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
		return path_lookup_empty(dirfd, flags, out);
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
