/* SPDX-License-Identifier: MIT */
/* Pipe sizes with contents, packets, big transfers, reopening through /proc, errors. */
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "../abi.h"

static char big[1 << 20], got[1 << 20];

static int events(int fd)
{
	struct pollfd p = { fd, POLLIN | POLLOUT, 0 };
	poll(&p, 1, 0);
	return p.revents;
}

TEST
{
	int p[2], n, fd;
	char name[64];
	struct stat st;

	for (unsigned i = 0; i < sizeof big; i++)
		big[i] = (char)(i * 7 + (i >> 12));
	MUST(pipe2(p, O_NONBLOCK));
	CALL("size", fcntl(p[0], F_GETPIPE_SZ));
	CALL("size 0", fcntl(p[0], F_SETPIPE_SZ, 0));
	CALL("one page", (int)write(p[1], big, 5000));
	CALL("5000", fcntl(p[0], F_SETPIPE_SZ, 5000));
	CALL("more", (int)write(p[1], big + 4096, 5000));
	CALL("grow", fcntl(p[0], F_SETPIPE_SZ, 100000));
	CALL("more", (int)write(p[1], big + 8192, 200000));
	CALL("shrink busy", fcntl(p[0], F_SETPIPE_SZ, 65536));
	CALL("read", (int)read(p[0], got, 70000));
	YES("same", !memcmp(got, big, 70000));
	CALL("shrink busy", fcntl(p[0], F_SETPIPE_SZ, 4096));
	CALL("shrink", fcntl(p[0], F_SETPIPE_SZ, 65536));
	CALL("fionread", (ioctl(p[0], FIONREAD, &n), n));
	CALL("read", (int)read(p[0], got, 70000));
	YES("same", !memcmp(got, big + 70000, 131072 - 70000));
	CALL("too big", fcntl(p[0], F_SETPIPE_SZ, 0x80000001));
	CALL("1 MiB", fcntl(p[0], F_SETPIPE_SZ, 1 << 20));
	CALL("write", (int)write(p[1], big, sizeof big));
	CALL("events", events(p[1]));
	CALL("read", (int)read(p[0], got, sizeof got));
	YES("same", !memcmp(got, big, sizeof big));
	CALL("small", fcntl(p[0], F_SETPIPE_SZ, 8192));
	CHILD("without privilege") {
		MUST(setresuid(65534, 65534, 65534));
		CALL("1 MiB", fcntl(p[0], F_SETPIPE_SZ, 1 << 20));
		CALL("2 MiB", fcntl(p[0], F_SETPIPE_SZ, 2 << 20));
	}
	CALL("not a pipe", fcntl(0, F_GETPIPE_SZ));
	for (int i = 0; i < 3; i++)
		CALL("write 3000", (int)write(p[1], big, 3000));
	CALL("write 1096", (int)write(p[1], big, 1096));
	CALL("write 1", (int)write(p[1], big, 1));
	CALL("fault", (int)write(p[1], (void *)8, 10));
	CALL("read fault", (int)read(p[0], (void *)8, 10));
	CALL("read", (int)read(p[0], got, sizeof got));
	CALL("empty", (int)read(p[0], got, sizeof got));
	CALL("nothing", (int)read(p[0], got, 0));
	close(p[1]);
	CALL("end", (int)read(p[0], got, 1));
	CALL("hang-up", events(p[0]));
	snprintf(name, sizeof name, "/proc/self/fd/%d", p[0]);
	CALL("reopen", (fd = open(name, O_WRONLY)) >= 0);
	CALL("hung up no more", events(p[0]));
	CALL("write", (int)write(fd, "abc", 3));
	CALL("read", (int)read(p[0], got, 10));
	MUST(fstat(fd, &st));
	YES("fifo", S_ISFIFO(st.st_mode));
	CALL("mode", st.st_mode & 07777);
	CALL("size", (int)st.st_size);
	CALL("seek", (int)lseek(fd, 0, SEEK_CUR));
	CALL("pread", (int)pread(p[0], got, 1, 0));
	close(fd);
	close(p[0]);

	MUST(pipe2(p, O_DIRECT | O_NONBLOCK));
	CALL("flags", (fcntl(p[1], F_GETFL) & O_DIRECT) != 0);
	CALL("packet", (int)write(p[1], big, 10));
	CALL("packet", (int)write(p[1], big, 20));
	CALL("packets", (int)write(p[1], big, 5000));
	CALL("read", (int)read(p[0], got, 100));
	CALL("read short", (int)read(p[0], got, 5));
	CALL("read", (int)read(p[0], got, 10000));
	CALL("read", (int)read(p[0], got, 10000));
	CALL("read", (int)read(p[0], got, 10000));
	CALL("no packets", fcntl(p[1], F_SETFL, O_NONBLOCK));
	CALL("write", (int)write(p[1], big, 10));
	CALL("write", (int)write(p[1], big, 10));
	CALL("read", (int)read(p[0], got, 100));
	close(p[0]);
	CALL("error", events(p[1]));
	CHILD("sigpipe") { MUST(write(p[1], "x", 1)); }
	signal(SIGPIPE, SIG_IGN);
	CALL("broken", (int)write(p[1], "x", 1));
	CALL("nothing", (int)write(p[1], "x", 0));

	CALL("pipe2 flags", pipe2(p, O_APPEND));
	CALL("pipe2 fault", syscall(SYS_pipe2, 8L, 0));
	CALL("next descriptor", (n = dup(0)) == p[1] - 1 || n == p[0] || n > 0);

	/* Blocking transfer much larger than the pipe. */
	MUST(pipe(p));
	pid_t k;
	if (!(MUST(k = fork()))) {
		close(p[0]);
		_exit(write(p[1], big, sizeof big) != sizeof big);
	}
	close(p[1]);
	size_t have = 0;
	ssize_t r;
	memset(got, 0, sizeof got);
	while ((r = read(p[0], got + have, 10007)) > 0)
		have += (size_t)r;
	CALL("all", (int)have);
	YES("same", !memcmp(got, big, sizeof big));
	MUST(waitpid(k, &n, 0));
	CALL("writer", n);
}
