/* SPDX-License-Identifier: MIT */
/* FIFOs: opening waits for the other end, O_NONBLOCK, O_RDWR, ENXIO, reopening. */

#include "../abi.h"

TEST
{
	char buf[8] = "";
	int st;

	CALL("mkfifo", mkfifo("p", 0644));
	CALL("write end, nobody reads", open("p", O_WRONLY | O_NONBLOCK));
	int r = MUST(open("p", O_RDONLY | O_NONBLOCK));
	CALL("read with no writer", read(r, buf, 8));
	int w = MUST(open("p", O_WRONLY | O_NONBLOCK));
	CALL("read, writer silent", read(r, buf, 8));
	CALL("write", write(w, "abc", 3));
	CALL("read", read(r, buf, 8));
	close(w);
	CALL("writer gone", read(r, buf, 8));
	w = MUST(open("p", O_WRONLY));
	CALL("writer again", read(r, buf, 8));
	close(r);
	signal(SIGPIPE, SIG_IGN);
	CALL("no reader", write(w, "x", 1));
	close(w);
	pid_t pid = MUST(fork());
	if (pid == 0) {
		int fd = open("p", O_RDONLY);
		_exit(read(fd, buf, 8) == 2 ? 0 : 1);
	}
	YES("reader waits in open", await_state(pid, 'S'));
	w = MUST(open("p", O_WRONLY));
	CALL("write", write(w, "hi", 2));
	waitpid(pid, &st, 0);
	say_status("reader", st);
	close(w);
	int rw = MUST(open("p", O_RDWR));
	CALL("O_RDWR needs nobody", write(rw, "self", 4));
	CALL("reads itself", read(rw, buf, 8));
	CALL("lseek", lseek(rw, 0, SEEK_SET));
	close(rw);
	r = MUST(open("p", O_RDONLY | O_NONBLOCK));
	CALL("nothing is left", read(r, buf, 8));
	CALL("unlink while open", unlink("p"));
	CHILD("interrupted open") {
		mkfifo("q", 0644);
		pid = fork();
		if (pid == 0) {
			open("q", O_WRONLY);
			_exit(0);
		}
		YES("writer waits in open", await_state(pid, 'S'));
		kill(pid, SIGTERM);
		waitpid(pid, &st, 0);
		say_status("killed", st);
	}
}
