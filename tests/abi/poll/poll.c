/* SPDX-License-Identifier: MIT */
/* poll: what each kind of descriptor reports, timeouts, negative descriptors. */

#include "../abi.h"

static void show(const char *name, int fd, short want)
{
	struct pollfd p = { fd, want, 0x5555 };
	int n = poll(&p, 1, 0);
	say("%s: %d%s%s%s%s%s", name, n, p.revents & POLLIN ? " IN" : "", p.revents & POLLOUT ? " OUT" : "",
	    p.revents & POLLHUP ? " HUP" : "", p.revents & POLLERR ? " ERR" : "",
	    p.revents & POLLNVAL ? " NVAL" : "");
}

TEST
{
	int p[2], both = POLLIN | POLLOUT;
	static char fill[70000];

	make_file("f", "x");
	show("file", MUST(open("f", O_RDWR)), both);
	show("null", MUST(open("/dev/null", O_RDWR)), both);
	MUST(pipe2(p, O_NONBLOCK));
	show("empty pipe r", p[0], both);
	show("empty pipe w", p[1], both);
	MUST(write(p[1], "x", 1));
	show("full pipe r", p[0], both);
	show("no events asked", p[0], 0);
	while (write(p[1], fill, sizeof(fill)) > 0)
		;
	show("full pipe w", p[1], both);
	close(p[1]);
	show("writer gone, data", p[0], both);
	while (read(p[0], fill, sizeof(fill)) > 0)
		;
	show("writer gone", p[0], both);
	show("writer gone, nothing asked", p[0], 0);
	close(p[0]);
	show("closed", p[0], both);
	show("negative", -1, both);
	MUST(pipe(p));
	close(p[0]);
	show("reader gone", p[1], both);
	struct pollfd many[3] = { { p[1], POLLOUT, 0 }, { -1, POLLIN, 7 }, { 99, POLLIN, 0 } };
	CALL("counts", poll(many, 3, -1));
	say("ignored one: %d", many[1].revents);
	CALL("no descriptors", poll(NULL, 0, 0));
	int64_t t = now_ns();
	CALL("timeout", poll(NULL, 0, 50));
	t = now_ns() - t;
	YES("at least 50 ms", t >= 50000000);
	YES("under 5 s", t < 5000000000);
	CALL("bad pointer", syscall(SYS_poll, bad_page(), 1, 0));
	CALL("too many", syscall(SYS_poll, many, 1UL << 30, 0));
}
