/* SPDX-License-Identifier: MIT */
/* What stands on a virtual terminal, as files: /dev/vcs, vcsa, vcsu. */
#include "../abi.h"
#include "vt.h"

static int fd;

static int open_vcs(const char *kind, int flags)
{
	char path[24];

	snprintf(path, sizeof(path), "/dev/%s%d", kind, VT_OURS);
	return open(path, flags);
}

static void show(const char *what, const unsigned char *p, int n)
{
	char text[128] = "";

	for (int i = 0; i < n; i++)
		sprintf(text + 3 * i, "%02x ", p[i]);
	say("%s: %s", what, text);
}

static void reading(void)
{
	unsigned char buf[64];
	unsigned codes[4];
	int text = MUST(open_vcs("vcs", O_RDWR)), attrs = MUST(open_vcs("vcsa", O_RDWR)),
	    unicode = MUST(open_vcs("vcsu", O_RDWR));

	static const char sample[] = "\033c\033[31;44mR\033[0;1mB\033[0;7mV\033[0m x\033[3;5H";
	MUST(write(fd, sample, sizeof(sample) - 1));
	CALL("text", pread(text, buf, 6, 0));
	show("text", buf, 6);
	CALL("attributes", pread(attrs, buf, 14, 0));
	show("cursor", buf + 2, 2);
	show("cells", buf + 4, 10);
	CALL("characters", pread(unicode, codes, 16, 0));
	say("%x %x %x %x", codes[0], codes[1], codes[2], codes[3]);
	CALL("not a character", pread(unicode, codes, 6, 0));
	CALL("not at a character", pread(unicode, codes, 4, 2));
	CALL("write characters", pwrite(unicode, codes, 4, 0));
	MUST(ioctl(fd, TIOCGWINSZ, buf));
	off_t cells = (off_t)((unsigned short *)buf)[0] * ((unsigned short *)buf)[1];
	YES("size", lseek(text, 0, SEEK_END) == cells);
	YES("size with attributes", lseek(attrs, 0, SEEK_END) == 2 * cells + 4);
	YES("size of characters", lseek(unicode, 0, SEEK_END) == 4 * cells);
	CALL("at the end", read(text, buf, 1));
	CALL("write at the end", write(text, "x", 1));
	CALL("behind the end", lseek(text, 1, SEEK_CUR));
	CALL("before the beginning", lseek(text, -1, SEEK_SET));
	YES("cut off", pread(text, buf, 10, cells - 3) == 3);
}

static void writing(void)
{
	unsigned char buf[16];
	int text = MUST(open_vcs("vcs", O_RDWR)), attrs = MUST(open_vcs("vcsa", O_RDWR));

	CALL("write", pwrite(text, "hello", 5, 0));
	CALL("read", pread(attrs, buf, 14, 0));
	show("cells", buf + 4, 10);
	CALL("write with attributes", pwrite(attrs, "A\x1f" "B\x70", 4, 4));
	CALL("read", pread(attrs, buf, 10, 4));
	show("cells", buf, 8);
	CALL("cursor", pwrite(attrs, "\x07\x02", 2, 2));
	MUST(write(fd, "Z", 1));
	CALL("read", pread(attrs, buf, 4, 0));
	show("cursor", buf + 2, 2);
	CALL("write behind", pwrite(text, "x", 1, 1000000));
	CALL("bad place", pread(text, bad_page(), 4, 0));
	CALL("bad source", pwrite(text, bad_page(), 4, 0));
}

static void polling(void)
{
	struct pollfd p = { MUST(open_vcs("vcsa", O_RDONLY)), POLLPRI, 0 };
	char byte;

	CALL("before a read", poll(&p, 1, 0));
	MUST(read(p.fd, &byte, 1));
	CALL("after it", poll(&p, 1, 0));
	MUST(write(fd, "x", 1));
	CALL("after a write", poll(&p, 1, 1000));
	YES("POLLPRI", p.revents == POLLPRI);
}

TEST
{
	fd = our_vt();
	reading();
	writing();
	polling();
	close(fd);
	ioctl(MUST(open_vt(1)), VT_DISALLOCATE, VT_OURS); /* Linux may still be busy closing it */
	CALL("beyond", open("/dev/vcs64", O_RDONLY));
}
