/* SPDX-License-Identifier: MIT */
/* The line discipline flag by flag: what is echoed for some typing, and what is read. */

#include "../abi.h"
#include <sys/ioctl.h>
#include <termios.h>

#ifndef IUCLC
#define IUCLC 0001000
#define OLCUC 0000002
#endif
#ifndef XTABS
#define XTABS 0014000
#endif
#define UTF8_INPUT 0040000

static int master, slave;
static struct termios usual;

/* What a descriptor has to give now, escaped; a read a pair of brackets. */
static void show(const char *name, int fd, int reads)
{
	char buf[8192], out[900];
	int at = 0;

	for (int i = 0; i < reads; i++) {
		long n = read(fd, buf, sizeof(buf));
		if (n < 0) {
			at += sprintf(out + at, " %s", errname(errno));
			break;
		}
		if (n > 200) {
			at += sprintf(out + at, " %ld bytes ending in %d", n, buf[n - 1]);
			continue;
		}
		at += sprintf(out + at, " [");
		for (long k = 0; k < n && at < 800; k++) {
			unsigned char c = buf[k];
			at += sprintf(out + at, c < 32 || c > 126 || c == '[' ? "\\%o" : "%c", c);
		}
		at += sprintf(out + at, "]");
	}
	say("%s:%.*s", name, at, out);
}

/* The discipline may work a moment later, and the machine may be a busy emulator. */
static void settle(void)
{
	sleep_ms(60);
}

static void try_bytes(const char *name, const struct termios *t, const char *typed, size_t n)
{
	say("-- %s", name);
	ioctl(slave, TCFLSH, TCIOFLUSH);
	ioctl(master, TCFLSH, TCIOFLUSH);
	settle();
	MUST(ioctl(slave, TCSETS, t));
	MUST(write(master, typed, n));
	settle();
	show("echo", master, 2);
	show("read", slave, 3);
	MUST(ioctl(slave, TCSETS, &usual));
}

static void try(const char *name, const struct termios *t, const char *typed)
{
	try_bytes(name, t, typed, strlen(typed));
}

static struct termios changed;
#define WITH(field, set, clear) (changed = usual, changed.field &= ~(clear), changed.field |= (set), &changed)
#define LOCAL(set, clear) WITH(c_lflag, set, clear)
#define INPUT(set, clear) WITH(c_iflag, set, clear)
#define OUTPUT(set, clear) WITH(c_oflag, set, clear)

static void echo_and_editing(void)
{
	try("usual", &usual, "hello\r");
	try("erase past the start", &usual, "ab\177\177\177c\n");
	try("word erase with blanks", &usual, "one two-three  \027\027x\n");
	try("word erase of a whole line", &usual, "  word\027\027\n");
	try("kill", &usual, "abc\025\025d\n");
	try("control characters", &usual, "a\001b\033c\177\177\n");
	try("tabs", &usual, "a\tbc\t\177\177\177\177d\n");
	try("tab after a control character", &usual, "\001\t\177x\n");
	try("reprint", &usual, "ab\022c\n");
	try("literal next", &usual, "\026\003\026\n\026\026\177x\n");
	try("no ECHO", LOCAL(0, ECHO), "abc\177\n");
	try("ECHONL alone", LOCAL(ECHONL, ECHO), "abc\n");
	try("no ECHOE", LOCAL(0, ECHOE), "abc\177d\n");
	try("no ECHOK", LOCAL(0, ECHOK), "abc\025d\n");
	try("no ECHOKE", LOCAL(0, ECHOKE), "abc\025d\n");
	try("no ECHOCTL", LOCAL(0, ECHOCTL), "a\001b\177\177\177c\n");
	try("ECHOPRT", LOCAL(ECHOPRT, 0), "abc\177\177d\177\027e\n");
	try("no IEXTEN", LOCAL(0, IEXTEN), "ab\027c\026d\022\n");
	try("UTF-8", INPUT(UTF8_INPUT, 0), "a\303\274\342\202\254\177\177\177b\n");
	try("not canonical", LOCAL(0, ICANON), "a\rb\nc\004\177\025d");
	try("not canonical, lines as they come", ((void)INPUT(0, ICRNL), changed.c_lflag &= ~ICANON, &changed), "a\rb\nc");
	try("not canonical, INLCR", ((void)INPUT(INLCR, 0), changed.c_lflag &= ~ICANON, &changed), "a\rb\nc");
	try("UTF-8 not declared", &usual, "\303\274\177b\n");
}

static void input_flags(void)
{
	try("INLCR", INPUT(INLCR, ICRNL), "a\nb\rc\n");
	try("IGNCR", INPUT(IGNCR, 0), "a\rb\n");
	try("no ICRNL", INPUT(0, ICRNL), "a\rb\n");
	try("ISTRIP", INPUT(ISTRIP, 0), "\341b\n");
	try("IUCLC", INPUT(IUCLC, 0), "ABc\n");
	try("PARMRK", INPUT(PARMRK, 0), "a\377b\n");
	try("no ISIG", LOCAL(0, ISIG), "a\003\034\032b\n");
	try("ISIG with flush", &usual, "lost\003kept\n");
	try("ISIG with NOFLSH", LOCAL(NOFLSH, 0), "one\003two\n");
	try("no IXON", INPUT(0, IXON), "a\023b\021\n");
	try("stop and start", &usual, "a\023b\021c\n");
	try("IXANY", INPUT(IXANY, 0), "a\023bc\n");
}

static void output_flags(void)
{
	try("XTABS", OUTPUT(XTABS, 0), "a\tb\n");
	try("no OPOST", OUTPUT(0, OPOST), "a\tb\n");
	try("no ONLCR", OUTPUT(0, ONLCR), "ab\nc\177\n");
	try("OLCUC", OUTPUT(OLCUC, 0), "abC\n");
	try("OCRNL", WITH(c_oflag, OCRNL, ONLCR), "\026\rx\n");
	struct termios t = *OUTPUT(ONOCR | XTABS, 0);
	MUST(ioctl(slave, TCSETS, &t));
	const char *text = "\r\ra\r\r12345678\t|\b\b\t|\n";
	MUST(write(slave, text, strlen(text)));
	settle();
	show("ONOCR, XTABS", master, 1);
	MUST(ioctl(slave, TCSETS, &usual));
}

static void lines(void)
{
	struct termios t = usual;
	static char big[6000];

	try("two lines and a half", &usual, "one\ntwo\nthr");
	try("end of file", &usual, "\004");
	try("end of file behind text", &usual, "ab\004\004cd\n");
	t.c_cc[VEOL] = ';';
	t.c_cc[VEOL2] = '!';
	try("EOL and EOL2", &t, "a;b!c\n");
	t = usual;
	t.c_cc[VINTR] = 0;
	t.c_cc[VEOF] = 'x';
	try("other characters", &t, "ab\003x");
	memset(big, 'y', sizeof(big));
	big[5998] = '\n';
	big[5999] = 'z';
	try_bytes("a line too long", LOCAL(0, ECHO), big, 6000);
	ioctl(slave, TCFLSH, TCIFLUSH);
	memset(big, 'y', sizeof(big));
	try_bytes("raw overflow", LOCAL(0, ECHO | ICANON), big, 6000);
}

static void modes(void)
{
	struct termios raw = *LOCAL(0, ICANON | ECHO | ISIG);
	int n;

	ioctl(slave, TCFLSH, TCIOFLUSH);
	MUST(write(master, "ab\ncd", 5));
	settle();
	CALL("FIONREAD, canonical", ioctl(slave, FIONREAD, &n));
	say("bytes %d", n);
	MUST(ioctl(slave, TCSETS, &raw));
	CALL("FIONREAD, raw", ioctl(slave, FIONREAD, &n));
	say("bytes %d", n);
	show("after going raw", slave, 2);
	MUST(write(master, "ef", 2));
	settle();
	MUST(ioctl(slave, TCSETS, &usual));
	show("after going back", slave, 2);
	raw.c_cc[VMIN] = 0;
	raw.c_cc[VTIME] = 0;
	MUST(ioctl(slave, TCSETS, &raw));
	show("min 0 time 0", slave, 1);
	raw.c_cc[VMIN] = 3;
	MUST(ioctl(slave, TCSETS, &raw));
	MUST(write(master, "ab", 2));
	settle();
	struct pollfd p = { .fd = slave, .events = POLLIN | POLLOUT };
	CALL("poll with 2 of 3", poll(&p, 1, 0));
	say("events %x", p.revents);
	MUST(write(master, "c", 1));
	settle();
	CALL("poll with 3 of 3", poll(&p, 1, 0));
	say("events %x", p.revents);
	show("min 3", slave, 2);
	MUST(ioctl(slave, TCSETS, &usual));
}

static void calls(void)
{
	int n = 7;

	CALL("TIOCOUTQ", ioctl(slave, TIOCOUTQ, &n));
	CALL("TIOCGETD", ioctl(slave, TIOCGETD, &n));
	say("discipline %d", n);
	CALL("TIOCEXCL", ioctl(slave, TIOCEXCL));
	CALL("TIOCNXCL", ioctl(slave, TIOCNXCL));
	CALL("TCFLSH of what", ioctl(slave, TCFLSH, 9));
	CALL("TCXONC of what", ioctl(slave, TCXONC, 9));
	CALL("TCOOFF", ioctl(slave, TCXONC, TCOOFF));
	fcntl(slave, F_SETFL, O_RDWR | O_NONBLOCK);
	CALL("write while off", write(slave, "x", 1));
	CALL("TCOON", ioctl(slave, TCXONC, TCOON));
	CALL("write while on", write(slave, "x", 1));
	CALL("unknown", ioctl(slave, 0x54ff, &n));
	CALL("seek", lseek(slave, 0, SEEK_CUR));
	CALL("bad pointer", ioctl(slave, TCGETS, bad_page()));
	settle();
	show("left over", master, 1);
	CALL("TIOCPKT", (n = 1, ioctl(master, TIOCPKT, &n)));
	show("packet", master, 1);
	MUST(write(slave, "y", 1));
	settle();
	show("packet", master, 1);
	CALL("off again", (n = 0, ioctl(master, TIOCPKT, &n)));
}

TEST
{
	int n, unlock = 0;
	char name[32];

	master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK);
	if (master < 0 || ioctl(master, TIOCGPTN, &n) < 0)
		skip("no pseudo-terminals: %s", errname(errno));
	MUST(ioctl(master, TIOCSPTLCK, &unlock));
	sprintf(name, "/dev/pts/%d", n);
	slave = open(name, O_RDWR | O_NOCTTY | O_NONBLOCK);
	if (slave < 0)
		skip("no slave: %s", errname(errno));
	MUST(ioctl(slave, TCGETS, &usual));
	echo_and_editing();
	input_flags();
	output_flags();
	lines();
	modes();
	calls();
	close(master);
	CALL("read after the master went", read(slave, name, 1));
	CALL("write", write(slave, "x", 1));
	CALL("ioctl", ioctl(slave, TCGETS, &usual));
	struct pollfd p = { .fd = slave, .events = POLLIN | POLLOUT };
	CALL("poll", poll(&p, 1, 0));
	say("events %x", p.revents);
}
