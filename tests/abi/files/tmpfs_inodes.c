/* SPDX-License-Identifier: MIT */
/* nr_inodes of tmpfs counts files and further links. */
#include "../abi.h"
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>

static void left(const char *when)
{
	struct statfs s;

	MUST(statfs("m", &s));
	printf("%s: %ld free\n", when, (long)s.f_ffree);
}

TEST
{
	MUST(mkdir("m", 0755));
	if (mount("t", "m", "tmpfs", 0, "nr_inodes=5"))
		skip("no mounts here");
	left("empty");
	OK("a", mknod("m/a", S_IFREG | 0644, 0));
	OK("link b", link("m/a", "m/b"));
	OK("link c", link("m/a", "m/c"));
	left("three names");
	OK("d", mknod("m/d", S_IFREG | 0644, 0));
	CALL("link e", link("m/a", "m/e"));
	CALL("file e", mknod("m/e", S_IFREG | 0644, 0));
	OK("unlink b", unlink("m/b"));
	left("unlinked b");
	OK("d over c", rename("m/d", "m/c"));
	left("renamed over c");
	OK("unlink a", unlink("m/a"));
	OK("unlink c", unlink("m/c"));
	left("empty again");
	int fd;
	MUST(fd = open("m", O_TMPFILE | O_RDWR, 0600));
	left("without a name");
	close(fd);
	left("closed");
	MUST(umount("m"));
}
