/* SPDX-License-Identifier: MIT */
/* Datagrams: borders, truncation, addresses, one-way peers, full queues, ends; and seqpackets. */
#include "../abi.h"
#include "socket.h"

static int dgram(const char *name)
{
	int s = MUST(socket(AF_UNIX, SOCK_DGRAM, 0));

	if (name)
		MUST(bind_to(s, name));
	return s;
}

static void from(const char *what, int s)
{
	struct sockaddr_un a = { 0 };
	socklen_t n = sizeof(a);
	char buf[64] = "";

	CALL(what, recvfrom(s, buf, sizeof(buf), MSG_DONTWAIT, (struct sockaddr *)&a, &n));
	say("'%s'", buf);
	say_name("from", &a, n);
}

TEST
{
	int a = dgram("a"), b = dgram("b"), c = dgram(NULL), p[2], n, st;
	static char big[300000];
	char buf[64] = "";

	CALL("send to b", send_to(a, "b", "first"));
	CALL("send to b", send_to(c, "b", "second, unnamed"));
	CALL("send nothing to b", send_to(a, "b", ""));
	CALL("send to b", send_to(a, "b", "cut here"));
	CALL("FIONREAD of the first", ioctl(b, FIONREAD, &n) ?: n);
	from("named", b);
	from("unnamed", b);
	from("empty", b);
	CALL("cut", recv(b, buf, 3, MSG_TRUNC | MSG_PEEK));
	CALL("cut short", recv(b, buf, 3, 0));
	say_text("the rest is lost", b, MSG_DONTWAIT);
	CALL("to nobody", send_to(a, "c", "x"));
	CALL("to nothing", send(a, "x", 1, 0));
	CALL("too long", sendto(a, big, sizeof(big), 0, (struct sockaddr *)&(struct sockaddr_un){ AF_UNIX, "b" }, 4));
	CALL("connect", connect_to(a, "b"));
	CALL("send", send(a, "direct", 6, 0));
	CALL("send elsewhere", send_to(a, "a", "self"));
	say_text("b", b, MSG_DONTWAIT);
	say_text("self", a, MSG_DONTWAIT);
	say_peer_name("peer", a);
	CALL("b to c, then c may not send to b", connect_to(b, "a"));
	CALL("not from its peer", send_to(c, "b", "x"));
	CALL("nor connect", connect_to(c, "b"));
	CALL("from its peer", send(a, "y", 1, 0));
	CALL("disconnect", connect(b, &(struct sockaddr){ .sa_family = AF_UNSPEC }, sizeof(struct sockaddr)));
	say_peer_name("no peer", b);
	say_text("what came before", b, MSG_DONTWAIT);
	CALL("now it may", send_to(c, "b", "x"));
	from("x", b);

	/* A queue that is full. */
	int e = dgram("e"), f = dgram(NULL);
	MUST(connect_to(f, "e"));
	for (n = 0; send(f, "q", 1, MSG_DONTWAIT) == 1; n++)
		;
	say("full: %s", errname(errno));
	YES("after some", n > 1 && n < 2000);
	say_events("full", f);
	pid_t pid = MUST(fork());
	if (pid == 0)
		_exit(send(f, "w", 1, 0) == 1 ? 0 : errno);
	await_state(pid, 'S');
	int ep = MUST(epoll_create1(0));
	struct epoll_event ev = { EPOLLOUT, { 0 } };
	MUST(epoll_ctl(ep, EPOLL_CTL_ADD, f, &ev));
	CALL("epoll, full", epoll_wait(ep, &ev, 1, 0));
	pid_t reader = MUST(fork());
	if (reader == 0) {
		sleep_ms(50);
		for (int i = 0; i < 5; i++)
			recv(e, buf, 1, 0);
		_exit(0);
	}
	CALL("epoll, room", epoll_wait(ep, &ev, 1, 5000));
	waitpid(pid, &st, 0);
	say_status("writer that waited", st);
	waitpid(reader, NULL, 0);
	say_events("room", f);
	close(e);
	say_events("its receiver is gone", f);
	CALL("send", send(f, "x", 1, 0));
	CALL("send again", send(f, "x", 1, 0));

	/* Ends. */
	MUST(socketpair(AF_UNIX, SOCK_DGRAM, 0, p));
	MUST(send(p[0], "1", 1, 0));
	CALL("shut reading", shutdown(p[1], SHUT_RD));
	CALL("send to it", send(p[0], "x", 1, 0));
	say_text("one is there", p[1], 0);
	say_text("end", p[1], 0);
	say_events("shut", p[1]);
	CALL("shut writing", shutdown(p[0], SHUT_WR));
	CALL("send", send(p[0], "x", 1, 0));
	close(p[0]);
	MUST(socketpair(AF_UNIX, SOCK_DGRAM, 0, p));
	close(p[0]);
	CALL("peer closed", send(p[1], "x", 1, 0));
	say_events("peer closed", p[1]);

	/* Seqpackets. */
	MUST(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, p));
	CALL("seq 1", send(p[0], "one", 3, MSG_EOR));
	CALL("seq 2", send(p[0], "two", 3, 0));
	CALL("address is ignored", send_to(p[0], "b", "three"));
	CALL("FIONREAD of all", ioctl(p[1], FIONREAD, &n) ?: n);
	struct iovec v = { buf, sizeof(buf) };
	struct msghdr h = { .msg_iov = &v, .msg_iovlen = 1 };
	CALL("recvmsg", recvmsg(p[1], &h, 0));
	say("flags %#x", h.msg_flags);
	v.iov_len = 1;
	CALL("recvmsg, short", recvmsg(p[1], &h, 0));
	say("flags %#x", h.msg_flags);
	signal(SIGPIPE, SIG_IGN);
	close(p[1]);
	CALL("send", send(p[0], "x", 1, 0));
	say_text("read, reset", p[0], 0);
	say_text("read, end", p[0], 0);
	n = MUST(socket(AF_UNIX, SOCK_SEQPACKET, 0));
	CALL("not connected", send(n, "x", 1, 0));
	say_text("not connected", n, MSG_DONTWAIT);
	say_events("not connected", n);
	MUST(bind_to(n, "seq"));
	MUST(listen(n, 2));
	int d = MUST(socket(AF_UNIX, SOCK_SEQPACKET, 0));
	CALL("connect", connect_to(d, "seq"));
	CALL("stream to it", connect_to(MUST(socket(AF_UNIX, SOCK_STREAM, 0)), "seq"));
	MUST(send(d, "hello", 5, 0));
	say_text("accepted", MUST(accept(n, NULL, NULL)), 0);
}
