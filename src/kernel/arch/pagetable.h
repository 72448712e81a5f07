/* SPDX-License-Identifier: MIT */
/*
 * The user half of an address space's page tables.
 *
 * Generic code sees leaf entries only: pte_t values in 512-entry leaf tables,
 * each with a spinlock in its table frame.  Upper levels are the CPU code's.
 * An entry is changed only under its leaf's lock; hardware sets accessed and
 * dirty by itself, so entries that may be live are replaced by pte_exchange.
 */
#pragma once

#include <lib/compiler.h>
#include <arch/percpu.h>

typedef u64 pte_t;

struct spinlock;

struct arch_mm {
	paddr_t root; /* top-level table; immutable */
	u64 cpus;     /* atomic: bit per CPU that may hold entries in its TLB */
	u64 gen;      /* atomic: TLB flushes so far, see tlb.c */
	u64 tables;   /* atomic: tables below the root */
};

/* A new top-level table with the kernel half filled in.  -ENOMEM. */
int arch_mm_init(struct arch_mm *am);
/* Frees all user tables.  All entries must be clear; nobody runs on it. */
void arch_mm_destroy(struct arch_mm *am);
/* Loads `next` on this CPU (NULL: the kernel's own). Interrupts off. */
void arch_mm_switch(struct arch_mm *prev, struct arch_mm *next);

/* Leaf entry for `va`, NULL when no leaf table is there. */
pte_t *pt_lookup(struct arch_mm *am, u64 va);
/* The same, allocating what is missing; NULL: out of memory. Callers may run side by side. */
pte_t *pt_lookup_alloc(struct arch_mm *am, u64 va);
/* First address >= va and < end that has a leaf table, else end. Skips empty upper entries. */
u64 pt_next_leaf(struct arch_mm *am, u64 va, u64 end);
/* Lock of the leaf table that `pte` lies in. */
struct spinlock *pt_lock_of(pte_t *pte);
/* Frees tables that lie wholly in [start, end): all entries clear, after the TLB flush. */
void pt_free_range(struct arch_mm *am, u64 start, u64 end);

void tlb_flush_page(struct arch_mm *am, u64 va);
void tlb_flush_range(struct arch_mm *am, u64 start, u64 end);
void tlb_flush_all(struct arch_mm *am);
/* This CPU alone, whose entry for `va` of the loaded address space is older than the table's and stricter. */
void tlb_flush_here(u64 va);

/*
 * This CPU, running its idle task with interrupts off, is about to wait: it need not be told of flushes
 * any more.  tlb_idle_leave, before it runs another task: `loaded` is what arch_mm_switch loaded last.
 */
void tlb_idle_enter(void);
void tlb_idle_leave(struct arch_mm *loaded);

/* pte_make, pte_present, pte_write, pte_paddr, ... inline */
#include <arch/x86_64/pte.h>
