/* SPDX-License-Identifier: MIT */
/* A file with a hole reads zeros and takes few blocks; big offsets work. */

#include "../abi.h"

TEST
{
	int fd = MUST(open("f", O_RDWR | O_CREAT, 0644));
	struct stat st;
	char buf[8192];

	CALL("write at 1 GiB", pwrite(fd, "end", 3, 1L << 30));
	fstat(fd, &st);
	say("size %ld", (long)st.st_size);
	YES("few blocks", st.st_blocks < 1000);
	CALL("read hole", pread(fd, buf, sizeof(buf), 12345));
	bool zero = true;
	for (size_t i = 0; i < sizeof(buf); i++)
		zero &= buf[i] == 0;
	YES("zeros", zero);
	fstat(fd, &st);
	YES("reading did not fill", st.st_blocks < 1000);
	CALL("read the end", pread(fd, buf, 10, 1L << 30));
	CALL("write at 6 GiB", pwrite(fd, "x", 1, 6L << 30));
	say("size %ld", (long)file_size("f"));
	CALL("write in the middle", pwrite(fd, "mid", 3, 4096 * 100 - 1));
	CALL("read around", pread(fd, buf, 8, 4096 * 100 - 3));
	say("%d %d %c%c%c %d", buf[0], buf[1], buf[2], buf[3], buf[4], buf[5]);
}
