/* SPDX-License-Identifier: MIT */
/*
 * ttyrate TTY FILE: milliseconds that it takes to write FILE to the terminal, and to the slave of a
 * pseudo terminal whose master a child reads and forgets: "screen N pty N". Both in writes of 64 KiB.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char buf[65536];

static long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static long copy(const char *from, int to)
{
	int f = open(from, O_RDONLY);
	long start = now_ms();
	ssize_t n;

	while ((n = read(f, buf, sizeof(buf))) > 0)
		if (write(to, buf, n) != n)
			return -1;
	close(f);
	return now_ms() - start;
}

int main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	int tty = open(argv[1], O_WRONLY | O_NOCTTY), master = posix_openpt(O_RDWR | O_NOCTTY);

	if (tty < 0 || master < 0 || grantpt(master) || unlockpt(master))
		return 1;
	int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	pid_t sink = fork();
	if (sink == 0) {
		close(slave);
		while (read(master, buf, sizeof(buf)) > 0)
			;
		_exit(0);
	}
	close(master);
	long pty = copy(argv[2], slave), screen = copy(argv[2], tty);
	close(slave);
	waitpid(sink, NULL, 0);
	printf("screen %ld pty %ld\n", screen, pty);
	return screen < 0 || pty < 0;
}
