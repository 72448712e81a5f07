/* SPDX-License-Identifier: MIT */
/* link, symlink, readlink, unlink and the link counts. */

#include "../abi.h"

static long nlink_of(const char *path)
{
	struct stat st;
	return lstat(path, &st) == 0 ? (long)st.st_nlink : -1;
}

TEST
{
	char buf[32];
	struct stat st;

	make_file("f", "text");
	CALL("link", link("f", "g"));
	CALL("count", nlink_of("f"));
	CALL("link exists", link("f", "g"));
	CALL("link missing", link("nope", "h"));
	CALL("link directory", link(".", "h"));
	CALL("unlink one", unlink("f"));
	CALL("count", nlink_of("g"));
	say("text %s", file_text("g"));
	CALL("symlink", symlink("g", "s"));
	CALL("symlink exists", symlink("g", "s"));
	CALL("symlink empty", symlink("", "t"));
	CALL("readlink", readlink("s", buf, sizeof(buf)));
	memset(buf, '.', sizeof(buf));
	MUST(symlink("0123456789", "long"));
	CALL("readlink short buffer", readlink("long", buf, 4));
	say("got %.6s", buf);
	CALL("readlink size 0", syscall(SYS_readlink, "long", buf, 0));
	CALL("readlink negative", syscall(SYS_readlink, "long", buf, -1));
	CALL("readlink of file", readlink("g", buf, 4));
	CALL("readlink missing", readlink("nope", buf, 4));
	CALL("lstat", lstat("long", &st));
	say("link size %ld mode %o", (long)st.st_size, st.st_mode & S_IFMT);
	CALL("link to symlink links the link", link("s", "s2"));
	lstat("s2", &st);
	YES("is a symlink", S_ISLNK(st.st_mode));
	CALL("linkat follows", linkat(AT_FDCWD, "s", AT_FDCWD, "s3", AT_SYMLINK_FOLLOW));
	lstat("s3", &st);
	YES("is a file", S_ISREG(st.st_mode));
	CALL("unlink link", unlink("s"));
	CALL("target there", access("g", F_OK));
	CALL("unlink directory", unlink("."));
	MUST(mkdir("d", 0755));
	CALL("unlink directory", unlink("d"));
	CALL("unlink missing", unlink("nope"));
	CALL("unlink slash", unlink("g/"));
	say("links of d %ld", nlink_of("d"));
	MUST(mkdir("d/e", 0755));
	say("links of d %ld", nlink_of("d"));
	CALL("symlink as middle", symlink("d", "sd"));
	CALL("through it", access("sd/e", F_OK));
	CALL("readlink with slash", readlink("sd/", buf, 4));
}
