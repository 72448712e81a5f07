/* SPDX-License-Identifier: MIT */
/* Switching between virtual terminals: who is asked, who may, what is told; giving terminals up. */
#include "../abi.h"
#include "vt.h"

static int fd;
static volatile int released, acquired;

static int active(void)
{
	struct vt_stat s = { 0 };

	MUST(ioctl(fd, VT_GETSTATE, &s));
	return s.v_active;
}

static void on_release(int sig)
{
	released++;
}

static void on_acquire(int sig)
{
	acquired++;
}

static bool await(volatile int *what, int value)
{
	for (int i = 0; i < 500 && *what != value; i++)
		sleep_ms(10);
	return *what == value;
}

static bool await_active(int number)
{
	for (int i = 0; i < 500 && active() != number; i++)
		sleep_ms(10);
	return active() == number;
}

static void modes(void)
{
	struct vt_mode m;

	CALL("mode", ioctl(fd, VT_GETMODE, &m));
	say("%d %d %d %d %d", m.mode, m.waitv, m.relsig, m.acqsig, m.frsig);
	for (int i = 0; i < 4; i++) {
		m = (struct vt_mode){ .mode = i, .waitv = 1, .relsig = 10, .acqsig = 12, .frsig = 14 };
		CALL("set mode", ioctl(fd, VT_SETMODE, &m));
		CALL("mode", ioctl(fd, VT_GETMODE, &m));
		say("%d %d %d %d %d", m.mode, m.waitv, m.relsig, m.acqsig, m.frsig);
	}
	m = (struct vt_mode){ .mode = VT_AUTO };
	CALL("auto", ioctl(fd, VT_SETMODE, &m));
	CALL("nothing to release", ioctl(fd, VT_RELDISP, 1));
	CALL("nothing acquired", ioctl(fd, VT_RELDISP, VT_ACKACQ));
	CALL("bad place", ioctl(fd, VT_SETMODE, bad_page()));
	CALL("bad place", ioctl(fd, VT_GETMODE, bad_page()));
	CALL("bad place", ioctl(fd, VT_GETSTATE, bad_page()));
	CALL("bad place", ioctl(fd, VT_OPENQRY, bad_page()));
}

static void graphics(void)
{
	int mode;

	for (int i = -1; i < 5; i++) {
		CALL("set graphics", ioctl(fd, KDSETMODE, i));
		CALL("graphics", ioctl(fd, KDGETMODE, &mode));
		say("%d", mode);
	}
	ioctl(fd, KDSETMODE, KD_TEXT);
}

static void switching(void)
{
	int before = active();

	CALL("to none", ioctl(fd, VT_ACTIVATE, 0));
	CALL("too far", ioctl(fd, VT_ACTIVATE, 64));
	CALL("wait for none", ioctl(fd, VT_WAITACTIVE, 0));
	CALL("wait too far", ioctl(fd, VT_WAITACTIVE, 64));
	CALL("here", ioctl(fd, VT_ACTIVATE, VT_OURS));
	CALL("wait", ioctl(fd, VT_WAITACTIVE, VT_OURS));
	YES("active", active() == VT_OURS);
	YES("in /sys", atoi(strpbrk(file_text("/sys/class/tty/tty0/active"), "0123456789") ?: "0") == VT_OURS);
	/* A program that draws in VT_AUTO is not left. */
	CALL("graphics", ioctl(fd, KDSETMODE, KD_GRAPHICS));
	CALL("away", ioctl(fd, VT_ACTIVATE, before));
	sleep_ms(100);
	YES("still here", active() == VT_OURS);
	CALL("text", ioctl(fd, KDSETMODE, KD_TEXT));
	CALL("away", ioctl(fd, VT_ACTIVATE, before));
	YES("there", await_active(before));
	/* What is not there yet is made. */
	CALL("another", ioctl(fd, VT_ACTIVATE, VT_OTHER));
	YES("there", await_active(VT_OTHER));
	CALL("busy", ioctl(fd, VT_DISALLOCATE, VT_OTHER));
	CALL("back", ioctl(fd, VT_ACTIVATE, before));
	YES("there", await_active(before));
	CALL("given up", ioctl(fd, VT_DISALLOCATE, VT_OTHER));
	CALL("open", ioctl(fd, VT_DISALLOCATE, VT_OURS));
	CALL("too far", ioctl(fd, VT_DISALLOCATE, 64));
}

static void owner(void)
{
	struct vt_mode m = { .mode = VT_PROCESS, .relsig = SIGUSR1, .acqsig = SIGUSR2 };
	int before = active();

	on_signal(SIGUSR1, on_release, SA_RESTART);
	on_signal(SIGUSR2, on_acquire, SA_RESTART);
	CALL("own", ioctl(fd, VT_SETMODE, &m));
	CALL("here", ioctl(fd, VT_ACTIVATE, VT_OURS));
	YES("here", await_active(VT_OURS));
	YES("told", await(&acquired, 1));
	CALL("acknowledge", ioctl(fd, VT_RELDISP, VT_ACKACQ));
	CALL("graphics", ioctl(fd, KDSETMODE, KD_GRAPHICS));
	CALL("away", ioctl(fd, VT_ACTIVATE, before));
	YES("asked", await(&released, 1));
	YES("still here", active() == VT_OURS);
	CALL("no", ioctl(fd, VT_RELDISP, 0));
	CALL("no question", ioctl(fd, VT_RELDISP, 1));
	CALL("away", ioctl(fd, VT_ACTIVATE, before));
	YES("asked again", await(&released, 2));
	CALL("yes", ioctl(fd, VT_RELDISP, 1));
	YES("there", await_active(before));
	CALL("here", ioctl(fd, VT_ACTIVATE, VT_OURS));
	YES("told again", await(&acquired, 2));
	CALL("acknowledge", ioctl(fd, VT_RELDISP, VT_ACKACQ));
	CALL("text", ioctl(fd, KDSETMODE, KD_TEXT));
	m.mode = VT_AUTO;
	CALL("auto", ioctl(fd, VT_SETMODE, &m));
	CALL("away", ioctl(fd, VT_ACTIVATE, before));
	YES("there", await_active(before));
	YES("not asked", released == 2);
}

/* One that dies leaves no terminal that cannot be left. */
static void dead_owner(void)
{
	int before = active(), mode;
	struct vt_mode m = { .mode = VT_PROCESS, .relsig = SIGUSR1, .acqsig = SIGUSR2 };

	CHILD("owner") {
		signal(SIGUSR1, SIG_IGN);
		signal(SIGUSR2, SIG_IGN);
		struct vt_setactivate s = { .console = VT_OURS, .mode = m };
		CALL("own and show", ioctl(fd, VT_SETACTIVATE, &s));
		YES("here", await_active(VT_OURS));
		ioctl(fd, KDSETMODE, KD_GRAPHICS);
		ioctl(fd, VT_ACTIVATE, before);
		sleep_ms(50);
		YES("not left", active() == VT_OURS);
	}
	CALL("away", ioctl(fd, VT_ACTIVATE, before));
	YES("there", await_active(before));
	CALL("mode", ioctl(fd, VT_GETMODE, &m));
	CALL("graphics", ioctl(fd, KDGETMODE, &mode));
	say("%d %d", m.mode, mode);
}

static void events(void)
{
	struct vt_event e = { .event = 16 };
	int before = active();

	CALL("unknown event", ioctl(fd, VT_WAITEVENT, &e));
	CALL("bad place", ioctl(fd, VT_WAITEVENT, bad_page()));
	pid_t pid = child_start();
	if (!pid) {
		e.event = VT_EVENT_SWITCH;
		CALL("event", ioctl(fd, VT_WAITEVENT, &e));
		say("%u %d %d", e.event, e.oldev == (unsigned)before, e.newev == VT_OURS);
		_exit(0);
	}
	await_state(pid, 'S');
	sleep_ms(50);
	ioctl(fd, VT_ACTIVATE, VT_OURS);
	child_end("waiter", pid);
	ioctl(fd, VT_ACTIVATE, before);
	await_active(before);
	on_signal(SIGALRM, on_release, 0);
	struct itimerval t = { .it_value.tv_usec = 50000 };
	setitimer(ITIMER_REAL, &t, NULL);
	e.event = VT_EVENT_BLANK;
	CALL("interrupted", ioctl(fd, VT_WAITEVENT, &e));
	setitimer(ITIMER_REAL, &t, NULL);
	CALL("interrupted", ioctl(fd, VT_WAITACTIVE, VT_OURS));
}

static void tioclinux(void)
{
	static const int queries[] = { TIOCL_GETSHIFTSTATE, TIOCL_GETMOUSEREPORTING, TIOCL_GETKMSGREDIRECT };
	unsigned char buf[64];

	for (unsigned i = 0; i < COUNT(queries); i++) {
		memset(buf, 0, sizeof(buf));
		buf[0] = queries[i];
		CALL("query", ioctl(fd, TIOCLINUX, buf));
		say("%d", buf[0]);
	}
	buf[0] = TIOCL_GETFGCONSOLE;
	YES("foreground", ioctl(fd, TIOCLINUX, buf) == active() - 1);
	buf[0] = 99;
	CALL("unknown", ioctl(fd, TIOCLINUX, buf));
	CALL("bad place", ioctl(fd, TIOCLINUX, bad_page()));
	CHILD("stranger") {
		become_nobody();
		buf[0] = TIOCL_GETSHIFTSTATE;
		CALL("query", ioctl(fd, TIOCLINUX, buf));
	}
}

static void strangers(void)
{
	struct vt_mode m = { 0 };
	struct vt_setactivate s = { 0 };
	struct vt_stat state;
	int n;

	become_nobody();
	CALL("mode", ioctl(fd, VT_GETMODE, &m));
	CALL("set mode", ioctl(fd, VT_SETMODE, &m));
	CALL("state", ioctl(fd, VT_GETSTATE, &state));
	CALL("release", ioctl(fd, VT_RELDISP, 1));
	CALL("activate", ioctl(fd, VT_ACTIVATE, 0));
	CALL("wait", ioctl(fd, VT_WAITACTIVE, 0));
	CALL("set and activate", ioctl(fd, VT_SETACTIVATE, &s));
	CALL("lock", ioctl(fd, VT_LOCKSWITCH, 0));
	CALL("unlock", ioctl(fd, VT_UNLOCKSWITCH, 0));
	CALL("resize", ioctl(fd, VT_RESIZE, bad_page()));
	CALL("resize", ioctl(fd, VT_RESIZEX, bad_page()));
	OK("free one", ioctl(fd, VT_OPENQRY, &n));
	CALL("give up", ioctl(fd, VT_DISALLOCATE, 64));
	CALL("send signal", ioctl(fd, VT_SENDSIG, 0));
}

/* Ours again, in the foreground: no privilege is wanted. */
static void own_terminal(void)
{
	struct vt_mode m = { 0 };

	setsid();
	int own = MUST(open_vt(VT_OURS));
	MUST(ioctl(own, TIOCSCTTY, 0));
	become_nobody();
	CALL("set mode", ioctl(own, VT_SETMODE, &m));
	CALL("set kind", ioctl(own, KDSKBMODE, K_UNICODE));
	CALL("lock", ioctl(own, VT_LOCKSWITCH, 0));
	CALL("query", ioctl(own, TIOCLINUX, &(char[1]){ TIOCL_GETSHIFTSTATE }));
}

TEST
{
	fd = our_vt();
	int mask = 0x1234;

	modes();
	graphics();
	switching();
	owner();
	dead_owner();
	events();
	tioclinux();
	CALL("font bit", ioctl(fd, VT_GETHIFONTMASK, &mask));
	CHILD("stranger") strangers();
	CHILD("owner of the terminal") own_terminal();
	int other = open_vt(64);
	YES("no 64", other < 0 || ioctl(other, KDGETMODE, &mask) < 0);
	close(fd);
	ioctl(MUST(open_vt(1)), VT_DISALLOCATE, VT_OURS);
}
