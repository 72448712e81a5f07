/* SPDX-License-Identifier: MIT */
/*
 * The pages of a file in memory.  One for each inode with data; read, write and
 * mmap all see these frames.  A frame in the cache has one reference from it.
 *
 * invalidate_lock orders truncation and hole punching (writing) against faults and
 * fills (reading).  `mappings` holds the areas that map the file, so that
 * truncation can unmap and write-back can write-protect; vm/ registers the hook.
 */
#pragma once

#include <lib/radix.h>
#include <mm/frame.h>
#include <sched/mutex.h>

struct inode;
struct page_cache;
struct file;
struct uio;
struct mmap_request;

struct page_cache_ops {
	/* Reads page f->index into f (locked, not up to date).  NULL: pages are born zeroed (tmpfs). Sleeps. */
	int (*fill)(struct page_cache *c, struct frame *f);
	int (*write_back)(struct page_cache *c, struct frame *f);
	/* A page was dirtied: may reserve space (-ENOSPC, -EDQUOT). NULL: nothing to do. */
	int (*reserve)(struct page_cache *c, u64 index);
	void (*unreserve)(struct page_cache *c, u64 pages);
};

struct page_cache {
	struct inode *host;         /* imm */
	const struct page_cache_ops *ops; /* imm */
	spinlock_t lock;            /* pages, count */
	struct radix_tree pages;
	u64 count;                  /* frames in `pages` */
	struct rwsem invalidate_lock;
	struct rwsem mappings_lock;
	struct list mappings;       /* struct area.mapping_link; vm/ */
	u32 writable_mappings;      /* atomic: shared writable areas (memfd seals, ETXTBSY) */
};

void page_caches_init(void);
void page_cache_init(struct page_cache *c, struct inode *host, const struct page_cache_ops *ops);
/* Frees all pages. Nobody uses it any more. */
void page_cache_destroy(struct page_cache *c);

enum { CACHE_CREATE = 1, /* make a missing page (else *out NULL for a hole of a cache without fill) */
       CACHE_DIRTY = 2,  /* it is going to be written */
       CACHE_NO_ZERO = 4 /* the caller overwrites all of a new page before anybody can see it */ };
/* The frame of page `index`, up to date, with a reference; *out may be NULL for a hole. -ENOMEM, -EIO, -ENOSPC. Sleeps. */
int page_cache_get(struct page_cache *c, u64 index, unsigned flags, struct frame **out) must_check;
/* Only if it is there: referenced frame or NULL. Never sleeps. */
struct frame *page_cache_peek(struct page_cache *c, u64 index);
/* Puts an adopted frame (reference taken over) at a place that is empty. -ENOMEM, -EEXIST. */
int page_cache_adopt(struct page_cache *c, u64 index, struct frame *f);
/* Drops whole pages in [first, last] and unmaps them everywhere. invalidate_lock held for writing. */
void page_cache_truncate(struct page_cache *c, u64 first, u64 last);

/* Generic read and write over the cache (regular files). */
ssize_t page_cache_read(struct file *f, struct uio *u, u64 *pos);
ssize_t page_cache_write(struct file *f, struct uio *u, u64 *pos);
int page_cache_mmap(struct file *f, struct mmap_request *r);
/* Changes the size: zeroes the tail of the last page, drops what is behind, unmaps. inode->lock held for writing. */
int page_cache_resize(struct inode *i, u64 size);

/* Makes [start, end) (bytes) a hole. inode->lock held for writing. */
int page_cache_punch(struct page_cache *c, u64 start, u64 end);
/* generic_llseek, and SEEK_DATA and SEEK_HOLE by what is in the cache (which must be all there is). */
s64 page_cache_llseek(struct file *f, s64 off, int whence);
void page_cache_start(void); /* at boot */

/* Set by vm/: unmaps pages [first, last] of the cache from all areas; `zap_private`: private copies, too. */
extern void (*page_cache_unmap)(struct page_cache *c, u64 first, u64 last, bool zap_private);
