/* SPDX-License-Identifier: MIT */
/*
 * vtfuzz SEED CALLS: that many calls with random arguments on virtual terminals, /dev/vcs and input
 * devices, by a child that is root and one that is nobody; then the keyboard's tables and the terminals are put
 * back as they were.  A child that its own calls kill is started again.
 */
#define _GNU_SOURCE
/* Before <linux/wait.h>, which <sys/wait.h> does not like. */
#include <sys/wait.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/input.h>
#include <linux/kd.h>
#include <linux/keyboard.h>
#include <linux/tiocl.h>
#include <linux/vt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <termios.h>
#include <unistd.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#ifndef TIOCLINUX
#define TIOCLINUX 0x541c
#endif
enum { BUFFER = 16384, MAPS = 256, KEYS = 256, STRINGS = 256, CODES = 256 };

static const char *const files[] = {
	"/dev/tty0", "/dev/tty1", "/dev/tty2", "/dev/tty7", "/dev/tty20", "/dev/tty63", "/dev/vcs", "/dev/vcsa",
	"/dev/vcsu", "/dev/vcsa1", "/dev/vcs20", "/dev/input/event0", "/dev/input/event1", "/dev/input/mice",
	"/dev/input/mouse0",
};
static const unsigned long commands[] = {
	KDGKBTYPE, KDSETMODE, KDGETMODE, KDGKBMODE, KDSKBMODE, KDGKBMETA, KDSKBMETA, KDGKBLED, KDSKBLED, KDGETLED,
	KDSETLED, KDGKBENT, KDSKBENT, KDGKBSENT, KDSKBSENT, KDGKBDIACR, KDSKBDIACR, KDGKBDIACRUC, KDSKBDIACRUC,
	KDGETKEYCODE, KDSETKEYCODE, KDSIGACCEPT, KDKBDREP, KDMKTONE, KIOCSOUND, KDADDIO, KDDELIO, KDENABIO, KDDISABIO,
	KDMAPDISP, KDUNMAPDISP, KDFONTOP, GIO_FONT, PIO_FONT, GIO_FONTX, PIO_FONTX, PIO_FONTRESET, GIO_CMAP, PIO_CMAP,
	GIO_SCRNMAP, PIO_SCRNMAP, GIO_UNISCRNMAP, PIO_UNISCRNMAP, GIO_UNIMAP, PIO_UNIMAP, PIO_UNIMAPCLR,
	VT_OPENQRY, VT_GETMODE, VT_SETMODE, VT_GETSTATE, VT_SENDSIG, VT_RELDISP, VT_ACTIVATE, VT_WAITACTIVE,
	VT_DISALLOCATE, VT_RESIZE, VT_RESIZEX, VT_LOCKSWITCH, VT_UNLOCKSWITCH, VT_GETHIFONTMASK, VT_WAITEVENT,
	VT_SETACTIVATE, TIOCLINUX, TIOCLINUX, TIOCLINUX, EVIOCGVERSION, EVIOCGID, EVIOCGREP, EVIOCSREP, EVIOCGKEYCODE,
	EVIOCSKEYCODE, EVIOCGKEYCODE_V2, EVIOCSKEYCODE_V2, EVIOCGRAB, EVIOCREVOKE, EVIOCGMASK, EVIOCSMASK,
	EVIOCSCLOCKID, EVIOCSFF, EVIOCRMFF, EVIOCGEFFECTS, EVIOCGNAME(64), EVIOCGPHYS(3), EVIOCGUNIQ(9), EVIOCGPROP(16),
	EVIOCGKEY(200), EVIOCGLED(5), EVIOCGSND(1), EVIOCGSW(0), EVIOCGBIT(0, 8), EVIOCGBIT(1, 300), EVIOCGBIT(31, 4),
	EVIOCGABS(0), EVIOCSABS(0), EVIOCGMTSLOTS(64),
};

static unsigned long long state;

static unsigned long next(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state >> 8;
}

static unsigned long below(unsigned long n)
{
	return next() % n;
}

/* Small numbers, edges, anything. */
static unsigned long number(void)
{
	static const unsigned long edges[] = { 0, 1, 2, 3, 4, 7, 8, 15, 16, 62, 63, 64, 65, 127, 128, 255, 256, 511, 512,
					       0x7f, 0x27e, 0x27f, 0x7fffffff, 0x80000000, 0xffffffff, -1UL };

	switch (below(4)) {
	case 0: return below(70);
	case 1: return edges[below(COUNT(edges))];
	case 2: return next() & 0xffff;
	default: return next() << 24 ^ next();
	}
}

static void fill(unsigned char *p)
{
	for (unsigned i = 0; i < 64; i++)
		p[i] = number();
	if (below(2))
		((unsigned *)p)[0] = number();
	if (below(2)) /* TIOCLINUX, and kb_cnt that is small enough */
		p[0] = below(20);
}

static void *argument(unsigned char *buffer)
{
	fill(buffer);
	switch (below(8)) {
	case 0: return (void *)number();
	case 1: return NULL;
	case 2: return buffer + BUFFER - below(70); /* runs into a page that is not there */
	default: return buffer;
	}
}

static void one(unsigned char *buffer, int *fds)
{
	unsigned i = below(COUNT(files));
	struct pollfd p = { fds[i], below(256), 0 };

	switch (below(16)) {
	case 0:
		close(fds[i]);
		fds[i] = open(files[i], O_RDWR | O_NOCTTY | O_NONBLOCK);
		return;
	case 1:
		fill(buffer);
		(void)!write(fds[i], below(8) ? buffer : argument(buffer), below(8) ? below(64) : number());
		return;
	case 2: (void)!read(fds[i], argument(buffer), number()); return;
	case 3: (void)!pread(fds[i], buffer, below(BUFFER), number()); return;
	case 4: (void)!pwrite(fds[i], buffer, below(BUFFER), number()); return;
	case 5: lseek(fds[i], number(), below(5)); return;
	case 6: poll(&p, 1, 0); return;
	default: break;
	}
	unsigned long command = commands[below(COUNT(commands))];
	if (!below(20)) /* numbers that are nobody's */
		command = (command & ~0xffUL) | below(256);
	if (below(3))
		ioctl(fds[i], command, argument(buffer));
	else
		ioctl(fds[i], command, number());
}

static void on_alarm(int sig)
{
}

static void child(unsigned calls, int nobody, int *progress)
{
	struct sigaction sa = { .sa_handler = on_alarm };
	struct itimerval t = { { 0, 20000 }, { 0, 20000 } };
	unsigned char *buffer = mmap(NULL, BUFFER + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fds[COUNT(files)];

	munmap(buffer + BUFFER, 4096);
	for (unsigned i = 0; i < COUNT(files); i++)
		fds[i] = open(files[i], O_RDWR | O_NOCTTY | O_NONBLOCK);
	sigaction(SIGALRM, &sa, NULL); /* ends what waits */
	setitimer(ITIMER_REAL, &t, NULL);
	if (nobody) {
		setgroups(0, NULL);
		if (setresgid(65534, 65534, 65534) || setresuid(65534, 65534, 65534))
			_exit(1);
	}
	for (; *progress < (int)calls; ++*progress)
		one(buffer, fds);
	_exit(0);
}

/* --- As it was before --- */

static unsigned short maps[MAPS][KEYS];
static struct kbsentry strings[STRINGS];
static struct kbdiacrsuc accents;
static unsigned codes[CODES];
static struct termios lines;
static struct winsize size;
static int tty;

static void open_tty(void)
{
	tty = open("/dev/tty1", O_RDWR | O_NOCTTY | O_NONBLOCK);
	if (tty < 0) {
		perror("/dev/tty1");
		exit(1);
	}
}

static void save(void)
{
	open_tty();
	tcgetattr(tty, &lines);
	ioctl(tty, TIOCGWINSZ, &size);
	for (int map = 0; map < MAPS; map++)
		for (int key = 0; key < KEYS; key++) {
			struct kbentry e = { map, key, 0 };
			ioctl(tty, KDGKBENT, &e);
			maps[map][key] = e.kb_value;
		}
	for (int i = 0; i < STRINGS; i++) {
		strings[i].kb_func = i;
		ioctl(tty, KDGKBSENT, &strings[i]);
	}
	ioctl(tty, KDGKBDIACRUC, &accents);
	for (unsigned i = 0; i < CODES; i++) {
		struct kbkeycode k = { i, 0 };
		codes[i] = ioctl(tty, KDGETKEYCODE, &k) == 0 ? k.keycode : 0;
	}
}

static void restore_map(int map)
{
	struct kbentry e = { map, 0, K_NOSUCHMAP };

	if (maps[map][0] == K_NOSUCHMAP) {
		ioctl(tty, KDSKBENT, &e);
		return;
	}
	for (int key = 1; key < KEYS; key++) {
		e = (struct kbentry){ map, key, maps[map][key] };
		if (ioctl(tty, KDSKBENT, &e) < 0)
			printf("map %d key %d value %#x: %s\n", map, key, maps[map][key], strerror(errno));
	}
}

static void restore(void)
{
	struct vt_mode automatic = { .mode = VT_AUTO };
	static const int numbers[] = { 1, 2, 7, 20, 63 };
	char name[16], no_log[2] = { TIOCL_SETKMSGREDIRECT, 0 }, light = TIOCL_UNBLANKSCREEN;

	close(tty);
	open_tty(); /* a call may have hung the old one up */
	ioctl(tty, VT_UNLOCKSWITCH, 0);
	for (unsigned i = 0; i < COUNT(numbers); i++) {
		snprintf(name, sizeof(name), "/dev/tty%d", numbers[i]);
		int fd = open(name, O_RDWR | O_NOCTTY | O_NONBLOCK);
		ioctl(fd, VT_SETMODE, &automatic);
		ioctl(fd, KDSETMODE, KD_TEXT);
		ioctl(fd, KDSKBMODE, K_UNICODE);
		ioctl(fd, KDSKBMETA, K_ESCPREFIX);
		ioctl(fd, KDSKBLED, 0);
		ioctl(fd, KDSETLED, 8);
		ioctl(fd, TCXONC, TCOON);
		ioctl(fd, TIOCSWINSZ, &size);
		tcsetattr(fd, TCSANOW, &lines);
		close(fd);
	}
	for (int map = 0; map < MAPS; map++)
		restore_map(map);
	for (int i = 0; i < STRINGS; i++)
		ioctl(tty, KDSKBSENT, &strings[i]);
	ioctl(tty, KDSKBDIACRUC, &accents);
	for (unsigned i = 0; i < CODES; i++) {
		struct kbkeycode k = { i, codes[i] };
		ioctl(tty, KDSETKEYCODE, &k);
	}
	ioctl(tty, KIOCSOUND, 0);
	ioctl(tty, TIOCLINUX, no_log);
	ioctl(tty, TIOCLINUX, &light); /* who made it dark by a call has to end that by one */
	ioctl(tty, VT_ACTIVATE, 1);
	ioctl(tty, VT_DISALLOCATE, 0);
}

int main(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	int *progress = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0), started = 0;
	unsigned calls = atoi(argv[2]);

	save();
	signal(SIGHUP, SIG_IGN);
	while (progress[0] < (int)calls || progress[1] < (int)calls) {
		for (int who = 0; who < 2; who++) {
			if (progress[who] >= (int)calls)
				continue;
			pid_t pid = fork();
			if (!pid) {
				setsid();
				state = strtoull(argv[1], NULL, 0) * 2654435761 + 88172645463325252ULL + who +
					(unsigned long long)progress[who] * 4;
				child(calls, who, &progress[who]);
			}
			progress[2 + who] = pid;
			progress[who]++; /* what killed it is not tried again */
			started++;
		}
		while (wait(NULL) > 0)
			;
	}
	restore();
	printf("%d + %d calls, %d processes\n", progress[0], progress[1], started);
	return 0;
}
