/* SPDX-License-Identifier: MIT */
/* A stream: bytes without borders, ends of either direction, peek, wait-all, counts. */
#include "../abi.h"
#include "socket.h"

static int p[2];

static void fresh(void)
{
	close(p[0]);
	close(p[1]);
	MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, p));
}

static void no_op(int sig)
{
	say("got %s", signame(sig));
}

TEST
{
	char buf[64] = "";
	int n;

	MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, p));
	CALL("write", write(p[0], "hello ", 6));
	CALL("send", send(p[0], "world", 5, 0));
	CALL("FIONREAD", ioctl(p[1], FIONREAD, &n) ?: n);
	say_text("peek", p[1], MSG_PEEK);
	CALL("read part", read(p[1], buf, 8));
	say("got '%s'", buf);
	say_text("rest", p[1], 0);
	say_text("nothing", p[1], MSG_DONTWAIT);
	CALL("SIOCOUTQ", ioctl(p[0], TIOCOUTQ, &n) ?: n);
	CALL("write 0", write(p[0], "", 0));
	CALL("send 0", send(p[0], "", 0, 0));
	CALL("read 0", read(p[1], buf, 0));
	say_text("still nothing", p[1], MSG_DONTWAIT);
	CALL("the other way", write(p[1], "back", 4));
	say_text("back", p[0], 0);
	CALL("sendto with address", send_to(p[0], "x", "data"));
	CALL("out of band bad flag", recv(p[0], buf, 1, MSG_OOB | MSG_DONTWAIT) < 0 ? 0 : 1);
	CALL("bad buffer", write(p[0], bad_page(), 4));
	MUST(write(p[0], "kept", 4));
	CALL("bad buffer to read", read(p[1], bad_page(), 4));
	say_text("still there", p[1], 0);
	char *edge = before_hole(4);
	memcpy(edge, "edge", 4);
	CALL("write past the edge", write(p[0], edge, 8));
	say_text("nothing of it", p[1], MSG_DONTWAIT);

	MUST(write(p[0], "abc", 3));
	CHILD("writer") {
		sleep_ms(50);
		MUST(write(p[0], "def", 3));
	}
	say_text("both with peek and wait", p[1], MSG_PEEK);
	CALL("wait all", recv(p[1], buf, 6, MSG_WAITALL));
	say("got '%.6s'", buf);
	MUST(write(p[0], "xy", 2));
	CALL("wait all, but do not wait", recv(p[1], buf, 6, MSG_WAITALL | MSG_DONTWAIT));

	say_events("open", p[0]);
	CALL("shut writing", shutdown(p[0], SHUT_WR));
	say_events("its end", p[0]);
	say_events("the other end", p[1]);
	say_text("end of file", p[1], 0);
	signal(SIGPIPE, no_op);
	CALL("write after it", write(p[0], "x", 1));
	CALL("no signal", send(p[0], "x", 1, MSG_NOSIGNAL));
	CALL("other direction", write(p[1], "ok", 2));
	say_text("arrives", p[0], 0);

	fresh();
	CALL("shut reading", shutdown(p[0], SHUT_RD));
	CALL("write to it", write(p[1], "x", 1));
	say_text("end for it", p[0], 0);
	say_events("half", p[0]);
	CALL("shut twice", shutdown(p[0], SHUT_RD));

	fresh();
	MUST(write(p[0], "last", 4));
	close(p[0]);
	say_events("closed with data", p[1]);
	say_text("last data", p[1], 0);
	say_text("end", p[1], 0);
	CALL("write", write(p[1], "x", 1));
	say_peer_name("peer is known still", p[1]);

	fresh();
	MUST(write(p[0], "unread", 6));
	MUST(write(p[1], "mine", 4));
	close(p[1]);
	say_events("reset", p[0]);
	say_text("data before the reset", p[0], 0);
	say_text("the reset", p[0], 0);
	say_text("and then the end", p[0], 0);
	fresh();
	MUST(write(p[0], "unread", 6));
	close(p[1]);
	CALL("SO_ERROR is ECONNRESET", option(p[0], SO_ERROR) == ECONNRESET);
	CALL("SO_ERROR is taken", option(p[0], SO_ERROR));
	fresh();
	close(p[1]);
	CHILD("SIGPIPE kills") {
		signal(SIGPIPE, SIG_DFL);
		write(p[0], "x", 1);
	}
	int s = MUST(socket(AF_UNIX, SOCK_STREAM, 0));
	say_events("not connected", s);
	CALL("write, not connected", write(s, "x", 1));
	say_text("read, not connected", s, 0);
	CALL("shutdown, not connected", shutdown(s, SHUT_WR));
	CALL("write, shut and not connected", send(s, "x", 1, MSG_NOSIGNAL));
	CALL("sendto", send_to(s, "x", "data"));
}
