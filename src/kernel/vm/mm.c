/* SPDX-License-Identifier: MIT */
/*
 * The life of an address space.
 *
 *   users  tasks that run in it, and those who look into it for a while.  With
 *          the last one the areas, the pages and the page tables go.
 *   refs   all users together as one, and those who only remember the struct.
 *
 * fork copies areas and, of the pages, only what a fault could not bring back:
 * anonymous ones.  They become shared, read-only on both sides and not exclusive.
 * Pages of the page cache are left to faults; so are pages of zeros.  A leaf table
 * is walked only where an area has had anonymous pages at all.
 *
 * While parent and child are copied, marks on all the parent's areas keep faults out.  Other
 * threads of the parent may still write through stale TLB entries until the flush
 * at the end: such a write counts as made before the fork.
 */
#include <debug/panic.h>
#include <mm/slab.h>
#include <sched/task.h>
#include <sync/atomic.h>
#include <vm/internal.h>

BUILD_ASSERT(offsetof(struct mm, arch) == 0);

static struct slab_cache *mm_cache;
u64 (*vm_random)(void);

void vm_init(void)
{
	mm_cache = slab_create("mm", sizeof(struct mm), 64);
	areas_init();
	shared_anon_init();
	fault_init();
	zap_init();
}

u64 vm_random_u64(void)
{
	static u64 state; /* early boot: better than nothing */

	if (likely(vm_random))
		return vm_random();
	state = (state ^ (u64)&state ^ percpu_this_offset()) * 0x9e3779b97f4a7c15ULL + 1;
	return state;
}

struct mm *mm_new(void)
{
	struct mm *mm = slab_alloc(mm_cache, ALLOC_ZERO);

	if (!mm)
		return NULL;
	if (arch_mm_init(&mm->arch)) {
		slab_free(mm_cache, mm);
		return NULL;
	}
	ref_init(&mm->users, 1);
	ref_init(&mm->refs, 1);
	rwsem_init(&mm->lock);
	wait_queue_init(&mm->area_left);
	mm->change_seq = 1;
	mm->mmap_base = USER_MAX;
	mm->dumpable = 1;
	return mm;
}

void mm_get(struct mm *mm)
{
	ref_get(&mm->users);
}

void mm_ref_get(struct mm *mm)
{
	ref_get(&mm->refs);
}

void mm_ref_put(struct mm *mm)
{
	if (!ref_put(&mm->refs))
		return;
	ASSERT(!mm->first);
	slab_free(mm_cache, mm);
}

/* ---- the program file ---- */

static void drop_exe(struct file *f)
{
	if (!f)
		return;
	inode_allow_write(f->inode);
	file_put(f);
}

int mm_set_exe(struct mm *mm, struct file *f)
{
	int err = f ? inode_deny_write(f->inode) : 0;

	if (err)
		return err;
	if (f)
		file_get(f);
	rwsem_write_lock(&mm->lock);
	struct file *old = mm->exe;
	mm->exe = f;
	rwsem_write_unlock(&mm->lock);
	drop_exe(old);
	return 0;
}

struct file *mm_get_exe(struct mm *mm)
{
	rwsem_read_lock(&mm->lock);
	struct file *f = mm->exe;
	if (f)
		file_get(f);
	rwsem_read_unlock(&mm->lock);
	return f;
}

/* ---- the end ---- */

static void tear_down(struct mm *mm)
{
	struct area *a, *next;

	for (a = mm->first; a; a = a->next) {
		area_mapping_remove(a);
		zap_area(a, a->start, a->end, ZAP_ALL);
	}
	sched_mm_forget(mm);
	arch_mm_destroy(&mm->arch);
	ASSERT(!mm->rss_anon && !mm->rss_file && !mm->rss_shmem);
	for (a = mm->first; a; a = next) {
		next = a->next;
		area_free(a);
	}
	mm->first = mm->last = mm->cached = NULL;
	mm->areas = RB_ROOT;
	drop_exe(mm->exe);
	mm->exe = NULL;
}

void mm_put(struct mm *mm)
{
	if (!ref_put(&mm->users))
		return;
	tear_down(mm);
	mm_ref_put(mm);
}

void mm_activate(struct mm *mm)
{
	struct mm *old = current->mm;

	spin_lock(&current->objects_lock);
	sched_switch_mm(mm);
	spin_unlock(&current->objects_lock);
	if (old)
		mm_put(old);
}

u64 mm_rss(const struct mm *mm)
{
	s64 n = atomic_load_relaxed(&mm->rss_anon) + atomic_load_relaxed(&mm->rss_file) +
		atomic_load_relaxed(&mm->rss_shmem);

	return n > 0 ? (u64)n : 0;
}

u64 mm_rss_peak(const struct mm *mm)
{
	return max(mm_rss(mm), READ_ONCE(mm->rss_peak));
}

/* ---- fork ---- */

/* A frame that must stay the parent's alone: the child gets a copy at once. */
static struct frame *copy_pinned(struct frame *from)
{
	struct frame *f = frame_alloc(0, ALLOC_ATOMIC);

	if (!f)
		return NULL;
	f->flags = FRAME_ANON | FRAME_EXCLUSIVE;
	f->maps = 1;
	page_copy(frame_virt(f), frame_virt(from));
	mem_count(MEM_ANON, 1);
	return f;
}

/* Both tables map `f` from here on. The leaf lock is held. */
static inline void share_frame(struct frame *f)
{
	if (READ_ONCE(f->refs) == 1) { /* the parent's table is the only one that knows it */
		f->flags &= ~(u32)FRAME_EXCLUSIVE;
		f->refs = 2;
		f->maps = 2;
		return;
	}
	if (f->flags & FRAME_EXCLUSIVE)
		atomic_and(&f->flags, ~(u32)FRAME_EXCLUSIVE);
	frame_get(f);
	__atomic_fetch_add(&f->maps, 1, __ATOMIC_RELAXED);
}

struct fork_copy {
	s64 pages;    /* now in the child */
	bool changed; /* entries of the parent lost their write permission */
};

/* One leaf table: entries [from, from + n) of the parent's to the child's. -ENOMEM. */
static int copy_leaf(struct fork_copy *fc, pte_t *from, pte_t *to, u64 n)
{
	s64 pages = 0;

	SPIN_GUARD(pt_lock_of(from));
	for (; n--; from++, to++) {
		pte_t v = pte_load(from);
		struct frame *f;

		if (pte_none(v) || pte_special(v))
			continue;
		f = paddr_frame(pte_paddr(v));
		if (!(f->flags & FRAME_ANON))
			continue;
		if (unlikely(f->flags & FRAME_PINNED) && (f->flags & FRAME_EXCLUSIVE)) {
			struct frame *copy = copy_pinned(f);
			if (!copy) {
				fc->pages += pages;
				return -ENOMEM;
			}
			pages++;
			pte_store(to, pte_set_paddr(v, frame_paddr(copy)));
			continue;
		}
		pages++;
		share_frame(f);
		if (pte_write(v)) {
			v = pte_wrprotect(v);
			pte_store(from, v);
			fc->changed = true;
		}
		pte_store(to, v);
	}
	fc->pages += pages;
	return 0;
}

static int copy_pages(struct fork_copy *fc, struct mm *child, const struct area *a)
{
	struct arch_mm *am = &a->mm->arch;
	u64 va = a->start;

	while ((va = pt_next_leaf(am, va, a->end)) < a->end) {
		u64 end = LEAF_END(va, a->end);
		pte_t *to = pt_lookup_alloc(&child->arch, va);

		if (!to)
			return -ENOMEM;
		int err = copy_leaf(fc, pt_lookup(am, va), to, pages_of(va, end));
		if (err)
			return err;
		va = end;
	}
	return 0;
}

static int copy_area(struct fork_copy *fc, struct mm *child, const struct area *a)
{
	struct area *b;

	if (a->flags & AREA_DONTFORK)
		return 0;
	b = area_clone(a, child);
	if (!b)
		return -ENOMEM;
	b->flags &= ~(u32)AREA_LOCKED;
	area_append(child, b);
	area_mapping_add(b);
	if (!a->has_anon || a->flags & AREA_WIPEONFORK) {
		b->has_anon = false;
		return 0;
	}
	return copy_pages(fc, child, a);
}

/* What exec and prctl have set, for a child that begins as a copy. */
static void copy_layout(struct mm *to, const struct mm *from)
{
	to->mmap_base = from->mmap_base;
	to->brk_start = from->brk_start;
	to->brk = from->brk;
	to->stack_top = from->stack_top;
	to->arg_start = from->arg_start;
	to->arg_end = from->arg_end;
	to->env_start = from->env_start;
	to->env_end = from->env_end;
	to->code_start = from->code_start;
	to->code_end = from->code_end;
	to->data_start = from->data_start;
	to->data_end = from->data_end;
	to->vdso = from->vdso;
	to->dumpable = from->dumpable;
	to->membarrier = READ_ONCE(from->membarrier);
	for (unsigned i = 0; i < ARRAY_SIZE(to->auxv); i++)
		to->auxv[i] = from->auxv[i];
}

int mm_fork(struct mm *from, struct mm **out)
{
	struct fork_copy fc = { 0 };
	struct mm *mm = mm_new();
	int err = 0;

	if (!mm)
		return -ENOMEM;
	if (rwsem_write_lock_killable(&from->lock)) {
		mm_put(mm);
		return -EINTR;
	}
	copy_layout(mm, from);
	if (from->exe) {
		inode_deny_write(from->exe->inode); /* denied already: cannot fail */
		file_get(from->exe);
		mm->exe = from->exe;
	}
	for (struct area *a = from->first; a && !err; a = a->next) {
		area_change_begin(a);
		err = copy_area(&fc, mm, a);
	}
	rss_add(&mm->rss_anon, fc.pages); /* a truncation may have taken some away already */
	if (fc.changed)
		tlb_flush_all(&from->arch);
	mm_changes_end(from);
	rwsem_write_unlock(&from->lock);
	if (err) {
		mm_put(mm);
		return err;
	}
	*out = mm;
	return 0;
}
