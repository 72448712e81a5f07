/* SPDX-License-Identifier: MIT */
/*
 * read(2), write(2) and their many variants: checks, the position, vectors.
 *
 * The position of a file is shared by all who share the file: while somebody else may
 * use it (more than one reference) pos_lock is held over the whole transfer.
 */
#include <fs/internal.h>
#include <syscall/handlers.h>

#define VECTORS_FAST 8

ssize_t file_read(struct file *f, struct uio *u, u64 *pos)
{
	if (unlikely(!(f->mode & FMODE_READ)))
		return -EBADF;
	if (unlikely(!f->ops->read))
		return inode_is(f->inode, S_IFDIR) ? -EISDIR : -EINVAL;
	return f->ops->read(f, u, pos);
}

ssize_t file_write(struct file *f, struct uio *u, u64 *pos)
{
	if (unlikely(!(f->mode & FMODE_WRITE)))
		return -EBADF;
	if (unlikely(!f->ops->write))
		return -EINVAL;
	return f->ops->write(f, u, pos);
}

ssize_t write_limit(struct file *f, u64 pos, size_t n)
{
	u64 limit = rlimit_current(RLIMIT_FSIZE), most = f->inode->super->max_file_size;

	if (unlikely(pos + n > limit)) {
		if (pos >= limit) {
			if (fs_send_sigxfsz)
				fs_send_sigxfsz();
			return -EFBIG;
		}
		n = limit - pos;
	}
	if (unlikely(pos + n > most)) {
		if (pos >= most)
			return -EFBIG;
		n = most - pos;
	}
	return (ssize_t)n;
}

/* --- The position ----------------------------------------------------------------------------- */

static always_inline bool pos_lock(struct file *f)
{
	if (likely(ref_read(&f->refs) == 1))
		return false;
	mutex_lock(&f->pos_lock);
	return true;
}

typedef ssize_t (*transfer_fn)(struct file *f, struct uio *u, u64 *pos);

/* At the file's own position. */
static always_inline ssize_t transfer(struct file *f, struct uio *u, transfer_fn fn)
{
	if (f->mode & FMODE_STREAM)
		return fn(f, u, &f->pos);
	bool locked = pos_lock(f);
	u64 pos = f->pos;
	ssize_t n = fn(f, u, &pos);
	if (likely(n > 0))
		f->pos = pos;
	if (unlikely(locked))
		mutex_unlock(&f->pos_lock);
	return n;
}

static always_inline int user_uio(struct uio *u, uptr_t buf, size_t n)
{
	if (unlikely(!user_range_ok(buf, n)))
		return -EFAULT;
	*u = uio_user(buf, min(n, RW_COUNT_MAX));
	return 0;
}

s64 sys_read(int fd, uptr_t buf, size_t n)
{
	struct uio u;

	FD_GUARD(f, fd);
	if (unlikely(!f || !(f->mode & FMODE_READ)))
		return -EBADF;
	int err = user_uio(&u, buf, n);
	return likely(!err) ? transfer(f, &u, file_read) : err;
}

s64 sys_write(int fd, uptr_t buf, size_t n)
{
	struct uio u;

	FD_GUARD(f, fd);
	if (unlikely(!f || !(f->mode & FMODE_WRITE)))
		return -EBADF;
	int err = user_uio(&u, buf, n);
	return likely(!err) ? transfer(f, &u, file_write) : err;
}

/* At a position of the caller's. */
static ssize_t transfer_at(struct file *f, struct uio *u, slong at, transfer_fn fn)
{
	u64 pos = (u64)at;

	if (at < 0)
		return -EINVAL;
	if (!(f->mode & FMODE_SEEKABLE))
		return inode_is(f->inode, S_IFDIR) ? -EISDIR : -ESPIPE;
	return fn(f, u, &pos);
}

s64 sys_pread64(int fd, uptr_t buf, size_t n, slong pos)
{
	struct uio u;

	if (pos < 0)
		return -EINVAL;
	FD_GUARD(f, fd);
	if (!f)
		return -EBADF;
	if (f->mode & FMODE_SEEKABLE && !(f->mode & FMODE_READ))
		return -EBADF;
	int err = user_uio(&u, buf, n);
	return err ? err : transfer_at(f, &u, pos, file_read);
}

s64 sys_pwrite64(int fd, uptr_t buf, size_t n, slong pos)
{
	struct uio u;

	if (pos < 0)
		return -EINVAL;
	FD_GUARD(f, fd);
	if (!f)
		return -EBADF;
	if (!(f->mode & FMODE_WRITE) && (f->mode & FMODE_SEEKABLE || inode_is(f->inode, S_IFDIR)))
		return -EBADF;
	int err = user_uio(&u, buf, n);
	return err ? err : transfer_at(f, &u, pos, file_write);
}

/* --- Vectors ---------------------------------------------------------------------------------- */

struct vectors {
	struct iovec fast[VECTORS_FAST];
	struct iovec *all;
};

/* The total is cut to RW_COUNT_MAX as a whole, segments behind that are emptied. */
static int vectors_get(struct vectors *v, uptr_t uvec, ulong count, struct uio *u)
{
	size_t left = RW_COUNT_MAX, total = 0;

	v->all = v->fast;
	if (count > UIO_MAXIOV)
		return -EINVAL;
	if (count > VECTORS_FAST && !(v->all = kmalloc(count * sizeof *v->all, 0)))
		return -ENOMEM;
	if (copy_from_user(v->all, uvec, count * sizeof *v->all))
		return -EFAULT;
	for (ulong i = 0; i < count; i++) {
		struct iovec *e = &v->all[i];
		if ((ssize_t)e->iov_len < 0)
			return -EINVAL;
		if (!user_range_ok(UPTR((u64)e->iov_base), e->iov_len))
			return -EFAULT;
		e->iov_len = min(e->iov_len, left);
		left -= e->iov_len;
		total += e->iov_len;
	}
	*u = (struct uio){ .left = total, .next = v->all, .count = (u32)count };
	if (total)
		uio_start(u);
	return 0;
}

static void vectors_end(struct vectors *v)
{
	if (v->all != v->fast)
		kfree(v->all);
}

/* The common body. pos NULL: the file's own. */
static s64 do_vectors(struct file *f, uptr_t uvec, ulong count, const slong *pos, int rwf, bool write)
{
	transfer_fn fn = write ? file_write : file_read;
	struct vectors v;
	struct uio u;

	if (rwf & ~(RWF_HIPRI | RWF_DSYNC | RWF_SYNC | RWF_NOWAIT | RWF_APPEND))
		return -EOPNOTSUPP;
	if (!(f->mode & (write ? FMODE_WRITE : FMODE_READ)))
		return -EBADF;
	s64 r = vectors_get(&v, uvec, count, &u);
	if (!r) {
		u.nowait = rwf & RWF_NOWAIT;
		u.append = rwf & RWF_APPEND;
		r = pos ? transfer_at(f, &u, *pos, fn) : transfer(f, &u, fn);
		if (r > 0 && rwf & (RWF_DSYNC | RWF_SYNC) && write && f->ops->fsync) {
			int err = f->ops->fsync(f, 0, INT64_MAX, !(rwf & RWF_SYNC));
			if (err)
				r = err;
		}
	}
	vectors_end(&v);
	return r;
}

s64 sys_readv(int fd, uptr_t vec, ulong count)
{
	FD_GUARD(f, fd);
	return f ? do_vectors(f, vec, count, NULL, 0, false) : -EBADF;
}

s64 sys_writev(int fd, uptr_t vec, ulong count)
{
	FD_GUARD(f, fd);
	return f ? do_vectors(f, vec, count, NULL, 0, true) : -EBADF;
}

static s64 vectors_at(int fd, uptr_t vec, ulong count, slong pos, int rwf, bool write)
{
	if (pos < 0)
		return -EINVAL;
	FD_GUARD(f, fd);
	if (!f)
		return -EBADF;
	if (!(f->mode & FMODE_SEEKABLE) && !inode_is(f->inode, S_IFDIR))
		return -ESPIPE;
	return do_vectors(f, vec, count, &pos, rwf, write);
}

/* The position comes in two halves for the sake of 32-bit machines; here the low one is all of it. */
s64 sys_preadv(int fd, uptr_t vec, ulong count, ulong low, ulong high)
{
	return vectors_at(fd, vec, count, (slong)low, 0, false);
}

s64 sys_pwritev(int fd, uptr_t vec, ulong count, ulong low, ulong high)
{
	return vectors_at(fd, vec, count, (slong)low, 0, true);
}

s64 sys_preadv2(int fd, uptr_t vec, ulong count, ulong low, ulong high, int rwf)
{
	if ((slong)low != -1)
		return vectors_at(fd, vec, count, (slong)low, rwf, false);
	FD_GUARD(f, fd);
	return f ? do_vectors(f, vec, count, NULL, rwf, false) : -EBADF;
}

s64 sys_pwritev2(int fd, uptr_t vec, ulong count, ulong low, ulong high, int rwf)
{
	if ((slong)low != -1)
		return vectors_at(fd, vec, count, (slong)low, rwf, true);
	FD_GUARD(f, fd);
	return f ? do_vectors(f, vec, count, NULL, rwf, true) : -EBADF;
}

/* --- lseek ------------------------------------------------------------------------------------ */

s64 sys_lseek(int fd, slong off, int whence)
{
	FD_GUARD(f, fd);
	if (!f)
		return -EBADF;
	if ((unsigned)whence > SEEK_MAX)
		return -EINVAL;
	if (!f->ops->llseek)
		return -ESPIPE;
	bool locked = pos_lock(f);
	s64 r = f->ops->llseek(f, off, whence);
	if (locked)
		mutex_unlock(&f->pos_lock);
	return r;
}
