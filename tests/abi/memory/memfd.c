/* SPDX-License-Identifier: MIT */
/* memfd_create: size, mapping, sealing, flags. */

#include "../abi.h"

TEST
{
	int fd = MUST(memfd_create("name", MFD_CLOEXEC | MFD_ALLOW_SEALING));
	struct stat st;
	char buf[64], target[100] = "";

	CALL("cloexec", fcntl(fd, F_GETFD));
	fstat(fd, &st);
	say("mode %o size %ld links %ld", st.st_mode, (long)st.st_size, (long)st.st_nlink);
	sprintf(buf, "/proc/self/fd/%d", fd);
	readlink(buf, target, 99);
	say("link %s", target);
	CALL("write", write(fd, "data", 4));
	CALL("truncate", ftruncate(fd, PAGE));
	char *p = MUST(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
	say("mapped %.4s", p);
	CALL("seals", fcntl(fd, F_GET_SEALS));
	CALL("seal shrink", fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK));
	CALL("shrink", ftruncate(fd, 10));
	CALL("grow", ftruncate(fd, 2 * PAGE));
	CALL("seal grow", fcntl(fd, F_ADD_SEALS, F_SEAL_GROW));
	CALL("grow", ftruncate(fd, 3 * PAGE));
	CALL("write past the end", pwrite(fd, "x", 1, 2 * PAGE));
	CALL("seal write while mapped", fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	munmap(p, PAGE);
	CALL("seal write", fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	CALL("write", pwrite(fd, "x", 1, 0));
	CALL("map writable", syscall(SYS_mmap, NULL, PAGE, PROT_WRITE, MAP_SHARED, fd, 0));
	CALL("seal seal", fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL));
	CALL("no more seals", fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	CALL("seals", fcntl(fd, F_GET_SEALS));
	fd = MUST(memfd_create("", 0));
	CALL("not sealable", fcntl(fd, F_ADD_SEALS, F_SEAL_GROW));
	CALL("seals", fcntl(fd, F_GET_SEALS));
	CALL("bad flags", memfd_create("x", 0x1000));
	static char longname[300];
	memset(longname, 'n', 299);
	CALL("long name", memfd_create(longname, 0));
	CALL("bad name", syscall(SYS_memfd_create, bad_page(), 0));
}
