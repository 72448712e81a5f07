/* SPDX-License-Identifier: MIT */
/* What is not a terminal says ENOTTY; a session without one has no /dev/tty. */

#include "../abi.h"
#include <sys/ioctl.h>
#include <termios.h>

TEST
{
	struct termios t;
	struct winsize w;
	int p[2], n, pgrp;

	make_file("f", "abc");
	int fd = MUST(open("f", O_RDONLY));
	MUST(pipe(p));
	CALL("isatty", isatty(fd));
	CALL("TCGETS file", ioctl(fd, TCGETS, &t));
	CALL("TCGETS pipe", ioctl(p[0], TCGETS, &t));
	CALL("TIOCGWINSZ", ioctl(fd, TIOCGWINSZ, &w));
	CALL("TIOCGPGRP", ioctl(fd, TIOCGPGRP, &pgrp));
	CALL("TIOCSCTTY", ioctl(fd, TIOCSCTTY, 0));
	CALL("TIOCNOTTY", ioctl(fd, TIOCNOTTY, 0));
	CALL("FIONREAD pipe", ioctl(p[0], FIONREAD, &n));
	say("bytes %d", n);
	MUST(write(p[1], "hello", 5));
	CALL("FIONREAD pipe", ioctl(p[0], FIONREAD, &n));
	say("bytes %d", n);
	CALL("FIONREAD file", ioctl(fd, FIONREAD, &n));
	say("bytes %d", n);
	n = 1;
	CALL("FIONBIO", ioctl(p[0], FIONBIO, &n));
	YES("non-blocking", fcntl(p[0], F_GETFL) & O_NONBLOCK);
	CALL("FIOCLEX", ioctl(p[0], FIOCLEX));
	CALL("flag", fcntl(p[0], F_GETFD));
	CALL("/dev/tty without one", open("/dev/tty", O_RDWR));
	CALL("bad fd", ioctl(99, TCGETS, &t));
}
