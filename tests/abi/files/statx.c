/* SPDX-License-Identifier: MIT */
/* statx: masks, empty path, flags, errors. */

#include "../abi.h"
#include <linux/stat.h>

static long statx_raw(int fd, const char *path, int flags, unsigned mask, struct statx *sx)
{
	return syscall(SYS_statx, fd, path, flags, mask, sx);
}

TEST
{
	struct statx sx;
	struct stat st;

	make_file("f", "12345");
	MUST(symlink("f", "s"));
	CALL("basic", statx_raw(AT_FDCWD, "f", 0, STATX_BASIC_STATS, &sx));
	YES("mask has the basics", (sx.stx_mask & STATX_BASIC_STATS) == STATX_BASIC_STATS);
	stat("f", &st);
	say("mode %o links %u size %llu uid %u", sx.stx_mode, sx.stx_nlink,
	    (unsigned long long)sx.stx_size, sx.stx_uid);
	YES("ino", sx.stx_ino == st.st_ino);
	YES("mtime", sx.stx_mtime.tv_sec == st.st_mtim.tv_sec && sx.stx_mtime.tv_nsec == st.st_mtim.tv_nsec);
	YES("device", ((sx.stx_dev_major << 8) | (sx.stx_dev_minor & 0xff)) == (st.st_dev & 0xffff));
	CALL("nofollow", statx_raw(AT_FDCWD, "s", AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &sx));
	YES("link", S_ISLNK(sx.stx_mode));
	int fd = MUST(open("f", O_RDONLY));
	CALL("empty path", statx_raw(fd, "", AT_EMPTY_PATH, STATX_SIZE, &sx));
	say("size %llu", (unsigned long long)sx.stx_size);
	CALL("empty path without the flag", statx_raw(fd, "", 0, STATX_SIZE, &sx));
	CALL("reserved mask", statx_raw(AT_FDCWD, "f", 0, 0x80000000, &sx));
	CALL("bad flags", statx_raw(AT_FDCWD, "f", 0x8, STATX_SIZE, &sx));
	CALL("both sync flags", statx_raw(AT_FDCWD, "f", AT_STATX_FORCE_SYNC | AT_STATX_DONT_SYNC, 0, &sx));
	CALL("missing", statx_raw(AT_FDCWD, "nope", 0, 0, &sx));
	CALL("bad fd", statx_raw(99, "f", 0, 0, &sx));
	CALL("bad buffer", statx_raw(AT_FDCWD, "f", 0, STATX_BASIC_STATS, bad_page()));
	CALL("root's mount flag", statx_raw(AT_FDCWD, "/tmp", 0, STATX_BASIC_STATS, &sx));
	YES("mount root attribute", sx.stx_attributes & STATX_ATTR_MOUNT_ROOT);
}
