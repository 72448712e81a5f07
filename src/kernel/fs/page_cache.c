/* SPDX-License-Identifier: MIT */
/*
 * The page cache: one for each inode with data, a radix tree from page index to
 * frame.  A frame in it has one reference from the cache, FRAME_CACHE, its owner and index.
 *
 * A page is complete (FRAME_UPTODATE) before anybody can see it, if the file
 * system has no fill operation (tmpfs); else it is inserted locked, filled, and
 * those who want it wait for FRAME_LOCKED to go.
 *
 * Reads take no lock but the tree's, for a batch of look-ups, and hold a reference on
 * each page while they copy, so that a truncation meanwhile does no harm.  A user's memory may
 * fault under all of these: no lock that a fault takes is held while copying.
 *
 * Locking: c->lock for the tree; inode->lock for writing by all that change size or
 * data; invalidate_lock for writing by whatever removes pages, after having unmapped them.
 */
#include <fs/internal.h>

#define BATCH 16
#define FREE_BATCH 64
#define LOCK_QUEUES 64

void (*page_cache_unmap)(struct page_cache *c, u64 first, u64 last, bool zap_private);

static struct slab_cache *nodes;
static struct wait_queue lock_queues[LOCK_QUEUES];

static struct radix_node *node_alloc(void *ctx)
{
	return slab_alloc(nodes, ALLOC_ATOMIC);
}

static void node_free(void *ctx, struct radix_node *n)
{
	slab_free(nodes, n);
}

static const struct radix_ops tree_ops = { .alloc_node = node_alloc, .free_node = node_free };

static inline bool in_memory(const struct page_cache *c)
{
	return !c->ops || !c->ops->write_back;
}

static inline void count_pages(const struct page_cache *c, s64 n)
{
	if (in_memory(c))
		mem_count(MEM_SHMEM, n);
	else
		mem_count(MEM_CACHE, n);
}

static inline bool can_fill(const struct page_cache *c)
{
	return c->ops && c->ops->fill;
}

void page_cache_init(struct page_cache *c, struct inode *host, const struct page_cache_ops *ops)
{
	c->host = host;
	c->ops = ops;
	spin_init(&c->lock);
	radix_init(&c->pages, &tree_ops);
	c->count = 0;
	rwsem_init(&c->invalidate_lock);
	rwsem_init(&c->mappings_lock);
	list_init(&c->mappings);
	c->writable_mappings = 0;
}

/* --- Looking ---------------------------------------------------------------------------------- */

/* The leaf with the slot of `index`, or NULL. c->lock held. */
static inline struct radix_node *leaf_of(const struct radix_tree *t, u64 index)
{
	struct radix_node *n = t->root;

	if (!n || (index >> n->shift) >= RADIX_SLOTS)
		return NULL;
	while (n && n->shift)
		n = n->slots[(index >> n->shift) & (RADIX_SLOTS - 1)];
	return n;
}

/* The pages [first, first + n), referenced, NULL where there is none. */
static void lookup_batch(struct page_cache *c, u64 first, unsigned n, struct frame **out)
{
	unsigned i = 0;

	SPIN_GUARD(&c->lock);
	while (i < n) {
		struct radix_node *leaf = leaf_of(&c->pages, first + i);
		unsigned slot = (first + i) & (RADIX_SLOTS - 1);
		do {
			struct frame *f = leaf ? leaf->slots[slot] : NULL;
			if (likely(f))
				frame_get(f);
			out[i++] = f;
		} while (++slot < RADIX_SLOTS && i < n);
	}
}

struct frame *page_cache_peek(struct page_cache *c, u64 index)
{
	SPIN_GUARD(&c->lock);
	struct frame *f = radix_lookup(&c->pages, index);

	if (f)
		frame_get(f);
	return f;
}

/* --- Adding ----------------------------------------------------------------------------------- */

/* Puts `f` in place; the caller's reference becomes the cache's. -EEXIST, -ENOMEM */
static int insert(struct page_cache *c, u64 index, struct frame *f, u32 flags)
{
	f->owner = c;
	f->index = index;
	f->flags |= FRAME_CACHE | flags;
	spin_lock(&c->lock);
	int err = radix_insert(&c->pages, index, f);
	if (likely(!err))
		c->count++;
	spin_unlock(&c->lock);
	if (likely(!err)) {
		count_pages(c, 1);
	} else {
		f->flags &= ~(u32)(FRAME_CACHE | flags);
		f->owner = NULL;
	}
	return err;
}

static inline int reserve(struct page_cache *c, u64 index)
{
	return c->ops && c->ops->reserve ? c->ops->reserve(c, index) : 0;
}

static inline void unreserve(struct page_cache *c, u64 pages)
{
	if (c->ops && c->ops->unreserve)
		c->ops->unreserve(c, pages);
}

int page_cache_adopt(struct page_cache *c, u64 index, struct frame *f)
{
	int err = reserve(c, index);

	if (err)
		return err;
	err = insert(c, index, f, FRAME_UPTODATE);
	if (err)
		unreserve(c, 1);
	return err;
}

/* --- Locked pages (file systems with a fill operation) ------------------------------------------ */

static struct wait_queue *lock_queue(const struct frame *f)
{
	return &lock_queues[frame_number(f) % LOCK_QUEUES];
}

static bool page_trylock(struct frame *f)
{
	return !(atomic_fetch_or(&f->flags, FRAME_LOCKED) & FRAME_LOCKED);
}

static int page_lock(struct frame *f)
{
	return wait_event(lock_queue(f), WAIT_KILLABLE, page_trylock(f));
}

static void page_unlock(struct frame *f)
{
	atomic_and(&f->flags, ~(u32)FRAME_LOCKED);
	wait_wake_all(lock_queue(f));
}

/* Reads the page in unless somebody has. Referenced by the caller. */
static int make_uptodate(struct page_cache *c, struct frame *f)
{
	int err = page_lock(f);

	if (err)
		return err;
	if (!(READ_ONCE(f->flags) & FRAME_UPTODATE)) {
		err = f->owner == c ? c->ops->fill(c, f) : -ESTALE;
		if (!err)
			atomic_or(&f->flags, FRAME_UPTODATE);
	}
	page_unlock(f);
	return err;
}

/* A new page in place: *out referenced by the caller, besides the cache. */
static int add_page(struct page_cache *c, u64 index, unsigned flags, struct frame **out)
{
	bool fill = can_fill(c) && !(flags & CACHE_NO_ZERO);
	int err = reserve(c, index);

	if (err)
		return err;
	struct frame *f = frame_alloc(0, ALLOC_USER | (fill || flags & CACHE_NO_ZERO ? 0 : ALLOC_ZERO));
	if (!f) {
		unreserve(c, 1);
		return -ENOMEM;
	}
	frame_get(f);
	err = insert(c, index, f, fill ? 0 : FRAME_UPTODATE);
	if (err) {
		frame_put(f);
		frame_put(f);
		unreserve(c, 1);
		return err;
	}
	*out = f;
	return 0;
}

int page_cache_get(struct page_cache *c, u64 index, unsigned flags, struct frame **out)
{
	struct frame *f;
	int err = 0;

	for (;;) {
		f = page_cache_peek(c, index);
		if (!f) {
			if (!(flags & CACHE_CREATE) && !can_fill(c)) {
				*out = NULL;
				return 0;
			}
			err = add_page(c, index, flags, &f);
			if (err == -EEXIST)
				continue;
			if (err)
				return err;
		}
		if (likely(READ_ONCE(f->flags) & FRAME_UPTODATE))
			break;
		err = make_uptodate(c, f);
		if (!err)
			break;
		frame_put(f);
		if (err != -ESTALE)
			return err;
	}
	if (flags & CACHE_DIRTY && !in_memory(c))
		atomic_or(&f->flags, FRAME_DIRTY);
	*out = f;
	return 0;
}

/* --- Removing --------------------------------------------------------------------------------- */

struct removal {
	struct frame *frames[FREE_BATCH];
	unsigned count;
};

/* Gives up the cache's references: those that are the last ones together. */
static void removal_flush(struct removal *r)
{
	unsigned last = 0;

	for (unsigned i = 0; i < r->count; i++) {
		struct frame *f = r->frames[i];
		if (READ_ONCE(f->refs) == 1)
			r->frames[last++] = f;
		else
			frame_put(f);
	}
	frame_free_batch(r->frames, last);
	r->count = 0;
}

/* Takes up to a batch of pages in [*index, last] out of the tree; *index moves on. */
static void take_batch(struct page_cache *c, u64 *index, u64 last, struct removal *r)
{
	struct frame *f;

	SPIN_GUARD(&c->lock);
	while (r->count < FREE_BATCH && (f = radix_next(&c->pages, index, last))) {
		radix_remove(&c->pages, *index);
		atomic_and(&f->flags, ~(u32)(FRAME_CACHE | FRAME_DIRTY));
		f->owner = NULL;
		r->frames[r->count++] = f;
		if ((*index)++ == last)
			break;
	}
	c->count -= r->count;
}

static void remove_range(struct page_cache *c, u64 first, u64 last)
{
	struct removal r = { .count = 0 };

	while (c->count && first <= last) {
		take_batch(c, &first, last, &r);
		if (!r.count)
			break;
		count_pages(c, -(s64)r.count);
		unreserve(c, r.count);
		removal_flush(&r);
		if (!first)
			break;
		cond_resched();
	}
}

static void unmap_and_remove(struct page_cache *c, u64 first, u64 last, bool private_copies)
{
	if (first > last)
		return;
	if (page_cache_unmap && !list_empty(&c->mappings))
		page_cache_unmap(c, first, last, private_copies);
	remove_range(c, first, last);
}

void page_cache_truncate(struct page_cache *c, u64 first, u64 last)
{
	unmap_and_remove(c, first, last, true);
}

void page_cache_destroy(struct page_cache *c)
{
	ASSERT(list_empty(&c->mappings));
	remove_range(c, 0, ~0ULL);
	ASSERT(radix_empty(&c->pages));
}

/* Zeroes [from, to) of one page, if it is there. */
static int zero_part(struct page_cache *c, u64 index, u64 from, u64 to)
{
	struct frame *f;
	int err = page_cache_get(c, index, 0, &f);

	if (err || !f)
		return err;
	memset((char *)frame_virt(f) + from, 0, to - from);
	if (!in_memory(c))
		atomic_or(&f->flags, FRAME_DIRTY);
	frame_put(f);
	return 0;
}

int page_cache_resize(struct inode *i, u64 size)
{
	struct page_cache *c = i->cache;
	int err = 0;

	if (size >= i->size) {
		WRITE_ONCE(i->size, size);
		return 0;
	}
	rwsem_write_lock(&c->invalidate_lock);
	WRITE_ONCE(i->size, size);
	if (size & PAGE_MASK)
		err = zero_part(c, size >> PAGE_SHIFT, size & PAGE_MASK, PAGE_SIZE);
	page_cache_truncate(c, (size + PAGE_MASK) >> PAGE_SHIFT, ~0ULL >> PAGE_SHIFT);
	rwsem_write_unlock(&c->invalidate_lock);
	return err;
}

int page_cache_punch(struct page_cache *c, u64 start, u64 end)
{
	u64 first = (start + PAGE_MASK) >> PAGE_SHIFT, stop = end >> PAGE_SHIFT;
	int err = 0;

	rwsem_write_lock(&c->invalidate_lock);
	if (first > stop) { /* inside one page */
		err = zero_part(c, stop, start & PAGE_MASK, end & PAGE_MASK);
	} else {
		if (start & PAGE_MASK)
			err = zero_part(c, start >> PAGE_SHIFT, start & PAGE_MASK, PAGE_SIZE);
		if (!err && end & PAGE_MASK)
			err = zero_part(c, stop, 0, end & PAGE_MASK);
		if (!err && first < stop)
			unmap_and_remove(c, first, stop - 1, false); /* the file goes on behind: copies stay */
	}
	rwsem_write_unlock(&c->invalidate_lock);
	return err;
}

/* --- Reading ---------------------------------------------------------------------------------- */

/* Copies the part of one page; *stop when the user's memory ended it. */
static inline size_t read_page(struct page_cache *c, struct frame *f, u64 index, size_t off, size_t n, struct uio *u,
			       int *err)
{
	if (unlikely(!f || !(READ_ONCE(f->flags) & FRAME_UPTODATE))) {
		if (!can_fill(c))
			return uio_put_zero(u, n);
		struct frame *filled;
		if (u->nowait) {
			*err = -EAGAIN;
			return 0;
		}
		*err = page_cache_get(c, index, 0, &filled);
		if (*err)
			return 0;
		size_t done = uio_put(u, (char *)frame_virt(filled) + off, n);
		frame_put(filled);
		return done;
	}
	return uio_put(u, (char *)frame_virt(f) + off, n);
}

/* Bytes [pos, end) of the file, as far as it goes. */
static size_t read_range(struct page_cache *c, struct uio *u, u64 pos, u64 end, int *err)
{
	struct frame *frames[BATCH];
	u64 start = pos;
	bool stop = false;

	while (pos < end && !stop) {
		u64 index = pos >> PAGE_SHIFT;
		unsigned n = (unsigned)min(((end - 1) >> PAGE_SHIFT) - index + 1, (u64)BATCH);

		lookup_batch(c, index, n, frames);
		for (unsigned i = 0; i < n; i++) {
			if (likely(!stop)) {
				size_t off = pos & PAGE_MASK, part = min(PAGE_SIZE - off, end - pos);
				size_t got = read_page(c, frames[i], index + i, off, part, u, err);
				pos += got;
				stop = got < part;
			}
			if (frames[i])
				frame_put(frames[i]);
		}
		cond_resched();
	}
	return pos - start;
}

ssize_t page_cache_read(struct file *f, struct uio *u, u64 *pos)
{
	struct inode *i = f->inode;
	u64 size = READ_ONCE(i->size), from = *pos;
	int err = -EFAULT;

	if (from >= size || !u->left)
		return 0;
	size_t n = min(u->left, size - from);
	size_t done = read_range(i->cache, u, from, from + n, &err);
	file_accessed(f);
	*pos = from + done;
	return done ? (ssize_t)done : err;
}

/* --- Writing ---------------------------------------------------------------------------------- */

/*
 * A page that is not there yet: filled with the caller's bytes before it is inserted, so nobody
 * sees it half done and what is overwritten is not cleared first. Returns bytes taken.
 */
static size_t write_new_page(struct page_cache *c, u64 index, size_t off, size_t n, struct uio *u, int *err)
{
	struct frame *f;

	if ((*err = reserve(c, index)))
		return 0;
	*err = -ENOMEM;
	if (unlikely(!(f = frame_alloc(0, ALLOC_USER))))
		goto out;
	char *page = frame_virt(f);
	size_t done = uio_get(u, page + off, n);
	*err = -EFAULT;
	if (unlikely(!done)) {
		frame_put(f);
		goto out;
	}
	if (off)
		memset(page, 0, off);
	if (off + done < PAGE_SIZE)
		memset(page + off + done, 0, PAGE_SIZE - off - done);
	*err = insert(c, index, f, FRAME_UPTODATE);
	if (likely(!*err))
		return done;
	if (*err == -EEXIST) { /* a fault through a mapping was faster */
		struct frame *there = page_cache_peek(c, index);
		if (there) {
			memcpy((char *)frame_virt(there) + off, page + off, done);
			frame_put(there);
			*err = 0;
		}
	}
	frame_put(f);
	unreserve(c, 1);
	if (!*err)
		return done;
	uio_revert(u, done);
	return 0;
out:
	unreserve(c, 1);
	return 0;
}

static inline size_t write_page(struct page_cache *c, u64 index, size_t off, size_t n, struct uio *u, int *err)
{
	struct frame *f;

	if (likely(!can_fill(c))) {
		f = page_cache_peek(c, index);
		if (!f)
			return write_new_page(c, index, off, n, u, err);
	} else {
		*err = page_cache_get(c, index, CACHE_CREATE | CACHE_DIRTY, &f);
		if (*err)
			return 0;
	}
	size_t done = uio_get(u, (char *)frame_virt(f) + off, n);
	frame_put(f);
	*err = -EFAULT;
	return done;
}

/* n bytes at `pos`; the size follows. inode->lock held for writing. Bytes or error. */
static ssize_t write_range(struct inode *i, struct uio *u, u64 pos, size_t n)
{
	u64 start = pos, end = pos + n;
	int err = 0;

	while (pos < end) {
		size_t off = pos & PAGE_MASK, part = min(PAGE_SIZE - off, end - pos);
		size_t done = write_page(i->cache, pos >> PAGE_SHIFT, off, part, u, &err);

		pos += done;
		if (pos > i->size)
			WRITE_ONCE(i->size, pos);
		if (unlikely(done < part))
			break;
		cond_resched();
	}
	return pos > start ? (ssize_t)(pos - start) : err;
}

ssize_t page_cache_write(struct file *f, struct uio *u, u64 *pos)
{
	struct inode *i = f->inode;
	ssize_t n;

	if (!u->left)
		return 0;
	if (unlikely(!rwsem_write_trylock(&i->lock))) {
		if (u->nowait)
			return -EAGAIN;
		rwsem_write_lock(&i->lock);
	}
	u64 at = f->flags & O_APPEND || u->append ? i->size : *pos;
	n = write_limit(f, at, u->left);
	if (likely(n > 0)) {
		inode_strip_suid(i);
		n = write_range(i, u, at, (size_t)n);
	}
	if (likely(n > 0)) {
		inode_touch(i, SETATTR_MTIME | SETATTR_CTIME);
		*pos = at + (u64)n;
	}
	rwsem_write_unlock(&i->lock);
	if (unlikely(n > 0 && f->flags & O_DSYNC && f->ops->fsync)) {
		int err = f->ops->fsync(f, at, *pos - 1, (f->flags & O_SYNC) != O_SYNC);
		if (err)
			return err;
	}
	return n;
}

/* --- Mapping and seeking ---------------------------------------------------------------------- */

int page_cache_mmap(struct file *f, struct mmap_request *r)
{
	r->cache = f->inode->cache;
	file_accessed(f);
	return 0;
}

/* First place >= off with data, or without. The end of the file counts as a hole. */
static s64 find_data_or_hole(struct page_cache *c, u64 off, u64 size, bool data)
{
	u64 index = off >> PAGE_SHIFT, last = (size - 1) >> PAGE_SHIFT;

	SPIN_GUARD(&c->lock);
	if (data) {
		u64 found = index;
		if (!radix_next(&c->pages, &found, last))
			return -ENXIO;
		return (s64)max(off, found << PAGE_SHIFT);
	}
	while (index <= last && radix_lookup(&c->pages, index))
		index++;
	return (s64)min(size, max(off, index << PAGE_SHIFT));
}

s64 page_cache_llseek(struct file *f, s64 off, int whence)
{
	u64 size = READ_ONCE(f->inode->size);

	if (whence != SEEK_DATA && whence != SEEK_HOLE)
		return generic_llseek(f, off, whence);
	if (off < 0 || (u64)off >= size)
		return -ENXIO;
	s64 found = find_data_or_hole(f->inode->cache, (u64)off, size, whence == SEEK_DATA);
	if (found >= 0)
		f->pos = (u64)found;
	return found;
}

void page_cache_start(void)
{
	nodes = slab_create("radix_node", sizeof(struct radix_node), 0);
	for (unsigned i = 0; i < LOCK_QUEUES; i++)
		wait_queue_init(&lock_queues[i]);
}
