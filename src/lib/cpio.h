/* SPDX-License-Identifier: MIT */
/*
 * Reading cpio archives of the "newc" format (070701, and 070702 with its checksum ignored).
 * A pure function over bytes: any contents give entries or a named error, never a read outside.
 */
#pragma once

#include <lib/types.h>

enum cpio_result {
	CPIO_ENTRY = 0,			/* *entry is filled */
	CPIO_END = 1,			/* all the bytes are used up */
	CPIO_BAD_MAGIC = -1,
	CPIO_BAD_DIGIT = -2,
	CPIO_BAD_NAME = -3,
	CPIO_TRUNCATED = -4,
};

struct cpio_iter {
	const u8 *data;
	size_t len;
	size_t pos;			/* byte offset of the next header; after an error, of the bad one */
};

struct cpio_entry {
	const char *name;		/* NUL-terminated inside the archive */
	size_t name_len;		/* without NULs */
	u32 ino, mode, uid, gid, nlink, mtime;
	u32 dev_major, dev_minor;	/* of the file system it was on: with ino, names hard links */
	u32 rdev_major, rdev_minor;
	const u8 *data;
	u32 size;
};

void cpio_init(struct cpio_iter *it, const void *data, size_t len);
/*
 * The next entry. A "TRAILER!!!" ends one archive; what follows it, after zero padding, may be
 * another one (hard links do not reach across). Returns an enum cpio_result.
 */
int cpio_next(struct cpio_iter *it, struct cpio_entry *entry);
const char *cpio_strerror(int result);
