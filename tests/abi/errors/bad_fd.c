/* SPDX-License-Identifier: MIT */
/* Every call that takes a descriptor says EBADF for one that is not open. */

#include "bad_fd.h"

static char buf[4096];

static const struct try tries[] = {
	{ "read", SYS_read, { 0, (long)buf, 1 } }, { "write", SYS_write, { 0, (long)buf, 1 } },
	{ "close", SYS_close, { 0 } }, { "fstat", SYS_fstat, { 0, (long)buf } },
	{ "lseek", SYS_lseek, { 0 } }, { "ioctl", SYS_ioctl, { 0, 0x5401, (long)buf } },
	{ "pread64", SYS_pread64, { 0, (long)buf, 1 } }, { "pwrite64", SYS_pwrite64, { 0, (long)buf, 1 } },
	{ "readv", SYS_readv, { 0, (long)buf, 1 } }, { "writev", SYS_writev, { 0, (long)buf, 1 } },
	{ "preadv", SYS_preadv, { 0, (long)buf, 1 } }, { "pwritev", SYS_pwritev, { 0, (long)buf, 1 } },
	{ "dup", SYS_dup, { 0 } }, { "dup2", SYS_dup2, { 0, 7 } }, { "dup3", SYS_dup3, { 0, 7, 0 } },
	{ "fcntl", SYS_fcntl, { 0, F_GETFD } }, { "flock", SYS_flock, { 0, 1 } },
	{ "fsync", SYS_fsync, { 0 } }, { "fdatasync", SYS_fdatasync, { 0 } },
	{ "ftruncate", SYS_ftruncate, { 0, 1 } }, { "getdents64", SYS_getdents64, { 0, (long)buf, 100 } },
	{ "getdents", SYS_getdents, { 0, (long)buf, 100 } },
	{ "fchdir", SYS_fchdir, { 0 } }, { "fchmod", SYS_fchmod, { 0, 0600 } },
	{ "fchown", SYS_fchown, { 0, 1, 1 } }, { "fstatfs", SYS_fstatfs, { 0, (long)buf } },
	{ "fallocate", SYS_fallocate, { 0, 0, 0, 10 } }, { "syncfs", SYS_syncfs, { 0 } },
	{ "openat", SYS_openat, { 0, (long)"x", 0 } }, { "mkdirat", SYS_mkdirat, { 0, (long)"x", 0 } },
	{ "unlinkat", SYS_unlinkat, { 0, (long)"x", 0 } }, { "newfstatat", SYS_newfstatat, { 0, (long)"x", (long)buf } },
	{ "readlinkat", SYS_readlinkat, { 0, (long)"x", (long)buf, 10 } },
	{ "symlinkat", SYS_symlinkat, { (long)"x", 0, (long)"y" }, 1 },
	{ "faccessat", SYS_faccessat, { 0, (long)"x", 0 } }, { "fchmodat", SYS_fchmodat, { 0, (long)"x", 0 } },
	{ "fchownat", SYS_fchownat, { 0, (long)"x", 0, 0, 0 } }, { "mknodat", SYS_mknodat, { 0, (long)"x", 0 } },
	{ "utimensat", SYS_utimensat, { 0, 0, 0, 0 } }, { "statx", SYS_statx, { 0, (long)"x", 0, 0, (long)buf } },
	{ "sendfile", SYS_sendfile, { 0, 0, 0, 10 } }, { "sendfile from", SYS_sendfile, { 0, 0, 0, 10 }, 1 },
	{ "copy_file_range", SYS_copy_file_range, { 0, 0, 0, 0, 10 } },
	{ "epoll_ctl", SYS_epoll_ctl, { 0, 1, 0, (long)buf } }, { "epoll_wait", SYS_epoll_wait, { 0, (long)buf, 1 } },
	{ "timerfd_gettime", SYS_timerfd_gettime, { 0, (long)buf } },
	{ "fadvise64", SYS_fadvise64, { 0, 0, 0, 0 } }, { "readahead", SYS_readahead, { 0, 0, 10 } },
	{ "sync_file_range", SYS_sync_file_range, { 0, 0, 0, 0 } },
};

TEST
{
	try_bad_fds(tries, COUNT(tries));
}
