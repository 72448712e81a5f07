/* SPDX-License-Identifier: MIT */
/*
 * The kernel's half of the page tables: mm/layout.h has the map.
 *
 * All address spaces share it: a new top-level table copies entries 256-511 of
 * kernel_root, so every entry that will ever be needed is filled at boot (direct
 * map, frame array, kernel mappings, KASAN shadow, image) and never changes.
 * Below that, tables are only added, by compare-and-swap, never removed; a
 * last-level entry belongs to whoever owns its address, so no lock is needed.
 */
#include <arch/cpu.h>
#include <arch/init.h>
#include <arch/irq.h>
#include <arch/irqflags.h>
#include <arch/kmap.h>
#include <arch/pagetable.h>
#include <arch/x86_64/features.h>
#include <arch/x86_64/insn.h>
#include <arch/x86_64/internal.h>
#include <debug/log.h>
#include <debug/panic.h>
#include <linux/errno.h>
#include <mm/frame.h>
#include <mm/layout.h>
#include <sync/atomic.h>

#define TABLE_FLAGS (PTE_PRESENT | PTE_WRITE)
#define KERNEL_PAGE (PTE_PRESENT | PTE_ACCESSED | PTE_DIRTY | PTE_GLOBAL)
#define KASAN_SHADOW_SIZE (16ULL << 40)
#define FLUSH_ALL_ABOVE 33 /* pages; beyond it all of the TLB goes */

extern char image_start[], image_end[], text_start[], text_end[], rodata_start[], rodata_end[],
	data_start[], boot_stack_guard[], boot_stack_bottom[];

paddr_t kernel_root;
static u64 image_start_phys; /* imm after paging_init */
static paddr_t (*boot_alloc)(void);

static u64 level_size(unsigned level)
{
	return 1ULL << (PAGE_SHIFT + 9 * level);
}

/* Level 0 holds pages, level 3 is the top. */
static u64 level_index(u64 va, unsigned level)
{
	return va >> (PAGE_SHIFT + 9 * level) & (PTES_PER_TABLE - 1);
}

static bool frames_usable(void)
{
	static bool usable;
	struct mem_stats s;

	if (!usable) {
		mem_stats_read(&s);
		usable = s.free != 0;
	}
	return usable;
}

paddr_t table_page_alloc(void)
{
	struct frame *f;

	if (!frames_usable())
		return boot_alloc();
	f = frame_alloc(0, ALLOC_ZERO | ALLOC_ATOMIC);
	if (!f)
		return PADDR(0);
	mem_count(MEM_TABLES, 1);
	return frame_paddr(f);
}

static void table_page_discard(paddr_t pa)
{
	if (!frames_usable())
		return; /* one lost page of boot memory, in a race that cannot be: one CPU runs */
	mem_count(MEM_TABLES, -1);
	frame_put(paddr_frame(pa));
}

static pte_t *entry_table(pte_t e)
{
	return phys_to_virt(pte_paddr(e));
}

/* The entry of `va` at `level`; `create`: with the tables above. NULL: none, or no memory. */
static pte_t *kernel_entry(u64 va, unsigned level, bool create)
{
	pte_t *table = phys_to_virt(kernel_root);

	for (unsigned l = 3; l > level; l--) {
		pte_t *slot = &table[level_index(va, l)], e = pte_load(slot);

		if (!pte_present(e)) {
			paddr_t fresh;

			if (!create)
				return NULL;
			fresh = table_page_alloc();
			if (!fresh.raw)
				return NULL;
			if (atomic_cas(slot, &e, fresh.raw | TABLE_FLAGS))
				e = fresh.raw | TABLE_FLAGS;
			else
				table_page_discard(fresh);
		}
		if (e & PTE_HUGE)
			return NULL;
		table = entry_table(e);
	}
	return &table[level_index(va, level)];
}

/* Boot: maps [va, va+size) to pa with the largest pages that fit. */
static void map_range(u64 va, u64 pa, u64 size, pte_t flags)
{
	unsigned largest = cpu_has(FEATURE_GB_PAGES) ? 2 : 1;

	while (size) {
		unsigned level = largest;
		pte_t *e;

		while (level && (((va | pa) & (level_size(level) - 1)) || size < level_size(level)))
			level--;
		e = kernel_entry(va, level, true);
		VERIFY(e != NULL);
		VERIFY_OP(*e, ==, 0);
		pte_store(e, pa | flags | (level ? PTE_HUGE : 0));
		va += level_size(level);
		pa += level_size(level);
		size -= level_size(level);
	}
}

static void map_image(u64 image_phys, char *from, char *to, pte_t flags)
{
	map_range((u64)from, image_phys + (u64)(from - image_start), (u64)(to - from), flags);
}

static void fill_top_level(u64 start, u64 size)
{
	for (u64 va = start; size; va += level_size(3), size -= min(size, level_size(3)))
		VERIFY(kernel_entry(va, 2, true) != NULL);
}

/* In KASAN builds mm/kasan.c maps the shadow; nothing looks at it before. */
static void fill_shadow(void)
{
#ifdef CONFIG_KASAN
	fill_top_level(KASAN_SHADOW_BASE, KASAN_SHADOW_SIZE);
#endif
}

paddr_t image_paddr(const void *object)
{
	ASSERT((char *)object >= image_start && (char *)object < image_end);
	return PADDR(image_start_phys + (u64)((char *)object - image_start));
}

void paging_init(u64 image_phys, paddr_t top, paddr_t (*alloc)(void))
{
	u64 image_size = ALIGN_UP((u64)(image_end - image_start), PAGE_SIZE);
	u64 limit = ALIGN_UP(max(top.raw, image_phys + image_size), GIB(1));

	boot_alloc = alloc;
	image_start_phys = image_phys;
	kernel_root = alloc();
	map_range(DIRECT_MAP_BASE, 0, image_phys, KERNEL_PAGE | PTE_WRITE | PTE_NX);
	map_range(DIRECT_MAP_BASE + image_phys, image_phys, image_size, KERNEL_PAGE | PTE_NX);
	map_range(DIRECT_MAP_BASE + image_phys + image_size, image_phys + image_size,
		  limit - image_phys - image_size, KERNEL_PAGE | PTE_WRITE | PTE_NX);
	map_image(image_phys, text_start, text_end, KERNEL_PAGE);
	map_image(image_phys, rodata_start, rodata_end, KERNEL_PAGE | PTE_NX);
	map_image(image_phys, data_start, boot_stack_guard, KERNEL_PAGE | PTE_WRITE | PTE_NX);
	map_image(image_phys, boot_stack_bottom, image_end, KERNEL_PAGE | PTE_WRITE | PTE_NX);
	fill_top_level(FRAME_ARRAY_BASE, 1ULL << 40);
	fill_top_level(KMAP_BASE, KMAP_END - KMAP_BASE);
	fill_shadow();
	cr3_write(kernel_root.raw);
	log_debug("paging: direct map of %lu GiB, image at physical %#lx", limit >> 30, image_phys);
}

int kpage_map(u64 va, paddr_t pa, unsigned flags)
{
	pte_t *e, v = pa.raw | KERNEL_PAGE;

	ASSERT(IS_ALIGNED(va | pa.raw, PAGE_SIZE));
	ASSERT(va >= FRAME_ARRAY_BASE);
	e = kernel_entry(va, 0, true);
	if (!e)
		return -ENOMEM;
	ASSERT_OP(*e, ==, 0);
	v |= flags & KMAP_WRITE ? PTE_WRITE : 0;
	v |= flags & KMAP_EXEC ? 0 : PTE_NX;
	if (flags & KMAP_UNCACHED)
		v |= PTE_PCD | PTE_PWT;
	else if (flags & KMAP_WRITE_COMBINING)
		v |= cpu_has(FEATURE_PAT) ? PTE_PAT : PTE_PCD;
	pte_store(e, v);
	return 0;
}

struct flush_range {
	u64 start, end;
};

/* Global pages survive a load of CR3; to turn CR4.PGE off drops them. */
static void flush_kernel_range(void *arg)
{
	const struct flush_range *f = arg;

	if ((f->end - f->start) >> PAGE_SHIFT <= FLUSH_ALL_ABOVE) {
		for (u64 va = f->start; va < f->end; va += PAGE_SIZE)
			tlb_invalidate(va);
	} else {
		IRQ_GUARD();
		u64 cr4 = cr4_read();

		cr4_write(cr4 & ~CR4_PGE);
		cr4_write(cr4);
		cr3_write(cr3_read());
	}
}

void kpage_unmap(u64 va, size_t len)
{
	struct flush_range f = { va, va + len };

	ASSERT(IS_ALIGNED(va | len, PAGE_SIZE));
	for (; va < f.end; va += PAGE_SIZE) {
		pte_t *e = kernel_entry(va, 0, false);

		if (e)
			pte_store(e, 0);
	}
	flush_kernel_range(&f);
	if (cpu_count > 1)
		ipi_call_others(flush_kernel_range, &f);
}

bool kpage_lookup(u64 va, paddr_t *pa)
{
	for (unsigned level = 0; level < 3; level++) {
		pte_t *slot = kernel_entry(va, level, false), e = slot ? pte_load(slot) : 0;
		u64 offset = level_size(level) - 1;

		if (pte_present(e) && (level == 0 || (e & PTE_HUGE))) {
			*pa = PADDR((e & PTE_ADDRESS & ~offset) | (va & offset));
			return true;
		}
	}
	return false;
}
