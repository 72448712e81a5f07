/* SPDX-License-Identifier: MIT */
/* Path resolution: slashes, dots, links in the middle, permission on the way. */

#include "../abi.h"

static void try(const char *p)
{
	struct stat st;
	long r = stat(p, &st);
	say("%s: %s", p, r ? errname(errno) : S_ISDIR(st.st_mode) ? "dir" : "file");
}

TEST
{
	MUST(mkdir("a", 0755));
	MUST(mkdir("a/b", 0755));
	make_file("a/f", "x");
	MUST(symlink("a/b", "lb"));
	MUST(symlink("a/f", "lf"));
	MUST(symlink("a/", "la"));
	MUST(symlink("..", "a/b/up"));
	MUST(symlink(".", "dot"));
	static const char *paths[] = {
		"a", "a/", "a//b", "./a/./b/.", "a/b/..", "a/b/../f", "a/f/", "a/f/.", "a/f/..", "lb",
		"lb/", "lb/..", "lb/../f", "lf", "lf/", "la", "la/f", "la//f", "a/b/up/f",
		"a/b/up/b/up/f", "dot/dot/dot/a", "a/nope", "a/nope/..", "nope/", "...", "/", "//", "/..",
		"/../../tmp", "a/b/up/../a",
	};
	for (size_t i = 0; i < COUNT(paths); i++)
		try(paths[i]);
	struct stat st;
	lstat("la", &st);
	YES("lstat of a link", S_ISLNK(st.st_mode));
	lstat("la/", &st);
	YES("lstat with slash follows", S_ISDIR(st.st_mode));
}
