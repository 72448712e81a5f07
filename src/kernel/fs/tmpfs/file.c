/* SPDX-License-Identifier: MIT */
/* Regular files of tmpfs: accounting, seals, holes. The data is the page cache's business. */
#include "internal.h"

#include <linux/falloc.h>
#include <linux/mman.h>

int tmpfs_charge(struct tmpfs_super *t, u64 pages)
{
	u64 used = __atomic_add_fetch(&t->used_pages, pages, __ATOMIC_RELAXED);

	if (unlikely(used > t->limit_pages && t->limit_pages)) {
		tmpfs_uncharge(t, pages);
		return -ENOSPC;
	}
	return 0;
}

void tmpfs_uncharge(struct tmpfs_super *t, u64 pages)
{
	__atomic_sub_fetch(&t->used_pages, pages, __ATOMIC_RELAXED);
}

static int tmpfs_reserve(struct page_cache *c, u64 index)
{
	int err = tmpfs_charge(tmpfs_super_of(c->host), 1);

	if (unlikely(err))
		return err;
	__atomic_add_fetch(&c->host->blocks, PAGE_SIZE / 512, __ATOMIC_RELAXED);
	return 0;
}

static void tmpfs_unreserve(struct page_cache *c, u64 pages)
{
	tmpfs_uncharge(tmpfs_super_of(c->host), pages);
	__atomic_sub_fetch(&c->host->blocks, pages * (PAGE_SIZE / 512), __ATOMIC_RELAXED);
}

const struct page_cache_ops tmpfs_cache_ops = { .reserve = tmpfs_reserve, .unreserve = tmpfs_unreserve };

/* --- Seals ------------------------------------------------------------------------------------ */

static inline u32 seals_of(const struct inode *i)
{
	return READ_ONCE(tmpfs_node_of(i)->seals);
}

static ssize_t tmpfs_write(struct file *f, struct uio *u, u64 *pos)
{
	u32 seals = seals_of(f->inode);

	if (unlikely(seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)))
		return -EPERM;
	if (unlikely(seals & F_SEAL_GROW)) {
		u64 size = f->inode->size, at = f->flags & O_APPEND || u->append ? size : *pos;
		if (at + u->left > size) {
			if (at >= size)
				return -EPERM;
			u->left = min(u->left, size - at); /* what fits is written */
			u->segment = min(u->segment, u->left);
		}
	}
	return page_cache_write(f, u, pos);
}

static int tmpfs_mmap(struct file *f, struct mmap_request *r)
{
	u32 seals = seals_of(f->inode);

	if (unlikely(seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)) && r->flags & MAP_SHARED) {
		if (r->prot & PROT_WRITE)
			return -EPERM;
		r->read_only = true;
	}
	return page_cache_mmap(f, r);
}

static int tmpfs_setattr(struct inode *i, const struct setattr *a)
{
	if (a->valid & SETATTR_SIZE) {
		u32 seals = seals_of(i);
		if ((a->size < i->size && seals & F_SEAL_SHRINK) || (a->size > i->size && seals & F_SEAL_GROW))
			return -EPERM;
		int err = page_cache_resize(i, a->size);
		if (err)
			return err;
	}
	inode_apply(i, a);
	return 0;
}

/* --- fallocate -------------------------------------------------------------------------------- */

/* Pages for all of [off, end); those that were made are given back if they do not suffice. */
static int allocate_range(struct inode *i, u64 off, u64 end)
{
	u64 first = off >> PAGE_SHIFT, last = (end - 1) >> PAGE_SHIFT, index;
	int err = 0;

	for (index = first; index <= last && !err; index++) {
		struct frame *f;
		err = page_cache_get(i->cache, index, CACHE_CREATE, &f);
		if (!err)
			frame_put(f);
		if (!err && task_signal_pending && task_signal_pending(current, WAIT_INTERRUPTIBLE))
			err = -EINTR;
		cond_resched();
	}
	if (err) { /* behind the end of the file nobody can have written anything */
		u64 keep = (i->size + PAGE_MASK) >> PAGE_SHIFT;
		rwsem_write_lock(&i->cache->invalidate_lock);
		page_cache_truncate(i->cache, max(first, keep), last);
		rwsem_write_unlock(&i->cache->invalidate_lock);
	}
	return err;
}

static s64 punch(struct inode *i, u64 off, u64 end)
{
	if (seals_of(i) & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE))
		return -EPERM;
	return page_cache_punch(i->cache, off, end);
}

static s64 allocate(struct inode *i, int mode, u64 off, u64 end)
{
	if (end > i->size && !(mode & FALLOC_FL_KEEP_SIZE)) {
		if (seals_of(i) & F_SEAL_GROW)
			return -EPERM;
		if (end > rlimit_current(RLIMIT_FSIZE)) {
			if (fs_send_sigxfsz)
				fs_send_sigxfsz();
			return -EFBIG;
		}
	}
	struct tmpfs_super *t = tmpfs_super_of(i);
	if (t->limit_pages && (end - off) >> PAGE_SHIFT > t->limit_pages)
		return -ENOSPC;
	int err = allocate_range(i, off, end);
	if (!err && end > i->size && !(mode & FALLOC_FL_KEEP_SIZE))
		WRITE_ONCE(i->size, end);
	return err;
}

static s64 tmpfs_fallocate(struct file *f, int mode, u64 off, u64 n)
{
	struct inode *i = f->inode;
	s64 r;

	if (mode & ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE))
		return -EOPNOTSUPP;
	rwsem_write_lock(&i->lock);
	r = mode & FALLOC_FL_PUNCH_HOLE ? punch(i, off, off + n) : allocate(i, mode, off, off + n);
	if (!r)
		inode_touch(i, mode & FALLOC_FL_PUNCH_HOLE ? SETATTR_MTIME | SETATTR_CTIME : SETATTR_CTIME);
	rwsem_write_unlock(&i->lock);
	return r;
}

static int tmpfs_fsync(struct file *f, u64 start, u64 end, bool data_only)
{
	return 0;
}

const struct inode_ops tmpfs_file_inode_ops = {
	.setattr = tmpfs_setattr,
	.getxattr = tmpfs_getxattr,
	.setxattr = tmpfs_setxattr,
	.listxattr = tmpfs_listxattr,
	.removexattr = tmpfs_removexattr,
};

const struct file_ops tmpfs_file_ops = {
	.read = page_cache_read,
	.write = tmpfs_write,
	.llseek = page_cache_llseek,
	.mmap = tmpfs_mmap,
	.fsync = tmpfs_fsync,
	.fallocate = tmpfs_fallocate,
};
