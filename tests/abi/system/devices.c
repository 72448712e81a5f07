/* SPDX-License-Identifier: MIT */
/* /dev/null, zero, full: read, write, seek, poll, mmap. */

#include "../abi.h"

TEST
{
	char buf[64];
	static const char *const names[] = { "/dev/null", "/dev/zero", "/dev/full" };

	for (int i = 0; i < 3; i++) {
		say("%s", names[i]);
		int fd = MUST(open(names[i], O_RDWR));
		memset(buf, 'x', sizeof(buf));
		CALL("  read", read(fd, buf, 64));
		say("  bytes %d %d", buf[0], buf[63]);
		CALL("  write", write(fd, buf, 64));
		CALL("  write 0", write(fd, buf, 0));
		CALL("  lseek", lseek(fd, 12345, SEEK_SET));
		CALL("  pread", pread(fd, buf, 10, 1L << 40));
		CALL("  ftruncate", ftruncate(fd, 0));
		CALL("  ioctl", syscall(SYS_ioctl, fd, 0x5401, buf));
		CALL("  fsync", fsync(fd));
		CALL("  read bad pointer", read(fd, bad_page(), 10));
		CALL("  open O_TRUNC", open(names[i], O_WRONLY | O_TRUNC | O_CREAT, 0644) < 0);
	}
	int z = MUST(open("/dev/zero", O_RDWR));
	char *p = MUST(mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, z, 0));
	say("private zero %d", p[PAGE]);
	p[0] = 1;
	char *q = MUST(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, z, 0));
	CHILD("shared zero is shared memory") q[0] = 42;
	say("value %d", q[0]);
	CALL("mmap null", syscall(SYS_mmap, NULL, PAGE, PROT_READ, MAP_PRIVATE, open("/dev/null", O_RDWR), 0));
	CHILD("exec of a device") {
		CALL("exec", execl("/dev/null", "null", NULL));
	}
}
