/* SPDX-License-Identifier: MIT */
/* The kernel half of the page tables, shared by all address spaces. See mm/layout.h for the map. */
#pragma once

#include <lib/compiler.h>

enum kmap_flags {
	KMAP_WRITE = 1,
	KMAP_EXEC = 2,
	KMAP_UNCACHED = 4,
	KMAP_WRITE_COMBINING = 8,
};

/* Maps one page at kernel address `va`.  Missing tables are allocated.  -ENOMEM. */
int kpage_map(u64 va, paddr_t pa, unsigned flags);

/* Unmaps [va, va+len) and flushes it from every CPU's TLB. Tables stay. */
void kpage_unmap(u64 va, size_t len);

/* Physical address that `va` is mapped to; false where nothing is mapped. */
bool kpage_lookup(u64 va, paddr_t *pa);
