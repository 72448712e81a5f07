/* SPDX-License-Identifier: MIT */
/*
 * The virtual memory map (4-level paging, 48 bits):
 *
 *   0x0000000000010000 .. 0x00007fffffffefff   user (64 KiB below and the last page never mapped)
 *   0xffff800000000000 + 64 TiB                direct map of physical memory
 *   0xffffc00000000000 +  1 TiB                page-frame array
 *   0xffffd00000000000 + 16 TiB                kernel mappings: guarded stacks, MMIO, vmalloc
 *   0xffffe00000000000 + 16 TiB                KASAN shadow, in KASAN builds
 *   0xffffffff80000000 +  1 GiB                kernel image
 */
#pragma once

#include <lib/compiler.h>

#define USER_MIN 0x0000000000010000ULL
#define USER_MAX 0x00007ffffffff000ULL /* first address past the user's */
#define DIRECT_MAP_BASE 0xffff800000000000ULL
#define DIRECT_MAP_SIZE (64ULL << 40)
/* It reaches that far at least, as the boot page tables do: the early screen lies there. */
#define DIRECT_MAP_MIN GIB(4)
#define FRAME_ARRAY_BASE 0xffffc00000000000ULL
#define KMAP_BASE 0xffffd00000000000ULL
#define KMAP_END 0xffffe00000000000ULL
#define KASAN_SHADOW_BASE 0xffffe00000000000ULL
#define KASAN_SHADOW_OFFSET 0xdffff00000000000ULL
#define IMAGE_BASE 0xffffffff80000000ULL

static inline void *phys_to_virt(paddr_t p)
{
	return (void *)(p.raw + DIRECT_MAP_BASE);
}

/* Of a direct-map address only; not of the image, stacks or vmalloc. */
static inline paddr_t virt_to_phys(const void *v)
{
	return PADDR((u64)v - DIRECT_MAP_BASE);
}
