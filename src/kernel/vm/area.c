/* SPDX-License-Identifier: MIT */
/*
 * The areas of an address space: a red-black tree and a list, both by address.
 *
 * Each area knows the free space right below it (`gap`) and the largest such gap
 * in its subtree (`gap_max`), so the highest hole of a given size is found in one
 * walk down the tree:
 *
 *      0        |--gap--|==A==|---gap---|==B==|gap|==stack==|   free to USER_MAX
 *
 * A stack's guard does not count as free: the gap below it ends that much earlier.
 *
 * Invariants: areas are disjoint, page-aligned and not empty; neighbours that could
 * be one area are one, where that is cheap to see (area_merge).  mm->pages_* are the
 * sums over all areas.
 *
 * Locking: mm->lock, for writing to change anything; an area that changes is marked first, which keeps
 * faults out of it (area_lock.c).  An area with a page cache
 * is on cache->mappings, where truncation finds it without mm->lock; so its ends
 * and its offset change under the cache's mappings_lock, too.
 */
#include <debug/panic.h>
#include <mm/slab.h>
#include <sync/atomic.h>
#include <vm/internal.h>

static struct slab_cache *area_cache;

void areas_init(void)
{
	area_cache = slab_create("area", sizeof(struct area), 64);
}

struct area *area_new(struct mm *mm, u64 start, u64 end, u32 flags)
{
	struct area *a = slab_alloc(area_cache, 0);

	if (!a)
		return NULL;
	ASSERT(start < end && end <= USER_MAX && IS_ALIGNED(start | end, PAGE_SIZE));
	*a = (struct area){ .start = start, .end = end, .flags = flags, .mm = mm };
	return a;
}

static void take_references(struct area *a)
{
	if (a->file)
		file_get(a->file);
	else if (a->cache)
		shared_anon_get(a->cache);
}

struct area *area_clone(const struct area *a, struct mm *mm)
{
	struct area *b = slab_alloc(area_cache, 0);

	if (!b)
		return NULL;
	*b = *a;
	b->mm = mm;
	b->readers = 0;
	b->change_seq = 0;
	take_references(b);
	return b;
}

static void drop_references(struct area *a)
{
	if (a->file)
		file_put(a->file);
	else if (a->cache)
		shared_anon_put(a->cache);
}

void area_free_memory(struct area *a)
{
	slab_free(area_cache, a);
}

void area_free(struct area *a)
{
	drop_references(a);
	area_free_memory(a);
}

void area_discard(struct mm *mm, struct area *a)
{
	a->next = mm->dead;
	mm->dead = a;
}

void mm_write_unlock(struct mm *mm)
{
	struct area *dead = mm->dead, *next;

	mm->dead = NULL;
	mm_changes_end(mm);
	rwsem_write_unlock(&mm->lock);
	for (; dead; dead = next) {
		next = dead->next;
		drop_references(dead);
		area_free_later(mm, dead);
	}
}

/* ---- the mappings of a page cache ---- */

static bool counts_as_writable(const struct area *a)
{
	return (a->flags & (AREA_SHARED | AREA_MAYWRITE)) == (AREA_SHARED | AREA_MAYWRITE);
}

static void mapping_link(struct area *a)
{
	list_push_back(&a->cache->mappings, &a->mapping_link);
	if (counts_as_writable(a))
		atomic_inc(&a->cache->writable_mappings);
}

static void mapping_unlink(struct area *a)
{
	list_remove(&a->mapping_link);
	if (counts_as_writable(a))
		atomic_dec(&a->cache->writable_mappings);
}

void area_mapping_add(struct area *a)
{
	if (!a->cache)
		return;
	rwsem_write_lock(&a->cache->mappings_lock);
	mapping_link(a);
	rwsem_write_unlock(&a->cache->mappings_lock);
}

void area_mapping_remove(struct area *a)
{
	if (!a->cache)
		return;
	rwsem_write_lock(&a->cache->mappings_lock);
	mapping_unlink(a);
	rwsem_write_unlock(&a->cache->mappings_lock);
}

/* ---- accounts ---- */

static void account(struct mm *mm, u32 flags, s64 pages)
{
	mm->pages_total += (u64)pages;
	if (flags & AREA_LOCKED)
		mm->pages_locked += (u64)pages;
	if (flags & (AREA_GROWSDOWN | AREA_STACK))
		mm->pages_stack += (u64)pages;
	else if ((flags & (AREA_WRITE | AREA_SHARED)) == AREA_WRITE)
		mm->pages_data += (u64)pages;
	else if ((flags & (AREA_WRITE | AREA_EXEC)) == AREA_EXEC)
		mm->pages_exec += (u64)pages;
	if (mm->pages_total > mm->total_peak)
		mm->total_peak = mm->pages_total;
}

void area_set_flags(struct mm *mm, struct area *a, u32 flags)
{
	s64 pages = (s64)pages_of(a->start, a->end);

	ASSERT(!((a->flags ^ flags) & (AREA_SHARED | AREA_MAYWRITE | AREA_GROWSDOWN)));
	area_change_begin(a);
	account(mm, a->flags, -pages);
	a->flags = flags;
	account(mm, flags, pages);
}

/* ---- the tree ---- */

static inline u64 gap_max_of(const struct rb_node *n)
{
	return n ? rb_entry(n, struct area, node)->gap_max : 0;
}

static bool gap_update(struct rb_node *n)
{
	struct area *a = rb_entry(n, struct area, node);
	u64 l = gap_max_of(n->left), r = gap_max_of(n->right), most = a->gap;

	if (l > most)
		most = l;
	if (r > most)
		most = r;
	if (a->gap_max == most)
		return false;
	a->gap_max = most;
	return true;
}

static u64 gap_below(const struct area *a)
{
	u64 top = area_start_guarded(a), bottom = a->prev ? a->prev->end : 0;

	return top > bottom ? top - bottom : 0;
}

/* The space below `a` has changed. */
static void gap_changed(struct area *a)
{
	u64 gap = gap_below(a);

	if (a->gap == gap)
		return;
	a->gap = gap;
	rb_update_path(&a->node, gap_update);
}

/* Puts `a` into list and tree behind `prev` (NULL: first), at *link below `parent`. */
static void link_area(struct mm *mm, struct area *a, struct area *prev, struct rb_node *parent,
		      struct rb_node **link)
{
	a->prev = prev;
	a->next = prev ? prev->next : mm->first;
	if (prev)
		prev->next = a;
	else
		mm->first = a;
	if (a->next)
		a->next->prev = a;
	else
		mm->last = a;
	a->gap = a->gap_max = gap_below(a);
	rb_link(&a->node, parent, link);
	rb_insert_augmented(&a->node, &mm->areas, gap_update);
	if (a->next)
		gap_changed(a->next);
	mm->area_count++;
	account(mm, a->flags, (s64)pages_of(a->start, a->end));
}

void area_append(struct mm *mm, struct area *a)
{
	struct area *last = mm->last;

	ASSERT(!last || last->end <= a->start);
	if (!last)
		link_area(mm, a, NULL, NULL, &mm->areas.node);
	else /* the highest area's node has no right child */
		link_area(mm, a, last, &last->node, &last->node.right);
}

static void insert_by_address(struct mm *mm, struct area *a)
{
	struct rb_node **link = &mm->areas.node, *parent = NULL;
	struct area *prev = NULL;

	while (*link) {
		struct area *other = rb_entry(*link, struct area, node);

		parent = *link;
		if (a->end <= other->start) {
			link = &parent->left;
		} else {
			ASSERT_OP(a->start, >=, other->end);
			prev = other;
			link = &parent->right;
		}
	}
	link_area(mm, a, prev, parent, link);
}

void area_insert(struct mm *mm, struct area *a)
{
	area_change_begin(a); /* no fault before truncation can find it */
	insert_by_address(mm, a);
	area_mapping_add(a);
}

static void unlink_area(struct mm *mm, struct area *a)
{
	struct area *next = a->next;

	if (a->prev)
		a->prev->next = next;
	else
		mm->first = next;
	if (next)
		next->prev = a->prev;
	else
		mm->last = a->prev;
	rb_erase_augmented(&a->node, &mm->areas, gap_update);
	if (next)
		gap_changed(next);
	if (mm->cached == a)
		mm->cached = NULL;
	a->detached = true;
	mm->area_count--;
	account(mm, a->flags, -(s64)pages_of(a->start, a->end));
}

void area_remove(struct mm *mm, struct area *a)
{
	area_change_begin(a);
	area_mapping_remove(a);
	unlink_area(mm, a);
}

static void set_ends(struct mm *mm, struct area *a, u64 start, u64 end)
{
	account(mm, a->flags, (s64)pages_of(start, end) - (s64)pages_of(a->start, a->end));
	a->offset += start - a->start;
	if (a->flags & AREA_DEVICE)
		a->device = paddr_add(a->device, start - a->start);
	a->start = start;
	a->end = end;
	gap_changed(a);
	if (a->next)
		gap_changed(a->next);
}

void area_resize(struct mm *mm, struct area *a, u64 start, u64 end)
{
	ASSERT(start < end && (!a->prev || a->prev->end <= start) && (!a->next || end <= a->next->start));
	area_change_begin(a);
	if (a->cache)
		rwsem_write_lock(&a->cache->mappings_lock);
	set_ends(mm, a, start, end);
	if (a->cache)
		rwsem_write_unlock(&a->cache->mappings_lock);
}

struct area *area_split(struct mm *mm, struct area *a, u64 at)
{
	struct area *b = area_clone(a, mm);

	ASSERT(a->start < at && at < a->end);
	if (!b)
		return NULL;
	area_change_begin(a);
	area_change_begin(b);
	b->start = at;
	b->offset += at - a->start;
	if (b->flags & AREA_DEVICE)
		b->device = paddr_add(b->device, at - a->start);
	if (a->cache)
		rwsem_write_lock(&a->cache->mappings_lock);
	set_ends(mm, a, a->start, at);
	insert_by_address(mm, b);
	if (a->cache) {
		mapping_link(b);
		rwsem_write_unlock(&a->cache->mappings_lock);
	}
	return b;
}

bool area_joins(const struct area *lower, const struct area *upper)
{
	if (lower->end != upper->start || lower->flags != upper->flags)
		return false;
	if (lower->file != upper->file || lower->cache != upper->cache)
		return false;
	if (lower->flags & (AREA_DEVICE | AREA_GROWSDOWN | AREA_VDSO))
		return false;
	return !lower->cache || lower->offset + (lower->end - lower->start) == upper->offset;
}

/* `upper` becomes part of `lower`. */
static void join(struct mm *mm, struct area *lower, struct area *upper)
{
	u64 end = upper->end;

	area_change_begin(lower);
	area_change_begin(upper);
	lower->has_anon |= upper->has_anon;
	if (lower->cache)
		rwsem_write_lock(&lower->cache->mappings_lock);
	unlink_area(mm, upper);
	set_ends(mm, lower, lower->start, end);
	if (lower->cache) {
		mapping_unlink(upper);
		rwsem_write_unlock(&lower->cache->mappings_lock);
	}
	area_discard(mm, upper);
}

struct area *area_merge(struct mm *mm, struct area *a)
{
	if (a->next && area_joins(a, a->next))
		join(mm, a, a->next);
	if (a->prev && area_joins(a->prev, a)) {
		a = a->prev;
		join(mm, a, a->next);
	}
	return a;
}

/* ---- searches ---- */

struct area *area_find(struct mm *mm, u64 va)
{
	struct area *a = READ_ONCE(mm->cached), *best = NULL;

	if (a && a->start <= va && va < a->end)
		return a;
	for (struct rb_node *n = mm->areas.node; n;) {
		a = rb_entry(n, struct area, node);
		if (va < a->end) {
			best = a;
			if (a->start <= va) {
				WRITE_ONCE(mm->cached, a);
				break;
			}
			n = n->left;
		} else {
			n = n->right;
		}
	}
	return best;
}

struct area *area_containing(struct mm *mm, u64 va)
{
	struct area *a = area_find(mm, va);

	return a && a->start <= va ? a : NULL;
}

struct area *area_intersecting(struct mm *mm, u64 start, u64 end)
{
	struct area *a = area_find(mm, start);

	return a && a->start < end ? a : NULL;
}

/* In the subtree at `n`.  The recursion is as deep as the tree is high: at most 32 for 65530 areas. */
static u64 find_gap(const struct rb_node *n, u64 len, u64 lo, u64 hi)
{
	while (n) {
		const struct area *a = rb_entry(n, struct area, node);
		u64 top = area_start_guarded(a), bottom, place;

		if (a->gap_max < len)
			return 0;
		if (a->end < hi && (place = find_gap(n->right, len, lo, hi)))
			return place;
		bottom = max(top - a->gap, lo);
		top = min(top, hi);
		if (top > bottom && top - bottom >= len)
			return top - len;
		n = a->start > lo ? n->left : NULL;
	}
	return 0;
}

u64 area_find_gap(struct mm *mm, u64 len, u64 lo, u64 hi)
{
	u64 top = mm->last ? max(mm->last->end, lo) : lo;

	ASSERT(lo > 0);
	if (hi > top && hi - top >= len)
		return hi - len;
	return find_gap(mm->areas.node, len, lo, hi);
}

struct area *area_first(struct mm *mm)
{
	return mm->first;
}

struct area *area_next(struct area *a)
{
	return a->next;
}

const char *area_name(const struct area *a)
{
	const struct mm *mm = a->mm;

	if (a->file)
		return NULL;
	if (a->flags & AREA_VDSO)
		return a->offset ? "[vdso]" : "[vvar]";
	if (a->cache)
		return "/dev/zero (deleted)";
	if (a->start <= mm->brk && a->end >= mm->brk_start && mm->brk > mm->brk_start)
		return "[heap]";
	if (a->start <= mm->stack_top && a->end >= mm->stack_top)
		return "[stack]";
	return NULL;
}
