/* SPDX-License-Identifier: MIT */
/* fcntl: F_GETFL/F_SETFL masks, F_GETFD, owner, unknown commands. */

#include "../abi.h"

TEST
{
	make_file("f", "abc");
	int fd = MUST(open("f", O_RDWR | O_CREAT | O_TRUNC | O_EXCL * 0 | O_NONBLOCK, 0644));
	int fl = fcntl(fd, F_GETFL);

	YES("access mode", (fl & O_ACCMODE) == O_RDWR);
	YES("creation flags are not kept", !(fl & (O_CREAT | O_TRUNC)));
	YES("nonblock kept", fl & O_NONBLOCK);
	CALL("set append", fcntl(fd, F_SETFL, O_APPEND | O_WRONLY));
	fl = fcntl(fd, F_GETFL);
	say("append %d nonblock %d mode %d", !!(fl & O_APPEND), !!(fl & O_NONBLOCK), fl & O_ACCMODE);
	CALL("getfd", fcntl(fd, F_GETFD));
	CALL("setfd other bits", fcntl(fd, F_SETFD, 0xfe));
	CALL("getfd", fcntl(fd, F_GETFD));
	CALL("setfd 1", fcntl(fd, F_SETFD, FD_CLOEXEC));
	CALL("getfd", fcntl(fd, F_GETFD));
	CALL("unknown command", syscall(SYS_fcntl, fd, 9999, 0));
	CALL("bad fd", fcntl(99, F_GETFL));
	CALL("F_GETFL of O_PATH", (fl = fcntl(MUST(open("f", O_PATH)), F_GETFL)) < 0);
	YES("O_PATH seen", fl & O_PATH);
	int p = MUST(open("f", O_PATH));
	CALL("F_SETFL of O_PATH", fcntl(p, F_SETFL, O_NONBLOCK));
	CALL("F_GETFD of O_PATH", fcntl(p, F_GETFD));
	int pp[2];
	MUST(pipe(pp));
	CALL("pipe size", fcntl(pp[0], F_GETPIPE_SZ));
	CALL("set pipe size rounds up", fcntl(pp[0], F_SETPIPE_SZ, 5000));
	CALL("pipe size of a file", fcntl(fd, F_GETPIPE_SZ));
	say("pipe modes %d %d", fcntl(pp[0], F_GETFL) & O_ACCMODE, fcntl(pp[1], F_GETFL) & O_ACCMODE);
	CALL("owner is none", fcntl(pp[0], F_GETOWN));
	CALL("set owner", fcntl(pp[0], F_SETOWN, getpid()));
	YES("owner", fcntl(pp[0], F_GETOWN) == getpid());
}
