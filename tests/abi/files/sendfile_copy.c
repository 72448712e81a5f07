/* SPDX-License-Identifier: MIT */
/* sendfile and copy_file_range between files and pipes. */

#include "../abi.h"
#include <sys/sendfile.h>

TEST
{
	make_file("src", "The quick brown fox");
	int in = MUST(open("src", O_RDONLY)), out = MUST(open("dst", O_RDWR | O_CREAT, 0644)), p[2];
	off_t off = 4;

	CALL("sendfile", sendfile(out, in, &off, 5));
	say("offset %ld, position %ld", (long)off, (long)lseek(in, 0, SEEK_CUR));
	CALL("sendfile at position", sendfile(out, in, NULL, 3));
	say("position %ld text %s", (long)lseek(in, 0, SEEK_CUR), file_text("dst"));
	CALL("sendfile past end", (off = 100, sendfile(out, in, &off, 3)));
	CALL("sendfile to read-only", sendfile(in, in, NULL, 3));
	MUST(pipe(p));
	CALL("sendfile to pipe", (off = 0, sendfile(p[1], in, &off, 9)));
	char buf[32] = "";
	CALL("read pipe", read(p[0], buf, 32));
	say("text %s", buf);
	CALL("sendfile from pipe", sendfile(out, p[0], NULL, 3));
	long a = 10, b = 0;
	CALL("copy_file_range", syscall(SYS_copy_file_range, in, &a, out, &b, 5, 0));
	say("text %s", file_text("dst"));
	CALL("copy_file_range flags", syscall(SYS_copy_file_range, in, &a, out, &b, 5, 1));
	CALL("copy_file_range pipe", syscall(SYS_copy_file_range, p[0], NULL, out, NULL, 5, 0));
	CALL("same file overlap", syscall(SYS_copy_file_range, out, &a, out, &a, 5, 0));
}
