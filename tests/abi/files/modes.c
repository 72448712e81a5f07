/* SPDX-License-Identifier: MIT */
/* chmod, fchmod, umask and access for root and for another user. */

#include "../abi.h"

static long mode_of(const char *p)
{
	struct stat st;
	return stat(p, &st) == 0 ? (long)(st.st_mode & 07777) : -1;
}

TEST
{
	make_file("f", "x");
	say("mode %lo", mode_of("f"));
	CALL("chmod", chmod("f", 04751));
	say("mode %lo", mode_of("f"));
	int fd = MUST(open("f", O_RDWR));
	CALL("fchmod", fchmod(fd, 0600));
	say("mode %lo", mode_of("f"));
	CALL("chmod missing", chmod("nope", 0));
	CALL("high bits ignored", chmod("f", 0170644));
	say("mode %lo", mode_of("f"));
	say("umask was %o", umask(077));
	make_file("g", "");
	say("mode %lo", mode_of("g"));
	say("umask keeps 9 bits %o %o", umask(07777), umask(022));
	CALL("root reads anything", (chmod("f", 0), access("f", R_OK | W_OK)));
	CALL("root cannot execute mode 0", access("f", X_OK));
	CALL("access bad mode", access("f", 8));
	chmod("f", 0604);
	CHILD("as nobody") {
		become_nobody();
		CALL("read", access("f", R_OK));
		CALL("write", access("f", W_OK));
		CALL("exec", access("f", X_OK));
		CALL("open read", open("f", O_RDONLY) >= 0 ? 0 : -1);
		CALL("open write", open("f", O_WRONLY));
		CALL("open trunc", open("f", O_RDONLY | O_TRUNC));
		CALL("chmod", chmod("f", 0777));
		CALL("create here", open("new", O_RDWR | O_CREAT, 0644));
		CALL("unlink", unlink("f"));
		CALL("mkdir", mkdir("nd", 0755));
		CALL("rename", rename("f", "h"));
	}
	MUST(mkdir("d", 0700));
	make_file("d/in", "");
	CHILD("search permission") {
		become_nobody();
		CALL("stat inside", access("d/in", F_OK));
		CALL("open directory", open("d", O_RDONLY));
		CALL("chdir", chdir("d"));
	}
	chmod("d", 0711);
	CHILD("x only") {
		become_nobody();
		CALL("stat inside", access("d/in", F_OK));
		CALL("open directory", open("d", O_RDONLY));
		CALL("chdir", chdir("d"));
	}
	MUST(mkdir("t", 01777));
	chmod("t", 01777);
	make_file("t/mine", "");
	CHILD("sticky") {
		become_nobody();
		CALL("unlink another's", unlink("t/mine"));
		make_file("t/own", "");
		CALL("unlink own", unlink("t/own"));
	}
}
