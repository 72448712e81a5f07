/* SPDX-License-Identifier: MIT */
/* statfs(2), and the calls that push data to where it is safe or make room for it. */
#include <asm/statfs.h>
#include <fs/internal.h>
#include <linux/fadvise.h>
#include <linux/falloc.h>
#include <syscall/handlers.h>

/* f_flags: ST_* of <sys/statvfs.h>, which are MS_* but for these. */
#define ST_VALID 0x0020
#define ST_RELATIME 0x1000

static u64 statfs_flags(const struct mount *m)
{
	u32 flags = m->flags | (m->super->flags & MS_RDONLY);
	u64 st = ST_VALID | (flags & (MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC));

	if (flags & MS_NOATIME)
		st |= 0x0400;
	if (flags & MS_NODIRATIME)
		st |= 0x0800;
	if (flags & MS_RELATIME)
		st |= ST_RELATIME;
	return st;
}

static s64 do_statfs(const struct path *p, uptr_t to)
{
	struct super *s = p->mount->super;
	struct kstatfs k = { .type = s->type->magic, .bsize = s->block_size, .namelen = NAME_LENGTH_MAX };
	int err = s->ops->statfs ? s->ops->statfs(s, &k) : 0;

	if (err)
		return err;
	struct statfs st = {
		.f_type = (long)k.type,
		.f_bsize = (long)k.bsize,
		.f_blocks = (long)k.blocks,
		.f_bfree = (long)k.bfree,
		.f_bavail = (long)k.bavail,
		.f_files = (long)k.files,
		.f_ffree = (long)k.ffree,
		.f_fsid = { { (int)s->dev, 0 } },
		.f_namelen = (long)k.namelen,
		.f_frsize = (long)(k.frsize ? k.frsize : k.bsize),
		.f_flags = (long)statfs_flags(p->mount),
	};
	return copy_to_user(to, &st, sizeof st);
}

s64 sys_statfs(uptr_t name, uptr_t to)
{
	struct path p;
	int err = path_lookup_user(AT_FDCWD, name, LOOKUP_FOLLOW, &p);

	if (err)
		return err;
	s64 r = do_statfs(&p, to);
	path_put(&p);
	return r;
}

s64 sys_fstatfs(int fd, uptr_t to)
{
	FD_GUARD_ANY(f, fd);
	return f ? do_statfs(&f->path, to) : -EBADF;
}

/* --- Syncing ---------------------------------------------------------------------------------- */

static s64 do_fsync(int fd, u64 start, u64 end, bool data_only)
{
	FD_GUARD(f, fd);
	if (!f)
		return -EBADF;
	return f->ops->fsync ? f->ops->fsync(f, start, end, data_only) : -EINVAL;
}

s64 sys_fsync(int fd)
{
	return do_fsync(fd, 0, INT64_MAX, false);
}

s64 sys_fdatasync(int fd)
{
	return do_fsync(fd, 0, INT64_MAX, true);
}

s64 sys_sync(void)
{
	vfs_sync_all();
	return 0;
}

s64 sys_syncfs(int fd)
{
	FD_GUARD(f, fd);
	if (!f)
		return -EBADF;
	struct super *s = f->inode->super;
	return s->ops->sync ? s->ops->sync(s) : 0;
}

s64 sys_sync_file_range(int fd, slong off, slong n, uint flags)
{
	s64 end;

	if (flags & ~(SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER) || off < 0 ||
	    n < 0 || __builtin_add_overflow(off, n, &end))
		return -EINVAL;
	FD_GUARD(f, fd);
	if (!f)
		return -EBADF;
	u32 type = f->inode->mode & S_IFMT;
	if (type != S_IFREG && type != S_IFBLK && type != S_IFDIR && type != S_IFLNK)
		return -ESPIPE;
	if (!(flags & SYNC_FILE_RANGE_WRITE) || !f->ops->fsync)
		return 0;
	return f->ops->fsync(f, (u64)off, n ? (u64)end - 1 : INT64_MAX, true);
}

/* --- Space and advice ------------------------------------------------------------------------- */

static int check_fallocate(const struct file *f, int mode, s64 off, s64 n)
{
	s64 end;

	if (off < 0 || n <= 0)
		return -EINVAL;
	if (mode & ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE | FALLOC_FL_COLLAPSE_RANGE | FALLOC_FL_ZERO_RANGE |
		     FALLOC_FL_INSERT_RANGE | FALLOC_FL_UNSHARE_RANGE))
		return -EOPNOTSUPP;
	if ((mode & (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE)) == (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE))
		return -EOPNOTSUPP;
	if (mode & FALLOC_FL_PUNCH_HOLE && !(mode & FALLOC_FL_KEEP_SIZE))
		return -EOPNOTSUPP;
	if (!(f->mode & FMODE_WRITE))
		return -EBADF;
	if (mode & ~FALLOC_FL_KEEP_SIZE && f->inode->flags & INODE_APPEND)
		return -EPERM;
	switch (f->inode->mode & S_IFMT) {
	case S_IFIFO:
		return -ESPIPE;
	case S_IFDIR:
		return -EISDIR;
	case S_IFREG:
	case S_IFBLK:
		break;
	default:
		return -ENODEV;
	}
	if (__builtin_add_overflow(off, n, &end) || (u64)end > f->inode->super->max_file_size)
		return -EFBIG;
	return 0;
}

s64 sys_fallocate(int fd, int mode, slong off, slong n)
{
	FD_GUARD(f, fd);
	if (!f)
		return -EBADF;
	int err = check_fallocate(f, mode, off, n);
	if (err)
		return err;
	return f->ops->fallocate ? f->ops->fallocate(f, mode, (u64)off, (u64)n) : -EOPNOTSUPP;
}

s64 sys_fadvise64(int fd, slong off, size_t n, int advice)
{
	FD_GUARD(f, fd);
	if (!f)
		return -EBADF;
	if (inode_is(f->inode, S_IFIFO))
		return -ESPIPE;
	if ((ssize_t)n < 0 || advice < POSIX_FADV_NORMAL || advice > POSIX_FADV_NOREUSE)
		return -EINVAL;
	return 0; /* advice: nothing is read ahead or dropped early */
}

s64 sys_readahead(int fd, slong off, size_t n)
{
	FD_GUARD(f, fd);
	if (!f || !(f->mode & FMODE_READ))
		return -EBADF;
	return f->inode->cache && inode_is(f->inode, S_IFREG) ? 0 : -EINVAL;
}
