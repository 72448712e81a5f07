/* SPDX-License-Identifier: MIT */
/* inotify: create, write, rename, delete events and their names. */

#include "../abi.h"
#include <sys/inotify.h>

static void drain(int fd)
{
	char buf[4096] __attribute__((aligned(8)));
	long n = read(fd, buf, sizeof(buf));

	if (n < 0)
		say("  none: %s", errname(errno));
	for (long at = 0; at < n;) {
		struct inotify_event *e = (void *)(buf + at);
		say("  %#x %s cookie %d", e->mask, e->len ? e->name : "-", e->cookie != 0);
		at += sizeof(*e) + e->len;
	}
}

TEST
{
	NEED(inotify_init1);
	MUST(mkdir("d", 0755));
	int fd = MUST(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
	int w = MUST(inotify_add_watch(fd, "d", IN_CREATE | IN_MODIFY | IN_DELETE | IN_MOVE | IN_DELETE_SELF));
	drain(fd);
	make_file("d/f", "x");
	drain(fd);
	rename("d/f", "d/g");
	drain(fd);
	mkdir("d/sub", 0755);
	unlink("d/g");
	rmdir("d/sub");
	drain(fd);
	CALL("same watch", inotify_add_watch(fd, "d", IN_CREATE) == w);
	CALL("rm", inotify_rm_watch(fd, w));
	drain(fd);
	CALL("rm twice", inotify_rm_watch(fd, w));
	CALL("missing", inotify_add_watch(fd, "nope", IN_CREATE));
	CALL("bad flags", inotify_init1(1));
	CALL("not inotify", inotify_add_watch(1, "d", IN_CREATE));
}
