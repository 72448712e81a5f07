/* SPDX-License-Identifier: MIT */
/* Symbolic-link loops, deep chains, long names and long paths. */

#include "../abi.h"

TEST
{
	char name[300], path[PATH_MAX + 10];
	struct stat st;

	MUST(symlink("b", "a"));
	MUST(symlink("a", "b"));
	CALL("loop open", open("a", O_RDONLY));
	CALL("loop stat", stat("a", &st));
	CALL("loop middle", stat("a/x", &st));
	CALL("loop lstat", lstat("a", &st));
	MUST(symlink("me", "me"));
	CALL("self", open("me", O_RDONLY));
	make_file("l0", "end");
	for (int i = 1; i <= 41; i++) {
		char from[8], to[8];
		sprintf(from, "l%d", i);
		sprintf(to, "l%d", i - 1);
		MUST(symlink(to, from));
	}
	CALL("chain of 40", stat("l40", &st));
	CALL("chain of 41", stat("l41", &st));
	memset(name, 'n', sizeof(name));
	name[255] = 0;
	OK("name of 255", open(name, O_RDWR | O_CREAT, 0644));
	name[255] = 'n';
	name[256] = 0;
	CALL("name of 256", open(name, O_RDWR | O_CREAT, 0644));
	CALL("stat name of 256", stat(name, &st));
	CALL("mkdir name of 256", mkdir(name, 0755));
	memset(path, '/', sizeof(path));
	path[0] = '.';
	path[PATH_MAX - 1] = 0;
	CALL("path of 4095", stat(path, &st));
	path[PATH_MAX - 1] = '/';
	path[PATH_MAX] = 0;
	CALL("path of 4096", stat(path, &st));
	path[PATH_MAX - 1] = 0;
	CALL("symlink to 4095", symlink(path, "longlink"));
}
