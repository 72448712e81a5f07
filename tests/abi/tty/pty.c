/* SPDX-License-Identifier: MIT */
/* A pseudo-terminal: line discipline, signals, sizes, job control. Skipped without /dev/ptmx. */

#include "../abi.h"
#include <sys/ioctl.h>
#include <termios.h>

static int master, slave;

static void type(const char *s)
{
	MUST(write(master, s, strlen(s)));
}

static void show(const char *name, int fd)
{
	char buf[256], out[600];
	sleep_ms(60); /* a line may be readable before the last of its echo is */
	long n = read(fd, buf, sizeof(buf) - 1);
	int at = 0;

	if (n < 0) {
		say("%s: %s", name, errname(errno));
		return;
	}
	for (long i = 0; i < n; i++)
		at += sprintf(out + at, buf[i] < 32 || buf[i] == 127 ? "\\%o" : "%c", buf[i]);
	out[at] = 0;
	say("%s: [%s]", name, out);
}

TEST
{
	int n = 0, unlock = 0, st;
	char name[32];
	struct termios t, old;
	struct winsize w = { 24, 80, 0, 0 };

	master = open("/dev/ptmx", O_RDWR | O_NOCTTY);
	if (master < 0 || ioctl(master, TIOCGPTN, &n) < 0)
		skip("no pseudo-terminals: %s", errname(errno));
	CALL("locked at first", (sprintf(name, "/dev/pts/%d", n), open(name, O_RDWR | O_NOCTTY)));
	CALL("unlock", ioctl(master, TIOCSPTLCK, &unlock));
	slave = open(name, O_RDWR | O_NOCTTY);
	if (slave < 0)
		skip("no slave: %s", errname(errno));
	CALL("isatty", isatty(slave));
	CALL("get", ioctl(slave, TCGETS, &old));
	say("flags in %o out %o ctl %o local %o", old.c_iflag, old.c_oflag, old.c_cflag & 07777, old.c_lflag);
	say("intr %d eof %d erase %d min %d", old.c_cc[VINTR], old.c_cc[VEOF], old.c_cc[VERASE], old.c_cc[VMIN]);
	fcntl(slave, F_SETFL, O_RDWR | O_NONBLOCK);
	fcntl(master, F_SETFL, O_RDWR | O_NONBLOCK);
	type("no newline");
	show("half a line", slave);
	type(" yet\r");
	show("line", slave);
	show("echo", master);
	type("ab\177c\n");
	show("erase", slave);
	show("echo", master);
	type("word one\027two\n");
	show("word erase", slave);
	show("echo", master);
	type("gone\025kept\n");
	show("line erase", slave);
	show("echo", master);
	type("\004");
	show("end of file", slave);
	type("part\004");
	show("pushed by end of file", slave);
	type("lit\026\003eral\n");
	show("literal next", slave);
	show("echo", master);
	MUST(write(slave, "out\n", 4));
	show("output is cooked", master);
	t = old;
	t.c_lflag &= ~(ICANON | ECHO);
	t.c_cc[VMIN] = 1;
	CALL("raw", ioctl(slave, TCSETS, &t));
	type("x");
	show("at once", slave);
	show("no echo", master);
	t.c_cc[VMIN] = 0;
	t.c_cc[VTIME] = 1;
	ioctl(slave, TCSETS, &t);
	fcntl(slave, F_SETFL, O_RDWR);
	show("times out", slave);
	CALL("back", ioctl(slave, TCSETSF, &old));
	CALL("set size", ioctl(master, TIOCSWINSZ, &w));
	memset(&w, 0, sizeof(w));
	CALL("get size", ioctl(slave, TIOCGWINSZ, &w));
	say("size %d %d", w.ws_row, w.ws_col);
	CALL("no session yet", ioctl(slave, TIOCGPGRP, &n));
	CHILD("session") {
		setsid();
		CALL("TIOCSCTTY", ioctl(slave, TIOCSCTTY, 0));
		OK("/dev/tty", open("/dev/tty", O_RDWR));
		CALL("foreground", ioctl(slave, TIOCGPGRP, &n));
		YES("is us", n == getpid());
		CALL("session id", ioctl(slave, TIOCGSID, &n));
		YES("is us", n == getpid());
		pid_t pid = fork();
		if (pid == 0)
			for (;;)
				pause();
		setpgid(pid, pid);
		CALL("give it away", ioctl(slave, TIOCSPGRP, &pid));
		await_state(pid, 'S');
		type("\003");
		waitpid(pid, &st, WUNTRACED);
		say_status("Ctrl-C", st);
		pid = fork();
		if (pid == 0) {
			setpgid(0, 0);
			char c;
			read(slave, &c, 1);
			_exit(0);
		}
		setpgid(pid, pid);
		n = getpgrp();
		signal(SIGTTOU, SIG_IGN);
		CALL("take it back", ioctl(slave, TIOCSPGRP, &n));
		waitpid(pid, &st, WUNTRACED);
		say_status("background read", st);
		CALL("to the foreground", ioctl(slave, TIOCSPGRP, &pid));
		kill(pid, SIGCONT);
		await_state(pid, 'S');
		type("\032");
		waitpid(pid, &st, WUNTRACED);
		say_status("Ctrl-Z", st);
		kill(pid, SIGKILL);
		waitpid(pid, &st, 0);
		ioctl(slave, TIOCSPGRP, &n);
		signal(SIGHUP, SIG_DFL);
		close(slave);
	}
	close(slave);
	fcntl(master, F_SETFL, O_RDWR | O_NONBLOCK);
	while (read(master, name, sizeof(name)) > 0)
		;
	CALL("slave closed", read(master, name, 1));
}
