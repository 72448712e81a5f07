/* SPDX-License-Identifier: MIT */
/*
 * fbtest TTY check|pattern, with TTY, which is visible, in graphics mode from then on: what the calls of
 * /dev/fb0 answer and what can be done with a mapping, a line a finding, then `fb ok`; or a picture.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fb.h>
#include <linux/kd.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define NEED(cond) \
	do { \
		if (!(cond)) { \
			printf("line %d: %s (errno %d)\n", __LINE__, #cond, errno); \
			failed = 1; \
		} \
	} while (0)
#define FAILS(call, error) NEED((errno = 0, (long)(call)) == -1 && errno == (error))

static int fd, failed;
static struct fb_fix_screeninfo fix;
static struct fb_var_screeninfo var;

static void ioctls(void)
{
	struct fb_var_screeninfo other;
	struct fb_con2fbmap map = { .console = 1, .framebuffer = 99 };
	uint16_t colours[3][4];
	struct fb_cmap cmap = { .len = 4, .red = colours[0], .green = colours[1], .blue = colours[2] };

	NEED(ioctl(fd, FBIOGET_FSCREENINFO, &fix) == 0);
	NEED(ioctl(fd, FBIOGET_VSCREENINFO, &var) == 0);
	printf("%s %ux%u %u bits, %u bytes a line, %u in all\n", fix.id, var.xres, var.yres, var.bits_per_pixel,
	       fix.line_length, fix.smem_len);
	NEED(fix.smem_len == fix.line_length * var.yres);
	FAILS(ioctl(fd, FBIOGET_VSCREENINFO, 8), EFAULT);
	other = var;
	other.xres = 32;
	NEED(ioctl(fd, FBIOPUT_VSCREENINFO, &other) == 0 && !memcmp(&other, &var, sizeof(var)));
	FAILS(ioctl(fd, FBIOPAN_DISPLAY, &var), EINVAL);
	FAILS(ioctl(fd, FBIOBLANK, FB_BLANK_POWERDOWN), EINVAL);
	NEED(ioctl(fd, FBIOGET_CON2FBMAP, &map) == 0 && map.framebuffer == 0);
	map.console = 0;
	FAILS(ioctl(fd, FBIOGET_CON2FBMAP, &map), EINVAL);
	map.console = map.framebuffer = 1;
	FAILS(ioctl(fd, FBIOPUT_CON2FBMAP, &map), EINVAL);
	FAILS(ioctl(fd, FBIO_WAITFORVSYNC, &map), ENOTTY);
	if (fix.visual == FB_VISUAL_TRUECOLOR) {
		FAILS(ioctl(fd, FBIOGETCMAP, &cmap), EINVAL);
		return;
	}
	NEED(ioctl(fd, FBIOGETCMAP, &cmap) == 0 && colours[0][1] == 0xaaaa && colours[1][2] == 0xaaaa);
	colours[0][1] = 0x1111;
	NEED(ioctl(fd, FBIOPUTCMAP, &cmap) == 0);
	colours[0][1] = 0;
	NEED(ioctl(fd, FBIOGETCMAP, &cmap) == 0 && colours[0][1] == 0x1111);
	cmap.start = 256;
	FAILS(ioctl(fd, FBIOGETCMAP, &cmap), EINVAL);
	cmap = (struct fb_cmap){ .len = 0x7fffffff };
	FAILS(ioctl(fd, FBIOPUTCMAP, &cmap), E2BIG);
}

static void reading_and_writing(void)
{
	static char buf[65536];
	off_t end = fix.smem_len;

	NEED(pread(fd, buf, 64, end - 16) == 16);
	NEED(pread(fd, buf, 64, end) == 0);
	NEED(pread(fd, buf, 64, end + 4096) == 0);
	NEED(pwrite(fd, buf, 64, end - 16) == 16);
	FAILS(pwrite(fd, buf, 64, end), ENOSPC);
	NEED(pwrite(fd, buf, 0, end) == 0);
	FAILS(pwrite(fd, buf, 64, end + 1), EFBIG);
	NEED(lseek(fd, 0, SEEK_END) == 0);
	NEED(lseek(fd, 5, SEEK_SET) == 5 && lseek(fd, 3, SEEK_CUR) == 8);
	FAILS(lseek(fd, -1, SEEK_SET), EINVAL);
	FAILS(pread(fd, (void *)8, 64, 0), EFAULT);
	FAILS(pwrite(fd, (void *)8, 64, 0), EFAULT);
	strcpy(buf, "pixels");
	NEED(pwrite(fd, buf, 7, 1000) == 7);
	memset(buf, 0, sizeof(buf));
	NEED(pread(fd, buf, 7, 1000) == 7 && !strcmp(buf, "pixels"));
}

static sigjmp_buf fault;

static void on_fault(int signo)
{
	siglongjmp(fault, signo);
}

/* The signal that a read of *p brings, 0: none. */
static int touch(volatile char *p)
{
	int signo = sigsetjmp(fault, 1);

	if (!signo)
		(void)*p;
	return signo;
}

static void mappings(void)
{
	size_t page = 4096, all = (fix.smem_len + page - 1) / page * page;
	char *p = mmap(NULL, all, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), *q, here[8];
	char command[64];
	struct iovec local = { here, 8 }, remote = { p, 8 };

	NEED(p != MAP_FAILED);
	FAILS(mmap(NULL, all + page, PROT_READ, MAP_SHARED, fd, 0), EINVAL);
	FAILS(mmap(NULL, page, PROT_READ, MAP_SHARED, fd, all), EINVAL);
	FAILS(mmap(NULL, 2 * page, PROT_READ, MAP_SHARED, fd, all - page), EINVAL);
	NEED(mmap(NULL, page, PROT_READ, MAP_SHARED, fd, all - page) != MAP_FAILED);
	FAILS(mmap(NULL, page, PROT_READ, MAP_SHARED, fd, 1UL << 40), EINVAL);

	/* One memory, whichever way it is reached; a child has it, too. */
	memcpy(p + page, "shared", 7);
	NEED(pread(fd, here, 7, page) == 7 && !strcmp(here, "shared"));
	if (fork() == 0) {
		memcpy(p + page, "child!", 7);
		_exit(0);
	}
	wait(NULL);
	NEED(!strcmp(p + page, "child!"));

	/* A private mapping shows the device until it is written. */
	q = mmap(NULL, 4 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	NEED(q != MAP_FAILED && !strcmp(q + page, "child!"));
	memcpy(q + page, "mine..", 7);
	q[2 * page] = 'x';
	NEED(!strcmp(p + page, "child!") && !strcmp(q + page, "mine.."));
	if (fork() == 0) {
		NEED(!strcmp(q + page, "mine.."));
		memcpy(q + page, "child?", 7);
		_exit(failed);
	}
	int status;
	wait(&status);
	NEED(status == 0 && !strcmp(q + page, "mine.."));
	NEED(munmap(q, 4 * page) == 0);

	/* Moves and shrinks, and does not grow. */
	FAILS(mremap(p, all, all + page, MREMAP_MAYMOVE), EFAULT);
	q = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, page);
	NEED(!strcmp(q, "child!"));
	char *place = mmap(NULL, 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	NEED(mremap(q, 2 * page, 2 * page, MREMAP_MAYMOVE | MREMAP_FIXED, place) == place);
	NEED(!strcmp(place, "child!"));
	NEED(mremap(place, 2 * page, page, 0) == place && touch(place + page) == SIGSEGV);
	NEED(mprotect(place, page, PROT_NONE) == 0 && touch(place) == SIGSEGV);
	NEED(mprotect(place, page, PROT_READ) == 0 && !touch(place) && !strcmp(place, "child!"));
	NEED(munmap(place, page) == 0 && touch(place) == SIGSEGV);
	FAILS(madvise(p, page, MADV_DONTNEED), EINVAL);

	/* Others do not reach it; calls that read user memory do. */
	NEED(process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == -1 && (errno == EFAULT || errno == ENOSYS));
	int pipes[2];
	NEED(pipe(pipes) == 0 && write(pipes[1], p + page, 7) == 7 && read(pipes[0], here, 7) == 7);
	NEED(!strcmp(here, "child!"));
	snprintf(command, sizeof(command), "grep -c 'rw-s.* /dev/fb0$' /proc/%d/maps", getpid());
	NEED(system(command) == 0);
	close(fd); /* the mapping stays */
	p[0] = 1;
	fd = open("/dev/fb0", O_RDONLY);
	FAILS(mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), EACCES);
	q = mmap(NULL, page, PROT_READ, MAP_SHARED, fd, 0);
	FAILS(mprotect(q, page, PROT_READ | PROT_WRITE), EACCES);
	FAILS(write(fd, "x", 1), EBADF);
}

/* From now on nobody else draws. */
static void graphics_mode(const char *tty)
{
	int t = open(tty, O_RDWR);

	NEED(t >= 0 && ioctl(t, KDSETMODE, KD_GRAPHICS) == 0);
}

/* Bars of red, green, blue and white, 100 pixels high each, on a black screen. */
static void pattern(void)
{
	static const uint32_t bars[] = { 0xff0000, 0x00ff00, 0x0000ff, 0xffffff };
	uint8_t *p;

	fd = open("/dev/fb0", O_RDWR);
	ioctl(fd, FBIOGET_FSCREENINFO, &fix);
	ioctl(fd, FBIOGET_VSCREENINFO, &var);
	p = mmap(NULL, fix.smem_len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	memset(p, 0, fix.smem_len);
	for (unsigned y = 0; y < 400; y++)
		for (unsigned x = 0; x < var.xres; x++) {
			uint32_t c = bars[y / 100], v = 0;
			unsigned bytes = var.bits_per_pixel / 8;
			v |= (c >> 16 & 255) >> (8 - var.red.length) << var.red.offset;
			v |= (c >> 8 & 255) >> (8 - var.green.length) << var.green.offset;
			v |= (c & 255) >> (8 - var.blue.length) << var.blue.offset;
			if (bytes == 1) /* xterm's palette */
				v = 16 + 36 * (c >> 16 & 5) + 6 * (c >> 8 & 5) + (c & 5);
			memcpy(p + y * fix.line_length + x * bytes, &v, bytes);
		}
}

int main(int argc, char **argv)
{
	setbuf(stdout, NULL);
	if (argc != 3)
		return 2;
	graphics_mode(argv[1]);
	if (!strcmp(argv[2], "pattern")) {
		pattern();
	} else {
		signal(SIGSEGV, on_fault);
		signal(SIGBUS, on_fault);
		fd = open("/dev/fb0", O_RDWR);
		NEED(fd >= 0);
		ioctls();
		reading_and_writing();
		mappings();
	}
	if (!failed)
		printf("fb ok\n");
	return failed;
}
