/* SPDX-License-Identifier: MIT */
/* What has no name gets one only if it was opened so: O_TMPFILE, O_EXCL, unlinked files. */
#include "../abi.h"
#include <fcntl.h>

static int name_it(int fd, const char *name)
{
	char path[40];

	sprintf(path, "/proc/self/fd/%d", fd);
	return linkat(AT_FDCWD, path, AT_FDCWD, name, AT_SYMLINK_FOLLOW);
}

TEST
{
	int fd;

	MUST(fd = open(".", O_TMPFILE | O_RDWR, 0600));
	CALL("temporary file", name_it(fd, "a"));
	CALL("again", name_it(fd, "b"));
	MUST(unlink("a"));
	MUST(unlink("b"));
	CALL("when unlinked", name_it(fd, "c"));
	MUST(fd = open(".", O_TMPFILE | O_EXCL | O_RDWR, 0600));
	CALL("with O_EXCL", name_it(fd, "d"));
	MUST(fd = open("#e", O_CREAT | O_RDWR, 0600));
	MUST(unlink("#e"));
	CALL("unlinked file", name_it(fd, "f"));
}
