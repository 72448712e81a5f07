/* SPDX-License-Identifier: MIT */
/* stat, lstat, fstat: the fields that do not vary; times that move. */

#include "../abi.h"
#include <sys/sysmacros.h>

TEST
{
	struct stat st, other;

	make_file("f", "0123456789");
	CALL("stat", stat("f", &st));
	say("mode %o links %ld uid %d gid %d size %ld blksize %ld", st.st_mode, (long)st.st_nlink,
	    st.st_uid, st.st_gid, (long)st.st_size, (long)st.st_blksize);
	YES("blocks cover it", st.st_blocks >= 0 && st.st_blocks <= 8);
	MUST(symlink("f", "s"));
	CALL("stat follows", stat("s", &other));
	YES("same inode", st.st_ino == other.st_ino && st.st_dev == other.st_dev);
	CALL("lstat", lstat("s", &other));
	say("link mode %o size %ld", other.st_mode, (long)other.st_size);
	CALL("fstat", fstat(MUST(open("f", O_RDONLY)), &other));
	YES("same inode", st.st_ino == other.st_ino);
	CALL("fstat bad", fstat(99, &other));
	CALL("missing", stat("nope", &other));
	CALL("bad buffer", syscall(SYS_stat, "f", bad_page()));
	CALL("bad path", syscall(SYS_stat, bad_page(), &other));
	CALL("null dev", stat("/dev/null", &other));
	say("null %o %d:%d", other.st_mode & S_IFMT, major(other.st_rdev), minor(other.st_rdev));
	int p[2];
	MUST(pipe(p));
	fstat(p[0], &other);
	say("pipe %o size %ld", other.st_mode & S_IFMT, (long)other.st_size);
	sleep_ms(30);
	stat("f", &st);
	int fd = MUST(open("f", O_RDWR));
	MUST(write(fd, "x", 1));
	stat("f", &other);
	YES("write moves mtime", other.st_mtim.tv_sec > st.st_mtim.tv_sec ||
	    other.st_mtim.tv_nsec > st.st_mtim.tv_nsec);
	YES("and ctime", other.st_ctim.tv_sec > st.st_ctim.tv_sec ||
	    other.st_ctim.tv_nsec > st.st_ctim.tv_nsec);
	sleep_ms(30);
	chmod("f", 0600);
	struct stat last;
	stat("f", &last);
	YES("chmod moves ctime alone", last.st_mtim.tv_nsec == other.st_mtim.tv_nsec &&
	    (last.st_ctim.tv_sec > other.st_ctim.tv_sec || last.st_ctim.tv_nsec > other.st_ctim.tv_nsec));
	stat(".", &st);
	sleep_ms(30);
	make_file("new", "");
	stat(".", &other);
	YES("creation moves the directory's mtime", other.st_mtim.tv_sec > st.st_mtim.tv_sec ||
	    other.st_mtim.tv_nsec > st.st_mtim.tv_nsec);
}
