/* SPDX-License-Identifier: MIT */
/*
 * Page faults: how pages come into an address space.
 *
 *   access        anonymous           private file          shared file or object
 *   first read    the zero page (RO)  cache pages (RO) [1]  cache pages [1] [2]
 *   first write   new zeroed frame    copy of the page      cache page, dirty (RW)
 *   write to RO   copy, or the frame  copy                  the same page, now dirty and RW
 *                 itself if exclusive
 *
 *   [1] and those neighbours, of 16 aligned pages, that are in the cache already
 *   [2] writable at once if the area is and the pages live in memory alone
 *
 * An anonymous frame is FRAME_EXCLUSIVE while one table alone maps it; fork ends
 * that for both sides.  The first to write then finds either refs 1 (the other side
 * has gone: the frame becomes exclusive again) or more (it takes a copy).
 *
 * A fault holds its area alone (area_lock.c), or mm->lock where that does not do: a stack that
 * grows, nothing there.
 *
 * Entries are written under the lock of their leaf table and only over what was
 * seen before; who loses a race leaves it to the CPU to try the access again.
 *
 * Truncation: a page is mapped with the cache's invalidate_lock held for reading,
 * the size checked under it, so none appears behind the new end of a file.
 */
#include <arch/upcall.h>
#include <asm/signal.h>
#include <asm/siginfo.h>
#include <debug/panic.h>
#include <mm/kmap.h>
#include <proc/process.h>
#include <sync/atomic.h>
#include <vm/internal.h>

#define AROUND_PAGES 16UL

pte_t zero_pte;

void fault_init(void)
{
	struct frame *f = frame_alloc(0, ALLOC_ZERO);

	VERIFY(f);
	zero_pte = pte_mkspecial(pte_make(frame_paddr(f), false, false));
}

static inline pte_t area_pte(const struct area *a, struct frame *f, bool write)
{
	return pte_make(frame_paddr(f), write, a->flags & AREA_EXEC);
}

/* Puts `v` over `old`; false when something else is there by now. */
static inline bool pte_install(pte_t *pte, pte_t old, pte_t v)
{
	spinlock_t *lock = pt_lock_of(pte);

	spin_lock(lock);
	if (unlikely(pte_load(pte) != old)) {
		spin_unlock(lock);
		return false;
	}
	pte_store(pte, v);
	spin_unlock(lock);
	return true;
}

/*
 * The same where another page comes into the place of one that CPUs may still read: none may see
 * the new page while another has the old one in its TLB.
 */
static bool pte_replace(struct area *a, u64 va, pte_t *pte, pte_t old, pte_t v)
{
	spinlock_t *lock = pt_lock_of(pte);

	spin_lock(lock);
	if (unlikely(pte_load(pte) != old)) {
		spin_unlock(lock);
		return false;
	}
	pte_store(pte, 0);
	tlb_flush_page(&a->mm->arch, va);
	pte_store(pte, v);
	spin_unlock(lock);
	return true;
}

/* ---- anonymous memory ---- */

static struct frame *anon_alloc(unsigned flags)
{
	struct frame *f = frame_alloc(0, ALLOC_USER | flags);

	if (f) {
		f->flags = FRAME_ANON | FRAME_EXCLUSIVE;
		f->maps = 1;
	}
	return f;
}

/* A frame from anon_alloc that was not needed after all. */
static void anon_discard(struct frame *f)
{
	f->maps = 0;
	frame_put(f);
}

static void count_anon(struct area *a)
{
	a->has_anon = true;
	rss_add(&a->mm->rss_anon, 1);
	mem_count(MEM_ANON, 1);
}

/* `old` is nothing or the zero page; it gives way to a new page of zeros. */
static int fault_anon_write(struct area *a, pte_t *pte, pte_t old, u64 va)
{
	struct frame *f = anon_alloc(ALLOC_ZERO);
	pte_t v;

	if (unlikely(!f))
		return -ENOMEM;
	v = area_pte(a, f, a->flags & AREA_WRITE);
	if (likely(pte_none(old) ? pte_install(pte, 0, v) : pte_replace(a, va, pte, old, v)))
		count_anon(a);
	else
		anon_discard(f);
	return 0;
}

static int fault_anon_read(struct area *a, pte_t *pte)
{
	pte_install(pte, 0, pte_set_exec(zero_pte, a->flags & AREA_EXEC));
	return 0;
}

/* ---- writes to what is mapped read-only ---- */

/* Nobody else has the frame: it may be written where it is.  False: it turned out to be shared. */
static bool reuse_frame(struct area *a, pte_t *pte, pte_t old, struct frame *f)
{
	SPIN_GUARD(pt_lock_of(pte));
	if (pte_load(pte) != old)
		return true;
	if (!(f->flags & FRAME_EXCLUSIVE)) {
		if (READ_ONCE(f->refs) != 1)
			return false;
		f->flags |= FRAME_EXCLUSIVE;
	}
	if (a->flags & AREA_WRITE)
		pte_store(pte, pte_mkwrite(old));
	return true;
}

/* The table's page becomes a private copy of `from`. */
static int copy_frame(struct area *a, pte_t *pte, pte_t old, u64 va, struct frame *from)
{
	struct frame *f = anon_alloc(0);
	spinlock_t *lock = pt_lock_of(pte);

	if (unlikely(!f))
		return -ENOMEM;
	spin_lock(lock);
	if (unlikely(pte_load(pte) != old)) {
		spin_unlock(lock);
		anon_discard(f);
		return 0;
	}
	page_copy(frame_virt(f), frame_virt(from));
	pte_store(pte, 0); /* as in pte_replace */
	tlb_flush_page(&a->mm->arch, va);
	pte_store(pte, area_pte(a, f, a->flags & AREA_WRITE));
	spin_unlock(lock);
	if (from->flags & FRAME_ANON) {
		mem_count(MEM_ANON, 1);
		anon_put(from);
		return 0;
	}
	count_anon(a);
	rss_add(area_rss(a->mm, a), -1);
	__atomic_fetch_sub(&from->maps, 1, __ATOMIC_RELAXED);
	frame_put(from);
	return 0;
}

static inline u64 cache_size_pages(const struct page_cache *c)
{
	return DIV_ROUND_UP(READ_ONCE(c->host->size), PAGE_SIZE);
}

/* A shared page is written for the first time since it was mapped. */
static int fault_shared_dirty(struct area *a, pte_t *pte, pte_t old, u64 va)
{
	struct page_cache *c = a->cache;
	u64 index = area_index(a, va);
	struct frame *f;
	int err = 0;

	rwsem_read_lock(&c->invalidate_lock);
	if (unlikely(index >= cache_size_pages(c))) {
		; /* cut off meanwhile, and the entry with it: the next try finds that out */
	} else if (!(err = page_cache_get(c, index, CACHE_CREATE | CACHE_DIRTY, &f))) {
		if (frame_paddr(f).raw == pte_paddr(old).raw)
			pte_install(pte, old, pte_mkwrite(old));
		frame_put(f);
	}
	rwsem_read_unlock(&c->invalidate_lock);
	return err;
}

/* A private mapping of a device shows it until it is written: that page is a copy then. */
static int copy_device_page(struct area *a, pte_t *pte, pte_t old, u64 va)
{
	struct frame *f = anon_alloc(0);
	void *from;
	pte_t v;

	if (unlikely(!f))
		return -ENOMEM;
	from = kmap_mmio(paddr_add(a->device, va - a->start), PAGE_SIZE,
			 a->write_combining ? KMAP_WRITE_COMBINING : KMAP_UNCACHED);
	if (!from) {
		anon_discard(f);
		return -ENOMEM;
	}
	page_copy(frame_virt(f), from);
	kunmap_mmio(from, PAGE_SIZE);
	v = area_pte(a, f, a->flags & AREA_WRITE);
	if (pte_none(old) ? pte_install(pte, 0, v) : pte_replace(a, va, pte, old, v))
		count_anon(a);
	else
		anon_discard(f);
	return 0;
}

static int fault_present(struct area *a, pte_t *pte, pte_t old, u64 va, unsigned flags)
{
	if (!(flags & FAULT_WRITE) || pte_write(old)) {
		/* Somebody else was faster, or a stale TLB entry said otherwise. */
		tlb_flush_here(va);
		return 0;
	}
	if (a->flags & AREA_SHARED)
		return a->cache ? fault_shared_dirty(a, pte, old, va) : -EIO;
	if (pte_special(old)) {
		if (a->flags & AREA_DEVICE)
			return copy_device_page(a, pte, old, va);
		return a->flags & AREA_VDSO ? -EIO : fault_anon_write(a, pte, old, va);
	}

	struct frame *f = paddr_frame(pte_paddr(old));
	if ((f->flags & FRAME_ANON) && (f->flags & FRAME_EXCLUSIVE || READ_ONCE(f->refs) == 1) &&
	    reuse_frame(a, pte, old, f))
		return 0;
	return copy_frame(a, pte, old, va, f);
}

/* ---- file pages ---- */

/* May a page be mapped writable though nobody has written yet? */
static inline bool writable_at_once(const struct area *a)
{
	return (a->flags & (AREA_SHARED | AREA_WRITE)) == (AREA_SHARED | AREA_WRITE) &&
	       cache_in_memory(a->cache);
}

/*
 * Maps what is in the cache of the 16 aligned pages around `va`, whose entry is `pte`: all in one
 * leaf table.  Returns how many, *hit: the page at `va` is among them or was there already.
 * c->lock is held; the order is c->lock, then the leaf's lock.
 */
static unsigned map_cached(struct area *a, pte_t *pte, u64 va, bool *hit)
{
	struct page_cache *c = a->cache;
	u64 first = max(ALIGN_DOWN(va, AROUND_PAGES * PAGE_SIZE), a->start);
	u64 end = min(ALIGN_DOWN(va, AROUND_PAGES * PAGE_SIZE) + AROUND_PAGES * PAGE_SIZE, a->end);
	u64 index = area_index(a, first), size = cache_size_pages(c);
	bool write = writable_at_once(a);
	unsigned mapped = 0;

	pte -= pages_of(first, va);
	for (u64 at = first; at < end && index < size; at += PAGE_SIZE, index++, pte++) {
		struct frame *f;

		if (!pte_none(pte_load(pte))) {
			*hit |= at == va;
			continue;
		}
		f = radix_lookup(&c->pages, index);
		if (!f || (READ_ONCE(f->flags) & (FRAME_UPTODATE | FRAME_LOCKED)) != FRAME_UPTODATE)
			continue;
		frame_get(f);
		__atomic_fetch_add(&f->maps, 1, __ATOMIC_RELAXED);
		pte_store(pte, area_pte(a, f, write));
		mapped++;
		*hit |= at == va;
	}
	return mapped;
}

/* True when the page at `va` is mapped now. */
static bool fault_around(struct area *a, pte_t *pte, u64 va)
{
	struct page_cache *c = a->cache;
	unsigned mapped;
	bool hit = false;

	if (!rwsem_read_trylock(&c->invalidate_lock))
		return false;
	spin_lock(&c->lock);
	spinlock_t *leaf = pt_lock_of(pte);
	spin_lock(leaf);
	mapped = map_cached(a, pte, va, &hit);
	spin_unlock(leaf);
	spin_unlock(&c->lock);
	rwsem_read_unlock(&c->invalidate_lock);
	if (mapped)
		rss_add(area_rss(a->mm, a), mapped);
	return hit;
}

static void map_file_page(struct area *a, pte_t *pte, struct frame *f, bool write)
{
	__atomic_fetch_add(&f->maps, 1, __ATOMIC_RELAXED);
	if (pte_install(pte, 0, area_pte(a, f, write))) {
		rss_add(area_rss(a->mm, a), 1);
		return;
	}
	__atomic_fetch_sub(&f->maps, 1, __ATOMIC_RELAXED);
	frame_put(f);
}

static int map_private_copy(struct area *a, pte_t *pte, struct frame *from)
{
	struct frame *f = anon_alloc(0);

	if (unlikely(!f))
		return -ENOMEM;
	page_copy(frame_virt(f), frame_virt(from));
	if (pte_install(pte, 0, area_pte(a, f, a->flags & AREA_WRITE)))
		count_anon(a);
	else
		anon_discard(f);
	return 0;
}

static int fault_file(struct area *a, pte_t *pte, u64 va, unsigned flags)
{
	struct page_cache *c = a->cache;
	u64 index = area_index(a, va);
	bool write = flags & FAULT_WRITE, shared = a->flags & AREA_SHARED;
	struct frame *f = NULL;
	int err = -EIO;

	if (!write && fault_around(a, pte, va))
		return 0;
	rwsem_read_lock(&c->invalidate_lock);
	if (index < cache_size_pages(c))
		err = page_cache_get(c, index, CACHE_CREATE | (write && shared ? CACHE_DIRTY : 0), &f);
	if (!err) {
		if (write && !shared) {
			err = map_private_copy(a, pte, f);
			frame_put(f);
		} else { /* the reference is taken over */
			map_file_page(a, pte, f, (write && shared) || writable_at_once(a));
		}
	}
	rwsem_read_unlock(&c->invalidate_lock);
	return err == -ENOSPC || err == -EDQUOT ? -EIO : err;
}

static int fault_device(struct area *a, pte_t *pte, u64 va, unsigned flags)
{
	bool write = (a->flags & (AREA_SHARED | AREA_WRITE)) == (AREA_SHARED | AREA_WRITE);
	pte_t v = pte_mkspecial(pte_make(paddr_add(a->device, va - a->start), write,
					 a->flags & AREA_EXEC));

	if ((flags & FAULT_WRITE) && !(a->flags & AREA_SHARED))
		return copy_device_page(a, pte, 0, va);
	pte_install(pte, 0, a->write_combining ? pte_write_combining(v) : pte_uncached(v));
	return 0;
}

int fault_page(struct area *a, u64 va, unsigned flags)
{
	pte_t *pte = pt_lookup_alloc(&a->mm->arch, va), v;

	if (unlikely(!pte))
		return -ENOMEM;
	v = pte_load(pte);
	if (!pte_none(v)) {
		if (unlikely(!pte_present(v)))
			return flags & FAULT_FORCE ? -EIO : 0;
		return fault_present(a, pte, v, va, flags);
	}
	if (a->cache)
		return fault_file(a, pte, va, flags);
	if (unlikely(a->flags & AREA_VDSO)) {
		pte_install(pte, 0, vdso_pte(a, va));
		return 0;
	}
	if (unlikely(a->flags & AREA_DEVICE))
		return fault_device(a, pte, va, flags);
	return flags & FAULT_WRITE ? fault_anon_write(a, pte, 0, va) : fault_anon_read(a, pte);
}

/* ---- stacks ---- */

int area_grow_down(struct mm *mm, struct area *a, u64 va)
{
	u64 start = ALIGN_DOWN(va, PAGE_SIZE), pages;

	if (start >= a->start)
		return 0; /* another thread did it */
	pages = pages_of(start, a->start);
	if (start < USER_MIN || a->end - start > rlimit_current(RLIMIT_STACK))
		return -ENOMEM;
	/* The gap is kept to whatever lies below, another stack excepted. */
	if (a->prev && !(a->prev->flags & AREA_GROWSDOWN) && (a->prev->flags & AREA_ACCESS) &&
	    start < a->prev->end + STACK_GUARD_GAP)
		return -ENOMEM;
	if (a->prev && start < a->prev->end)
		return -ENOMEM;
	if (!mm_may_expand(mm, a->flags, pages) ||
	    ((a->flags & AREA_LOCKED) && !mm_may_lock(mm, pages)))
		return -ENOMEM;
	area_resize(mm, a, start, a->end);
	return 0;
}

/* The area above `va` is a stack that may grow to it. The lock changes from reading to writing and back. */
static struct area *grow_stack(struct mm *mm, u64 va)
{
	struct area *a = area_find(mm, va);

	if (!a || !(a->flags & AREA_GROWSDOWN))
		return NULL;
	rwsem_read_unlock(&mm->lock);
	rwsem_write_lock(&mm->lock);
	a = area_find(mm, va);
	if (a && va < a->start && (!(a->flags & AREA_GROWSDOWN) || area_grow_down(mm, a, va)))
		a = NULL;
	mm_changes_end(mm);
	rwsem_downgrade(&mm->lock);
	return a;
}

/* ---- entry ---- */

static inline bool access_allowed(const struct area *a, unsigned flags)
{
	if (flags & FAULT_WRITE)
		return a->flags & AREA_WRITE;
	if (flags & FAULT_EXEC)
		return a->flags & AREA_EXEC;
	return a->flags & AREA_ACCESS; /* on x86 what may be written or run may be read */
}

/* The signal for an error of fault_page; 0: try again. */
static noinline int fault_error(int err, unsigned flags, int *code)
{
	if (task_signal_pending && task_signal_pending(current, WAIT_KILLABLE) && (flags & FAULT_USER))
		return 0; /* the task dies on its way back */
	switch (err) {
	case -EIO:
		*code = BUS_ADRERR;
		return SIGBUS;
	case -ENOMEM:
		*code = SI_KERNEL;
		return SIGKILL;
	default:
		*code = SI_KERNEL;
		return SIGSEGV;
	}
}

static inline int fault_result(int err, unsigned flags, int *code)
{
	current->faults_minor++;
	return likely(!err) ? 0 : fault_error(err, flags, code);
}

int upcall_page_fault(struct regs *r, u64 va, unsigned flags, int *code)
{
	struct mm *mm = current->mm;
	struct area *a;
	int err;

	if (!(flags & FAULT_USER) && (current->pagefault_off || !preemptible())) {
		*code = SEGV_MAPERR;
		return SIGSEGV;
	}
	if (unlikely(!mm || va >= USER_MAX)) {
		*code = SEGV_MAPERR;
		return SIGSEGV;
	}
	a = area_fault_begin(mm, va);
	if (likely(a)) {
		bool allowed = access_allowed(a, flags);

		err = likely(allowed) ? fault_page(a, ALIGN_DOWN(va, PAGE_SIZE), flags) : 0;
		area_fault_end(a);
		if (likely(allowed))
			return fault_result(err, flags, code);
		*code = SEGV_ACCERR;
		return SIGSEGV;
	}
	rwsem_read_lock(&mm->lock);
	a = area_find(mm, va);
	if (unlikely(!a || va < a->start) && !(a = grow_stack(mm, va))) {
		rwsem_read_unlock(&mm->lock);
		*code = SEGV_MAPERR;
		return SIGSEGV;
	}
	if (unlikely(!access_allowed(a, flags))) {
		rwsem_read_unlock(&mm->lock);
		*code = SEGV_ACCERR;
		return SIGSEGV;
	}
	err = fault_page(a, ALIGN_DOWN(va, PAGE_SIZE), flags);
	rwsem_read_unlock(&mm->lock);
	return fault_result(err, flags, code);
}
