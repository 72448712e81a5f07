/* SPDX-License-Identifier: MIT */
/* Sockets whose only references are in each other's queues are closed; those that can still be received are not. */
#include "../abi.h"
#include "socket.h"

static bool closed(int reader)
{
	struct pollfd e = { reader, POLLIN, 0 };

	for (int i = 0; i < 500; i++) {
		poll(&e, 1, 0);
		if (e.revents & POLLHUP)
			return true;
		sleep_ms(10);
	}
	return false;
}

/* Makes closing any socket start a collection, if the kernel needs that. */
static void stir(void)
{
	int p[2];

	MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, p));
	close(p[0]);
	close(p[1]);
	sleep_ms(20);
}

TEST
{
	int a[2], b[2], q[2], fds[4];
	struct pollfd e;

	/* A socket in its own queue. */
	MUST(pipe(q));
	MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, a));
	MUST(send_fds(a[0], "self", (int[]){ a[1], q[1] }, 2));
	close(q[1]);
	close(a[1]);
	close(a[0]);
	YES("one in itself", closed(q[0]));

	/* Two, each in the other's queue. */
	MUST(pipe(q));
	MUST(socketpair(AF_UNIX, SOCK_DGRAM, 0, a));
	MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, b));
	MUST(send_fds(a[0], "b", (int[]){ b[1], q[1] }, 2));
	MUST(send_fds(b[0], "a", (int[]){ a[1] }, 1));
	close(q[1]);
	close(a[0]);
	close(a[1]);
	close(b[0]);
	close(b[1]);
	stir();
	YES("two in each other", closed(q[0]));

	/* The same, but one is still in our hands: everything must come out again. */
	MUST(pipe(q));
	MUST(socketpair(AF_UNIX, SOCK_DGRAM, 0, a));
	MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, b));
	MUST(send_fds(a[0], "b", (int[]){ b[1], q[1] }, 2));
	MUST(send_fds(b[0], "a", (int[]){ a[1] }, 1));
	close(q[1]);
	close(a[0]);
	close(b[0]);
	close(b[1]);
	stir();
	stir();
	e = (struct pollfd){ q[0], POLLIN, 0 };
	poll(&e, 1, 0);
	YES("nothing was closed", !(e.revents & POLLHUP));
	recv_fds("from a", a[1], fds, 4, MSG_DONTWAIT);
	recv_fds("from b", fds[0], fds + 2, 4, MSG_DONTWAIT);
	CALL("the pipe lives", write(fds[1], "x", 1));
	close(a[1]);
	close(fds[0]);
	close(fds[1]);
	close(fds[2]);
	YES("and is closed by us", closed(q[0]));

	/* A connection nobody has accepted, with its listener in its queue. */
	MUST(pipe(q));
	int s = MUST(socket(AF_UNIX, SOCK_STREAM, 0)), c = MUST(socket(AF_UNIX, SOCK_STREAM, 0));
	MUST(bind_to(s, "s"));
	MUST(listen(s, 1));
	MUST(connect_to(c, "s"));
	MUST(send_fds(c, "listener", (int[]){ s, q[1] }, 2));
	close(q[1]);
	close(s);
	close(c);
	YES("listener in its embryo", closed(q[0]));

	/* Deep nesting is not a circle, and must be closed without deep recursion. */
	MUST(pipe(q));
	int last = q[1], depth = 0;
	for (; depth < 200; depth++) {
		MUST(socketpair(AF_UNIX, SOCK_DGRAM, 0, a));
		if (send_fds(a[0], "n", &last, 1) < 0)
			break;
		close(last);
		close(a[0]);
		last = a[1];
	}
	YES("some depth", depth > 3);
	if (depth < 200) {
		close(a[0]);
		close(a[1]);
	}
	close(last);
	YES("a chain", closed(q[0]));
	int n = 0;
	for (int i = 3; i < 200; i++)
		n += fcntl(i, F_GETFD) >= 0;
	YES("few descriptors left", n < 20);
}
