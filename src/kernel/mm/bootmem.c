/* SPDX-License-Identifier: MIT */
/*
 * Memory at boot, before there are page frames.
 *
 * Two sorted arrays of disjoint ranges, RAM and what of it is in use, filled
 * from the firmware's map and by those who know what lies where.  Pages are
 * handed out downwards from 4 GiB (the boot page tables' direct map ends there),
 * each free page in turn, so that one cursor says what was taken: everything
 * between it and 4 GiB.
 *
 * One CPU, interrupts off; nothing is freed.
 */
#include <debug/log.h>
#include <debug/panic.h>
#include <lib/string.h>
#include <mm/frame.h>
#include <mm/internal.h>

#define RANGES_MAX 320
#define LOW_LIMIT 0xa0000UL /* a start-up IPI cannot name the pages from 0xa0 on */

struct ranges {
	unsigned count;
	struct bootmem_range r[RANGES_MAX];
};

static struct ranges ram, used;
static u64 cursor = 4ULL << 30;       /* pages of RAM from here to 4 GiB are taken */
static u64 window_start = 4ULL << 30; /* [window_start, cursor) is free */
static bool closed;

/* Adds [start, end) and merges it with what it touches or overlaps. */
static void ranges_add(struct ranges *s, u64 start, u64 end)
{
	unsigned i = 0, n;

	while (i < s->count && s->r[i].end < start)
		i++;
	for (n = i; n < s->count && s->r[n].start <= end; n++) {
		start = min(start, s->r[n].start);
		end = max(end, s->r[n].end);
	}
	if (n == i && s->count == RANGES_MAX)
		panic("bootmem: more than %u separate ranges", RANGES_MAX);
	memmove(&s->r[i + 1], &s->r[n], (s->count - n) * sizeof(s->r[0]));
	s->count += i + 1 - n;
	s->r[i] = (struct bootmem_range){ start, end };
}

void bootmem_add(u64 start, u64 end)
{
	ranges_add(&used, 0, PAGE_SIZE); /* a frame at address 0 would mean "none" */
	start = ALIGN_UP(start, PAGE_SIZE);
	end = ALIGN_DOWN(min(end, (u64)DIRECT_MAP_SIZE), PAGE_SIZE);
	if (start < end)
		ranges_add(&ram, start, end);
}

void bootmem_reserve(u64 start, u64 end, const char *what)
{
	VERIFY(cursor == 4ULL << 30);
	end = min(end, (u64)DIRECT_MAP_SIZE);
	if (start >= end)
		return;
	log_debug("bootmem: %#lx - %#lx %s", start, end, what);
	ranges_add(&used, ALIGN_DOWN(start, PAGE_SIZE), ALIGN_UP(end, PAGE_SIZE));
}

u64 bootmem_top(void)
{
	return ram.count ? ram.r[ram.count - 1].end : 0;
}

/* The highest free range that ends at or below `limit`, cut to it; false when there is none. */
static bool free_below(u64 limit, u64 *start, u64 *end)
{
	unsigned i = ram.count, u = used.count;

	while (i && limit) {
		struct bootmem_range *r = &ram.r[i - 1];

		limit = min(limit, r->end);
		while (u && used.r[u - 1].start >= limit)
			u--;
		if (u && used.r[u - 1].end >= limit) {
			limit = used.r[u - 1].start;
		} else if (limit > r->start) {
			*start = u ? max(r->start, used.r[u - 1].end) : r->start;
			*end = limit;
			return true;
		}
		if (limit <= r->start)
			i--;
	}
	return false;
}

u64 bootmem_reserve_low_page(void)
{
	u64 start, end;

	if (!free_below(LOW_LIMIT, &start, &end))
		return 0;
	bootmem_reserve(end - PAGE_SIZE, end, "start page of the other CPUs");
	return end - PAGE_SIZE;
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
	while (cursor <= window_start)
		if (!free_below(cursor, &window_start, &cursor))
			panic("bootmem: out of memory");
	cursor -= PAGE_SIZE;
	memset(phys_to_virt(PADDR(cursor)), 0, PAGE_SIZE);
	return PADDR(cursor);
}

unsigned bootmem_ram(const struct bootmem_range **ranges)
{
	*ranges = ram.r;
	return ram.count;
}

void bootmem_close(void)
{
	closed = true;
	if (cursor < 4ULL << 30)
		ranges_add(&used, cursor, 4ULL << 30);
}

void bootmem_each_free(void (*visit)(u64 start, u64 end))
{
	unsigned u = 0;

	for (unsigned i = 0; i < ram.count; i++) {
		u64 at = ram.r[i].start, end = ram.r[i].end;

		while (at < end) {
			while (u < used.count && used.r[u].end <= at)
				u++;
			if (u < used.count && used.r[u].start <= at) {
				at = used.r[u].end;
				continue;
			}
			u64 stop = u < used.count ? min(end, used.r[u].start) : end;

			visit(at, stop);
			at = stop;
		}
	}
}
