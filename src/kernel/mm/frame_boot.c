/* SPDX-License-Identifier: MIT */
/*
 * Builds the frame array from what bootmem knows, and gives boot memory back.
 *
 * The array is mapped for RAM alone, but in steps of the largest buddy block
 * ("extents"), so that merging never looks at an unmapped frame.
 */
#include <arch/kmap.h>
#include <debug/log.h>
#include <debug/panic.h>
#include <mm/frame.h>
#include <mm/internal.h>
#include <mm/kasan.h>
#include <sync/atomic.h>

#define EXTENT_FRAMES (1UL << FRAME_ORDER_MAX)
BUILD_ASSERT(EXTENT_FRAMES * sizeof(struct frame) % PAGE_SIZE == 0);

u64 frames_reserved_at_boot;
static u64 marked_to; /* frames below this are initialised */

bool frame_valid(paddr_t pa)
{
	const struct memory_range *r;
	unsigned n = bootmem_ram(&r);

	for (unsigned i = 0; i < n; i++)
		if (pa.raw >= r[i].start && pa.raw < r[i].end)
			return true;
	return false;
}

static void map_array(u64 first, u64 end)
{
	u64 va = (u64)(frame_array + first), stop = (u64)(frame_array + end);

	for (; va < stop; va += PAGE_SIZE)
		if (kpage_map(va, bootmem_alloc_page(), KMAP_WRITE))
			panic("frames: no memory to map the frame array");
}

/* Calls fn for each extent-aligned, disjoint range of frames that covers all RAM. */
static void each_extent(void (*fn)(u64 first, u64 end))
{
	const struct memory_range *r;
	unsigned n = bootmem_ram(&r);
	u64 done = 0;

	for (unsigned i = 0; i < n; i++) {
		u64 first = ALIGN_DOWN(r[i].start >> PAGE_SHIFT, EXTENT_FRAMES);
		u64 end = ALIGN_UP(r[i].end >> PAGE_SHIFT, EXTENT_FRAMES);

		first = max(first, done);
		if (first < end)
			fn(first, end);
		done = max(done, end);
	}
}

static void mark_reserved(u64 first, u64 end)
{
	for (u64 i = first; i < end; i++) {
		frame_array[i].flags = FRAME_RESERVED;
		frame_array[i].refs = 1;
	}
}

static u64 mark_below; /* each_extent has no argument to pass this */

static void mark_extent(u64 first, u64 end)
{
	mark_reserved(max(first, marked_to), max(min(end, mark_below), marked_to));
}

/* Free ranges come in ascending order: what lies between two of them is reserved. */
static void mark_gap_up_to(u64 number)
{
	mark_below = number;
	each_extent(mark_extent);
	marked_to = number;
}

static void add_free(u64 start, u64 end)
{
	mark_gap_up_to(start >> PAGE_SHIFT);
	marked_to = end >> PAGE_SHIFT;
}

static void release_free(u64 start, u64 end)
{
	kasan_forbid(phys_to_virt(PADDR(start)), end - start, 0xff);
	buddy_add(start >> PAGE_SHIFT, end >> PAGE_SHIFT);
}

void frames_init(void)
{
	const struct memory_range *r;
	unsigned n = bootmem_ram(&r);
	u64 all = 0;

	for (unsigned i = 0; i < n; i++)
		all += (r[i].end - r[i].start) >> PAGE_SHIFT;
	frame_limit = bootmem_top() >> PAGE_SHIFT;
	buddy_init();
	each_extent(map_array);
	kasan_map_shadow();
	bootmem_close();
	bootmem_each_free(add_free);
	mark_gap_up_to(ALIGN_UP(frame_limit, EXTENT_FRAMES));
	bootmem_each_free(release_free);
	frames_reserved_at_boot = all - frame_total;
	frame_set_watermarks();
	log_info("memory: %lu MiB, %lu KiB in use at boot", all >> (20 - PAGE_SHIFT),
		 frames_reserved_at_boot << (PAGE_SHIFT - 10));
}

void frames_release(u64 start, u64 end)
{
	u64 first = ALIGN_UP(start, PAGE_SIZE) >> PAGE_SHIFT, stop = end >> PAGE_SHIFT;

	for (u64 i = first; i < stop; i++) {
		VERIFY_OP(frame_array[i].flags, ==, FRAME_RESERVED);
		frame_array[i].flags = 0;
		frame_array[i].refs = 0;
	}
	if (first < stop)
		buddy_add(first, stop);
}

void frames_adopt(u64 start, u64 end)
{
	u64 first = start >> PAGE_SHIFT, stop = end >> PAGE_SHIFT;

	VERIFY(IS_ALIGNED(start, PAGE_SIZE) && IS_ALIGNED(end, PAGE_SIZE));
	for (u64 i = first; i < stop; i++) {
		VERIFY_OP(frame_array[i].flags, ==, FRAME_RESERVED);
		frame_array[i].flags = 0;
	}
	__atomic_fetch_add(&frame_total, stop - first, __ATOMIC_RELAXED);
}
