/* SPDX-License-Identifier: MIT */
/* From file to file inside the kernel, through a buffer: sendfile, copy_file_range. */
#include <fs/internal.h>
#include <syscall/handlers.h>

#define BUFFER_ORDER 4
#define BUFFER_SIZE (PAGE_SIZE << BUFFER_ORDER)

/*
 * Writes all `n` bytes at `buf`, unless an error or a full file comes first: bytes written; *err.
 * It is the operation's result that counts: some (/dev/null) do not touch the transfer.
 */
static size_t write_all(struct file *out, const char *buf, size_t n, u64 *pos, ssize_t *err)
{
	size_t done = 0;

	*err = 0;
	while (done < n) {
		struct uio w = uio_kernel(buf + done, n - done);
		ssize_t put = file_write(out, &w, pos);
		if (put <= 0) {
			*err = put;
			break;
		}
		done += (size_t)put;
	}
	return done;
}

/*
 * Up to n bytes from `in` at *in_pos to `out` at *out_pos; bytes or error. What could not be written
 * counts as not read: both positions say what has arrived.
 */
static ssize_t copy_bytes(struct file *in, u64 *in_pos, struct file *out, u64 *out_pos, size_t n)
{
	struct frame *buffer = frame_alloc(BUFFER_ORDER, 0);
	ssize_t done = 0, err = 0;

	if (!buffer)
		return -ENOMEM;
	while ((size_t)done < n) {
		size_t piece = min(n - (size_t)done, BUFFER_SIZE);
		u64 from = *in_pos;
		struct uio r = uio_kernel(frame_virt(buffer), piece);
		ssize_t got = file_read(in, &r, &from);
		if (got <= 0) {
			err = got;
			break;
		}
		size_t moved = write_all(out, frame_virt(buffer), (size_t)got, out_pos, &err);
		*in_pos += moved;
		done += (ssize_t)moved;
		if (moved < (size_t)got || (size_t)got < piece)
			break;
		if (task_signal_pending && task_signal_pending(current, WAIT_INTERRUPTIBLE))
			break;
		cond_resched();
	}
	frame_put(buffer);
	return done ? done : err;
}

static int get_pos(uptr_t p, u64 *pos)
{
	if (get_user_u64(pos, p))
		return -EFAULT;
	return (s64)*pos < 0 ? -EINVAL : 0;
}

static s64 do_sendfile(struct file *out, struct file *in, uptr_t upos, size_t n)
{
	u64 in_pos = in->pos, out_pos = out->pos;

	if (!(in->mode & FMODE_READ) || !(out->mode & FMODE_WRITE))
		return -EBADF;
	if (!uptr_null(upos)) {
		if (!(in->mode & FMODE_SEEKABLE))
			return -ESPIPE;
		int err = get_pos(upos, &in_pos);
		if (err)
			return err;
	}
	if ((ssize_t)n < 0 || !(in->inode->cache || in->mode & FMODE_SEEKABLE) || !in->ops->read || out->flags & O_APPEND)
		return -EINVAL;
	ssize_t done = copy_bytes(in, &in_pos, out, out->mode & FMODE_STREAM ? &out->pos : &out_pos,
				  min(n, RW_COUNT_MAX));
	if (done < 0)
		return done;
	if (!(out->mode & FMODE_STREAM))
		out->pos = out_pos;
	if (uptr_null(upos))
		in->pos = in_pos;
	else if (put_user_u64(upos, in_pos))
		return -EFAULT;
	return done;
}

s64 sys_sendfile(int out_fd, int in_fd, uptr_t upos, size_t n)
{
	FD_GUARD(in, in_fd);
	FD_GUARD(out, out_fd);
	return in && out ? do_sendfile(out, in, upos, n) : -EBADF;
}

static int check_copy(struct file *in, struct file *out, uint flags)
{
	if (flags)
		return -EINVAL;
	if (inode_is(in->inode, S_IFDIR) || inode_is(out->inode, S_IFDIR))
		return -EISDIR;
	if (!inode_is(in->inode, S_IFREG) || !inode_is(out->inode, S_IFREG))
		return -EINVAL;
	if (!(in->mode & FMODE_READ) || !(out->mode & FMODE_WRITE) || out->flags & O_APPEND)
		return -EBADF;
	return 0;
}

static s64 do_copy_range(struct file *in, uptr_t uin, struct file *out, uptr_t uout, size_t n)
{
	u64 in_pos = in->pos, out_pos = out->pos;
	int err = 0;

	if (!uptr_null(uin))
		err = get_pos(uin, &in_pos);
	if (!err && !uptr_null(uout))
		err = get_pos(uout, &out_pos);
	if (err)
		return err;
	n = min(n, RW_COUNT_MAX);
	if (in_pos + n < in_pos || out_pos + n < out_pos)
		return -EOVERFLOW;
	u64 size = READ_ONCE(in->inode->size);
	n = in_pos >= size ? 0 : min(n, size - in_pos);
	if (in->inode == out->inode && out_pos + n > in_pos && out_pos < in_pos + n)
		return -EINVAL;
	ssize_t done = n ? copy_bytes(in, &in_pos, out, &out_pos, n) : 0;
	if (done <= 0)
		return done;
	if (uptr_null(uin))
		in->pos = in_pos;
	else if (put_user_u64(uin, in_pos))
		return -EFAULT;
	if (uptr_null(uout))
		out->pos = out_pos;
	else if (put_user_u64(uout, out_pos))
		return -EFAULT;
	return done;
}

s64 sys_copy_file_range(int in_fd, uptr_t uin, int out_fd, uptr_t uout, size_t n, uint flags)
{
	FD_GUARD(in, in_fd);
	FD_GUARD(out, out_fd);
	if (!in || !out)
		return -EBADF;
	int err = check_copy(in, out, flags);
	return err ? err : do_copy_range(in, uin, out, uout, n);
}
