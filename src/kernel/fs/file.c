/* SPDX-License-Identifier: MIT */
/*
 * Open files.  A struct file is made by an open (or without a name: file_open_anon)
 * and lives until its last reference is gone, be it a descriptor or a call in
 * progress.  It counts as a writer of its inode if it was opened for writing.
 *
 * Files without a name live in one anonymous file system: each has a dentry of its own, a root,
 * whose name is what /proc/PID/fd shows, over the one anonymous inode.
 */
#include <fs/internal.h>
#include <linux/magic.h>

static struct slab_cache *files;
static struct super *anon_super;
static struct mount *anon_mount;
static struct inode *the_anon_inode;

static const struct file_ops path_ops; /* of O_PATH files: nothing */

struct file *file_alloc(const struct path *p, int flags, unsigned mode)
{
	struct file *f = slab_alloc(files, 0);

	if (!f)
		return NULL;
	ref_init(&f->refs, 1);
	f->flags = (u32)flags;
	f->mode = mode;
	f->inode = p->dentry->inode;
	f->ops = mode & FMODE_PATH ? &path_ops : f->inode->fops;
	f->path = *p;
	f->pos = 0;
	mutex_init(&f->pos_lock);
	spin_init(&f->lock);
	f->cred = current->cred;
	cred_get(f->cred);
	f->priv = NULL;
	list_init(&f->epoll_items);
	f->owner = 0;
	f->owner_signal = 0;
	path_get(p);
	return f;
}

static void file_free(struct file *f)
{
	path_put(&f->path);
	cred_put(f->cred);
	slab_free(files, f);
}

int inode_deny_exec(struct inode *i)
{
	if (!inode_is(i, S_IFREG))
		return 0;
	SPIN_GUARD(&i->attr_lock);
	if (i->writers < 0)
		return -ETXTBSY;
	i->writers++;
	return 0;
}

void inode_allow_exec(struct inode *i)
{
	if (!inode_is(i, S_IFREG))
		return;
	SPIN_GUARD(&i->attr_lock);
	i->writers--;
}

static noinline void file_release(struct file *f)
{
	if (unlikely(!list_empty(&f->epoll_items)))
		epoll_file_gone(f);
	if (unlikely(!list_empty(&f->inode->locks)))
		locks_release(f);
	if (f->ops->release)
		f->ops->release(f);
	if (f->mode & FMODE_WRITE)
		inode_allow_exec(f->inode);
	file_free(f);
}

void file_put(struct file *f)
{
	if (ref_put(&f->refs))
		file_release(f);
}

static unsigned mode_of_flags(int flags)
{
	if (flags & O_PATH)
		return FMODE_PATH;
	switch (flags & O_ACCMODE) {
	case O_RDONLY:
		return FMODE_READ;
	case O_WRONLY:
		return FMODE_WRITE;
	case O_RDWR:
		return FMODE_READ | FMODE_WRITE;
	default:
		return 0; /* 3: for ioctl alone */
	}
}

/* O_TRUNC, also with O_RDONLY: not to a running program. */
static int truncate_opened(struct file *f)
{
	int err = inode_deny_exec(f->inode);

	if (!err) {
		err = inode_truncate(&f->path, f, 0);
		inode_allow_exec(f->inode);
	}
	return err;
}

/* Lets the file's operations have it; they alone see O_NOCTTY. */
static int file_start(struct file *f, const struct open_request *r, bool created)
{
	int err = 0;

	if (unlikely(!f->ops))
		return -ENXIO; /* without a name: it cannot be opened again through /proc/PID/fd */
	if (f->ops->open) {
		f->flags |= (u32)r->flags & O_NOCTTY;
		err = f->ops->open(f->inode, f);
		f->flags &= ~(u32)O_NOCTTY;
	}
	if (err)
		return err;
	if (f->ops->llseek)
		f->mode |= FMODE_SEEKABLE;
	if (f->ops->stream)
		f->mode |= FMODE_STREAM;
	if (r->flags & O_TRUNC && !created && inode_is(f->inode, S_IFREG))
		err = truncate_opened(f);
	if (err && f->ops->release)
		f->ops->release(f);
	return err;
}

int file_new(const struct path *p, const struct open_request *r, bool created, struct file **out)
{
	int err = open_may(p, r, created);
	struct file *f = NULL;

	if (likely(!err)) {
		f = file_alloc(p, r->flags & ~(O_CREAT | O_EXCL | O_TRUNC | O_CLOEXEC), mode_of_flags(r->flags));
		err = f ? 0 : -ENOMEM;
	}
	if (likely(!err) && f->mode & FMODE_WRITE && (err = inode_deny_exec(f->inode)))
		file_free(f);
	else if (likely(!err) && !(f->mode & FMODE_PATH) && (err = file_start(f, r, created))) {
		if (f->mode & FMODE_WRITE)
			inode_allow_exec(f->inode);
		file_free(f);
	}
	path_put((struct path *)p);
	if (likely(!err)) {
		f->flags &= ~(u32)O_NOCTTY; /* only the terminal's open asks for it */
		*out = f;
	}
	return err;
}

/* --- From the kernel ------------------------------------------------------------------------- */

typedef ssize_t (*transfer_op)(struct file *f, struct uio *u, u64 *pos);

/* All of n bytes if possible.  The operation's result counts: some do not touch the transfer. */
static ssize_t transfer_kernel(struct file *f, transfer_op op, const char *buf, size_t n, u64 pos)
{
	size_t done = 0;

	if (!op)
		return -EINVAL;
	while (done < n) {
		struct uio u = uio_kernel(buf + done, n - done);
		ssize_t moved = op(f, &u, &pos);
		if (moved <= 0)
			return done ? (ssize_t)done : moved;
		done += (size_t)moved;
	}
	return (ssize_t)done;
}

ssize_t file_read_kernel(struct file *f, void *buf, size_t n, u64 pos)
{
	return transfer_kernel(f, f->ops->read, buf, n, pos);
}

ssize_t file_write_kernel(struct file *f, const void *buf, size_t n, u64 pos)
{
	return transfer_kernel(f, f->ops->write, buf, n, pos);
}

s64 generic_llseek(struct file *f, s64 off, int whence)
{
	s64 size = (s64)READ_ONCE(f->inode->size), pos;

	switch (whence) {
	case SEEK_SET:
		pos = off;
		break;
	case SEEK_CUR:
		if (off == 0)
			return (s64)f->pos;
		if (__builtin_add_overflow((s64)f->pos, off, &pos))
			return -EINVAL;
		break;
	case SEEK_END:
		if (__builtin_add_overflow(size, off, &pos))
			return -EINVAL;
		break;
	case SEEK_DATA:
		if (off < 0 || off >= size)
			return -ENXIO;
		pos = off;
		break;
	case SEEK_HOLE:
		if (off < 0 || off >= size)
			return -ENXIO;
		pos = size;
		break;
	default:
		return -EINVAL;
	}
	if (pos < 0 || (u64)pos > f->inode->super->max_file_size)
		return -EINVAL;
	f->pos = (u64)pos;
	return pos;
}

/* --- Files without a name --------------------------------------------------------------------- */

struct inode *anon_inode(void)
{
	return the_anon_inode;
}

int file_open_anon_inode(const char *name, struct inode *i, const struct file_ops *ops, void *priv, int flags,
			 struct file **out)
{
	struct path p = { anon_mount, dentry_make_root_named(i, name) };

	if (!p.dentry)
		return -ENOMEM;
	inode_get(i);
	struct file *f = file_alloc(&p, flags, mode_of_flags(flags));
	dentry_put(p.dentry);
	if (!f)
		return -ENOMEM;
	f->ops = ops;
	f->priv = priv;
	if (ops->llseek)
		f->mode |= FMODE_SEEKABLE;
	if (ops->stream)
		f->mode |= FMODE_STREAM;
	*out = f;
	return 0;
}

int file_open_anon(const char *name, const struct file_ops *ops, void *priv, int flags, struct file **out)
{
	char shown[48];

	if (name[0] == '[')
		scnprintf(shown, sizeof shown, "anon_inode:%s", name);
	else
		strlcpy(shown, name, sizeof shown);
	return file_open_anon_inode(shown, the_anon_inode, ops, priv, flags & ~O_CLOEXEC, out);
}

struct inode *anon_inode_new(u32 mode)
{
	struct inode *i = inode_alloc(anon_super);

	if (!i)
		return NULL;
	inode_init_owner(i, NULL, mode);
	return i;
}

static int anon_statfs(struct super *s, struct kstatfs *st)
{
	*st = (struct kstatfs){ .type = s->type->magic, .bsize = PAGE_SIZE, .frsize = PAGE_SIZE, .namelen = NAME_LENGTH_MAX };
	return 0;
}

static const struct super_ops anon_super_ops = { .statfs = anon_statfs };
static const struct fs_type anon_type = { .name = "anon_inodefs", .magic = ANON_INODE_FS_MAGIC };

void anon_init(void)
{
	anon_super = super_alloc(&anon_type, &anon_super_ops, "anon_inodefs", SB_ANON);
	VERIFY(anon_super);
	VERIFY((the_anon_inode = anon_inode_new(S_IRUSR | S_IWUSR)));
	VERIFY((anon_super->root = dentry_make_root(the_anon_inode)));
	VERIFY((anon_mount = mount_new_internal(anon_super)));
}

void file_init(void)
{
	files = slab_create("file", sizeof(struct file), 0);
}
