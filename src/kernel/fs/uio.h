/* SPDX-License-Identifier: MIT */
/*
 * A transfer between a file and memory of a user or the kernel: where the next
 * byte goes, and how many are left.  Reads and writes move it forward.
 */
#pragma once

#include <mm/usercopy.h>
#include <linux/uio.h>

struct uio {
	u64 base;                 /* current segment: user or kernel address */
	size_t segment;           /* bytes left in it */
	size_t left;              /* bytes left in all */
	const struct iovec *next; /* kernel copy of further segments */
	u32 count;                /* of those */
	bool kernel;
	bool nowait;              /* RWF_NOWAIT for this transfer */
	bool append;              /* RWF_APPEND */
};

static inline struct uio uio_user(uptr_t p, size_t n)
{
	return (struct uio){ .base = p.raw, .segment = n, .left = n };
}
static inline struct uio uio_kernel(const void *p, size_t n)
{
	return (struct uio){ .base = (u64)p, .segment = n, .left = n, .kernel = true };
}

/* Copy n <= u->left bytes between the kernel and the transfer; return how many were copied
 * (fewer: the user's memory faulted) and move the transfer on by that. */
size_t uio_put(struct uio *u, const void *src, size_t n); /* for reads */
size_t uio_get(struct uio *u, void *dst, size_t n);       /* for writes */
size_t uio_put_zero(struct uio *u, size_t n);
void uio_skip(struct uio *u, size_t n);
/* Makes the first segment with anything in it the current one; for a uio of `next` and `count` alone. */
void uio_start(struct uio *u);
/* Takes back n bytes just moved (same segment). */
void uio_revert(struct uio *u, size_t n);
