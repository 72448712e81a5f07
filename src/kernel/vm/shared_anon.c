/* SPDX-License-Identifier: MIT */
/*
 * Shared anonymous memory: a page cache whose pages are born zeroed and whose
 * file nobody can open.  Each area that maps it holds a reference.
 */
#include <mm/slab.h>
#include <vm/internal.h>

struct shared_anon {
	struct page_cache cache;
	struct inode host; /* of no file system: only its size is ever looked at */
	refcount_t refs;
};

static struct slab_cache *objects;
static const struct page_cache_ops ops; /* no fill, no write-back */

void shared_anon_init(void)
{
	objects = slab_create("shared_anon", sizeof(struct shared_anon), 0);
}

struct page_cache *shared_anon_new(void)
{
	struct shared_anon *s = slab_alloc(objects, ALLOC_ZERO);

	if (!s)
		return NULL;
	ref_init(&s->refs, 1);
	ref_init(&s->host.refs, 1);
	spin_init(&s->host.attr_lock);
	rwsem_init(&s->host.lock);
	list_init(&s->host.locks);
	s->host.mode = S_IFREG;
	s->host.size = INT64_MAX & ~PAGE_MASK;
	s->host.cache = &s->cache;
	page_cache_init(&s->cache, &s->host, &ops);
	return &s->cache;
}

void shared_anon_get(struct page_cache *c)
{
	ref_get(&container_of(c, struct shared_anon, cache)->refs);
}

void shared_anon_put(struct page_cache *c)
{
	struct shared_anon *s = container_of(c, struct shared_anon, cache);

	if (!ref_put(&s->refs))
		return;
	page_cache_destroy(c);
	slab_free(objects, s);
}
