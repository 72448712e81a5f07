/* SPDX-License-Identifier: MIT */
/* chdir, fchdir, getcwd and what . and .. mean. */

#include "../abi.h"

TEST
{
	char buf[PATH_MAX];

	MUST(mkdir("d", 0755));
	MUST(mkdir("d/e", 0755));
	make_file("f", "");
	MUST(symlink("d/e", "s"));
	CALL("chdir file", chdir("f"));
	CALL("chdir missing", chdir("nope"));
	CALL("chdir empty", chdir(""));
	CALL("chdir", chdir("s"));
	getcwd(buf, sizeof(buf));
	say("cwd %s", buf + strlen(scratch));
	CALL("dotdot of the target", chdir(".."));
	getcwd(buf, sizeof(buf));
	say("cwd %s", buf + strlen(scratch));
	long n = syscall(SYS_getcwd, buf, sizeof(buf));
	YES("raw length counts the nul", n == (long)strlen(buf) + 1);
	CALL("short buffer", syscall(SYS_getcwd, buf, 3));
	CALL("exact", syscall(SYS_getcwd, buf, n) == n);
	CALL("bad buffer", syscall(SYS_getcwd, bad_page(), 100));
	int fd = MUST(open("..", O_RDONLY | O_DIRECTORY));
	CALL("fchdir", fchdir(fd));
	getcwd(buf, sizeof(buf));
	YES("back", !strcmp(buf, scratch));
	CALL("fchdir file", fchdir(MUST(open("f", O_RDONLY))));
	CALL("fchdir bad", fchdir(99));
	CALL("fchdir O_PATH", fchdir(MUST(open("d", O_PATH))));
	CALL("chdir root", chdir("/"));
	CALL("above root", chdir("../../.."));
	getcwd(buf, sizeof(buf));
	say("cwd %s", buf);
	CHILD("child's is its own") {
		chdir(scratch);
	}
	getcwd(buf, sizeof(buf));
	say("cwd %s", buf);
	chdir(scratch);
	CHILD("renamed below") {
		chdir("d/e");
		rename("../../d", "../../moved");
		getcwd(buf, sizeof(buf));
		say("cwd %s", buf + strlen(scratch));
	}
}
