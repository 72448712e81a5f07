/* SPDX-License-Identifier: MIT */
/* Listeners: the backlog, accept in its ways, what becomes of clients when one side goes. */
#include "../abi.h"
#include "socket.h"

static int server(const char *name, int backlog)
{
	int s = MUST(socket(AF_UNIX, SOCK_STREAM, 0));

	MUST(bind_to(s, name));
	MUST(listen(s, backlog));
	return s;
}

static int client(int flags)
{
	return MUST(socket(AF_UNIX, SOCK_STREAM | flags, 0));
}

static void nothing(int sig)
{
}

TEST
{
	int s = server("s", 2), c[5], a, st;

	say_events("nobody came", s);
	CALL("accept, not blocking", ({ fcntl(s, F_SETFL, O_NONBLOCK); accept(s, NULL, NULL); }));
	for (int i = 0; i < 3; i++)
		CALL("connect", connect_to(c[i] = client(SOCK_NONBLOCK), "s"));
	CALL("one too many", connect_to(c[3] = client(SOCK_NONBLOCK), "s"));
	say_events("somebody is there", s);
	CALL("send before accept", send(c[0], "early", 5, 0));
	a = OK("accept4", accept4(s, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK));
	say("cloexec %d nonblock %d", fcntl(a, F_GETFD), !!(fcntl(a, F_GETFL) & O_NONBLOCK));
	say_text("early data", a, 0);
	CALL("accept4 bad flag", syscall(SYS_accept4, s, NULL, NULL, 1));
	CALL("now there is room", connect_to(c[3], "s"));
	close(c[1]);
	a = OK("accept one that is gone", accept(s, NULL, NULL));
	say_text("its end", a, 0);
	CALL("shut the listener", shutdown(s, SHUT_RD));
	CALL("refused", connect_to(client(0), "s"));
	OK("accept what is left", accept(s, NULL, NULL));
	OK("accept the last", accept(s, NULL, NULL));
	fcntl(s, F_SETFL, 0);
	CALL("accept after shutdown", accept(s, NULL, NULL));
	CALL("read a listener", read(s, &st, 1));
	CALL("write a listener", send(s, "x", 1, MSG_NOSIGNAL));
	CALL("FIONREAD of a listener", ioctl(s, FIONREAD, &st));
	CALL("SO_ACCEPTCONN", option(s, SO_ACCEPTCONN));
	close(s);
	unlink("s");

	/* A client that waits for room, and one whose listener goes. */
	s = server("s", 0);
	MUST(connect_to(c[0] = client(0), "s"));
	pid_t pid = MUST(fork());
	if (pid == 0) {
		close(s);
		_exit(connect_to(client(0), "s") ? errno : 0);
	}
	await_state(pid, 'S');
	MUST(accept(s, NULL, NULL));
	waitpid(pid, &st, 0);
	say_status("waited for room", st);
	pid = MUST(fork());
	if (pid == 0) {
		close(s);
		CALL("connect", connect_to(client(0), "s"));
		_exit(0);
	}
	await_state(pid, 'S');
	CALL("not accepted yet", send(c[0], "x", 1, 0));
	close(s);
	waitpid(pid, &st, 0);
	say_status("listener went", st);
	MUST(unlink("s"));

	s = server("s", 5);
	MUST(connect_to(c[0] = client(0), "s"));
	close(s);
	say_events("never accepted", c[0]);
	say_text("read", c[0], 0);
	say_text("read again", c[0], 0);
	MUST(unlink("s"));

	/* accept that waits: a signal, a client, several of both. */
	s = server("s", 5);
	on_signal(SIGALRM, nothing, 0);
	ualarm(50000, 0);
	CALL("interrupted", accept(s, NULL, NULL));
	pid_t kids[3];
	for (int i = 0; i < 3; i++) {
		if ((kids[i] = MUST(fork())) == 0)
			_exit(accept(s, NULL, NULL) >= 0 ? 0 : errno);
		await_state(kids[i], 'S');
	}
	for (int i = 0; i < 3; i++)
		MUST(connect_to(c[i] = client(0), "s"));
	for (int i = 0; i < 3; i++) {
		waitpid(kids[i], &st, 0);
		say_status("acceptor", st);
	}
	CALL("dgram cannot listen", listen(MUST(socket(AF_UNIX, SOCK_DGRAM, 0)), 1));
	CALL("dgram cannot accept", accept(MUST(socket(AF_UNIX, SOCK_DGRAM, 0)), NULL, NULL));
	CALL("accept, not listening", accept(client(0), NULL, NULL));
	MUST(connect_to(c[0] = client(0), "s"));
	struct sockaddr_un *bad = bad_page();
	CALL("accept to a bad address", accept(s, (struct sockaddr *)bad, &(socklen_t){ 10 }));
	CALL("the connection is lost", recv(c[0], &st, 1, 0));
	YES("/proc/net/unix has it", strstr(file_text("/proc/net/unix"), " s\n") != NULL);
}
