/* SPDX-License-Identifier: MIT */
/*
 * ttyrate TTY FILE: milliseconds that it takes to write FILE to the terminal, and to the slave of a
 * pseudo terminal whose master a child reads and forgets: "screen N pty N".  In turns of 1 MiB, so that
 * whatever else the host does hits both.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char buf[1 << 20];

static long now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static long copy(size_t n, int to)
{
	long start = now_us();

	if (write(to, buf, n) != (ssize_t)n)
		exit(1);
	return now_us() - start;
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
	int file = open(argv[2], O_RDONLY);
	long pty = 0, screen = 0;
	ssize_t n;
	while ((n = read(file, buf, sizeof(buf))) > 0) {
		pty += copy(n, slave);
		screen += copy(n, tty);
	}
	close(slave);
	waitpid(sink, NULL, 0);
	printf("screen %ld pty %ld\n", screen / 1000, pty / 1000);
	return 0;
}
