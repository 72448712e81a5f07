/* SPDX-License-Identifier: MIT */
/*
 * Following symbolic links.
 *
 * There are two kinds.  One has a text, which is put in front of what is left of the name; the walk goes on from the
 * link's directory, or from the root.  The other (in /proc) leads to a file by itself, whatever that is called
 * now: the walk jumps there.  Either way the file system is asked, which may sleep; the link's
 * directory is held meanwhile, since nothing else keeps it.
 */
#include <fs/walk.h>

#define LINKS_MAX 40

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
noinline int walk_follow(struct walk *w, const struct path *dir)
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
