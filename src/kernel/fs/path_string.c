/* SPDX-License-Identifier: MIT */
/* From dentries to path names: getcwd, /proc/PID/fd and the like; and chdir, chroot. */
#include <fs/internal.h>
#include <syscall/handlers.h>

/*
 * The walk up takes no lock (it is done with a process's memory locked, for /proc/PID/maps): under
 * RCU all that it meets stays, and walk_seq says whether names and mounts held still.
 */
struct builder {
	char *start, *at; /* the name grows downwards from the end of the buffer */
	u32 seq;
};

enum built { BUILT, NO_ROOM, MOVED };

static enum built prepend(struct builder *b, const char *s, size_t n)
{
	if ((size_t)(b->at - b->start) < n)
		return NO_ROOM;
	b->at -= n;
	memcpy(b->at, s, n);
	return BUILT;
}

static enum built prepend_name(struct builder *b, const struct dentry *d)
{
	const char *name = READ_ONCE(d->name);
	size_t n = READ_ONCE(d->name_length);

	if (seq_read_retry(&walk_seq.count, b->seq)) /* or they may not belong together */
		return MOVED;
	enum built r = prepend(b, name, n);
	return r == BUILT ? prepend(b, "/", 1) : r;
}

/* *outside: the walk up ended elsewhere than at `root`. */
static enum built build(struct builder *b, const struct path *p, const struct path *root, bool *outside)
{
	const struct mount *m = p->mount;
	const struct dentry *d = p->dentry;
	const char *first = b->at;
	enum built r;

	while (d != root->dentry || m != root->mount) {
		if (d == m->root) {
			const struct mount *up = READ_ONCE(m->parent);
			if (up == m) {
				*outside = true;
				break;
			}
			d = READ_ONCE(m->mountpoint);
			m = up;
			if (seq_read_retry(&walk_seq.count, b->seq))
				return MOVED;
			continue;
		}
		const struct dentry *up = READ_ONCE(d->parent);
		if (up == d) {
			*outside = true;
			break;
		}
		if ((r = prepend_name(b, d)) != BUILT)
			return r;
		d = up;
	}
	return b->at != first ? BUILT : prepend(b, "/", 1);
}

static enum built build_whole(struct builder *b, const struct path *p, const struct path *root, bool *outside)
{
	bool unlinked = READ_ONCE(p->dentry->flags) & DENTRY_UNHASHED && p->dentry->parent != p->dentry;
	enum built r = unlinked ? prepend(b, " (deleted)", 11) : prepend(b, "", 1);

	*outside = false;
	return r == BUILT ? build(b, p, root, outside) : r;
}

static char *to_string(const struct path *p, char *buf, size_t size, bool *outside, int *err)
{
	struct builder b = { .start = buf };
	struct path root;
	enum built r;

	if (p->dentry->super->flags & SB_ANON) {
		/* Those that look like paths (memory files) are shown as unlinked ones. */
		snprintf(buf, size, "%s%s", p->dentry->name, p->dentry->name[0] == '/' ? " (deleted)" : "");
		return buf;
	}
	fs_root_get(&root);
	do {
		b.at = buf + size;
		rcu_read_lock();
		b.seq = seq_read_begin(&walk_seq.count);
		r = build_whole(&b, p, &root, outside);
		if (seq_read_retry(&walk_seq.count, b.seq))
			r = MOVED;
		rcu_read_unlock();
	} while (r == MOVED);
	path_put(&root);
	if (r == BUILT)
		return b.at;
	*err = -ENAMETOOLONG;
	return NULL;
}

char *path_to_string(const struct path *p, char *buf, size_t size, int *err)
{
	bool outside = false;

	return to_string(p, buf, size, &outside, err);
}

s64 sys_getcwd(uptr_t ubuf, ulong size)
{
	static const char unreachable[] = "(unreachable)";
	char *buf KFREE_GUARD = kmalloc(PATH_LENGTH_MAX, 0);
	struct path cwd;
	bool outside = false;
	int err = 0;

	if (!buf)
		return -ENOMEM;
	fs_cwd_get(&cwd);
	char *s = to_string(&cwd, buf + sizeof unreachable, PATH_LENGTH_MAX - sizeof unreachable, &outside, &err);
	if (cwd.dentry->flags & DENTRY_UNHASHED)
		err = -ENOENT;
	path_put(&cwd);
	if (err)
		return err;
	if (outside) {
		s -= sizeof unreachable - 1;
		memcpy(s, unreachable, sizeof unreachable - 1);
	}
	size_t n = strlen(s) + 1;
	if (n > size)
		return -ERANGE;
	return copy_to_user(ubuf, s, n) ? -EFAULT : (s64)n;
}

/* --- Working and root directory --------------------------------------------------------------- */

/* Takes over p's references. */
static void context_set(struct path *where, const struct path *p)
{
	struct fs_context *c = fs_current();

	spin_lock(&c->lock);
	struct path old = *where;
	*where = *p;
	spin_unlock(&c->lock);
	path_put(&old);
}

static s64 change_dir(const struct path *p)
{
	int err = inode_permission(p->dentry->inode, MAY_EXEC);

	if (err)
		return err;
	path_get(p);
	context_set(&fs_current()->cwd, p);
	return 0;
}

s64 sys_chdir(uptr_t name)
{
	struct path p;
	int err = path_lookup_user(AT_FDCWD, name, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &p);

	if (err)
		return err;
	s64 r = change_dir(&p);
	path_put(&p);
	return r;
}

s64 sys_fchdir(int fd)
{
	FD_GUARD_ANY(f, fd);
	if (!f)
		return -EBADF;
	if (!inode_is(f->inode, S_IFDIR))
		return -ENOTDIR;
	return change_dir(&f->path);
}

s64 sys_chroot(uptr_t name)
{
	struct path p;
	int err = path_lookup_user(AT_FDCWD, name, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &p);

	if (err)
		return err;
	err = inode_permission(p.dentry->inode, MAY_EXEC);
	if (!err && !capable(CAP_SYS_CHROOT))
		err = -EPERM;
	if (err)
		path_put(&p);
	else
		context_set(&fs_current()->root, &p);
	return err;
}

s64 sys_umask(uint mask)
{
	return (s64)atomic_exchange(&fs_current()->umask, mask & 0777);
}

/* --- The context itself ------------------------------------------------------------------------ */

struct fs_context *fs_context_copy(struct fs_context *from)
{
	struct fs_context *c = kzalloc(sizeof *c);

	if (!from)
		from = &fs_context_kernel;
	if (!c)
		return NULL;
	ref_init(&c->refs, 1);
	SPIN_GUARD(&from->lock);
	c->umask = from->umask;
	c->root = from->root;
	c->cwd = from->cwd;
	path_get(&c->root);
	path_get(&c->cwd);
	return c;
}

struct fs_context *fs_context_new(void)
{
	return fs_context_copy(&fs_context_kernel);
}

void fs_context_put(struct fs_context *c)
{
	if (!c || !ref_put(&c->refs))
		return;
	path_put(&c->root);
	path_put(&c->cwd);
	kfree(c);
}
