/* SPDX-License-Identifier: MIT */
/* bind, connect and the names: paths, abstract ones, made-up ones; permissions, errors, sizes. */
#include "../abi.h"
#include "socket.h"

static int fresh(int type)
{
	return MUST(socket(AF_UNIX, type, 0));
}

TEST
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	struct stat st;
	socklen_t n;
	int s = fresh(SOCK_STREAM), c = fresh(SOCK_STREAM), d;

	say_own_name("unbound", s);
	say_peer_name("no peer", s);
	CALL("bind", bind_to(s, "sock"));
	MUST(stat("sock", &st));
	say("mode %o links %ld", st.st_mode, (long)st.st_nlink);
	say_own_name("bound", s);
	CALL("bind again", bind_to(s, "other"));
	CALL("nothing was made", access("other", F_OK));
	CALL("taken", bind_to(c, "sock"));
	CALL("no directory", bind_to(c, "no/sock"));
	make_file("plain", "");
	CALL("a file is there", bind_to(c, "plain"));
	CALL("connect to a file", connect_to(c, "plain"));
	CALL("connect to nothing", connect_to(c, "nothing"));
	CALL("connect, nobody listens", connect_to(c, "sock"));
	CALL("connect, wrong type", connect_to(fresh(SOCK_DGRAM), "sock"));
	CALL("open it", open("sock", O_RDWR));
	CALL("listen, not bound", listen(c, 1));
	CALL("listen", listen(s, 1));
	CALL("connect", connect_to(c, "sock"));
	say_own_name("client", c);
	say_peer_name("client's peer", c);
	CALL("connect again", connect_to(c, "sock"));
	n = sizeof(a);
	d = OK("accept", accept(s, (struct sockaddr *)&a, &n));
	say("address length %u", n);
	say_own_name("accepted", d);
	say_peer_name("accepted's peer", d);
	CALL("connect the listener", connect_to(s, "sock"));
	CALL("listen on a connected one", listen(c, 1));
	MUST(rename("sock", "moved"));
	CALL("connect by the new name", connect_to(fresh(SOCK_STREAM), "moved"));
	MUST(symlink("moved", "link"));
	CALL("through a link", connect_to(fresh(SOCK_STREAM), "link"));
	MUST(chmod("moved", 0444));
	chmod(".", 0755);
	CHILD("no permission") {
		become_nobody();
		CALL("connect", connect_to(fresh(SOCK_STREAM), "moved"));
		CALL("bind", bind_to(fresh(SOCK_STREAM), "nobodys"));
	}
	MUST(unlink("moved"));
	CALL("unlinked", connect_to(fresh(SOCK_STREAM), "moved"));
	CALL("bind with the name free", bind_to(fresh(SOCK_STREAM), "moved"));
	close(s);
	CALL("nobody behind the name", connect_to(fresh(SOCK_STREAM), "moved"));
	umask(077);
	MUST(bind_to(fresh(SOCK_DGRAM), "masked"));
	MUST(stat("masked", &st));
	say("mode %o", st.st_mode);

	/* Lengths. */
	s = fresh(SOCK_STREAM);
	CALL("length 1", bind(s, (struct sockaddr *)&a, 1));
	CALL("length 111", bind(s, (struct sockaddr *)&a, 111));
	CALL("length 200", bind(s, (struct sockaddr *)&a, 200));
	CALL("length -1", bind(s, (struct sockaddr *)&a, -1));
	CALL("bad pointer", bind(s, bad_page(), 10));
	a.sun_family = 2;
	CALL("family 2", bind(s, (struct sockaddr *)&a, 10));
	a.sun_family = AF_UNIX;
	memset(a.sun_path, 'x', sizeof(a.sun_path));
	CALL("108 bytes", bind(s, (struct sockaddr *)&a, sizeof(a)));
	struct {
		struct sockaddr_un a;
		char more[16];
	} big;
	memset(&big, '!', sizeof(big));
	n = sizeof(big);
	CALL("its name", getsockname(s, (struct sockaddr *)&big, &n));
	say("length %u last '%c' then %d", n, big.a.sun_path[107], big.more[0]);
	n = 4;
	memset(&big, '!', sizeof(big));
	CALL("cut", getsockname(s, (struct sockaddr *)&big, &n));
	say("length %u '%.3s'", n, big.a.sun_path);
	n = -1;
	CALL("negative room", getsockname(s, (struct sockaddr *)&big, &n));

	/* Abstract names. */
	s = fresh(SOCK_STREAM);
	char name[100];
	strcpy(name, own_name("a"));
	CALL("abstract", bind_to(s, name));
	CALL("abstract taken", bind_to(fresh(SOCK_STREAM), name));
	CALL("the same for another type", bind_to(fresh(SOCK_DGRAM), name));
	MUST(listen(s, 5));
	c = fresh(SOCK_STREAM);
	CALL("connect to it", connect_to(c, name));
	say_text("nothing yet", c, MSG_DONTWAIT);
	CALL("longer name", connect_to(fresh(SOCK_STREAM), own_name("aa")));
	close(s);
	CALL("gone with its socket", connect_to(fresh(SOCK_STREAM), name));
	s = fresh(SOCK_DGRAM);
	a.sun_family = AF_UNIX;
	CALL("made up", bind(s, (struct sockaddr *)&a, sizeof(a.sun_family)));
	say_own_name("made up", s);
	CALL("made up twice", bind(s, (struct sockaddr *)&a, sizeof(a.sun_family)));
}
