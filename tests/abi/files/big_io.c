/* SPDX-License-Identifier: MIT */
/* Large and misaligned reads and writes; the 0x7ffff000 limit; content kept. */

#include "../abi.h"

TEST
{
	size_t n = 3 * 1024 * 1024 + 17;
	unsigned char *a = map_anon(n + PAGE, PROT_READ | PROT_WRITE);
	unsigned char *b = map_anon(n + PAGE, PROT_READ | PROT_WRITE);
	uint32_t x = 12345;

	for (size_t i = 0; i < n; i++) {
		x = x * 1103515245 + 12345;
		a[i + 3] = x >> 16;
	}
	int fd = MUST(open("f", O_RDWR | O_CREAT, 0644));
	CALL("write", write(fd, a + 3, n));
	lseek(fd, 0, SEEK_SET);
	CALL("read", read(fd, b + 7, n));
	YES("equal", !memcmp(a + 3, b + 7, n));
	CALL("read more than there is", pread(fd, b, n, n - 100));
	for (size_t at = 0, len = 1; at < n; at += len, len = len * 3 % 9973 + 1)
		if (pread(fd, b, len, at) < 0 || memcmp(b, a + 3 + at, at + len > n ? n - at : len))
			say("differs at %zu", at);
	CALL("overlapping writes", pwrite(fd, a, 5000, 4090));
	pread(fd, b, 5002, 4089);
	YES("edges kept", b[0] == a[3 + 4089] && b[5001] == a[3 + 4089 + 5001] && !memcmp(b + 1, a, 5000));
	int null = MUST(open("/dev/null", O_WRONLY));
	CALL("huge count to null", write(null, a, 0x7fffffff));
	CALL("negative count", write(fd, a, (size_t)-1));
	CALL("zero count", write(fd, a, 0));
	CALL("zero count bad pointer", write(fd, bad_page(), 0));
}
