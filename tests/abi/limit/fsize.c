/* SPDX-License-Identifier: MIT */
/* RLIMIT_FSIZE: SIGXFSZ, EFBIG, a partial write up to the limit. */

#include "../abi.h"

TEST
{
	struct rlimit rl = { 1000, 1000 };
	static char block[800];

	CHILD("signal kills") {
		int fd = MUST(open("a", O_RDWR | O_CREAT, 0644));
		setrlimit(RLIMIT_FSIZE, &rl);
		CALL("fits", write(fd, block, 800));
		CALL("up to the limit", write(fd, block, 800));
		write(fd, block, 1);
	}
	CALL("size", file_size("a"));
	CHILD("ignored gives EFBIG") {
		int fd = MUST(open("b", O_RDWR | O_CREAT, 0644));
		setrlimit(RLIMIT_FSIZE, &rl);
		signal(SIGXFSZ, SIG_IGN);
		CALL("ftruncate", ftruncate(fd, 1001));
		CALL("ftruncate to it", ftruncate(fd, 1000));
		CALL("write past", pwrite(fd, block, 10, 1000));
		CALL("partial", pwrite(fd, block, 10, 995));
		CALL("fallocate", fallocate(fd, 0, 0, 2000));
	}
	struct rlimit now;
	getrlimit(RLIMIT_FSIZE, &now);
	YES("unlimited here", now.rlim_cur == RLIM_INFINITY);
}
