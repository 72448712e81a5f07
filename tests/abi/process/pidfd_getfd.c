/* SPDX-License-Identifier: MIT */
/* pidfd_getfd: a copy of another process's descriptor. */

#include "../abi.h"

TEST
{
	NEED(pidfd_getfd);
	int fd = MUST(syscall(SYS_pidfd_open, getpid(), 0));
	int other = MUST(open("/dev/null", O_RDWR));
	int copy = syscall(SYS_pidfd_getfd, fd, other, 0);

	YES("a new one", copy > other);
	CALL("cloexec", fcntl(copy, F_GETFD));
	CALL("not open", syscall(SYS_pidfd_getfd, fd, 999, 0));
	CALL("not a pidfd", syscall(SYS_pidfd_getfd, other, other, 0));
	CALL("flags", syscall(SYS_pidfd_getfd, fd, other, 1));
}
