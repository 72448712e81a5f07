/* SPDX-License-Identifier: MIT */
/* eventfd: counter, semaphore mode, overflow, poll, short buffers. */

#include "../abi.h"
#include <sys/eventfd.h>

static long add(int fd, uint64_t v)
{
	return write(fd, &v, 8);
}

static long take(int fd)
{
	uint64_t v = 0;
	return read(fd, &v, 8) == 8 ? (long)v : -1;
}

TEST
{
	int fd = MUST(eventfd(3, EFD_NONBLOCK));
	CALL("initial", take(fd));
	CALL("empty", take(fd));
	CALL("add", add(fd, 5));
	CALL("add", add(fd, 6));
	CALL("sum", take(fd));
	CALL("max", add(fd, UINT64_MAX - 1));
	CALL("overflow", add(fd, 1));
	CALL("all ones", add(fd, UINT64_MAX));
	struct pollfd p = { fd, POLLIN | POLLOUT, 0 };
	CALL("poll", poll(&p, 1, 0));
	say("events %#x", p.revents);
	CALL("short read", read(fd, &p, 4));
	CALL("short write", write(fd, &p, 4));
	int sem = MUST(eventfd(2, EFD_SEMAPHORE | EFD_NONBLOCK | EFD_CLOEXEC));
	CALL("one", take(sem));
	CALL("one", take(sem));
	CALL("none", take(sem));
	CALL("bad flags", eventfd(0, 0x8));
	int b = MUST(eventfd(0, 0));
	if (MUST(fork()) == 0) {
		sleep_ms(50);
		add(b, 9);
		_exit(0);
	}
	CALL("blocking read", take(b));
}
