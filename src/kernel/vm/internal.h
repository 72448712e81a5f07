/* SPDX-License-Identifier: MIT */
/* Shared by the files of vm/ alone. */
#pragma once

#include <fs/mount.h>
#include <fs/page_cache.h>
#include <fs/vfs.h>
#include <mm/frame.h>
#include <vm/vm.h>

#define AREA_ACCESS (AREA_READ | AREA_WRITE | AREA_EXEC)
#define AREAS_MAX 65530U
#define STACK_GUARD_GAP (256 * PAGE_SIZE)
#define LEAF_SPAN (512 * PAGE_SIZE)
#define LEAF_END(va, end) min(ALIGN_DOWN(va, LEAF_SPAN) + LEAF_SPAN, end)

static inline bool mount_is_noexec(const struct mount *m) { return READ_ONCE(m->flags) & MS_NOEXEC; }
static inline u64 pages_of(u64 start, u64 end) { return (end - start) >> PAGE_SHIFT; }
/* Page of the file that is mapped at `va`. */
static inline u64 area_index(const struct area *a, u64 va)
{
	return (a->offset + (va - a->start)) >> PAGE_SHIFT;
}
/* Anonymous memory that nobody else shares. */
static inline bool area_private_anon(const struct area *a)
{
	return !a->cache && !(a->flags & (AREA_DEVICE | AREA_VDSO));
}
/* Where an area begins for those who look for room: the guard of a stack counts as its. */
static inline u64 area_start_guarded(const struct area *a)
{
	if (!(a->flags & AREA_GROWSDOWN))
		return a->start;
	return a->start > STACK_GUARD_GAP ? a->start - STACK_GUARD_GAP : 0;
}
/* Pages that live in memory alone: no write-back, so a mapping may be writable without being told. */
static inline bool cache_in_memory(const struct page_cache *c)
{
	return !c->ops || !c->ops->write_back;
}
static inline s64 *area_rss(struct mm *mm, const struct area *a)
{
	return cache_in_memory(a->cache) ? &mm->rss_shmem : &mm->rss_file;
}
static inline void rss_add(s64 *counter, s64 n)
{
	__atomic_fetch_add(counter, n, __ATOMIC_RELAXED);
}

/* area.c.  mm->lock held for writing in all that change. */
void areas_init(void);
struct area *area_new(struct mm *mm, u64 start, u64 end, u32 flags); /* NULL */
struct area *area_clone(const struct area *a, struct mm *mm); /* a copy with references of its own; NULL */
void area_free(struct area *a); /* drops file and cache object, too */
/* For one that was removed: freed once mm->lock is given up, since that may end a file. */
void area_discard(struct mm *mm, struct area *a);
void mm_write_unlock(struct mm *mm);
void area_free_memory(struct area *a); /* of the struct alone */

/* area_lock.c: the lock of an area, which faults hold instead of mm->lock. */
/*
 * The area that contains `va`, held against changes until area_fault_end; NULL: there is none, or
 * not now: mm->lock has to be taken. mm is the current task's.
 */
struct area *area_fault_begin(struct mm *mm, u64 va);
void area_fault_end(struct area *a);
/*
 * Keeps faults out of `a` until the end of the changes: mm_write_unlock, or mm_changes_end before the
 * lock is given up in another way. mm->lock held for writing; may sleep; no lock that a fault takes is held.
 */
void area_change_begin(struct area *a);
void mm_changes_end(struct mm *mm);
/* Frees a removed area's memory when no fault can be looking at it. */
void area_free_later(struct mm *mm, struct area *a);

void area_insert(struct mm *mm, struct area *a);
void area_append(struct mm *mm, struct area *a); /* `a` is above all others */
void area_remove(struct mm *mm, struct area *a);
/* Moves the ends; `a` stays between its neighbours. */
void area_resize(struct mm *mm, struct area *a, u64 start, u64 end);
/* Cuts `a` at `at`: it keeps what is below; the new upper part is returned, NULL without memory. */
struct area *area_split(struct mm *mm, struct area *a, u64 at);
/* Joins `a` with neighbours that continue it; the area that is left is returned. */
struct area *area_merge(struct mm *mm, struct area *a);
/* Could `upper` be part of the same area as `lower`, right behind it? */
bool area_joins(const struct area *lower, const struct area *upper);
void area_set_flags(struct mm *mm, struct area *a, u32 flags);
/* Highest address of `len` free bytes in [lo, hi); 0: there is no such place. */
u64 area_find_gap(struct mm *mm, u64 len, u64 lo, u64 hi);
/* First area that intersects [start, end), or NULL. */
struct area *area_intersecting(struct mm *mm, u64 start, u64 end);
/* cache->mappings of a page cache. */
void area_mapping_add(struct area *a);
void area_mapping_remove(struct area *a);

/* shared_anon.c: memory shared by inheritance alone. */
void shared_anon_init(void);
struct page_cache *shared_anon_new(void); /* one reference; NULL */
void shared_anon_get(struct page_cache *c);
void shared_anon_put(struct page_cache *c);

/* zap.c: taking pages out of page tables. */
enum zap_mode { ZAP_ALL, ZAP_FILE_PAGES /* keep private copies */ };
/* [start, end) lies in `a`. mm->lock, or the mappings lock of a's cache, is held. */
void zap_area(struct area *a, u64 start, u64 end, enum zap_mode mode);
void zap_init(void);
/* Drops one table's claim on an anonymous frame (not mapped by it any more). */
void anon_put(struct frame *f);

/* fault.c */
enum { FAULT_FORCE = 1 << 16 }; /* beside the FAULT_* of arch/upcall.h: protection does not count */
extern pte_t zero_pte; /* of the page of zeros: special, read-only, not executable */
void fault_init(void);
/*
 * Serves a fault in `a`, whose protection allows it. The area, or mm->lock, is held. 0, -ENOMEM,
 * -EIO (SIGBUS), -EINTR.
 */
int fault_page(struct area *a, u64 va, unsigned flags);
/* Faults all of [start, end) in, as far as protection allows. lock NOT held. -ENOMEM, -EFAULT, -EINTR. */
int mm_populate(struct mm *mm, u64 start, u64 end);
/* Lets the stack `a` grow down to `va`; mm->lock held for writing. -ENOMEM. */
int area_grow_down(struct mm *mm, struct area *a, u64 va);

/* vdso.c: of an AREA_VDSO. The frame of its code, NULL for the data page; the entry for either. */
struct frame *vdso_frame(const struct area *a, u64 va);
pte_t vdso_pte(const struct area *a, u64 va);

/* limits.c: what RLIMIT_* and the overcommit rule allow. */
bool mm_may_expand(const struct mm *mm, u32 flags, u64 pages);
bool mm_may_lock(const struct mm *mm, u64 pages); /* RLIMIT_MEMLOCK */
bool mm_can_lock_at_all(void);
bool vm_enough_memory(u64 pages);

/* mmap.c.  mm->lock held for writing. */
struct map_request {
	u64 addr, length; /* page-aligned */
	u32 flags;        /* AREA_* */
	struct file *file;
	struct page_cache *cache;
	u64 offset;
	paddr_t device;
	bool write_combining;
};
int area_map(struct mm *mm, const struct map_request *r); /* nothing is there */
int mm_unmap_locked(struct mm *mm, u64 addr, u64 len);
/* get_unmapped_area: *addr is the hint and the result. */
int mm_find_place(struct mm *mm, u64 *addr, u64 len, unsigned map_flags);
