/* SPDX-License-Identifier: MIT */
/* Shared by the files of mm/ alone. */
#pragma once

#include <lib/memory_map.h>
#include <mm/frame.h>

/* RAM as given, whole pages, sorted and merged; the count is returned. */
unsigned bootmem_ram(const struct memory_range **ranges);
/* From here on bootmem_alloc_page takes from the frames. */
void bootmem_close(void);
/* Calls visit for each range of free pages, ascending. After bootmem_close. */
void bootmem_each_free(void (*visit)(u64 start, u64 end));

void buddy_init(void);
/* Makes the frames [first, end) free; they are in no list yet. */
void buddy_add(u64 first, u64 end);
/* Gives what this CPU's frame cache holds back to the buddy lists. */
void frame_cache_drain(void);
void frame_set_watermarks(void);
extern u64 frame_total; /* frames given to the allocator or adopted */
extern u64 frames_reserved_at_boot;

/* Gives empty slabs back to the frames; true when there were any. */
bool slab_shrink(void);
