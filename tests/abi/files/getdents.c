/* SPDX-License-Identifier: MIT */
/* getdents64: the records, small buffers, seeking back, changes while reading. */

#include "../abi.h"

struct entry {
	uint64_t ino;
	int64_t off;
	uint16_t len;
	uint8_t type;
	char name[];
};

static int seen[40], dots, others;

static void take(const char *buf, long n)
{
	for (long at = 0; at < n;) {
		const struct entry *e = (const void *)(buf + at);
		int i;
		if (e->len % 8)
			say("unaligned record");
		if (!e->ino)
			say("no inode number");
		if (e->name[0] == '.')
			dots += e->type == DT_DIR;
		else if (sscanf(e->name, "file%d", &i) == 1)
			seen[i] += e->type == DT_REG;
		else
			others += e->type;
		at += e->len;
	}
}

TEST
{
	char buf[4096], name[16];
	long n;

	MUST(mkdir("d", 0755));
	for (int i = 0; i < 40; i++) {
		sprintf(name, "d/file%d", i);
		make_file(name, "");
	}
	MUST(symlink("x", "d/s"));
	MUST(mkfifo("d/p", 0644));
	MUST(mkdir("d/q", 0755));
	int fd = MUST(open("d", O_RDONLY | O_DIRECTORY));
	CALL("tiny buffer", syscall(SYS_getdents64, fd, buf, 16));
	for (int round = 0; round < 2; round++) {
		int reads = 0;
		while ((n = syscall(SYS_getdents64, fd, buf, 200)) > 0) {
			take(buf, n);
			reads++;
		}
		YES("several reads", reads > 3);
		CALL("end", n);
		CALL("rewind", lseek(fd, 0, SEEK_SET));
	}
	int twice = 0;
	for (int i = 0; i < 40; i++)
		twice += seen[i] == 2;
	say("files seen twice %d, dots %d, others' types %d", twice, dots,
	    others == 2 * (DT_LNK + DT_FIFO + DT_DIR));
	CALL("file", syscall(SYS_getdents64, MUST(open("d/file1", O_RDONLY)), buf, 4096));
	CALL("bad buffer", syscall(SYS_getdents64, fd, bad_page(), 4096));
	CALL("bad fd", syscall(SYS_getdents64, 99, buf, 4096));
	lseek(fd, 0, SEEK_SET);
	while ((n = syscall(SYS_getdents64, fd, buf, 300)) > 0)
		for (long at = 0; at < n; at += ((struct entry *)(buf + at))->len)
			unlinkat(fd, ((struct entry *)(buf + at))->name, 0);
	MUST(rmdir("d/q"));
	CALL("emptied while reading", rmdir("d"));
	CALL("read of removed", syscall(SYS_getdents64, fd, buf, 4096));
}
