/* SPDX-License-Identifier: MIT */
/* Epolls that watch epolls cannot multiply a wake-up without limit. */
#include "../abi.h"
#include <sys/epoll.h>
#include <sys/resource.h>

#define BELOW 25

static int watch(int ep, int fd)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLET };
	return epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev);
}

TEST
{
	int pipe_fd[2], below[BELOW], above, made = 0, err = 0;

	MUST(pipe(pipe_fd));
	for (int i = 0; i < BELOW; i++) {
		MUST(below[i] = epoll_create1(0));
		MUST(watch(below[i], pipe_fd[0]));
	}
	for (int i = 0; i < 30 && !err; i++) {
		MUST(above = epoll_create1(0));
		for (int k = 0; k < BELOW && !err; k++) {
			err = watch(above, below[k]);
			made += !err;
		}
	}
	CALL("one too many", err ? watch(above, below[made % BELOW]) : 0);
	printf("links: %d\n", made);
	int other[2];
	MUST(pipe(other));
	OK("another file", watch(below[0], other[0]));
	OK("a wake-up", write(pipe_fd[1], "x", 1));
	struct epoll_event ev;
	CALL("arrives", epoll_wait(above, &ev, 1, 1000));
}
