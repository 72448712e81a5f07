/* SPDX-License-Identifier: MIT */
/* O_APPEND: every write goes to the end, whatever the offset; pwrite too on Linux. */

#include "../abi.h"

TEST
{
	make_file("f", "0123456789");
	int a = MUST(open("f", O_RDWR | O_APPEND));
	int b = MUST(open("f", O_WRONLY | O_APPEND));

	CALL("offset at open", lseek(a, 0, SEEK_CUR));
	CALL("write a", write(a, "AA", 2));
	CALL("offset after", lseek(a, 0, SEEK_CUR));
	CALL("write b", write(b, "BB", 2));
	CALL("rewind a", lseek(a, 0, SEEK_SET));
	CALL("write a again", write(a, "aa", 2));
	say("text %s", file_text("f"));
	CALL("pwrite appends too", pwrite(a, "P", 1, 0));
	say("text %s", file_text("f"));
	int fl = fcntl(a, F_GETFL);
	YES("flag seen", fl & O_APPEND);
	CALL("clear flag", fcntl(a, F_SETFL, fl & ~O_APPEND));
	CALL("write at 0", pwrite(a, "Z", 1, 0));
	say("text %s", file_text("f"));
	char buf[4];
	CALL("read at offset", pread(a, buf, 4, 9));
	CHILD("shared by fork") {
		write(b, "c", 1);
	}
	write(b, "p", 1);
	say("text %s", file_text("f"));
}
