/* SPDX-License-Identifier: MIT */
/*
 * events info FILE...      what an input device says of itself
 * events read FILE COUNT   COUNT events as lines "TYPE CODE VALUE"; SYN_REPORT is "."
 * events state FILE        the codes of keys that are down, and of LEDs that are lit
 * events grab FILE         what grabbing it does
 * events slow FILE         sleeps 3 s, then the first event in the ring
 * events leds FILE MASK    sets Num, Caps and Scroll Lock's LEDs
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/input.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define TEST(map, bit) ((map)[(bit) / 8] >> (bit) % 8 & 1)

static int open_device(const char *name)
{
	int fd = open(name, O_RDWR);
	if (fd < 0) {
		perror(name);
		exit(1);
	}
	return fd;
}

static void show_bits(const char *what, int fd, unsigned long request, int from)
{
	unsigned char map[128] = { 0 };
	int n = ioctl(fd, request, map), count = 0;

	printf("%s n=%d", what, n);
	for (int i = 0; n > 0 && i < n * 8; i++)
		if (TEST(map, i) && i >= from && count++ < 40)
			printf(" %d", i);
	printf("\n");
}

static void info(const char *file)
{
	int fd = open_device(file), version = 0;
	char name[64] = "";
	struct input_id id;

	printf("version %d", ioctl(fd, EVIOCGVERSION, &version));
	printf(" %x\n", version);
	printf("name %d", ioctl(fd, EVIOCGNAME(sizeof(name)), name));
	printf(" %s\n", name);
	printf("id %d", ioctl(fd, EVIOCGID, &id));
	printf(" %x %x %x %x\n", id.bustype, id.vendor, id.product, id.version);
	show_bits("types", fd, EVIOCGBIT(0, 8), 0);
	show_bits("rel", fd, EVIOCGBIT(EV_REL, 128), 0);
	show_bits("led", fd, EVIOCGBIT(EV_LED, 128), 0);
	show_bits("key", fd, EVIOCGBIT(EV_KEY, 96), 0);
	printf("abs %d %d\n", ioctl(fd, EVIOCGABS(0), name), errno);
}

static void print(const struct input_event *e)
{
	if (e->type == EV_SYN && e->code == SYN_REPORT)
		printf(".\n");
	else
		printf("%d %d %d\n", e->type, e->code, e->value);
}

static void read_events(const char *file, int count)
{
	int fd = open_device(file);
	struct pollfd p = { fd, POLLIN, 0 };
	struct input_event e[4];
	struct timespec now;

	printf("ready\n");
	fflush(stdout);
	while (count > 0) {
		if (poll(&p, 1, 15000) != 1) {
			printf("nothing came\n");
			exit(1);
		}
		ssize_t n = read(fd, e, sizeof(e));
		if (n <= 0) {
			perror("read");
			exit(1);
		}
		clock_gettime(CLOCK_REALTIME, &now);
		for (int i = 0; i < n / (int)sizeof(*e); i++, count--) {
			long age = now.tv_sec - e[i].time.tv_sec;
			if (age < 0 || age > 2)
				printf("time is off by %ld s\n", age);
			print(&e[i]);
		}
	}
}

static void grab(const char *file)
{
	int a = open_device(file), b = open_device(file);
	struct input_event e;

	fcntl(b, F_SETFL, O_NONBLOCK);
	printf("grab %d", ioctl(a, EVIOCGRAB, 1));
	printf(" %d", ioctl(b, EVIOCGRAB, 1));
	printf(" %s\n", strerror(errno));
	printf("ready\n");
	fflush(stdout);
	if (read(a, &e, sizeof(e)) == sizeof(e))
		print(&e);
	printf("other %zd", read(b, &e, sizeof(e)));
	printf(" %s\n", strerror(errno));
	printf("ungrab %d\n", ioctl(a, EVIOCGRAB, 0));
}

static void slow(const char *file)
{
	int fd = open_device(file);
	struct input_event e;

	printf("ready\n");
	fflush(stdout);
	sleep(3);
	if (read(fd, &e, sizeof(e)) == sizeof(e))
		print(&e);
}

static void set_leds(const char *file, int mask)
{
	int fd = open_device(file);

	for (int led = 0; led < 3; led++) {
		struct input_event e = { .type = EV_LED, .code = led, .value = mask >> led & 1 };
		if (write(fd, &e, sizeof(e)) != sizeof(e))
			perror("write");
	}
}

int main(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	if (!strcmp(argv[1], "info"))
		for (int i = 2; i < argc; i++)
			info(argv[i]);
	else if (!strcmp(argv[1], "read"))
		read_events(argv[2], atoi(argv[3]));
	else if (!strcmp(argv[1], "state")) {
		int fd = open_device(argv[2]);
		show_bits("down", fd, EVIOCGKEY(96), 0);
		show_bits("lit", fd, EVIOCGLED(8), 0);
	} else if (!strcmp(argv[1], "grab"))
		grab(argv[2]);
	else if (!strcmp(argv[1], "slow"))
		slow(argv[2]);
	else
		set_leds(argv[2], atoi(argv[3]));
	return 0;
}
