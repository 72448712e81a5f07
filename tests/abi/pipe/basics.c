/* SPDX-License-Identifier: MIT */
/* Pipes: order, end of file, EPIPE with SIGPIPE, counts, flags. */

#include "../abi.h"

TEST
{
	int p[2];
	char buf[16] = "";

	CALL("pipe", pipe(p));
	CALL("write", write(p[1], "hello ", 6));
	CALL("write", write(p[1], "world", 5));
	CALL("read part", read(p[0], buf, 8));
	say("got %s", buf);
	CALL("read rest", read(p[0], buf, 16));
	CALL("write to the read end", write(p[0], "x", 1));
	CALL("read the write end", read(p[1], buf, 1));
	CALL("write 0", write(p[1], "", 0));
	MUST(write(p[1], "last", 4));
	close(p[1]);
	CALL("read after close", read(p[0], buf, 16));
	CALL("end of file", read(p[0], buf, 16));
	CALL("again", read(p[0], buf, 16));
	close(p[0]);
	MUST(pipe(p));
	close(p[0]);
	CHILD("SIGPIPE kills") {
		write(p[1], "x", 1);
	}
	signal(SIGPIPE, SIG_IGN);
	CALL("EPIPE", write(p[1], "x", 1));
	CALL("write 0 to a broken one", write(p[1], "x", 0));
	close(p[1]);
	CALL("pipe2 flags", pipe2(p, O_CLOEXEC | O_NONBLOCK));
	say("cloexec %d nonblock %d", fcntl(p[0], F_GETFD), !!(fcntl(p[1], F_GETFL) & O_NONBLOCK));
	CALL("empty", read(p[0], buf, 1));
	CALL("pipe2 bad flag", pipe2(p, O_APPEND));
	CALL("pipe bad pointer", syscall(SYS_pipe, bad_page()));
	int q[2];
	MUST(pipe(q));
	MUST(write(q[1], "data", 4));
	CALL("read into bad buffer", read(q[0], bad_page(), 4));
	CALL("write from bad buffer", write(q[1], bad_page(), 4));
	CALL("data still there", read(q[0], buf, 16));
}
