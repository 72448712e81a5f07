/* SPDX-License-Identifier: MIT */
/* Sockets under epoll and select: edges, ends, both directions. */
#include "../abi.h"
#include "socket.h"
#include <sys/select.h>

static int ep;

static void events(const char *what, int timeout)
{
	struct epoll_event e = { 0 };
	int n = epoll_wait(ep, &e, 1, timeout);

	say("%s: %d%s%s%s%s%s", what, n, e.events & EPOLLIN ? " in" : "", e.events & EPOLLOUT ? " out" : "",
	    e.events & EPOLLRDHUP ? " rdhup" : "", e.events & EPOLLHUP ? " hup" : "", e.events & EPOLLERR ? " err" : "");
}

TEST
{
	int p[2];
	char buf[16];
	static char big[1 << 20];
	struct epoll_event e = { .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET };

	MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, p));
	ep = MUST(epoll_create1(0));
	MUST(epoll_ctl(ep, EPOLL_CTL_ADD, p[0], &e));
	events("new", 0);
	events("no edge", 0);
	MUST(write(p[1], "a", 1));
	events("data", 0);
	events("no edge", 0);
	MUST(write(p[1], "b", 1));
	events("more data", 0);
	MUST(read(p[0], buf, 16));
	events("read", 0);
	while (write(p[0], big, sizeof(big)) > 0)
		;
	events("full", 0);
	while (read(p[1], big, sizeof(big)) > 0)
		;
	events("drained", 0);
	MUST(shutdown(p[1], SHUT_WR));
	events("shut", 0);
	close(p[1]);
	events("closed", 0);
	MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, p));
	e.events = EPOLLIN;
	MUST(epoll_ctl(ep, EPOLL_CTL_ADD, p[0], &e));
	pid_t pid = MUST(fork());
	if (pid == 0) {
		sleep_ms(50);
		write(p[1], "x", 1);
		_exit(0);
	}
	close(ep);
	fd_set in, out;
	FD_ZERO(&in);
	FD_ZERO(&out);
	FD_SET(p[0], &in);
	CALL("select waits", select(p[0] + 1, &in, NULL, NULL, &(struct timeval){ 5, 0 }));
	FD_SET(p[0], &out);
	CALL("select both", select(p[0] + 1, &in, &out, NULL, &(struct timeval){ 5, 0 }));
	waitpid(pid, NULL, 0);
}
