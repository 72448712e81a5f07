/* SPDX-License-Identifier: MIT */
/* Ranges split and merged, waiting, deadlock, owners that close. */
#include <fcntl.h>
#include <sys/file.h>
#include <sys/wait.h>
#include "../abi.h"

static int lk(int fd, int cmd, int type, long start, long len)
{
	struct flock fl = { .l_type = type, .l_start = start, .l_len = len };
	return fcntl(fd, cmd, &fl);
}

/* What another process sees: type, start, length. */
static void see(int fd, const char *what, long start, long len)
{
	fflush(stdout);
	pid_t k = fork();
	int st;
	if (!k) {
		struct flock fl = { .l_type = F_WRLCK, .l_start = start, .l_len = len };
		if (fcntl(fd, F_GETLK, &fl))
			printf("%s: failed\n", what);
		else if (fl.l_type == F_UNLCK)
			printf("%s: free\n", what);
		else
			printf("%s: %d %ld %ld %s\n", what, fl.l_type, (long)fl.l_start, (long)fl.l_len, fl.l_pid == getppid() ? "parent" : "?");
		fflush(stdout);
		_exit(0);
	}
	waitpid(k, &st, 0);
}

static void handler(int s) { }

TEST
{
	int fd, fd2, st;

	MUST(fd = open("f", O_RDWR | O_CREAT, 0644));
	CALL("write 0-99", lk(fd, F_SETLK, F_WRLCK, 0, 100));
	CALL("unlock 40-59", lk(fd, F_SETLK, F_UNLCK, 40, 20));
	see(fd, "left", 0, 0);
	see(fd, "hole", 40, 20);
	see(fd, "right", 45, 100);
	CALL("read 30-69", lk(fd, F_SETLK, F_RDLCK, 30, 40));
	see(fd, "middle", 35, 2);
	see(fd, "left", 0, 30);
	see(fd, "right", 70, 1);
	CALL("write 30-69", lk(fd, F_SETLK, F_WRLCK, 30, 40));
	see(fd, "whole", 50, 1);
	CALL("to the end", lk(fd, F_SETLK, F_WRLCK, 100, 0));
	see(fd, "endless", 1000000, 1);
	CALL("negative", lk(fd, F_SETLK, F_UNLCK, 10, -5));
	see(fd, "cut", 0, 9);
	CALL("before 0", lk(fd, F_SETLK, F_UNLCK, 4, -5));
	CALL("start", lk(fd, F_SETLK, F_UNLCK, -1, 5));
	CALL("overflow", lk(fd, F_SETLK, F_UNLCK, 0x7fffffffffffffff, 5));
	CALL("type", lk(fd, F_SETLK, 77, 0, 5));
	CALL("get type", lk(fd, F_GETLK, F_UNLCK, 0, 5));

	MUST(fd2 = open("f", O_RDONLY));
	CALL("read only", lk(fd2, F_SETLK, F_WRLCK, 0, 1));
	close(fd2);
	see(fd, "after closing another descriptor", 0, 0);

	CALL("write 0", lk(fd, F_SETLK, F_WRLCK, 0, 1));
	CHILD("waits") {
		CALL("try", lk(fd, F_SETLK, F_WRLCK, 0, 1));
		struct sigaction sa = { .sa_handler = handler };
		sigaction(SIGALRM, &sa, NULL);
		ualarm(100000, 0);
		CALL("interrupted", lk(fd, F_SETLKW, F_WRLCK, 0, 1));
		CALL("own 1", lk(fd, F_SETLKW, F_WRLCK, 1, 1));
	}
	fflush(stdout);
	int p[2];
	MUST(pipe(p));
	pid_t k = fork();
	if (!k) {
		lk(fd, F_SETLK, F_WRLCK, 1, 1);
		MUST(write(p[1], "x", 1));
		int r = lk(fd, F_SETLKW, F_WRLCK, 0, 1);
		_exit(r ? 1 : 0);
	}
	char c;
	MUST(read(p[0], &c, 1));
	usleep(300000);
	CALL("deadlock", lk(fd, F_SETLKW, F_WRLCK, 1, 1));
	CALL("unlock", lk(fd, F_SETLK, F_UNLCK, 0, 1));
	MUST(waitpid(k, &st, 0));
	CALL("the other", st);

	MUST(fd2 = open("f", O_RDWR));
	CALL("ofd", lk(fd, F_OFD_SETLK, F_WRLCK, 0, 10));
	CALL("ofd 2", lk(fd2, F_OFD_SETLK, F_RDLCK, 5, 10));
	CALL("posix beside", lk(fd2, F_SETLK, F_RDLCK, 5, 10));
	struct flock fl = { .l_type = F_RDLCK, .l_len = 3 };
	CALL("get", fcntl(fd2, F_OFD_GETLK, &fl));
	CALL("pid", fl.l_pid);
	CALL("type", fl.l_type);
	close(fd);
	CALL("ofd 2", lk(fd2, F_OFD_SETLK, F_RDLCK, 5, 10));
	MUST(fd = open("f", O_RDWR));
	CALL("shared", flock(fd, LOCK_SH));
	CALL("shared 2", flock(fd2, LOCK_SH | LOCK_NB));
	CALL("upgrade", flock(fd, LOCK_EX | LOCK_NB));
	CALL("lost by that", flock(fd2, LOCK_EX | LOCK_NB));
	CALL("un", flock(fd2, LOCK_UN));
	CALL("both", flock(fd2, LOCK_EX | LOCK_SH));
	CALL("ex", flock(fd2, LOCK_EX));
	CALL("blocked", flock(fd, LOCK_SH | LOCK_NB));
	close(fd2);
	CALL("free", flock(fd, LOCK_SH | LOCK_NB));
}
