/* SPDX-License-Identifier: MIT */
/*
 * The vDSO's mapping: code of the kernel's that runs in user mode (src/vdso), and the data it
 * reads.  Two areas side by side, whose offsets count from the first:
 *
 *	offset 0           [vvar]  clock_page, a page of the kernel image      R--
 *	offset PAGE_SIZE   [vdso]  the code, copied to frames of its own       R-X
 *
 * All programs share the same pages, without counting: entries are special, nobody may
 * write.  exec maps them above the stack, most often in the leaf table that the stack has
 * already, and enters the pages at once; after a fork they come by faults.
 */
#include <arch/init.h>
#include <arch/upcall.h>
#include <debug/panic.h>
#include <lib/string.h>
#include <time/clock.h>
#include <vdso/vdso.h>
#include <vm/internal.h>

#define PAGES_MAX 4
#define PLACE_SPAN LEAF_SPAN /* how far above the stack */

BUILD_ASSERT(sizeof(struct clock_page) == PAGE_SIZE);

static struct frame *code[PAGES_MAX]; /* imm after vdso_init; each has a reference of ours */
static u64 code_size;                 /* the same; whole pages */

void vdso_init(void)
{
	size_t size = (size_t)(vdso_image_end - vdso_image);

	VERIFY(size > 0 && size <= PAGES_MAX * PAGE_SIZE);
	for (size_t at = 0; at < size; at += PAGE_SIZE) {
		struct frame *f = frame_alloc(0, ALLOC_ZERO);

		VERIFY(f);
		memcpy(frame_virt(f), vdso_image + at, min(size - at, (size_t)PAGE_SIZE));
		code[at >> PAGE_SHIFT] = f;
	}
	code_size = ALIGN_UP(size, PAGE_SIZE);
}

struct frame *vdso_frame(const struct area *a, u64 va)
{
	u64 index = area_index(a, va);

	ASSERT(a->flags & AREA_VDSO);
	return index && index <= code_size >> PAGE_SHIFT ? code[index - 1] : NULL;
}

pte_t vdso_pte(const struct area *a, u64 va)
{
	struct frame *f = vdso_frame(a, va);
	paddr_t pa = f ? frame_paddr(f) : image_paddr(&clock_page);

	return pte_mkspecial(pte_make(pa, false, a->flags & AREA_EXEC));
}

/* Somewhere above the stack, up to the end of a leaf table; else where mappings go. 0: no room. */
static u64 find_place(struct mm *mm, u64 len, u64 random)
{
	u64 low = mm->stack_top, high = min(ALIGN_UP(low + len, PLACE_SPAN), USER_MAX);

	if (low + len <= high && mm->last->end <= low) {
		u64 choices = ((high - len - low) >> PAGE_SHIFT) + 1;
		return low + (random % choices << PAGE_SHIFT);
	}
	return mm_free_place(mm, len);
}

static struct area *add_area(struct mm *mm, u64 start, u64 end, u64 offset, u32 flags)
{
	struct area *a = area_new(mm, start, end, AREA_VDSO | AREA_READ | flags);

	if (!a)
		return NULL;
	a->offset = offset;
	if (mm->last->end <= start)
		area_append(mm, a);
	else
		area_insert(mm, a);
	return a;
}

int mm_map_vdso(struct mm *mm, u64 random)
{
	u64 at = find_place(mm, PAGE_SIZE + code_size, random), text = at + PAGE_SIZE;
	struct area *data_area, *code_area;

	if (!at)
		return -ENOMEM;
	data_area = add_area(mm, at, text, 0, AREA_DONTDUMP);
	code_area = data_area ? add_area(mm, text, text + code_size, PAGE_SIZE, AREA_EXEC) : NULL;
	if (!code_area || fault_page(data_area, at, 0) || fault_page(code_area, text, FAULT_EXEC))
		return -ENOMEM; /* what is there goes with the address space */
	mm->vdso = text;
	return 0;
}
