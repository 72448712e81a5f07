/* SPDX-License-Identifier: MIT */
/*
 * A page-table entry (Intel SDM vol. 3, 4.5):
 *
 *   63  62..59  58..52    51..12    11..9      8  7    6  5  4    3    2  1  0
 *   NX  key     software  address   software   G  PAT  D  A  PCD  PWT  U  W  P
 *
 * Software bit 9, "special": the frame is not reference-counted (MMIO, zero page).
 */
#pragma once

#include <lib/compiler.h>

typedef u64 pte_t;

#define PTE_PRESENT (1ULL << 0)
#define PTE_WRITE (1ULL << 1)
#define PTE_USER (1ULL << 2)
#define PTE_PWT (1ULL << 3)
#define PTE_PCD (1ULL << 4)
#define PTE_ACCESSED (1ULL << 5)
#define PTE_DIRTY (1ULL << 6)
#define PTE_HUGE (1ULL << 7) /* in levels 2 and 3 */
#define PTE_PAT (1ULL << 7)  /* in level 1 */
#define PTE_GLOBAL (1ULL << 8)
#define PTE_SPECIAL (1ULL << 9)
#define PTE_NX (1ULL << 63)
#define PTE_ADDRESS 0x000ffffffffff000ULL
#define PTES_PER_TABLE 512UL

/* A user page: present, user, accessed; writable (then dirty, too) and executable as asked. */
static inline pte_t pte_make(paddr_t pa, bool write, bool exec)
{
	return pa.raw | PTE_PRESENT | PTE_USER | PTE_ACCESSED | (write ? PTE_WRITE | PTE_DIRTY : 0) |
	       (exec ? 0 : PTE_NX);
}

static inline bool pte_present(pte_t p) { return p & PTE_PRESENT; }
static inline bool pte_none(pte_t p) { return p == 0; }
static inline bool pte_write(pte_t p) { return p & PTE_WRITE; }
static inline bool pte_dirty(pte_t p) { return p & PTE_DIRTY; }
static inline bool pte_young(pte_t p) { return p & PTE_ACCESSED; }
static inline bool pte_exec(pte_t p) { return !(p & PTE_NX); }
static inline bool pte_special(pte_t p) { return p & PTE_SPECIAL; }
static inline pte_t pte_mkspecial(pte_t p) { return p | PTE_SPECIAL; }
static inline pte_t pte_wrprotect(pte_t p) { return p & ~PTE_WRITE; }
static inline pte_t pte_mkwrite(pte_t p) { return p | PTE_WRITE | PTE_DIRTY | PTE_ACCESSED; }
static inline pte_t pte_mkclean(pte_t p) { return p & ~PTE_DIRTY; }
static inline pte_t pte_uncached(pte_t p) { return p | PTE_PCD | PTE_PWT; }
/* Entry 4 of the PAT, which cpu.c sets up. */
static inline pte_t pte_write_combining(pte_t p) { return p | PTE_PAT; }
/* An entry whose page stays but must not be reached (PROT_NONE): neither none nor present. */
static inline pte_t pte_hide(pte_t p) { return p & ~PTE_PRESENT; }
static inline pte_t pte_show(pte_t p) { return p | PTE_PRESENT; }
static inline pte_t pte_set_exec(pte_t p, bool exec) { return exec ? p & ~PTE_NX : p | PTE_NX; }
static inline paddr_t pte_paddr(pte_t p) { return PADDR(p & PTE_ADDRESS); }

static inline pte_t pte_set_paddr(pte_t p, paddr_t pa) { return (p & ~PTE_ADDRESS) | pa.raw; }

static inline pte_t pte_load(const pte_t *p) { return READ_ONCE(*p); }
static inline void pte_store(pte_t *p, pte_t v) { WRITE_ONCE(*p, v); }
static inline pte_t pte_exchange(pte_t *p, pte_t v)
{
	return __atomic_exchange_n(p, v, __ATOMIC_ACQ_REL);
}
