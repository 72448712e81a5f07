/* SPDX-License-Identifier: MIT */
/* A full listener that will send no more: who connects waits as ever, and can be stopped. */
#include "../abi.h"
#include "socket.h"

TEST
{
	int s = MUST(socket(AF_UNIX, SOCK_STREAM, 0)), c = MUST(socket(AF_UNIX, SOCK_STREAM, 0)), st;
	struct timeval short_time = { .tv_usec = 100000 };

	MUST(bind_to(s, "s"));
	MUST(listen(s, 0));
	CALL("connect", connect_to(c, "s"));
	CALL("shut for sending", shutdown(s, SHUT_WR));
	c = MUST(socket(AF_UNIX, SOCK_STREAM, 0));
	MUST(setsockopt(c, SOL_SOCKET, SO_SNDTIMEO, &short_time, sizeof short_time));
	CALL("full, for a short time", connect_to(c, "s"));
	pid_t pid = MUST(fork());
	if (pid == 0)
		_exit(connect_to(MUST(socket(AF_UNIX, SOCK_STREAM, 0)), "s") ? errno : 0);
	await_state(pid, 'S');
	MUST(kill(pid, SIGKILL));
	MUST(waitpid(pid, &st, 0));
	say_status("killed in connect", st);
	pid = MUST(fork());
	if (pid == 0)
		_exit(connect_to(MUST(socket(AF_UNIX, SOCK_STREAM, 0)), "s") ? errno : 0);
	await_state(pid, 'S');
	OK("accept", accept(s, NULL, NULL));
	MUST(waitpid(pid, &st, 0));
	say_status("there was room", st);
}
