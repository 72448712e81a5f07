/* SPDX-License-Identifier: MIT */
/*
 * Files whose contents are text made on the spot (/proc, /sys): the whole text is
 * made when a reader begins at position 0, and later reads go on in that text, so
 * that one reader sees one consistent state.
 */
#pragma once

#include <fs/vfs.h>

struct text {
	char *buf;      /* kvmalloc'ed */
	size_t length, capacity;
	bool failed;    /* out of memory: the read gets -ENOMEM */
};

void text_printf(struct text *t, const char *fmt, ...) printf_like(2, 3);
void text_bytes(struct text *t, const void *p, size_t n);
static inline void text_string(struct text *t, const char *s) { text_bytes(t, s, __builtin_strlen(s)); }
/* `s` with octal escapes for blanks, backslashes and what is in `also`, as in /proc/mounts. */
void text_escaped(struct text *t, const char *s, const char *also);

/* What an open text file is made of: kept in file->priv by text_open. */
struct text_source {
	int (*show)(struct text *t, void *ctx); /* 0 or an error for the reader. May sleep. */
	/* A write of n bytes (NUL added behind), whole; 0 or an error. NULL: -EIO. */
	int (*write)(void *ctx, char *buf, size_t n);
	void *ctx;
	void (*release)(void *ctx);             /* file closed */
};

/* For file_ops.open: sets file->priv. On error the source is not released. */
int text_open(struct file *f, const struct text_source *src);
/* The file_ops of such files, but for open. */
ssize_t text_read(struct file *f, struct uio *u, u64 *pos);
ssize_t text_write(struct file *f, struct uio *u, u64 *pos);
void text_release(struct file *f);
s64 text_llseek(struct file *f, s64 off, int whence);
