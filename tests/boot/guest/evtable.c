/* SPDX-License-Identifier: MIT */
/* evtable KEYBOARD MOUSE: key-code tables, masks, repetition, revocation; events are written, not typed. */
#include <errno.h>
#include <fcntl.h>
#include <linux/input.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define CHECK(cond) do { if (!(cond)) { printf("line %d: %s: %s\n", __LINE__, #cond, strerror(errno)); exit(1); } } while (0)

static void put(int fd, int type, int code, int value)
{
	struct input_event e[2] = { { .type = type, .code = code, .value = value }, { .type = EV_SYN } };

	CHECK(write(fd, e, sizeof(e)) == sizeof(e));
}

/* Without their times: "type code value" of what can be read. */
static int take(int fd, struct input_event *e, int n)
{
	ssize_t r = read(fd, e, n * sizeof(*e));

	return r < 0 ? -errno : r / (int)sizeof(*e);
}

static void codes(int fd)
{
	unsigned old[2] = { 0x1e, 0 };
	struct input_keymap_entry e = { .len = 4, .scancode = { 0x1e } };

	CHECK(ioctl(fd, EVIOCGKEYCODE, old) == 0 && old[1] == KEY_A);
	CHECK(ioctl(fd, EVIOCGKEYCODE_V2, &e) == 0 && e.keycode == KEY_A && e.len == 4);
	e.keycode = KEY_CALC;
	CHECK(ioctl(fd, EVIOCSKEYCODE_V2, &e) == 0);
	CHECK(ioctl(fd, EVIOCGKEYCODE, old) == 0 && old[1] == KEY_CALC);
	old[1] = KEY_A;
	CHECK(ioctl(fd, EVIOCSKEYCODE, old) == 0);
	e.flags = INPUT_KEYMAP_BY_INDEX;
	e.index = 0x1e;
	CHECK(ioctl(fd, EVIOCGKEYCODE_V2, &e) == 0 && e.keycode == KEY_A && e.scancode[0] == 0x1e);
	e.index = 60000;
	CHECK(ioctl(fd, EVIOCGKEYCODE_V2, &e) < 0 && errno == EINVAL);
	e.flags = 0;
	e.len = 3;
	CHECK(ioctl(fd, EVIOCGKEYCODE_V2, &e) < 0 && errno == EINVAL);
	old[0] = 0x1e;
	old[1] = KEY_MAX + 1;
	CHECK(ioctl(fd, EVIOCSKEYCODE, old) < 0 && errno == EINVAL);
}

static void repetition(int fd)
{
	unsigned was[2], r[2] = { 600, 50 };

	CHECK(ioctl(fd, EVIOCGREP, was) == 0);
	CHECK(ioctl(fd, EVIOCSREP, r) == 0);
	r[0] = r[1] = 0;
	CHECK(ioctl(fd, EVIOCGREP, r) == 0 && r[0] == 600 && r[1] == 50);
	CHECK(ioctl(fd, EVIOCSREP, was) == 0);
}

/* A reader sees what its mask lets through, and no empty packets. */
static void masks(int fd, int other)
{
	unsigned char codes[KEY_CNT / 8] = { 0 }, back[KEY_CNT / 8];
	struct input_mask m = { .type = EV_KEY, .codes_size = sizeof(codes), .codes_ptr = (unsigned long)codes };
	struct input_event e[8];

	while (take(fd, e, 8) > 0)
		;
	codes[BTN_LEFT / 8] |= 1 << BTN_LEFT % 8;
	CHECK(ioctl(fd, EVIOCSMASK, &m) == 0);
	m.codes_ptr = (unsigned long)back;
	CHECK(ioctl(fd, EVIOCGMASK, &m) == 0 && !memcmp(codes, back, sizeof(codes)));
	put(other, EV_KEY, BTN_RIGHT, 1);
	put(other, EV_KEY, BTN_RIGHT, 0);
	CHECK(take(fd, e, 8) == -EAGAIN);
	put(other, EV_KEY, BTN_LEFT, 1);
	CHECK(take(fd, e, 8) == 2 && e[0].code == BTN_LEFT && e[1].type == EV_SYN);
	put(other, EV_KEY, BTN_LEFT, 0);
	/* Who asks for the state does not hear of it again. */
	CHECK(ioctl(fd, EVIOCGKEY(sizeof(back)), back) > 0);
	CHECK(take(fd, e, 8) == -EAGAIN);
	m.type = EV_MAX; /* no codes: all of the answer is 0 */
	memset(back, 1, sizeof(back));
	CHECK(ioctl(fd, EVIOCGMASK, &m) == 0 && back[0] == 0 && back[sizeof(back) - 1] == 0);
	m.codes_ptr = 1;
	m.type = EV_KEY;
	CHECK(ioctl(fd, EVIOCSMASK, &m) < 0 && errno == EFAULT);
}

static void revocation(int fd)
{
	struct input_event e;

	CHECK(ioctl(fd, EVIOCREVOKE, 1) < 0 && errno == EINVAL);
	CHECK(ioctl(fd, EVIOCREVOKE, 0) == 0);
	CHECK(take(fd, &e, 1) == -ENODEV);
	CHECK(ioctl(fd, EVIOCGID, &e) < 0 && errno == ENODEV);
}

int main(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	int keyboard = open(argv[1], O_RDWR | O_NONBLOCK), mouse = open(argv[2], O_RDWR | O_NONBLOCK),
	    other = open(argv[2], O_RDWR | O_NONBLOCK);

	CHECK(keyboard >= 0 && mouse >= 0 && other >= 0);
	codes(keyboard);
	repetition(keyboard);
	masks(mouse, other);
	revocation(mouse);
	printf("all right\n");
	return 0;
}
