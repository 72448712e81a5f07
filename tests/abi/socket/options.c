/* SPDX-License-Identifier: MIT */
/* Options of SOL_SOCKET, time-outs and limits. */
#include "../abi.h"
#include "socket.h"

static void set_timeout(int s, int name, long sec, long usec)
{
	struct timeval tv = { sec, usec };

	CALL("set time-out", setsockopt(s, SOL_SOCKET, name, &tv, sizeof(tv)));
}

static void nothing(int sig)
{
}

TEST
{
	int p[2], s, v;
	socklen_t n;
	char buf[64];

	MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, p));
	s = p[0];
	CALL("type", option(s, SO_TYPE));
	CALL("domain", option(s, SO_DOMAIN));
	CALL("protocol", option(s, SO_PROTOCOL));
	CALL("error", option(s, SO_ERROR));
	CALL("acceptconn", option(s, SO_ACCEPTCONN));
	CALL("rcvlowat", option(s, SO_RCVLOWAT));
	CALL("sndlowat", option(s, SO_SNDLOWAT));
	static const int switches[] = { SO_REUSEADDR, SO_KEEPALIVE, SO_BROADCAST, SO_OOBINLINE, SO_PASSCRED, SO_DONTROUTE };
	for (size_t i = 0; i < COUNT(switches); i++) {
		int before = option(s, switches[i]), r = set_option(s, switches[i], 7);
		say("option %d: %d, set %d, then %d", switches[i], before, r, option(s, switches[i]));
		set_option(s, switches[i], 0);
	}
	CALL("set type", set_option(s, SO_TYPE, 1));
	CALL("set error", set_option(s, SO_ERROR, 1));
	CALL("unknown", set_option(s, 9999, 1));
	CALL("get unknown", getsockopt(s, SOL_SOCKET, 9999, &v, &(socklen_t){ 4 }));
	CALL("short", setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &v, 3));
	CALL("bad pointer", setsockopt(s, SOL_SOCKET, SO_REUSEADDR, bad_page(), 4));
	n = 2;
	v = 0x7fffffff;
	CALL("cut", getsockopt(s, SOL_SOCKET, SO_TYPE, &v, &n));
	say("%#x %u", v, n);
	n = -1;
	CALL("negative", getsockopt(s, SOL_SOCKET, SO_TYPE, &v, &n));

	CALL("sndbuf", set_option(s, SO_SNDBUF, 30000));
	CALL("is doubled", option(s, SO_SNDBUF));
	CALL("sndbuf least", set_option(s, SO_SNDBUF, 1));
	CALL("is", option(s, SO_SNDBUF));
	CALL("rcvbuf", set_option(s, SO_RCVBUF, 1));
	CALL("is", option(s, SO_RCVBUF));
	CALL("forced", set_option(s, SO_SNDBUFFORCE, 1000000));
	CALL("is", option(s, SO_SNDBUF));
	CHILD("by nobody") {
		become_nobody();
		CALL("forced", set_option(s, SO_SNDBUFFORCE, 1000000));
	}
	struct linger l = { 5, 10 };
	CALL("linger", setsockopt(s, SOL_SOCKET, SO_LINGER, &l, sizeof(l)));
	n = sizeof(l);
	MUST(getsockopt(s, SOL_SOCKET, SO_LINGER, &l, &n));
	say("on %d seconds %d length %u", l.l_onoff, l.l_linger, n);

	set_timeout(s, SO_RCVTIMEO, 0, 1000000);
	set_timeout(s, SO_RCVTIMEO, 3, 40000);
	struct timeval tv;
	n = sizeof(tv);
	MUST(getsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &tv, &n));
	say("%ld %ld length %u", (long)tv.tv_sec, (long)tv.tv_usec, n);
	set_timeout(s, SO_RCVTIMEO, 0, 100000);
	int64_t t = now_ns();
	CALL("times out", read(s, buf, 1));
	YES("after a tenth of a second", now_ns() - t > 90000000);
	set_timeout(s, SO_RCVTIMEO, 5, 0);
	on_signal(SIGALRM, nothing, SA_RESTART);
	ualarm(50000, 0);
	CALL("with a time-out nothing is restarted", read(s, buf, 1));
	set_timeout(p[1], SO_SNDTIMEO, 0, 100000);
	static char big[1 << 20];
	YES("a write times out half way", ({ ssize_t w = write(p[1], big, sizeof(big)); w > 0 && w < (ssize_t)sizeof(big); }));
	CALL("a write times out", write(p[1], big, sizeof(big)));

	/* Low water and peek offset. */
	MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, p));
	MUST(write(p[0], "abcdef", 6));
	CALL("peek offset", option(p[1], SO_PEEK_OFF));
	CALL("set it", set_option(p[1], SO_PEEK_OFF, 2));
	CALL("peek", recv(p[1], buf, 2, MSG_PEEK));
	say("'%.2s' offset %d", buf, option(p[1], SO_PEEK_OFF));
	CALL("peek", recv(p[1], buf, 2, MSG_PEEK));
	say("'%.2s' offset %d", buf, option(p[1], SO_PEEK_OFF));
	CALL("peek behind the end", recv(p[1], buf, 2, MSG_PEEK | MSG_DONTWAIT));
	CALL("read", recv(p[1], buf, 3, 0));
	say("'%.3s' offset %d", buf, option(p[1], SO_PEEK_OFF));
	MUST(set_option(p[1], SO_RCVLOWAT, 5));
	pid_t pid = MUST(fork());
	if (pid == 0) {
		sleep_ms(50);
		write(p[0], "gh", 2);
		_exit(0);
	}
	CALL("low water waits", recv(p[1], buf, 10, 0));
	waitpid(pid, NULL, 0);
}
