/* SPDX-License-Identifier: MIT */
/* epoll files that watch each other: how deep, in circles, edges, and files that go away. */
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include "../abi.h"

static int add(int ep, int fd, unsigned events)
{
	struct epoll_event ev = { .events = events, .data.fd = fd };
	return epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev);
}

static int ready(int ep)
{
	struct epoll_event ev[8];
	return epoll_wait(ep, ev, 8, 0);
}

static void chain(bool with_leaf)
{
	int e[12], p[2];

	MUST(pipe(p));
	for (int i = 0; i < 12; i++)
		MUST(e[i] = epoll_create1(0));
	if (with_leaf)
		CALL("leaf", add(e[0], p[0], EPOLLIN));
	for (int i = 1; i < 10; i++)
		CALL("link upwards", add(e[i], e[i - 1], EPOLLIN));
	if (with_leaf) {
		CALL("nothing", ready(e[3]));
		MUST(write(p[1], "x", 1));
		CALL("something", ready(e[3]));
		CALL("again", ready(e[3]));
		char c;
		MUST(read(p[0], &c, 1));
		CALL("gone", ready(e[3]));
	}
	for (int i = 0; i < 12; i++)
		close(e[i]);
	close(p[0]);
	close(p[1]);
}

TEST
{
	int a, b, c, p[2], fd;
	struct epoll_event ev[8];
	char buf[100];

	chain(true);
	chain(false);
	MUST(a = epoll_create1(0));
	MUST(b = epoll_create1(0));
	MUST(c = epoll_create1(0));
	CALL("a self", add(a, a, EPOLLIN));
	CALL("a b", add(a, b, EPOLLIN | EPOLLET));
	CALL("b c", add(b, c, EPOLLIN));
	CALL("c a", add(c, a, EPOLLIN));
	CALL("b a", add(b, a, EPOLLIN));
	CALL("exclusive of an epoll", add(c, a, EPOLLIN | EPOLLEXCLUSIVE));
	MUST(pipe(p));
	CALL("c pipe", add(c, p[0], EPOLLIN | EPOLLET));
	CALL("idle", ready(a));
	MUST(write(p[1], "1", 1));
	CALL("edge through", ready(a));
	CALL("edge through again", ready(a));
	MUST(write(p[1], "2", 1));
	CALL("new edge", ready(a));
	CALL("b", ready(b));
	CALL("c", ready(c));
	CALL("c again", ready(c));
	CALL("b again", ready(b));

	CALL("exclusive mod", epoll_ctl(c, EPOLL_CTL_MOD, p[0], &(struct epoll_event){ .events = EPOLLIN | EPOLLEXCLUSIVE }));
	MUST(fd = eventfd(0, EFD_NONBLOCK));
	CALL("exclusive", add(c, fd, EPOLLIN | EPOLLEXCLUSIVE));
	CALL("exclusive, mod", epoll_ctl(c, EPOLL_CTL_MOD, fd, &(struct epoll_event){ .events = EPOLLIN }));
	CALL("exclusive oneshot", add(b, fd, EPOLLIN | EPOLLEXCLUSIVE | EPOLLONESHOT));
	CALL("del", epoll_ctl(c, EPOLL_CTL_DEL, fd, NULL));
	CALL("oneshot", add(c, fd, EPOLLIN | EPOLLONESHOT));
	MUST(eventfd_write(fd, 1));
	CALL("oneshot 1", ready(c));
	MUST(eventfd_write(fd, 1));
	CALL("oneshot 2", ready(c));
	CALL("rearm", epoll_ctl(c, EPOLL_CTL_MOD, fd, &(struct epoll_event){ .events = EPOLLIN | EPOLLONESHOT }));
	CALL("oneshot 3", ready(c));
	CALL("op", epoll_ctl(c, 77, fd, ev));
	CALL("bad memory", epoll_ctl(c, EPOLL_CTL_MOD, fd, (void *)8));
	CALL("wait bad memory", epoll_wait(c, (void *)~0xfffUL, 8, 0));
	CALL("wait none", epoll_wait(c, ev, 0, 0));

	/* A duplicate keeps the file watched. */
	int d;
	MUST(d = dup(fd));
	MUST(epoll_ctl(c, EPOLL_CTL_MOD, fd, &(struct epoll_event){ .events = EPOLLIN }));
	close(fd);
	CALL("closed, duplicate there", ready(c));
	close(d);
	CALL("all closed", ready(c));

	/* Out edges of a pipe: full, a byte less, a page less. */
	memset(buf, 0, sizeof buf);
	MUST(pipe2(p, O_NONBLOCK));
	MUST(a = epoll_create1(0));
	CALL("out", add(a, p[1], EPOLLOUT | EPOLLET));
	CALL("out ready", ready(a));
	static char big[65536];
	CALL("fill", (int)write(p[1], big, sizeof big));
	CALL("full", ready(a));
	CALL("read a byte", (int)read(p[0], big, 1));
	CALL("a byte less", ready(a));
	CALL("write a byte", (int)write(p[1], big, 1));
	CALL("read a page", (int)read(p[0], big, 4095));
	CALL("a page less", ready(a));
	CALL("edge taken", ready(a));
	close(p[0]);
	MUST(epoll_wait(a, ev, 8, 0));
	YES("error", ev[0].events & EPOLLERR);

	/* Two who wait, one event. */
	MUST(pipe(p));
	MUST(a = epoll_create1(0));
	CALL("in", add(a, p[0], EPOLLIN | EPOLLET));
	pid_t k[2];
	for (int i = 0; i < 2; i++)
		if (!(MUST(k[i] = fork())))
			_exit(epoll_wait(a, ev, 8, 500));
	usleep(200000);
	MUST(write(p[1], "x", 1));
	int sum = 0, st;
	for (int i = 0; i < 2; i++) {
		MUST(waitpid(k[i], &st, 0));
		sum += WEXITSTATUS(st);
	}
	CALL("one of two", sum);
}
