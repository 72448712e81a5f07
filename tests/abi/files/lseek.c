/* SPDX-License-Identifier: MIT */
/* lseek on files, directories and devices, with every whence and bad values. */

#include "../abi.h"

TEST
{
	make_file("f", "0123456789");
	int fd = MUST(open("f", O_RDWR));
	char c = 0;

	CALL("set 3", lseek(fd, 3, SEEK_SET));
	CALL("cur +2", lseek(fd, 2, SEEK_CUR));
	read(fd, &c, 1);
	say("read %c", c);
	CALL("end -1", lseek(fd, -1, SEEK_END));
	CALL("end +10", lseek(fd, 10, SEEK_END));
	CALL("read past end", read(fd, &c, 1));
	CALL("negative", lseek(fd, -1, SEEK_SET));
	CALL("cur negative", lseek(fd, -100, SEEK_CUR));
	CALL("bad whence", lseek(fd, 0, 99));
	CALL("bad fd", lseek(-1, 0, SEEK_SET));
	CALL("overflow", lseek(fd, INT64_MAX, SEEK_CUR));
	CALL("offset untouched", lseek(fd, 0, SEEK_CUR));
	CALL("write past end", write(fd, "X", 1));
	CALL("size", file_size("f"));
	char buf[32];
	CALL("pread the gap", pread(fd, buf, sizeof(buf), 8));
	say("gap bytes %d %d %d last %c", buf[0] == '8', buf[2], buf[11], buf[12]);
	int p[2];
	MUST(pipe(p));
	CALL("pipe", lseek(p[0], 0, SEEK_CUR));
	int two = MUST(dup(fd));
	lseek(fd, 7, SEEK_SET);
	CALL("dup shares the offset", lseek(two, 0, SEEK_CUR));
	int other = MUST(open("f", O_RDONLY));
	CALL("another open does not", lseek(other, 0, SEEK_CUR));
	int null = MUST(open("/dev/null", O_RDWR));
	CALL("null", lseek(null, 100, SEEK_SET));
	int dir = MUST(open(".", O_RDONLY));
	CALL("dir rewind", lseek(dir, 0, SEEK_SET));
}
