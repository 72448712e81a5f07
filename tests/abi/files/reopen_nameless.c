/* SPDX-License-Identifier: MIT */
/* Files without a name cannot be opened again through /proc/self/fd, pipes can. */
#include "../abi.h"
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

static int again(int fd, int flags)
{
	char name[40];

	sprintf(name, "/proc/self/fd/%d", fd);
	return open(name, flags);
}

TEST
{
	int p[2];

	CALL("eventfd", again(eventfd(0, 0), O_RDWR));
	CALL("epoll", again(epoll_create1(0), O_RDONLY));
	OK("only its place", again(eventfd(0, 0), O_PATH));
	MUST(pipe(p));
	OK("pipe", again(p[0], O_WRONLY));
}
