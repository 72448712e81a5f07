/* SPDX-License-Identifier: MIT */
/* kdmode FILE KIND: sets a terminal's keyboard to one of K_RAW (0) ... K_OFF (4). */
#include <fcntl.h>
#include <linux/kd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>

int main(int argc, char **argv)
{
	int fd = argc == 3 ? open(argv[1], O_RDWR | O_NOCTTY) : -1;

	if (fd < 0 || ioctl(fd, KDSKBMODE, atoi(argv[2])) < 0) {
		perror("kdmode");
		return 1;
	}
	return 0;
}
