/* SPDX-License-Identifier: MIT */
/* Private copies of a file's pages: a hole in the file leaves them, a truncation takes them away. */
#include <linux/falloc.h>
#include "../abi.h"

#define HOLE (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE)

TEST
{
	int fd = MUST(memfd_create("m", 0));
	MUST(ftruncate(fd, 4 * PAGE));
	for (int i = 0; i < 4; i++)
		MUST(pwrite(fd, "file", 4, (off_t)(i * PAGE)));
	char *p = MUST(mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0));
	char *s = MUST(mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));

	memcpy(p + PAGE, "mine", 4);
	memcpy(p + 3 * PAGE, "mine", 4);
	say("before: %.4s %.4s", p + PAGE, p + 2 * PAGE);
	CALL("punch", syscall(SYS_fallocate, fd, HOLE, PAGE, 2 * PAGE));
	say("copy %.4s, other page %d, shared %d", p + PAGE, p[2 * PAGE], s[PAGE]);
	CALL("MADV_REMOVE", madvise(s + 3 * PAGE, PAGE, MADV_REMOVE));
	say("copy %.4s, shared %d", p + 3 * PAGE, s[3 * PAGE]);
	CALL("truncate", ftruncate(fd, 2 * PAGE));
	say("copy inside %.4s", p + PAGE);
	CHILD("copy behind the end") { (void)*(volatile char *)(p + 3 * PAGE); }
	CALL("grow again", ftruncate(fd, 4 * PAGE));
	say("copy is gone: %d", p[3 * PAGE]);
}
