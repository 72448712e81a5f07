/* SPDX-License-Identifier: MIT */
/* Kernel mappings: device memory, large virtually contiguous buffers, guarded stacks. All may sleep. */
#pragma once

#include <arch/kmap.h>

/* Maps device memory (any alignment) uncached or as KMAP_* says; NULL. */
void *kmap_mmio(paddr_t pa, size_t len, unsigned flags);
void kunmap_mmio(void *p, size_t len);

/* Page-wise memory, zeroed, with an unmapped page behind it; NULL. */
void *vmalloc(size_t len) must_check;
void vfree(void *p);
/* kmalloc for small, vmalloc for large; freed by kvfree. */
void *kvmalloc(size_t len) must_check;
void kvfree(void *p);

/* A kernel stack of KSTACK_SIZE with a guard page below; returns its top, NULL. Cached per CPU. */
void *kstack_alloc(void) must_check;
void kstack_free(void *top);
/* Is `addr` in the guard page of some stack (for the panic text)? */
bool kstack_is_guard(u64 addr);

void kmap_init(void);
