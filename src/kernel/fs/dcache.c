/* SPDX-License-Identifier: MIT */
/*
 * The cache of names.
 *
 * A dentry says what a name in a directory stands for: an inode, or nothing (a
 * negative dentry, so that asking again is cheap).  All hashed dentries are in one
 * table by (parent, name).  A dentry holds a reference on its parent and on
 * its inode; it takes its inode once (dentry_attach) and keeps it until it is freed:
 * an unlinked one is only unhashed.
 *
 * References.  A dentry whose count falls to 0 stays in the table, on the LRU list,
 * until there are too many or memory is short; an unhashed one goes at once.
 * Going is decided under d->lock by setting the count from 0 to DENTRY_DEAD, after which nobody
 * can get it any more; its memory is freed after an RCU grace period.
 *
 * Pinned dentries are the directory entries themselves (tmpfs, devfs, sysfs):
 * they hold a reference of their own, so they never fall to 0 until dentry_unpin.
 *
 * Readers walk hash chains under RCU without locks.  A rename may move a dentry to
 * another chain under their feet: it changes walk_seq, and who missed or found
 * something checks that and looks again.
 *
 * Locking: a chain by its bucket's lock (one of BUCKET_LOCKS), `children` by the parent's
 * lock, the LRU by lru_lock.  Order: d->lock > bucket lock; d->lock > lru_lock;
 * parent->lock > child->lock.  name and parent change under rename_lock and a
 * write section of walk_seq.
 */
#include <debug/panic.h>
#include <fs/internal.h>
#include <lib/hash.h>
#include <mm/kmap.h>

#define DENTRY_DEAD 0x80000000U
#define BUCKET_LOCKS 256

struct long_name {
	struct rcu_head rcu;
	char text[];
};

static struct slab_cache *dentries;
static struct hlist *buckets;
static u32 bucket_mask;
static spinlock_t bucket_locks[BUCKET_LOCKS];
static spinlock_t lru_lock;
static struct list lru = LIST_INIT(lru); /* lru_lock: the least recently used first */
static u64 lru_count, lru_limit;
static u64 next_cookie = 2;              /* atomic; 0 and 1 are "." and ".." */

struct mutex rename_lock = MUTEX_INIT(rename_lock);
seqlock_t walk_seq = SEQLOCK_INIT;

static inline u64 load_word(const char *p)
{
	u64 v;

	__builtin_memcpy(&v, p, 8);
	return v;
}

/* The n (1..8) bytes at p as a word; reads 8. */
static inline u64 load_part(const char *p, size_t n)
{
	return load_word(p) & ~0ULL >> (64 - 8 * n);
}

u32 name_hash(const struct dentry *parent, const char *name, size_t n)
{
	u64 h = name_start(parent);

	for (; n > 8; name += 8, n -= 8)
		h = name_step(h, load_word(name));
	return name_end(h, load_part(name, n));
}

static inline bool name_equal(const struct dentry *d, const char *name, size_t n)
{
	const char *own = d->name;

	for (; n > 8; name += 8, own += 8, n -= 8)
		if (load_word(own) != load_word(name))
			return false;
	return load_word(own) == load_part(name, n);
}

static spinlock_t *bucket_lock(u32 hash)
{
	return &bucket_locks[hash & bucket_mask & (BUCKET_LOCKS - 1)];
}

struct dentry *dentry_find_rcu(const struct dentry *parent, const char *name, size_t n, u32 hash)
{
	struct hlist_node *node = rcu_load(&buckets[hash & bucket_mask].first);

	for (; node; node = rcu_load(&node->next)) {
		struct dentry *d = container_of(node, struct dentry, hash_link);

		if (d->hash == hash && d->parent == parent && d->name_length == n && name_equal(d, name, n))
			return d;
	}
	return NULL;
}

bool dentry_get_rcu(struct dentry *d)
{
	u32 old = ref_read(&d->refs);

	do {
		if (unlikely(old & DENTRY_DEAD))
			return false;
	} while (!atomic_cas(&d->refs.count, &old, old + 1));
	return true;
}

struct dentry *dentry_find_hashed(struct dentry *parent, const char *name, size_t n, u32 hash)
{
	rcu_read_lock();
	struct dentry *d = dentry_find_rcu(parent, name, n, hash);
	if (d && !dentry_get_rcu(d))
		d = NULL;
	rcu_read_unlock();
	return d;
}

struct dentry *dentry_find(struct dentry *parent, const char *name, size_t n)
{
	char padded[NAME_LENGTH_MAX + 9];

	if (!n || n > NAME_LENGTH_MAX)
		return NULL;
	memcpy(padded, name, n);
	return dentry_find_hashed(parent, padded, n, name_hash(parent, padded, n));
}

/* --- Making ---------------------------------------------------------------------------------- */

static void name_free_rcu(struct rcu_head *head)
{
	kfree(container_of(head, struct long_name, rcu));
}

static void name_free(struct dentry *d)
{
	if (d->name != d->short_name)
		call_rcu(&container_of(d->name, struct long_name, text[0])->rcu, name_free_rcu);
}

static char *name_alloc(size_t n)
{
	size_t room = ALIGN_UP(n + 1, 8);
	struct long_name *l = kmalloc(sizeof *l + room, 0);

	if (!l)
		return NULL;
	memset(l->text + room - 8, 0, 8);
	return l->text;
}

static int name_set(struct dentry *d, const char *name, size_t n)
{
	char *text = d->short_name;

	if (n >= sizeof d->short_name && !(text = name_alloc(n)))
		return -ENOMEM;
	if (text == d->short_name) {
		u64 *words = (u64 *)text;
		words[0] = words[1] = words[2] = words[3] = 0;
	}
	memcpy(text, name, n);
	d->name = text;
	d->name_length = (u8)n;
	return 0;
}

static struct dentry *dentry_new(const char *name, size_t n)
{
	ASSERT_OP(n, <=, NAME_LENGTH_MAX);
	struct dentry *d = slab_alloc(dentries, 0);

	if (!d)
		return NULL;
	if (name_set(d, name, n)) {
		slab_free(dentries, d);
		return NULL;
	}
	ref_init(&d->refs, 1);
	d->flags = DENTRY_UNHASHED;
	d->inode = NULL;
	d->hash_link.pprev = NULL;
	list_init(&d->children);
	list_init(&d->sibling);
	list_init(&d->lru);
	spin_init(&d->lock);
	d->ops = NULL;
	d->priv = NULL;
	return d;
}

static void children_append(struct dentry *parent, struct dentry *d)
{
	d->cookie = __atomic_fetch_add(&next_cookie, 1, __ATOMIC_RELAXED);
	spin_lock(&parent->lock);
	list_push_back(&parent->children, &d->sibling);
	spin_unlock(&parent->lock);
}

struct dentry *dentry_alloc(struct dentry *parent, const char *name, size_t n)
{
	struct dentry *d = dentry_new(name, n);

	if (!d)
		return NULL;
	dentry_get(parent);
	d->parent = parent;
	d->super = parent->super;
	d->hash = name_hash(parent, d->name, n);
	children_append(parent, d);
	return d;
}

struct dentry *dentry_make_root(struct inode *i)
{
	return dentry_make_root_named(i, "/");
}

struct dentry *dentry_make_root_named(struct inode *i, const char *name)
{
	struct dentry *d = dentry_new(name, strlen(name));

	if (!d)
		return NULL;
	d->parent = d;
	d->super = i->super;
	d->inode = i;
	d->hash = 0;
	d->cookie = 0;
	d->flags = 0;
	return d;
}

void dentry_add(struct dentry *d)
{
	ASSERT(d->flags & DENTRY_UNHASHED);
	spin_lock(&d->lock);
	d->flags &= ~(u32)DENTRY_UNHASHED;
	spin_lock(bucket_lock(d->hash));
	hlist_add(&buckets[d->hash & bucket_mask], &d->hash_link);
	spin_unlock(bucket_lock(d->hash));
	spin_unlock(&d->lock);
}

void dentry_attach(struct dentry *d, struct inode *i)
{
	ASSERT(!d->inode);
	atomic_store(&d->inode, i);
	if (d->flags & DENTRY_UNHASHED)
		dentry_add(d);
}

void dentry_pin(struct dentry *d, struct inode *i)
{
	dentry_get(d);
	d->flags |= DENTRY_PINNED;
	dentry_attach(d, i);
}

/* d->lock held. */
static void unhash(struct dentry *d)
{
	if (d->flags & DENTRY_UNHASHED)
		return;
	d->flags |= DENTRY_UNHASHED;
	spin_lock(bucket_lock(d->hash));
	hlist_remove(&d->hash_link);
	spin_unlock(bucket_lock(d->hash));
}

/* Takes `d` off the list that readdir goes through. */
static void children_remove(struct dentry *d)
{
	spin_lock(&d->parent->lock);
	list_remove(&d->sibling);
	spin_unlock(&d->parent->lock);
}

void dentry_drop(struct dentry *d)
{
	if (d->parent == d)
		return;
	spin_lock(&d->lock);
	unhash(d);
	spin_unlock(&d->lock);
	children_remove(d);
}

void dentry_unpin(struct dentry *d)
{
	dentry_drop(d);
	if (!(d->flags & DENTRY_PINNED))
		return;
	spin_lock(&d->lock);
	d->flags &= ~(u32)DENTRY_PINNED;
	spin_unlock(&d->lock);
	dentry_put(d);
}

/* --- Going ----------------------------------------------------------------------------------- */

void dentry_get(struct dentry *d)
{
	__atomic_fetch_add(&d->refs.count, 1, __ATOMIC_RELAXED);
}

static void dentry_free_rcu(struct rcu_head *head)
{
	struct dentry *d = container_of(head, struct dentry, rcu);

	if (d->name != d->short_name)
		kfree(container_of(d->name, struct long_name, text[0]));
	slab_free(dentries, d);
}

static void lru_remove(struct dentry *d)
{
	spin_lock(&lru_lock);
	if (!list_empty(&d->lru)) {
		list_remove(&d->lru);
		lru_count--;
	}
	spin_unlock(&lru_lock);
}

/* Marks an unused dentry as going; d->lock held. */
static bool claim(struct dentry *d)
{
	u32 zero = 0;

	return atomic_cas(&d->refs.count, &zero, DENTRY_DEAD);
}

/* Frees a claimed dentry; returns its parent, whose reference is the caller's now (NULL: a root). */
static struct dentry *destroy(struct dentry *d)
{
	struct dentry *parent = d->parent;

	lru_remove(d);
	if (parent != d)
		children_remove(d);
	if (d->inode)
		inode_put(d->inode);
	call_rcu(&d->rcu, dentry_free_rcu);
	return parent == d ? NULL : parent;
}

static size_t lru_shrink(size_t want);

/* The count fell to 0. `d` is there as long as RCU is held: decides whether it stays. */
static bool settle(struct dentry *d)
{
	bool goes = false;

	spin_lock(&d->lock);
	if (ref_read(&d->refs) == 0) {
		if (d->flags & DENTRY_UNHASHED || d->parent == d) {
			goes = claim(d);
			if (goes)
				unhash(d);
		} else if (list_empty(&d->lru)) {
			spin_lock(&lru_lock);
			list_push_back(&lru, &d->lru);
			lru_count++;
			spin_unlock(&lru_lock);
		}
	}
	spin_unlock(&d->lock);
	return goes;
}

static noinline void dentry_put_last(struct dentry *d)
{
	/* RCU is held, by dentry_put. */
	for (;;) {
		bool goes = settle(d);
		rcu_read_unlock();
		if (!goes)
			break;
		if (!(d = destroy(d)))
			break;
		rcu_read_lock();
		if (__atomic_sub_fetch(&d->refs.count, 1, __ATOMIC_ACQ_REL)) {
			rcu_read_unlock();
			break;
		}
	}
	if (unlikely(READ_ONCE(lru_count) > lru_limit))
		lru_shrink(lru_limit / 8 + 1);
}

void dentry_put(struct dentry *d)
{
	rcu_read_lock();
	if (unlikely(__atomic_sub_fetch(&d->refs.count, 1, __ATOMIC_ACQ_REL) == 0))
		dentry_put_last(d);
	else
		rcu_read_unlock();
}

/* Takes the oldest unused dentry, claimed and unhashed. */
static struct dentry *lru_take(void)
{
	for (;;) {
		rcu_read_lock();
		spin_lock(&lru_lock);
		struct dentry *d = list_first_or_null(&lru, struct dentry, lru);
		if (d) {
			list_remove(&d->lru);
			lru_count--;
		}
		spin_unlock(&lru_lock);
		if (!d) {
			rcu_read_unlock();
			return NULL;
		}
		spin_lock(&d->lock);
		bool mine = claim(d);
		if (mine)
			unhash(d);
		spin_unlock(&d->lock);
		rcu_read_unlock();
		if (mine)
			return d;
	}
}

static size_t lru_shrink(size_t want)
{
	size_t freed = 0;

	while (freed < want) {
		struct dentry *d = lru_take();
		if (!d)
			break;
		struct dentry *parent = destroy(d);
		if (parent)
			dentry_put(parent);
		freed++;
	}
	return freed;
}

/* An estimate: that many dentries, with their inodes, fill the frames wanted. */
static size_t shrink_frames(size_t want)
{
	return lru_shrink(want * 8) / 8;
}

/* Children first.  What others still hold (there should be nothing) stays, unhashed. */
void dcache_evict(struct dentry *root)
{
	struct dentry *d = root;

	dentry_get(root);
	for (;;) {
		spin_lock(&d->lock);
		struct dentry *child = list_first_or_null(&d->children, struct dentry, sibling);
		if (child && !dentry_get_rcu(child)) {
			list_remove(&child->sibling);
			spin_unlock(&d->lock);
			continue;
		}
		spin_unlock(&d->lock);
		if (child) {
			d = child;
			continue;
		}
		if (d == root)
			break;
		struct dentry *parent = d->parent;
		dentry_unpin(d);
		dentry_put(d);
		d = parent;
	}
	dentry_put(root);
}

void dentry_drop_tree(struct dentry *d)
{
	dcache_evict(d);
	dentry_drop(d);
}

/* --- Moving ---------------------------------------------------------------------------------- */

static void rehash(struct dentry *d)
{
	d->hash = name_hash(d->parent, d->name, d->name_length);
	d->flags &= ~(u32)DENTRY_UNHASHED;
	spin_lock(bucket_lock(d->hash));
	hlist_add(&buckets[d->hash & bucket_mask], &d->hash_link);
	spin_unlock(bucket_lock(d->hash));
}

void dentry_move(struct dentry *d, struct dentry *parent, struct dentry *replaced, char *long_text)
{
	struct dentry *old_parent = d->parent;

	if (parent != old_parent)
		children_remove(d); /* within a directory it keeps its place, or a reader might never end */
	u64 irq = seqlock_write_begin(&walk_seq);
	unhash(replaced);
	unhash(d);
	name_free(d);
	memcpy(d->short_name, replaced->short_name, sizeof d->short_name);
	d->name = long_text ? long_text : d->short_name;
	d->name_length = replaced->name_length;
	d->parent = parent;
	rehash(d);
	seqlock_write_end(&walk_seq, irq);
	if (parent != old_parent) {
		children_append(parent, d);
		dentry_get(parent);
		dentry_put(old_parent);
	}
}

int dentry_name_copy(const struct dentry *d, char **out)
{
	*out = NULL;
	if (d->name == d->short_name)
		return 0;
	if (!(*out = name_alloc(d->name_length)))
		return -ENOMEM;
	memcpy(*out, d->name, d->name_length);
	return 0;
}

void dentry_name_drop(char *long_text)
{
	if (long_text)
		kfree(container_of(long_text, struct long_name, text[0]));
}

void dentry_exchange(struct dentry *a, struct dentry *b)
{
	struct dentry *parent_a = a->parent, *parent_b = b->parent;
	char short_a[sizeof a->short_name];
	char *long_a = a->name == a->short_name ? NULL : a->name;
	u8 length_a = a->name_length;

	children_remove(a);
	children_remove(b);
	u64 irq = seqlock_write_begin(&walk_seq);
	unhash(a);
	unhash(b);
	memcpy(short_a, a->short_name, sizeof short_a);
	memcpy(a->short_name, b->short_name, sizeof short_a);
	a->name = b->name == b->short_name ? a->short_name : b->name;
	a->name_length = b->name_length;
	memcpy(b->short_name, short_a, sizeof short_a);
	b->name = long_a ? long_a : b->short_name;
	b->name_length = length_a;
	a->parent = parent_b;
	b->parent = parent_a;
	rehash(a);
	rehash(b);
	seqlock_write_end(&walk_seq, irq);
	children_append(parent_b, a);
	children_append(parent_a, b);
}

bool dentry_is_below(const struct dentry *d, const struct dentry *ancestor)
{
	while (d != ancestor) {
		if (d->parent == d)
			return false;
		d = d->parent;
	}
	return true;
}

bool dentry_has_children(struct dentry *d)
{
	struct dentry *child;

	SPIN_GUARD(&d->lock);
	list_for_each(child, &d->children, sibling)
		if (child->inode && !(READ_ONCE(child->flags) & DENTRY_UNHASHED))
			return true;
	return false;
}

void dcache_init(void)
{
	static struct frame_shrinker shrinker = { .shrink = shrink_frames };
	u64 frames = frames_free(), count = 1024;

	while (count < frames / 8 && count < 262144)
		count *= 2;
	buckets = kmalloc(count * sizeof *buckets, ALLOC_ZERO);
	VERIFY(buckets);
	bucket_mask = (u32)count - 1;
	lru_limit = count * 2;
	dentries = slab_create("dentry", sizeof(struct dentry), 0);
	frame_shrinker_add(&shrinker);
}
