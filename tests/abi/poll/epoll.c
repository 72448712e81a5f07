/* SPDX-License-Identifier: MIT */
/* epoll: level, edge, one-shot, modify, errors, nested. */

#include "../abi.h"
#include <sys/epoll.h>

static int ep;

static void show(const char *name, int timeout)
{
	struct epoll_event e[8];
	int n = epoll_wait(ep, e, 8, timeout);
	say("%s: %d", name, n);
	for (int i = 0; i < n; i++)
		say("  data %d events %#x", e[i].data.u32, e[i].events);
}

static long ctl(int op, int fd, uint32_t events, int data)
{
	struct epoll_event e = { .events = events, .data.u32 = data };
	return epoll_ctl(ep, op, fd, &e);
}

TEST
{
	int p[2];
	char c;

	ep = MUST(epoll_create1(EPOLL_CLOEXEC));
	MUST(pipe2(p, O_NONBLOCK));
	CALL("add", ctl(EPOLL_CTL_ADD, p[0], EPOLLIN, 7));
	CALL("add twice", ctl(EPOLL_CTL_ADD, p[0], EPOLLIN, 7));
	show("empty", 0);
	MUST(write(p[1], "ab", 2));
	show("level", 0);
	show("level again", 0);
	CALL("to edge", ctl(EPOLL_CTL_MOD, p[0], EPOLLIN | EPOLLET, 8));
	show("edge", 0);
	show("edge again", 0);
	MUST(write(p[1], "c", 1));
	show("new edge", 0);
	CALL("to one-shot", ctl(EPOLL_CTL_MOD, p[0], EPOLLIN | EPOLLONESHOT, 9));
	show("once", 0);
	MUST(write(p[1], "d", 1));
	show("disarmed", 0);
	CALL("rearm", ctl(EPOLL_CTL_MOD, p[0], EPOLLIN | EPOLLONESHOT, 10));
	show("rearmed", 0);
	CALL("del", epoll_ctl(ep, EPOLL_CTL_DEL, p[0], NULL));
	CALL("del twice", epoll_ctl(ep, EPOLL_CTL_DEL, p[0], NULL));
	CALL("mod missing", ctl(EPOLL_CTL_MOD, p[0], EPOLLIN, 1));
	make_file("f", "");
	CALL("file", ctl(EPOLL_CTL_ADD, MUST(open("f", O_RDONLY)), EPOLLIN, 1));
	CALL("itself", ctl(EPOLL_CTL_ADD, ep, EPOLLIN, 1));
	CALL("bad fd", ctl(EPOLL_CTL_ADD, 99, EPOLLIN, 1));
	CALL("bad op", ctl(77, p[0], EPOLLIN, 1));
	CALL("bad event pointer", syscall(SYS_epoll_ctl, ep, EPOLL_CTL_ADD, p[0], bad_page()));
	CALL("maxevents 0", syscall(SYS_epoll_wait, ep, &c, 0, 0));
	CALL("not an epoll", syscall(SYS_epoll_wait, p[0], &c, 1, 0));
	CALL("create flags", epoll_create1(1));
	CALL("create size 0", syscall(SYS_epoll_create, 0));
	while (read(p[0], &c, 1) == 1)
		;
	MUST(ctl(EPOLL_CTL_ADD, p[0], EPOLLIN, 20));
	MUST(ctl(EPOLL_CTL_ADD, p[1], EPOLLOUT, 21));
	show("writable", 0);
	int outer = MUST(epoll_create1(0));
	struct epoll_event e = { .events = EPOLLIN, .data.u32 = 30 };
	CALL("nest", epoll_ctl(outer, EPOLL_CTL_ADD, ep, &e));
	CALL("outer sees inner", epoll_wait(outer, &e, 1, 0));
	close(p[1]);
	show("hangup", 0);
	close(p[0]);
	show("closed ones leave", 0);
	int64_t t = now_ns();
	show("timeout", 50);
	YES("slept", now_ns() - t >= 50000000);
}
