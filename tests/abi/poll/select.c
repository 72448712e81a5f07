/* SPDX-License-Identifier: MIT */
/* select: sets in and out, closed descriptors, limits, timeouts. */

#include "../abi.h"
#include <sys/select.h>

TEST
{
	int p[2], q[2];
	fd_set r, w, e;
	struct timeval zero = { 0, 0 }, bad = { -1, 0 }, t50 = { 0, 50000 };

	MUST(pipe(p));
	MUST(pipe(q));
	MUST(write(q[1], "x", 1));
	FD_ZERO(&r);
	FD_ZERO(&w);
	FD_ZERO(&e);
	FD_SET(p[0], &r);
	FD_SET(q[0], &r);
	FD_SET(p[1], &w);
	FD_SET(p[0], &e);
	CALL("ready", syscall(SYS_select, 64, &r, &w, &e, &zero));
	say("r p %d q %d w %d e %d", !!FD_ISSET(p[0], &r), !!FD_ISSET(q[0], &r), !!FD_ISSET(p[1], &w),
	    !!FD_ISSET(p[0], &e));
	FD_ZERO(&r);
	FD_SET(50, &r);
	CALL("closed descriptor", syscall(SYS_select, 64, &r, NULL, NULL, &zero));
	FD_ZERO(&r);
	FD_SET(p[0], &r);
	CALL("nfds cuts it off", syscall(SYS_select, p[0], &r, NULL, NULL, &zero));
	CALL("negative nfds", syscall(SYS_select, -1, &r, NULL, NULL, &zero));
	CALL("negative time", syscall(SYS_select, 0, NULL, NULL, NULL, &bad));
	int64_t t = now_ns();
	CALL("timeout", syscall(SYS_select, 0, NULL, NULL, NULL, &t50));
	YES("slept", now_ns() - t >= 50000000);
	say("left %ld.%ld", (long)t50.tv_sec, (long)t50.tv_usec);
	CALL("bad set", syscall(SYS_select, 64, bad_page(), NULL, NULL, &zero));
	FD_ZERO(&r);
	FD_SET(p[0], &r);
	t50.tv_usec = 20000;
	CALL("timeout clears the set", syscall(SYS_select, 64, &r, NULL, NULL, &t50));
	YES("cleared", !FD_ISSET(p[0], &r));
	close(q[1]);
	FD_SET(q[0], &r);
	FD_ZERO(&w);
	CALL("hangup is readable", syscall(SYS_select, 64, &r, NULL, NULL, &zero));
	close(p[0]);
	FD_SET(p[1], &w);
	CALL("broken pipe is writable", syscall(SYS_select, 64, NULL, &w, NULL, &zero));
}
