/* SPDX-License-Identifier: MIT */
/*
 * Reading directories whose dentries are their contents.
 *
 * The position of an entry is its cookie, which grows along the list of children; a
 * reader that comes back looks for the first entry from its position on.  So that this does not
 * mean a search, the file keeps the dentry it stopped at (referenced, in f->priv).
 */
#include <fs/internal.h>

static struct dentry *hint_take(struct file *f)
{
	return atomic_exchange((struct dentry **)&f->priv, NULL);
}

static void hint_set(struct file *f, struct dentry *d)
{
	struct dentry *old = atomic_exchange((struct dentry **)&f->priv, d);

	if (old)
		dentry_put(old);
}

static bool listed(const struct dentry *d)
{
	return d->inode && !(READ_ONCE(d->flags) & DENTRY_UNHASHED);
}

/* First listed entry with a cookie >= pos, from `start` on. dir->lock held. */
static struct dentry *seek(struct dentry *dir, struct list *start, u64 pos)
{
	for (struct list *l = start; l != &dir->children; l = l->next) {
		struct dentry *d = list_entry(l, struct dentry, sibling);
		if (d->cookie >= pos && listed(d))
			return d;
	}
	return NULL;
}

static struct dentry *first_from(struct dentry *dir, struct dentry *hint, u64 pos)
{
	if (hint && hint->cookie == pos && hint->parent == dir && listed(hint))
		return hint;
	return seek(dir, dir->children.next, pos);
}

static bool emit_dots(struct file *f, struct dir_emitter *e)
{
	struct dentry *dir = f->path.dentry;

	if (f->pos == 0) {
		if (!e->emit(e, ".", 1, dir->inode->ino, DIRENT_DIR, 1))
			return false;
		f->pos = 1;
	}
	if (f->pos == 1) {
		struct dentry *up = dir == f->path.mount->root ? dir : dir->parent;
		if (!e->emit(e, "..", 2, up->inode->ino, DIRENT_DIR, 2))
			return false;
		f->pos = 2;
	}
	return true;
}

static int dcache_readdir(struct file *f, struct dir_emitter *e)
{
	struct dentry *dir = f->path.dentry, *d, *hint;

	if (!emit_dots(f, e))
		return 0;
	hint = hint_take(f);
	spin_lock(&dir->lock);
	d = first_from(dir, hint, f->pos);
	for (; d; d = seek(dir, d->sibling.next, 0)) {
		struct inode *i = d->inode;
		f->pos = d->cookie;
		if (!e->emit(e, d->name, d->name_length, i->ino, dirent_type(i->mode), d->cookie + 1))
			break;
		f->pos = d->cookie + 1;
	}
	if (d)
		dentry_get(d);
	spin_unlock(&dir->lock);
	if (hint)
		dentry_put(hint);
	hint_set(f, d);
	return 0;
}

static void dcache_dir_release(struct file *f)
{
	struct dentry *hint = hint_take(f);

	if (hint)
		dentry_put(hint);
}

static s64 dcache_dir_llseek(struct file *f, s64 off, int whence)
{
	if (whence != SEEK_SET && (whence != SEEK_CUR || __builtin_add_overflow((s64)f->pos, off, &off)))
		return -EINVAL;
	if (off < 0)
		return -EINVAL;
	f->pos = (u64)off;
	return off;
}

static int dcache_dir_fsync(struct file *f, u64 start, u64 end, bool data_only)
{
	return 0;
}

const struct file_ops dcache_dir_ops = {
	.release = dcache_dir_release,
	.readdir = dcache_readdir,
	.llseek = dcache_dir_llseek,
	.fsync = dcache_dir_fsync,
};
