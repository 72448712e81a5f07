/* SPDX-License-Identifier: MIT */
/* utimensat and friends: exact times, NOW, OMIT, errors, who may. */

#include "../abi.h"

static void show(const char *p)
{
	struct stat st;
	lstat(p, &st);
	say("  %s: %ld.%09ld %ld.%09ld", p, st.st_atim.tv_sec, st.st_atim.tv_nsec,
	    st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
}

TEST
{
	struct timespec t[2] = { { 1000, 123456789 }, { 2000, 987654321 } };
	struct stat before, after;

	make_file("f", "x");
	MUST(symlink("f", "s"));
	CALL("utimensat", utimensat(AT_FDCWD, "f", t, 0));
	show("f");
	t[0].tv_nsec = UTIME_OMIT;
	t[1] = (struct timespec){ 3000, 5 };
	CALL("omit atime", utimensat(AT_FDCWD, "f", t, 0));
	show("f");
	stat("f", &before);
	t[0].tv_nsec = UTIME_NOW;
	t[1].tv_nsec = UTIME_OMIT;
	CALL("atime now", utimensat(AT_FDCWD, "f", t, 0));
	stat("f", &after);
	YES("atime moved", after.st_atime > 1000000000 || after.st_atime != before.st_atime);
	YES("mtime stayed", after.st_mtime == 3000);
	t[0] = (struct timespec){ 7, 7 };
	t[1] = (struct timespec){ 8, 8 };
	CALL("nofollow", utimensat(AT_FDCWD, "s", t, AT_SYMLINK_NOFOLLOW));
	show("s");
	YES("target not touched", (stat("f", &after), after.st_mtime == 3000));
	t[0].tv_nsec = 1000000000;
	CALL("bad nsec", utimensat(AT_FDCWD, "f", t, 0));
	t[0].tv_nsec = -1;
	CALL("negative nsec", utimensat(AT_FDCWD, "f", t, 0));
	t[0] = (struct timespec){ -5, 0 };
	CALL("before 1970", utimensat(AT_FDCWD, "f", t, 0));
	show("f");
	CALL("missing", utimensat(AT_FDCWD, "nope", t, 0));
	CALL("bad flags", utimensat(AT_FDCWD, "f", t, 0x4000));
	int fd = MUST(open("f", O_RDONLY));
	CALL("futimens", syscall(SYS_utimensat, fd, NULL, NULL, 0));
	CALL("null path with AT_FDCWD", syscall(SYS_utimensat, AT_FDCWD, NULL, NULL, 0));
	CALL("utimes", utimes("f", (struct timeval[]){ { 50, 60 }, { 70, 80 } }));
	show("f");
	CALL("utimes bad usec", syscall(SYS_utimes, "f", (struct timeval[]){ { 0, 1000000 }, { 0, 0 } }));
	CHILD("as nobody") {
		become_nobody();
		CALL("set", utimensat(AT_FDCWD, "f", t, 0));
		CALL("now", utimensat(AT_FDCWD, "f", NULL, 0));
		chmod("f", 0666);
	}
	MUST(chmod("f", 0666));
	CHILD("as nobody, writable") {
		become_nobody();
		CALL("set", utimensat(AT_FDCWD, "f", t, 0));
		CALL("now", utimensat(AT_FDCWD, "f", NULL, 0));
	}
}
