/* SPDX-License-Identifier: MIT */
/* A file that is unlinked while open lives until the last close. */

#include "../abi.h"

TEST
{
	struct stat st;
	char buf[8] = "";
	int fd = MUST(open("f", O_RDWR | O_CREAT, 0644));

	MUST(write(fd, "alive", 5));
	CALL("unlink", unlink("f"));
	CALL("open again", open("f", O_RDONLY));
	fstat(fd, &st);
	say("links %ld size %ld", (long)st.st_nlink, (long)st.st_size);
	CALL("read", pread(fd, buf, 5, 0));
	say("text %s", buf);
	CALL("write", write(fd, "more", 4));
	CALL("truncate", ftruncate(fd, 100));
	char link[64], target[256] = "";
	sprintf(link, "/proc/self/fd/%d", fd);
	readlink(link, target, 255);
	YES("proc says deleted", strstr(target, "/f (deleted)"));
	OK("reopen through proc", open(link, O_RDONLY));
	make_file("f", "new");
	say("new file %s", file_text("f"));
	CALL("old size", fstat(fd, &st) ? -1 : st.st_size);
	char *p = MUST(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0));
	close(fd);
	say("mapping still %.5s", p);
	OK("O_TMPFILE", fd = open(".", O_RDWR | O_TMPFILE, 0600));
	fstat(fd, &st);
	say("links %ld", (long)st.st_nlink);
	CALL("O_TMPFILE read-only", open(".", O_RDONLY | O_TMPFILE, 0600));
	sprintf(link, "/proc/self/fd/%d", fd);
	CALL("give it a name", linkat(AT_FDCWD, link, AT_FDCWD, "named", AT_SYMLINK_FOLLOW));
	CALL("named", access("named", F_OK));
}
