/* SPDX-License-Identifier: MIT */
/* ttylinux TTY SUBCODE [NUMBER]: TIOCLINUX, with an int at offset 4; says what came back. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

int main(int argc, char **argv)
{
	char arg[8] = { 0 };
	int number = argc > 3 ? atoi(argv[3]) : 0, fd = open(argv[1], O_RDWR | O_NOCTTY);

	arg[0] = atoi(argv[2]);
	memcpy(arg + 4, &number, 4);
	int result = ioctl(fd, TIOCLINUX, arg);
	printf("%d%s%s\n", result, result < 0 ? " " : "", result < 0 ? strerror(errno) : "");
	return 0;
}
