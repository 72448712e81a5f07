/* SPDX-License-Identifier: MIT */
/* Record locks by fcntl and flock: conflicts between processes, release. */

#include "../abi.h"
#include <sys/file.h>

static long lock(int fd, int cmd, int type, long start, long len)
{
	struct flock l = { .l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = len };
	long r = fcntl(fd, cmd, &l);
	if (cmd == F_GETLK && r == 0)
		return l.l_type == F_UNLCK ? 100 : 200 + l.l_type * 10 + (l.l_pid == getppid());
	return r;
}

TEST
{
	make_file("f", "0123456789");
	int fd = MUST(open("f", O_RDWR));
	CALL("write lock 0-3", lock(fd, F_SETLK, F_WRLCK, 0, 4));
	CALL("read lock 6-7", lock(fd, F_SETLK, F_RDLCK, 6, 2));
	CALL("own conflict is none", lock(fd, F_SETLK, F_WRLCK, 2, 6));
	CALL("make 6- shared", lock(fd, F_SETLK, F_RDLCK, 6, 0));
	CHILD("another process") {
		CALL("read 0", lock(fd, F_SETLK, F_RDLCK, 0, 1));
		CALL("write 6", lock(fd, F_SETLK, F_WRLCK, 6, 1));
		CALL("read 6", lock(fd, F_SETLK, F_RDLCK, 6, 1));
		CALL("query", lock(fd, F_GETLK, F_WRLCK, 0, 1));
	}
	int again = MUST(open("f", O_RDWR));
	close(again);
	CHILD("closing any descriptor released") {
		CALL("write 0", lock(fd, F_SETLK, F_WRLCK, 0, 0));
	}
	CALL("child's end released", lock(fd, F_SETLK, F_WRLCK, 0, 0));
	CALL("unlock", lock(fd, F_SETLK, F_UNLCK, 0, 0));
	CALL("bad type", lock(fd, F_SETLK, 9, 0, 0));
	CALL("negative", lock(fd, F_SETLK, F_RDLCK, -5, 2));
	int ro = MUST(open("f", O_RDONLY));
	CALL("write lock on read-only", lock(ro, F_SETLK, F_WRLCK, 0, 0));
	int a = MUST(open("f", O_RDWR)), b = MUST(open("f", O_RDWR));
	CALL("flock", flock(a, LOCK_EX));
	CALL("another open", flock(b, LOCK_EX | LOCK_NB));
	CALL("dup shares", flock(MUST(dup(a)), LOCK_EX | LOCK_NB));
	CALL("to shared", flock(a, LOCK_SH));
	CALL("shared too", flock(b, LOCK_SH | LOCK_NB));
	CALL("upgrade", flock(b, LOCK_EX | LOCK_NB));
	CALL("unlock", flock(a, LOCK_UN));
	CALL("bad op", flock(a, 77));
}
