/* SPDX-License-Identifier: MIT */
/* rename: files over files, directories, links; what is refused. */

#include "../abi.h"

TEST
{
	struct stat a, b;
	make_file("a", "A");
	make_file("b", "B");
	stat("a", &a);
	CALL("over a file", rename("a", "b"));
	say("text %s", file_text("b"));
	stat("b", &b);
	YES("same inode", a.st_ino == b.st_ino);
	CALL("old is gone", access("a", F_OK));
	CALL("missing", rename("a", "c"));
	CALL("to itself", rename("b", "b"));
	MUST(link("b", "hard"));
	CALL("to its hard link does nothing", rename("b", "hard"));
	CALL("both there", access("b", F_OK));
	MUST(mkdir("d", 0755));
	MUST(mkdir("e", 0755));
	MUST(mkdir("full", 0755));
	make_file("full/x", "");
	CALL("file over directory", rename("b", "d"));
	CALL("directory over file", rename("d", "b"));
	CALL("directory over empty", rename("d", "e"));
	CALL("directory over full", rename("e", "full"));
	CALL("into own child", rename("full", "full/sub"));
	CALL("full over empty", rename("full", "e"));
	CALL("content moved", access("e/x", F_OK));
	CALL("parent over child's parent", rename("e/x", "e"));
	MUST(mkdir("e/sub", 0755));
	CALL("dir to ancestor", rename("e/sub", "e"));
	CALL("dot", rename("e/.", "z"));
	CALL("dotdot", rename("e/sub", "e/.."));
	CALL("trailing slash on file", rename("b", "z/"));
	CALL("trailing slash on dir", rename("e/", "z/"));
	MUST(symlink("nowhere", "ln"));
	CALL("link itself moves", rename("ln", "ln2"));
	char buf[16] = "";
	CALL("readlink", readlink("ln2", buf, 15));
	CALL("file over link", rename("b", "ln2"));
	lstat("ln2", &b);
	YES("now a file", S_ISREG(b.st_mode));
	CALL("across file systems", rename("ln2", "/dev/abi-x"));
	stat(".", &a);
	say("links of . %ld", (long)a.st_nlink);
}
