/* SPDX-License-Identifier: MIT */
/* open(2): creation, exclusion, truncation, directories, links, and what each flag refuses. */
#include "../abi.h"

TEST
{
	int fd;

	CALL("missing", open("nope", O_RDONLY));
	CALL("empty name", open("", O_RDONLY));
	CALL("missing parent", open("nope/file", O_RDWR | O_CREAT, 0644));
	OK("create", fd = open("f", O_RDWR | O_CREAT | O_EXCL, 0640));
	CALL("write", write(fd, "hello", 5));
	close(fd);
	CALL("excl on existing", open("f", O_RDWR | O_CREAT | O_EXCL, 0644));
	OK("creat without excl on existing", fd = open("f", O_RDONLY | O_CREAT, 0777));
	struct stat st;
	fstat(fd, &st);
	say("mode kept %o size %ld", st.st_mode & 07777, (long)st.st_size);
	CALL("write to read-only", write(fd, "x", 1));
	close(fd);
	OK("write-only", fd = open("f", O_WRONLY));
	char c;
	CALL("read of write-only", read(fd, &c, 1));
	close(fd);
	OK("trunc", fd = open("f", O_WRONLY | O_TRUNC));
	CALL("size after trunc", file_size("f"));
	close(fd);
	CALL("file as directory", open("f/x", O_RDONLY));
	CALL("file with slash", open("f/", O_RDONLY));
	CALL("O_DIRECTORY on file", open("f", O_RDONLY | O_DIRECTORY));
	MUST(mkdir("d", 0755));
	CALL("write a directory", open("d", O_WRONLY));
	CALL("rdwr a directory", open("d", O_RDWR));
	CALL("creat a directory", open("d", O_RDONLY | O_CREAT, 0644));
	CALL("creat new with slash", open("new/", O_RDWR | O_CREAT, 0644));
	OK("directory", fd = open("d", O_RDONLY | O_DIRECTORY));
	CALL("read a directory", read(fd, &c, 1));
	CALL("pwrite a directory", pwrite(fd, &c, 1, 0));
	close(fd);
	MUST(symlink("f", "ln"));
	MUST(symlink("gone", "dangling"));
	CALL("O_NOFOLLOW on link", open("ln", O_RDONLY | O_NOFOLLOW));
	OK("follow", open("ln", O_RDONLY));
	CALL("dangling", open("dangling", O_RDONLY));
	CALL("excl on dangling", open("dangling", O_RDWR | O_CREAT | O_EXCL, 0644));
	OK("create through dangling", open("dangling", O_RDWR | O_CREAT, 0644));
	YES("target exists", access("gone", F_OK) == 0);
	OK("O_PATH", fd = open("f", O_PATH));
	CALL("read of O_PATH", read(fd, &c, 1));
	CALL("write of O_PATH", write(fd, &c, 1));
	CALL("fstat of O_PATH", fstat(fd, &st));
	CALL("fchmod of O_PATH", syscall(SYS_fchmod, fd, 0600));
	close(fd);
	OK("O_PATH|O_NOFOLLOW on link", fd = open("ln", O_PATH | O_NOFOLLOW));
	fstat(fd, &st);
	YES("is the link", S_ISLNK(st.st_mode));
	close(fd);
	CALL("access mode 3 then read", read(fd = open("f", O_ACCMODE), &c, 1));
	close(fd);
}
