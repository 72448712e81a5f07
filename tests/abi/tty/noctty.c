/* SPDX-License-Identifier: MIT */
/* O_NOCTTY: a session's leader opens a terminal without getting it. */
#include "../abi.h"
#include <fcntl.h>
#include <sys/ioctl.h>

TEST
{
	int master, n, unlock = 0;
	char name[32];

	MUST(master = open("/dev/ptmx", O_RDWR | O_NOCTTY));
	MUST(ioctl(master, TIOCSPTLCK, &unlock));
	MUST(ioctl(master, TIOCGPTN, &n));
	sprintf(name, "/dev/pts/%d", n);
	CHILD("with O_NOCTTY") {
		MUST(setsid());
		OK("open", open(name, O_RDWR | O_NOCTTY));
		CALL("controlling terminal", open("/dev/tty", O_RDWR));
	}
	CHILD("for writing alone") {
		MUST(setsid());
		OK("open", open(name, O_WRONLY));
		CALL("controlling terminal", open("/dev/tty", O_RDWR));
	}
	CHILD("without O_NOCTTY") {
		int fd;
		MUST(setsid());
		MUST(fd = open(name, O_RDWR));
		YES("flag is not shown", !(fcntl(fd, F_GETFL) & O_NOCTTY));
		OK("controlling terminal", open("/dev/tty", O_RDWR));
	}
}
