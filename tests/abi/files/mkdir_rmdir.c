/* SPDX-License-Identifier: MIT */
/* mkdir and rmdir: modes, ENOTEMPTY, dots, current directory removed. */

#include "../abi.h"

TEST
{
	struct stat st;

	CALL("mkdir", mkdir("d", 0777));
	stat("d", &st);
	say("mode %o links %ld", st.st_mode, (long)st.st_nlink);
	CALL("exists", mkdir("d", 0755));
	CALL("with slash", mkdir("d2/", 0700));
	CALL("missing parent", mkdir("x/y", 0755));
	make_file("f", "");
	CALL("over file", mkdir("f", 0755));
	CALL("under file", mkdir("f/d", 0755));
	CALL("sticky and setgid bits", mkdir("s", 07777));
	stat("s", &st);
	say("mode %o", st.st_mode & 07777);
	CALL("dot", mkdir(".", 0755));
	CALL("root", mkdir("/", 0755));
	CALL("empty", mkdir("", 0755));
	make_file("d/f", "");
	CALL("rmdir full", rmdir("d"));
	unlink("d/f");
	CALL("rmdir dot", rmdir("d/."));
	CALL("rmdir dotdot", rmdir("d/.."));
	CALL("rmdir", rmdir("d"));
	CALL("rmdir again", rmdir("d"));
	CALL("rmdir file", rmdir("f"));
	MUST(symlink("d2", "sl"));
	CALL("rmdir link", rmdir("sl"));
	CALL("rmdir root", rmdir("/"));
	CHILD("in a removed directory") {
		MUST(chdir("d2"));
		CALL("remove the current directory", rmdir("../d2"));
		char buf[100];
		CALL("getcwd", syscall(SYS_getcwd, buf, sizeof(buf)));
		CALL("create", open("new", O_RDWR | O_CREAT, 0644));
		CALL("mkdir", mkdir("new", 0755));
		CALL("stat dot", stat(".", &st));
		say("links %ld", (long)st.st_nlink);
		CALL("chdir dotdot", chdir(".."));
	}
}
