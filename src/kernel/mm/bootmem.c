/* SPDX-License-Identifier: MIT */
/*
 * Memory at boot, before there are page frames.
 *
 * lib/memory_map.c knows what is RAM and what of it is in use; here pages are taken from
 * it. They are handed out downwards from 4 GiB (the boot page tables' direct map ends there)
 * and, when all is mapped, from the end of RAM; each free page in turn, so that one cursor says what
 * was taken: everything between it and where it began.
 *
 * One CPU, interrupts off; nothing is freed.
 */
#include <debug/log.h>
#include <debug/panic.h>
#include <lib/string.h>
#include <mm/frame.h>
#include <mm/internal.h>

#define LOW_LIMIT 0xa0000UL /* a start-up IPI cannot name the pages from 0xa0 on */

static struct memory_map map;
static u64 began = GIB(4), cursor = GIB(4); /* pages of RAM between them are taken */
static struct memory_range window;          /* [window.start, cursor) is free */
static bool closed;

void bootmem_read_map(const struct boot_region *regions, size_t count, u64 limit)
{
	if (!memory_map_read(&map, regions, count, min(limit, (u64)DIRECT_MAP_SIZE)))
		panic("bootmem: the firmware's memory map has more than %d pieces", MEMORY_MAP_RANGES);
	if (!map.ram.count)
		panic("the boot loader reported no usable memory (%lu regions)", (unsigned long)count);
}

void bootmem_reserve(u64 start, u64 end, const char *what)
{
	VERIFY(cursor == began);
	log_debug("bootmem: %#lx - %#lx %s", start, end, what);
	if (!memory_map_reserve(&map, start, end))
		panic("bootmem: more than %d separate ranges", MEMORY_MAP_RANGES);
}

bool bootmem_is_ram(u64 start, u64 end)
{
	return memory_map_is_ram(&map, start, end);
}

u64 bootmem_top(void)
{
	return memory_map_top(&map);
}

u64 bootmem_reserve_low_page(void)
{
	struct memory_range low;

	if (!memory_map_free_below(&map, LOW_LIMIT, &low))
		return 0;
	bootmem_reserve(low.end - PAGE_SIZE, low.end, "start page of the other CPUs");
	return low.end - PAGE_SIZE;
}

paddr_t bootmem_alloc_page(void)
{
	struct frame *f;

	if (closed) {
		f = frame_alloc(0, ALLOC_ZERO | ALLOC_ATOMIC | ALLOC_DMA32);
		if (!f)
			panic("bootmem: out of memory");
		return frame_paddr(f);
	}
	if (cursor <= window.start || !window.end) {
		if (!memory_map_free_below(&map, cursor, &window))
			panic("bootmem: out of memory below %lu GiB", DIV_ROUND_UP(began, GIB(1)));
		cursor = window.end;
	}
	cursor -= PAGE_SIZE;
	memset(phys_to_virt(PADDR(cursor)), 0, PAGE_SIZE);
	return PADDR(cursor);
}

unsigned bootmem_ram(const struct memory_range **ranges)
{
	*ranges = map.ram.r;
	return map.ram.count;
}

static void forget_cursor(void)
{
	VERIFY(memory_map_reserve(&map, cursor, began));
	window = (struct memory_range){ 0, 0 };
}

void bootmem_all_mapped(void)
{
	forget_cursor();
	began = cursor = bootmem_top();
}

void bootmem_close(void)
{
	forget_cursor();
	closed = true;
}

void bootmem_each_free(void (*visit)(u64 start, u64 end))
{
	struct memory_range free = { 0, 0 };

	while (memory_map_free_above(&map, free.end, &free))
		visit(free.start, free.end);
}
