/* SPDX-License-Identifier: MIT */
/* chown, fchown, lchown: ids, -1, cleared set-id bits, who may. */

#include "../abi.h"

static void show(const char *p)
{
	struct stat st;
	lstat(p, &st);
	say("  %s: %d:%d %o", p, st.st_uid, st.st_gid, st.st_mode & 07777);
}

TEST
{
	make_file("f", "x");
	show("f");
	CALL("chown", chown("f", 10, 20));
	show("f");
	CALL("uid only", chown("f", 11, -1));
	CALL("gid only", chown("f", -1, 21));
	show("f");
	MUST(chmod("f", 06755));
	CALL("set-id bits go", chown("f", 12, 22));
	show("f");
	MUST(chmod("f", 02644));
	CALL("setgid without x stays", chown("f", 12, 23));
	show("f");
	MUST(symlink("f", "s"));
	CALL("lchown", lchown("s", 30, 31));
	show("s");
	show("f");
	CALL("chown follows", chown("s", 40, 41));
	show("f");
	int fd = MUST(open("f", O_RDONLY));
	CALL("fchown", fchown(fd, 65534, 7));
	show("f");
	CALL("missing", chown("nope", 1, 1));
	CALL("bad fd", fchown(99, 1, 1));
	CALL("fchownat flags", fchownat(AT_FDCWD, "s", 50, 51, AT_SYMLINK_NOFOLLOW));
	show("s");
	CALL("fchownat empty path", fchownat(fd, "", -1, 8, AT_EMPTY_PATH));
	CALL("fchownat bad flag", fchownat(AT_FDCWD, "f", 1, 1, 0x8000));
	CHILD("as nobody, owner") {
		become_nobody();
		CALL("give away", chown("f", 1, -1));
		CALL("foreign group", chown("f", -1, 5));
		CALL("own group", chown("f", -1, 65534));
		CALL("nothing", chown("f", -1, -1));
		CALL("another's", chown("s", -1, -1));
	}
	make_file("g", "");
	MUST(chmod("g", 06755));
	MUST(chown("g", 65534, 65534));
	MUST(chmod("g", 06755));
	CHILD("writing clears set-id bits") {
		become_nobody();
		int w = MUST(open("g", O_WRONLY));
		write(w, "x", 1);
	}
	show("g");
}
