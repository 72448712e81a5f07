/* SPDX-License-Identifier: MIT */
/* Flow control: a writer waits for its reader, in one go and in pieces; signals; non-blocking; no byte is lost. */
#include "../abi.h"
#include "socket.h"

#define TOTAL (3 << 20)
static char buf[1 << 20];

static void nothing(int sig)
{
}

static void flow(int type, size_t piece)
{
	int p[2];
	size_t at = 0, bad = 0;
	ssize_t n;

	MUST(socketpair(AF_UNIX, type, 0, p));
	pid_t pid = MUST(fork());
	if (pid == 0) {
		close(p[0]);
		for (size_t i = 0; i < sizeof(buf); i++)
			buf[i] = i * 7 % 251;
		for (size_t sent = 0; sent < TOTAL; sent += piece)
			if (write(p[1], buf + sent % sizeof(buf), piece) != (ssize_t)piece)
				_exit(1);
		_exit(0);
	}
	close(p[1]);
	while ((n = read(p[0], buf, type == SOCK_STREAM ? 5000 : sizeof(buf))) > 0)
		for (ssize_t i = 0; i < n; i++, at++)
			bad += (unsigned char)buf[i] != (unsigned char)(at % sizeof(buf) * 7 % 251);
	say("type %d pieces of %zu: %zu bytes, %zu wrong, end %zd", type, piece, at, bad, n);
	int st;
	waitpid(pid, &st, 0);
	say_status("writer", st);
	close(p[0]);
}

TEST
{
	int p[2];
	ssize_t n;
	size_t sent = 0;

	flow(SOCK_STREAM, 1 << 20);
	flow(SOCK_STREAM, 4096);
	flow(SOCK_SEQPACKET, 65536);

	MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, p));
	while ((n = write(p[0], buf, sizeof(buf))) > 0)
		sent += n;
	say("full: %s", errname(errno));
	YES("between 50 KB and 4 MB went in", sent > 50000 && sent < (4 << 20));
	say_events("full", p[0]);
	size_t got = 0;
	n = read(p[1], buf, 1000);
	got += n;
	say_events("nearly full", p[0]);
	while ((n = read(p[1], buf, sizeof(buf))) > 0)
		got += n;
	YES("all came", got == sent);
	say_events("empty", p[0]);
	fcntl(p[0], F_SETFL, 0);
	fcntl(p[1], F_SETFL, 0);
	on_signal(SIGALRM, nothing, 0);
	ualarm(50000, 0);
	CALL("read, interrupted", read(p[1], buf, 1));
	on_signal(SIGALRM, nothing, SA_RESTART);
	pid_t pid = MUST(fork());
	if (pid == 0) {
		sleep_ms(150);
		write(p[0], "!", 1);
		_exit(0);
	}
	ualarm(50000, 0);
	CALL("read, restarted", read(p[1], buf, 1));
	waitpid(pid, NULL, 0);
	on_signal(SIGALRM, nothing, 0);
	ualarm(100000, 0);
	n = write(p[0], buf, sizeof(buf));
	YES("write, interrupted half way", n > 0 && n < (ssize_t)sizeof(buf));
	ualarm(50000, 0);
	CALL("write, interrupted at once", write(p[0], buf, sizeof(buf)));
	CHILD("close wakes a writer") {
		signal(SIGPIPE, SIG_IGN);
		pid_t c = MUST(fork());
		if (c == 0) {
			close(p[0]);
			sleep_ms(50);
			_exit(0);
		}
		close(p[1]);
		/* the parent has p[1], too: shut it down */
		sleep_ms(20);
		shutdown(p[0], SHUT_WR);
		CALL("write after shutdown", write(p[0], buf, sizeof(buf)));
	}
	MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, p));
	pid = MUST(fork());
	if (pid == 0) {
		close(p[0]);
		_exit(read(p[1], buf, 1));
	}
	close(p[1]);
	await_state(pid, 'S');
	close(p[0]);
	int st;
	waitpid(pid, &st, 0);
	say_status("close wakes a reader", st);
}
