/* SPDX-License-Identifier: MIT */
/* chroot: the new root holds .. back; only root may. */

#include "../abi.h"

TEST
{
	MUST(mkdir("r", 0755));
	make_file("r/inside", "x");
	make_file("outside", "x");
	MUST(symlink("/inside", "r/link"));
	CALL("not a directory", chroot("outside"));
	CALL("missing", chroot("nope"));
	CHILD("in it") {
		char buf[PATH_MAX]; /* the host shows the whole way from its own root */
		CALL("chroot", chroot("r"));
		CALL("absolute", access("/inside", F_OK));
		CALL("absolute link", access("/link", F_OK));
		CALL("the old cwd is outside", access("outside", F_OK));
		long n = syscall(SYS_getcwd, buf, sizeof(buf));
		say("unreachable cwd: %s", n > 0 && !strncmp(buf, "(unreachable)", 13) ? "marked" : "other");
		CALL("chdir /", chdir("/"));
		CALL("dotdot stays", access("../inside", F_OK));
		CALL("dotdot twice", access("../../../inside", F_OK));
		getcwd(buf, sizeof(buf));
		say("cwd %s", buf);
	}
	CHILD("as nobody") {
		become_nobody();
		CALL("chroot", chroot("r"));
	}
}
