/* SPDX-License-Identifier: MIT */
/* What the ioctls of virtual terminals say: `vtstate TTY [graphics|text]`. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/kd.h>
#include <sys/vt.h>

int main(int argc, char **argv)
{
	struct vt_stat s;
	int fd = open(argv[1], O_RDWR | O_NOCTTY), mode = -1, query = 0;
	char type = 0;

	if (fd < 0 || ioctl(fd, VT_GETSTATE, &s))
		return 1;
	if (argc > 2 && ioctl(fd, KDSETMODE, strcmp(argv[2], "text") ? KD_GRAPHICS : KD_TEXT))
		return 2;
	if (ioctl(fd, KDGKBTYPE, &type) || ioctl(fd, KDGETMODE, &mode) || ioctl(fd, VT_OPENQRY, &query))
		return 3;
	if (ioctl(fd, VT_ACTIVATE, 99) != -1 || errno != ENXIO || ioctl(fd, KDSETMODE, 99) != -1 || errno != EINVAL)
		return 4;
	printf("active %d state %#x type %d mode %d free %d\n", s.v_active, s.v_state, type, mode, query);
	return 0;
}
