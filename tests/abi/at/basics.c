/* SPDX-License-Identifier: MIT */
/* The *at calls: a directory's descriptor, AT_FDCWD, absolute names, bad descriptors. */

#include "../abi.h"

TEST
{
	struct stat st;
	char buf[16] = "";

	MUST(mkdir("d", 0755));
	make_file("d/f", "in d");
	make_file("f", "in .");
	int d = MUST(open("d", O_RDONLY | O_DIRECTORY)), f = MUST(open("f", O_RDONLY));
	int path = MUST(open("d", O_PATH | O_DIRECTORY));
	CALL("openat d", read(MUST(openat(d, "f", O_RDONLY)), buf, 15));
	say("text %s", buf);
	CALL("openat cwd", read(MUST(openat(AT_FDCWD, "f", O_RDONLY)), buf, 15));
	say("text %s", buf);
	CALL("openat O_PATH dir", read(MUST(openat(path, "f", O_RDONLY)), buf, 15));
	OK("absolute ignores the fd", openat(9999, "/dev/null", O_RDONLY));
	CALL("bad fd", openat(9999, "f", O_RDONLY));
	CALL("file as dir fd", openat(f, "f", O_RDONLY));
	CALL("fstatat", fstatat(d, "f", &st, 0));
	CALL("fstatat empty", fstatat(d, "", &st, 0));
	CALL("fstatat AT_EMPTY_PATH", fstatat(f, "", &st, AT_EMPTY_PATH));
	say("size %ld", (long)st.st_size);
	CALL("fstatat bad flag", syscall(SYS_newfstatat, d, "f", &st, 0x8));
	CALL("mkdirat", mkdirat(d, "e", 0755));
	CALL("symlinkat", symlinkat("f", d, "s"));
	CALL("readlinkat", readlinkat(d, "s", buf, 15));
	CALL("linkat", linkat(d, "f", AT_FDCWD, "hard", 0));
	CALL("linkat bad flag", linkat(d, "f", AT_FDCWD, "hard2", 0x8));
	CALL("renameat", renameat(d, "f", d, "g"));
	CALL("renameat out", renameat(d, "g", AT_FDCWD, "out"));
	CALL("faccessat", syscall(SYS_faccessat, d, "e", R_OK));
	CALL("faccessat2 eaccess", syscall(SYS_faccessat2, d, "e", W_OK, AT_EACCESS));
	CALL("faccessat2 bad flag", syscall(SYS_faccessat2, d, "e", W_OK, 0x8));
	CALL("fchmodat", syscall(SYS_fchmodat, d, "e", 0700));
	CALL("fchownat", fchownat(d, "e", 3, 4, 0));
	fstatat(d, "e", &st, 0);
	say("mode %o owner %d:%d", st.st_mode, st.st_uid, st.st_gid);
	CALL("mknodat", mknodat(d, "p", S_IFIFO | 0600, 0));
	CALL("unlinkat file as dir", unlinkat(d, "p", AT_REMOVEDIR));
	CALL("unlinkat dir as file", unlinkat(d, "e", 0));
	CALL("unlinkat dir", unlinkat(d, "e", AT_REMOVEDIR));
	CALL("unlinkat bad flag", unlinkat(d, "p", 0x1));
	CALL("unlinkat", unlinkat(d, "p", 0));
	MUST(rename("d", "moved"));
	CALL("fd follows the rename", faccessat(d, "s", F_OK, AT_SYMLINK_NOFOLLOW) <= 0);
	OK("create by moved fd", openat(d, "late", O_RDWR | O_CREAT, 0644));
	CALL("late", access("moved/late", F_OK));
}
