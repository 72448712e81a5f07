/* SPDX-License-Identifier: MIT */
/* Descriptors in messages: they are the same open files; limits, truncation, peek, what happens when nobody takes them. */
#include "../abi.h"
#include "socket.h"

static int p[2];

static void fresh(int type)
{
	close(p[0]);
	close(p[1]);
	MUST(socketpair(AF_UNIX, type, 0, p));
}

static int open_fds(void)
{
	int n = 0;

	for (int i = 0; i < 300; i++)
		n += fcntl(i, F_GETFD) >= 0;
	return n;
}

/* Does anybody hold the write end of this pipe? */
static void held(const char *what, int reader)
{
	struct pollfd e = { reader, POLLIN, 0 };

	poll(&e, 1, 0);
	say("%s: %s", what, e.revents & POLLHUP ? "closed" : "held");
}

TEST
{
	int file = MUST(open("f", O_RDWR | O_CREAT, 0644)), got[300], q[2], n;
	char control[CMSG_SPACE(sizeof(int))], c;

	MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, p));
	MUST(write(file, "0123456789", 10));
	lseek(file, 4, SEEK_SET);
	CALL("send", send_fds(p[0], "F", &file, 1));
	close(file);
	n = recv_fds("receive", p[1], got, 4, 0);
	CALL("read it", read(got[0], &c, 1));
	say("'%c' cloexec %d", c, fcntl(got[0], F_GETFD));
	MUST(send_fds(p[0], "F", got, 1));
	recv_fds("with cloexec", p[1], got + 1, 4, MSG_CMSG_CLOEXEC);
	say("cloexec %d, position is shared: %ld", fcntl(got[1], F_GETFD), (long)lseek(got[1], 0, SEEK_CUR));

	int three[3] = { got[0], got[1], 1 };
	MUST(send_fds(p[0], "three", three, 3));
	recv_fds("room for two", p[1], got + 2, 2, 0);
	MUST(send_fds(p[0], "three", three, 3));
	recv_fds("room for none", p[1], got + 2, 0, 0);
	MUST(send_fds(p[0], "three", three, 3));
	say_text("read drops them", p[1], 0);
	n = open_fds();
	MUST(send_fds(p[0], "peek", three, 2));
	recv_fds("peek", p[1], got + 4, 4, MSG_PEEK);
	YES("peek gave two", open_fds() == n + 2);
	recv_fds("and again", p[1], got + 6, 4, 0);
	YES("receive gave two more", open_fds() == n + 4);
	CALL("a bad one", send_fds(p[0], "bad", (int[]){ 1, 250 }, 2));
	say_text("nothing was sent", p[1], MSG_DONTWAIT);
	int path = MUST(open("f", O_PATH));
	CALL("an O_PATH one", send_fds(p[0], "path", &path, 1));
	for (int i = 0; i < 300; i++)
		got[i] = 1;
	CALL("254 of them", send_fds(p[0], "many", got, 254));
	CALL("253 of them", send_fds(p[0], "many", got, 253));
	CHILD("no room in the table") {
		struct rlimit r = { 20, 20 };
		setrlimit(RLIMIT_NOFILE, &r);
		n = recv_fds("receive", p[1], got, 253, 0);
		YES("some", n > 0 && n < 20);
	}
	fresh(SOCK_STREAM);
	CALL("no data: stream", send_fds(p[0], "", three, 1));
	say_text("nothing", p[1], MSG_DONTWAIT);

	/* Messages with rights are not glued. */
	MUST(write(p[0], "a", 1));
	MUST(send_fds(p[0], "b", three, 1));
	MUST(send_fds(p[0], "c", three, 1));
	MUST(write(p[0], "d", 1));
	recv_fds("first", p[1], got, 4, 0);
	recv_fds("second", p[1], got, 4, 0);
	recv_fds("third", p[1], got, 4, MSG_DONTWAIT);
	fresh(SOCK_DGRAM);
	CALL("no data: datagram", send_fds(p[0], "", three, 1));
	recv_fds("empty with one", p[1], got, 4, 0);

	/* Who closes them in the end. */
	MUST(pipe(q));
	MUST(send_fds(p[0], "end", &q[1], 1));
	close(q[1]);
	held("in the queue", q[0]);
	say_text("read", p[1], 0);
	held("dropped by a read", q[0]);
	close(q[0]);
	MUST(pipe(q));
	MUST(send_fds(p[0], "end", &q[1], 1));
	close(q[1]);
	close(p[1]);
	held("receiver closed", q[0]);
	fresh(SOCK_STREAM);
	MUST(pipe(q));
	MUST(send_fds(p[0], "end", &q[1], 1));
	close(q[1]);
	close(p[0]);
	held("sender closed", q[0]);
	recv_fds("it is there", p[1], got, 1, 0);
	held("received", q[0]);
	close(got[0]);
	held("and closed", q[0]);

	/* Malformed control messages. */
	fresh(SOCK_STREAM);
	struct iovec v = { "x", 1 };
	struct msghdr h = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control) };
	struct cmsghdr *m = (struct cmsghdr *)control;
	*m = (struct cmsghdr){ .cmsg_len = 4, .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS };
	CALL("too short", syscall(SYS_sendmsg, p[0], &h, 0));
	m->cmsg_len = 1000;
	CALL("too long", syscall(SYS_sendmsg, p[0], &h, 0));
	m->cmsg_len = CMSG_LEN(4);
	m->cmsg_type = 99;
	CALL("unknown type", syscall(SYS_sendmsg, p[0], &h, 0));
	m->cmsg_level = 99;
	CALL("unknown level", syscall(SYS_sendmsg, p[0], &h, 0));
	h.msg_control = bad_page();
	CALL("bad pointer", syscall(SYS_sendmsg, p[0], &h, 0));
	say_text("the one that went", p[1], MSG_DONTWAIT);
}
