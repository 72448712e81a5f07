/* SPDX-License-Identifier: MIT */
/*
 * User page tables: four levels, 512 entries each.
 *
 *	level 3  PML4   entry spans 512 GiB; entries 256-511 are the kernel's
 *	level 2  PDPT   1 GiB
 *	level 1  PD     2 MiB: points to a leaf table
 *	level 0  PT     4 KiB: pte_t, seen by generic code; no user page is larger
 *
 * Invariants:
 *
 *  1. Tables are installed by compare-and-swap (faults run side by side) and taken
 *     out only by pt_free_range and arch_mm_destroy, with which no lookup runs.
 *  2. A table that is freed is all zeros, so it is kept, zero, in a per-CPU cache for
 *     the next user; so are top-level tables with their kernel half filled in.
 *  3. frame->words[OCCUPIED] of a table of level 1-3 has a bit per 8 entries, set
 *     before one of them is filled: scans look at those alone.  It may stay set.
 *  4. A table that was taken out is reused only after the CPUs that run on the
 *     address space have flushed what they cache of upper entries.
 */
#include <arch/cpu.h>
#include <arch/pagetable.h>
#include <arch/x86_64/insn.h>
#include <arch/x86_64/internal.h>
#include <debug/panic.h>
#include <lib/string.h>
#include <linux/errno.h>
#include <mm/frame.h>
#include <mm/layout.h>
#include <sync/atomic.h>

#define TABLE_FLAGS (PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_ACCESSED)
#define KERNEL_HALF 256U
#define OCCUPIED 3 /* of frame->words; behind the lock and the count */
#define NEXT 4     /* of frame->words: list of tables in a cache or on their way there */
#define GROUP_SHIFT 3
BUILD_ASSERT(offsetof(struct frame, used) + 4 <= offsetof(struct frame, words[OCCUPIED]));

#define TABLES_CACHED 64
#define ROOTS_CACHED 8

struct table_cache {
	struct frame *first;
	u32 count;
};
/* This CPU only, preemption off. */
PERCPU static struct table_cache zero_tables;
PERCPU static struct table_cache roots;

static inline u64 level_size(unsigned level)
{
	return 1ULL << (PAGE_SHIFT + 9 * level);
}

static always_inline u64 level_index(u64 va, unsigned level)
{
	return va >> (PAGE_SHIFT + 9 * level) & (PTES_PER_TABLE - 1);
}

static always_inline pte_t *entry_table(pte_t e)
{
	return phys_to_virt(pte_paddr(e));
}

static struct frame *cache_take(struct table_cache *which)
{
	struct table_cache *c;
	struct frame *f;

	preempt_disable();
	c = (struct table_cache *)((u64)which + this_cpu_read(percpu_self));
	f = c->first;
	if (f) {
		c->first = (struct frame *)f->words[NEXT];
		c->count--;
	}
	preempt_enable();
	return f;
}

static bool cache_put(struct table_cache *which, struct frame *f, u32 limit)
{
	struct table_cache *c;
	bool room;

	preempt_disable();
	c = (struct table_cache *)((u64)which + this_cpu_read(percpu_self));
	room = c->count < limit;
	if (room) {
		f->words[NEXT] = (u64)c->first;
		c->first = f;
		c->count++;
	}
	preempt_enable();
	return room;
}

static struct frame *table_frame_new(unsigned flags)
{
	struct frame *f = frame_alloc(0, flags);

	if (!f)
		return NULL;
	atomic_or(&f->flags, FRAME_TABLE);
	spin_init(&f->table_lock);
	f->used = 0;
	f->words[OCCUPIED] = 0;
	return f;
}

static struct frame *table_alloc(void)
{
	struct frame *f = cache_take(&zero_tables);

	if (!f)
		f = table_frame_new(ALLOC_ZERO | ALLOC_USER);
	if (f)
		mem_count(MEM_TABLES, 1);
	return f;
}

static void table_frame_free(struct frame *f)
{
	atomic_and(&f->flags, ~FRAME_TABLE);
	frame_put(f);
}

/* `f` is all zeros, and nobody can reach it any more. */
static void table_free(struct frame *f)
{
#ifdef CONFIG_DEBUG
	VERIFY(memchr_inv(frame_virt(f), 0, PAGE_SIZE) == NULL);
#endif
	mem_count(MEM_TABLES, -1);
	f->words[OCCUPIED] = 0;
	if (!cache_put(&zero_tables, f, TABLES_CACHED))
		table_frame_free(f);
}

int arch_mm_init(struct arch_mm *am)
{
	struct frame *f = cache_take(&roots);

	if (!f) {
		f = table_frame_new(ALLOC_ZERO | ALLOC_USER);
		if (!f)
			return -ENOMEM;
		memcpy((pte_t *)frame_virt(f) + KERNEL_HALF,
		       (pte_t *)phys_to_virt(kernel_root) + KERNEL_HALF, PAGE_SIZE / 2);
	}
	mem_count(MEM_TABLES, 1);
	am->root = frame_paddr(f);
	am->cpus = 0;
	am->gen = 0;
	am->tables = 0;
	return 0;
}

void arch_mm_switch(struct arch_mm *prev, struct arch_mm *next)
{
	u64 bit = 1ULL << cpu_id();

	if (next) {
		/* Locked: the bit is seen by those who flush before this CPU can cache an entry. */
		if (!(atomic_load_relaxed(&next->cpus) & bit))
			atomic_or(&next->cpus, bit);
		this_cpu_write(tlb_gen, atomic_load(&next->gen));
		cr3_write(next->root.raw);
	} else {
		cr3_write(kernel_root.raw);
	}
	if (prev && prev != next)
		atomic_and(&prev->cpus, ~bit);
}

pte_t *pt_lookup(struct arch_mm *am, u64 va)
{
	pte_t e = ((pte_t *)phys_to_virt(am->root))[level_index(va, 3)];

	if (unlikely(!pte_present(e)))
		return NULL;
	e = READ_ONCE(entry_table(e)[level_index(va, 2)]);
	if (unlikely(!pte_present(e)))
		return NULL;
	e = READ_ONCE(entry_table(e)[level_index(va, 1)]);
	if (unlikely(!pte_present(e)))
		return NULL;
	return &entry_table(e)[level_index(va, 0)];
}

static noinline pte_t *lookup_alloc_slow(struct arch_mm *am, u64 va)
{
	pte_t *table = phys_to_virt(am->root);

	for (unsigned level = 3; level > 0; level--) {
		u64 i = level_index(va, level);
		pte_t e = pte_load(&table[i]);

		if (!pte_present(e)) {
			struct frame *fresh = table_alloc();
			pte_t wanted;

			if (!fresh)
				return NULL;
			wanted = frame_paddr(fresh).raw | TABLE_FLAGS;
			atomic_or(&virt_frame(table)->words[OCCUPIED], 1ULL << (i >> GROUP_SHIFT));
			if (atomic_cas(&table[i], &e, wanted)) {
				atomic_inc(&am->tables);
				e = wanted;
			} else {
				table_free(fresh);
			}
		}
		table = entry_table(e);
	}
	return &table[level_index(va, 0)];
}

pte_t *pt_lookup_alloc(struct arch_mm *am, u64 va)
{
	pte_t *p = pt_lookup(am, va);

	ASSERT_OP(va, <, USER_MAX);
	return likely(p) ? p : lookup_alloc_slow(am, va);
}

struct spinlock *pt_lock_of(pte_t *pte)
{
	return &virt_frame(pte)->table_lock;
}

/* First present entry of `table` from i on (of a root: in the user half); PTES_PER_TABLE: none. */
static u64 next_present(const pte_t *table, u64 i)
{
	u64 occupied = virt_frame(table)->words[OCCUPIED];

	while (i < PTES_PER_TABLE) {
		u64 groups = occupied >> (i >> GROUP_SHIFT);

		if (!groups)
			break;
		if (!(groups & 1)) {
			i = ((i >> GROUP_SHIFT) + (u64)__builtin_ctzll(groups)) << GROUP_SHIFT;
			continue;
		}
		do {
			if (pte_present(pte_load(&table[i])))
				return i;
			i++;
		} while (i & ((1 << GROUP_SHIFT) - 1));
	}
	return PTES_PER_TABLE;
}

u64 pt_next_leaf(struct arch_mm *am, u64 va, u64 end)
{
	const pte_t *root = phys_to_virt(am->root), *table = root;
	unsigned level = 3;

	while (va < end) {
		u64 i = level_index(va, level), n = next_present(table, i);
		u64 above = level_size(level + 1);

		if (n == i) {
			if (level == 1)
				return va;
			table = entry_table(pte_load(&table[n]));
			level--;
		} else if (n < PTES_PER_TABLE) {
			va = ALIGN_DOWN(va, above) + n * level_size(level);
		} else {
			va = ALIGN_DOWN(va, above) + above;
			table = root;
			level = 3;
		}
	}
	return end;
}

/* Takes out the tables below `table` that lie wholly in [start, end); they go before `list`. */
static struct frame *take_out(pte_t *table, unsigned level, u64 base, u64 start, u64 end,
			      struct frame *list)
{
	u64 size = level_size(level);
	u64 i = start > base ? (start - base) / size : 0;

	while ((i = next_present(table, i)) < PTES_PER_TABLE && base + i * size < end) {
		u64 from = base + i * size;
		pte_t *below = entry_table(table[i]);

		if (level > 1)
			list = take_out(below, level - 1, from, start, end, list);
		if (from >= start && from + size <= end) {
			struct frame *f = virt_frame(below);

			pte_store(&table[i], 0);
			f->words[NEXT] = (u64)list;
			list = f;
		}
		i++;
	}
	return list;
}

static void free_list(struct arch_mm *am, struct frame *list)
{
	while (list) {
		struct frame *f = list;

		list = (struct frame *)f->words[NEXT];
		atomic_dec(&am->tables);
		table_free(f);
	}
}

void pt_free_range(struct arch_mm *am, u64 start, u64 end)
{
	struct frame *list = take_out(phys_to_virt(am->root), 3, 0, start, end, NULL);

	if (!list)
		return;
	tlb_flush_tables(am, start);
	free_list(am, list);
}

void arch_mm_destroy(struct arch_mm *am)
{
	struct frame *root = paddr_frame(am->root);

	ASSERT_OP(am->cpus, ==, 0);
	free_list(am, take_out(frame_virt(root), 3, 0, 0, KERNEL_HALF * level_size(3), NULL));
	ASSERT_OP(am->tables, ==, 0);
	root->words[OCCUPIED] = 0;
	mem_count(MEM_TABLES, -1);
	if (!cache_put(&roots, root, ROOTS_CACHED))
		table_frame_free(root);
}
