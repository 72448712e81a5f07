/* SPDX-License-Identifier: MIT */
/*
 * getdents64(2) and getdents(2).  Entries are gathered in a kernel buffer, because the file
 * system may hold spinlocks while it emits them, and copied out a buffer at a time.
 */
#include <fs/internal.h>
#include <syscall/handlers.h>

struct dirent64 {
	u64 ino;
	s64 off; /* of the next one */
	u16 length;
	u8 type;
	char name[];
};

/* The old one has its type behind the name, in the last byte. */
struct dirent_old {
	u64 ino;
	u64 off;
	u16 length;
	char name[];
};

struct gather {
	struct dir_emitter emitter;
	char *buf;
	size_t used, room;
	bool too_small; /* not even one fits */
	bool old;
};

static inline size_t entry_size(const struct gather *g, size_t length)
{
	size_t head = g->old ? offsetof(struct dirent_old, name) + 1 : offsetof(struct dirent64, name);

	return ALIGN_UP(head + length + 1, 8);
}

static bool gather_emit(struct dir_emitter *e, const char *name, size_t length, u64 ino, unsigned type, u64 next)
{
	struct gather *g = container_of(e, struct gather, emitter);
	size_t size = entry_size(g, length);
	char *text;

	if (unlikely(g->used + size > g->room)) {
		g->too_small = !g->used;
		return false;
	}
	u64 *words = (u64 *)(g->buf + g->used);
	words[size / 8 - 1] = 0;
	words[0] = ino;
	words[1] = next;
	if (likely(!g->old)) {
		struct dirent64 *d = (struct dirent64 *)words;
		d->length = (u16)size;
		d->type = (u8)type;
		text = d->name;
	} else {
		struct dirent_old *d = (struct dirent_old *)words;
		d->length = (u16)size;
		((u8 *)d)[size - 1] = (u8)type;
		text = d->name;
	}
	memcpy(text, name, length);
	text[length] = 0;
	g->used += size;
	return true;
}

static int read_some(struct file *f, struct gather *g)
{
	struct inode *i = f->inode;
	int err = rwsem_read_lock_killable(&i->lock);

	if (err)
		return err;
	err = i->flags & INODE_DEAD ? -ENOENT : f->ops->readdir(f, &g->emitter);
	rwsem_read_unlock(&i->lock);
	return err;
}

/* Fills the user's buffer by kernel buffers; bytes or error. */
static s64 read_entries(struct file *f, struct gather *g, uptr_t to, size_t size)
{
	size_t done = 0;

	for (;;) {
		g->used = 0;
		g->room = min(size - done, PAGE_SIZE);
		u64 pos = f->pos;
		int err = read_some(f, g);
		if (err)
			return done ? (s64)done : err;
		if (!g->used)
			return done ? (s64)done : g->too_small ? -EINVAL : 0;
		if (copy_to_user(uptr_add(to, done), g->buf, g->used)) {
			f->pos = pos;
			return -EFAULT;
		}
		done += g->used;
		if (size - done < entry_size(g, 1))
			return (s64)done;
	}
}

static s64 getdents(int fd, uptr_t to, uint size, bool old)
{
	struct gather g = { .emitter.emit = gather_emit, .old = old };

	FD_GUARD(f, fd);
	if (!f)
		return -EBADF;
	if (!f->ops->readdir)
		return -ENOTDIR;
	if (!user_range_ok(to, size))
		return -EFAULT;
	if (!(g.buf = kmalloc(PAGE_SIZE, 0)))
		return -ENOMEM;
	bool shared = ref_read(&f->refs) > 1;
	if (shared)
		mutex_lock(&f->pos_lock);
	s64 r = read_entries(f, &g, to, size);
	if (shared)
		mutex_unlock(&f->pos_lock);
	file_accessed(f);
	kfree(g.buf);
	return r;
}

s64 sys_getdents64(int fd, uptr_t to, uint size)
{
	return getdents(fd, to, size, false);
}

s64 sys_getdents(int fd, uptr_t to, uint size)
{
	return getdents(fd, to, size, true);
}
