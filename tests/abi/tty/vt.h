/* SPDX-License-Identifier: MIT */
/* For tests of virtual terminals: one that nobody else uses, and one test at a time on this machine. */
#include <linux/kd.h>
#include <linux/keyboard.h>
#include <linux/tiocl.h>
#include <linux/vt.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#ifndef TIOCLINUX
#define TIOCLINUX 0x541c
#endif

enum { VT_OURS = 41, VT_OTHER = 42 };

MAYBE int open_vt(int number)
{
	char path[24];

	snprintf(path, sizeof(path), "/dev/tty%d", number);
	return open(path, O_RDWR | O_NOCTTY | O_NONBLOCK);
}

/* Skips the test where there are no virtual terminals. The lock goes with the process. */
MAYBE int our_vt(void)
{
	int fd = open_vt(VT_OURS), all = open("/dev/tty0", O_RDWR | O_NOCTTY);
	char type;

	if (fd < 0 || all < 0 || ioctl(fd, KDGKBTYPE, &type) < 0)
		skip("no virtual terminals");
	MUST(flock(all, LOCK_EX));
	return fd;
}
