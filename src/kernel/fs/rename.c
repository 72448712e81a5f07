/* SPDX-License-Identifier: MIT */
/*
 * rename(2).  Locks: rename_lock first, so that the tree holds still; then both directories
 * (the ancestor first, else by address), then the victim.
 */
#include <fs/internal.h>
#include <syscall/handlers.h>

struct renaming {
	struct parent_path from, to;
	struct dentry *old, *new;
	unsigned flags; /* RENAME_* */
};

static void lock_dirs(struct dentry *a, struct dentry *b)
{
	if (a == b) {
		rwsem_write_lock(&a->inode->lock);
		return;
	}
	if (dentry_is_below(a, b) || (!dentry_is_below(b, a) && a->inode > b->inode)) {
		struct dentry *t = a;
		a = b;
		b = t;
	}
	rwsem_write_lock(&a->inode->lock);
	rwsem_write_lock_nested(&b->inode->lock, INODE_SECOND_DIR);
}

static void unlock_dirs(struct dentry *a, struct dentry *b)
{
	rwsem_write_unlock(&a->inode->lock);
	if (a != b)
		rwsem_write_unlock(&b->inode->lock);
}

/* Everything that can be wrong once both names are known. */
static int check(const struct renaming *r)
{
	struct dentry *old = r->old, *new = r->new;
	bool exchange = r->flags & RENAME_EXCHANGE;

	if (!old->inode)
		return -ENOENT;
	if (r->flags & RENAME_NOREPLACE && new->inode)
		return -EEXIST;
	if (exchange && !new->inode)
		return -ENOENT;
	if (exchange && !inode_is(new->inode, S_IFDIR) && r->to.trailing_slash)
		return -ENOTDIR;
	if (!inode_is(old->inode, S_IFDIR) && (r->from.trailing_slash || (!exchange && r->to.trailing_slash)))
		return -ENOTDIR;
	if (dentry_is_below(r->to.path.dentry, old))
		return -EINVAL;
	if (new->inode && dentry_is_below(r->from.path.dentry, new))
		return exchange ? -EINVAL : -ENOTEMPTY;
	return 0;
}

static int check_permissions(const struct renaming *r)
{
	struct inode *from = r->from.path.dentry->inode, *to = r->to.path.dentry->inode;
	struct inode *old = r->old->inode, *new = r->new->inode;
	bool is_dir = inode_is(old, S_IFDIR);
	int err = dir_may_delete(from, old, is_dir);

	if (err)
		return err;
	if (!new)
		err = dir_may_create(to);
	else
		err = dir_may_delete(to, new, r->flags & RENAME_EXCHANGE ? inode_is(new, S_IFDIR) : is_dir);
	if (err)
		return err;
	if (from == to)
		return 0;
	/* ".." of a directory that moves is written. */
	if (is_dir && (err = inode_permission(old, MAY_WRITE)))
		return err;
	if (r->flags & RENAME_EXCHANGE && inode_is(new, S_IFDIR))
		return inode_permission(new, MAY_WRITE);
	return 0;
}

static int act(struct renaming *r)
{
	struct dentry *old = r->old, *new = r->new;
	struct inode *from = r->from.path.dentry->inode, *to = r->to.path.dentry->inode, *victim = new->inode;
	char *long_text = NULL;
	int err = check_permissions(r);

	if (err)
		return err;
	if (!from->ops->rename)
		return -EPERM;
	if (dentry_is_mountpoint(old) || dentry_is_mountpoint(new))
		return -EBUSY;
	if ((err = dentry_name_copy(new, &long_text)))
		return err;
	if (victim)
		rwsem_write_lock_nested(&victim->lock, INODE_VICTIM);
	err = from->ops->rename(from, old, to, new, r->flags);
	if (!err && victim && !(r->flags & RENAME_EXCHANGE) && inode_is(victim, S_IFDIR))
		victim->flags |= INODE_DEAD;
	if (victim)
		rwsem_write_unlock(&victim->lock);
	if (err || r->flags & RENAME_EXCHANGE) {
		dentry_name_drop(long_text);
		if (!err)
			dentry_exchange(old, new);
		return err;
	}
	dentry_move(old, r->to.path.dentry, new, long_text);
	dentry_unpin(new);
	return 0;
}

/* Directories are locked. */
static int rename_locked(struct renaming *r)
{
	int err = dir_lookup(r->from.path.dentry, r->from.last, r->from.length, &r->old);

	if (err)
		return err;
	if (!r->old->inode) {
		err = -ENOENT;
	} else if (!(err = dir_lookup(r->to.path.dentry, r->to.last, r->to.length, &r->new))) {
		err = check(r);
		if (!err && r->old->inode != r->new->inode)
			err = act(r);
		if (!r->new->inode && r->new->flags & DENTRY_UNHASHED)
			dentry_drop(r->new);
		dentry_put(r->new);
	}
	if (!r->old->inode && r->old->flags & DENTRY_UNHASHED)
		dentry_drop(r->old);
	dentry_put(r->old);
	return err;
}

static int rename_paths(struct renaming *r)
{
	if (r->from.path.mount != r->to.path.mount)
		return -EXDEV;
	if (r->from.type != LAST_NAME)
		return -EBUSY;
	if (r->to.type != LAST_NAME)
		return r->flags & RENAME_NOREPLACE ? -EEXIST : -EBUSY;
	int err = path_writable(&r->from.path);
	if (err)
		return err;
	mutex_lock(&rename_lock);
	lock_dirs(r->from.path.dentry, r->to.path.dentry);
	err = rename_locked(r);
	unlock_dirs(r->from.path.dentry, r->to.path.dentry);
	mutex_unlock(&rename_lock);
	return err;
}

s64 sys_renameat2(int old_fd, uptr_t uold, int new_fd, uptr_t unew, uint flags)
{
	struct renaming r = { .flags = flags };
	int err;

	if (flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE | RENAME_WHITEOUT))
		return -EINVAL;
	if (flags & (RENAME_NOREPLACE | RENAME_WHITEOUT) && flags & RENAME_EXCHANGE)
		return -EINVAL;
	if (flags & RENAME_WHITEOUT)
		return -EINVAL;
	USER_NAME(old);
	USER_NAME(new);
	if ((err = user_name_get(&old, uold, 0)) || (err = user_name_get(&new, unew, 0)) ||
	    (err = path_lookup_parent(old_fd, old.s, 0, &r.from)))
		return err;
	if (!(err = path_lookup_parent(new_fd, new.s, 0, &r.to))) {
		err = rename_paths(&r);
		parent_path_end(&r.to);
	}
	parent_path_end(&r.from);
	return err;
}

s64 sys_renameat(int old_fd, uptr_t old, int new_fd, uptr_t new)
{
	return sys_renameat2(old_fd, old, new_fd, new, 0);
}

s64 sys_rename(uptr_t old, uptr_t new)
{
	return sys_renameat2(AT_FDCWD, old, AT_FDCWD, new, 0);
}
