/* SPDX-License-Identifier: MIT */
/*
 * Looking up what open(2) opens.
 *
 * Without O_CREAT that is any other walk.  With it the last component is looked at by itself: what is not
 * there is made under the lock of its directory, where it is looked up once more, since another
 * task may have been faster.  A link at the end is followed, and its last component
 * may have to be created in turn.
 */
#include <fs/walk.h>

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
		err = path_lookup_empty(dirfd, r->lookup, &p);
	else
		WALK_RETRY(err, open_once(dirfd, name, r, &p, &created));
	/* Not part of an attempt: this may wait (for a FIFO's other side), and rename_lock may be held there. */
	return unlikely(err) ? err : file_new(&p, r, created, out);
}
