/* SPDX-License-Identifier: MIT */
/* The CPU's steps of the boot order; see main.c for when each is called. */
#pragma once

#include <lib/compiler.h>

/* GS base, GDT, TSS with IST stacks, IDT: exceptions are reported from here on. */
void cpu_early_init(void);

/* Features (CPUID), control registers, alternatives patched in, mitigations= of `cmdline`. */
void cpu_features_init(const char *cmdline);

/*
 * Replaces the boot page tables: direct map of all of physical memory up to
 * `top` (largest pages, NX, image read-only), the image W^X, entries 256-511 of
 * the top level filled, no identity map.  Page-table pages come from `alloc`,
 * which gives zeroed page frames below 4 GiB.
 */
void paging_init(u64 image_phys, paddr_t top, paddr_t (*alloc)(void));
/* Where an object of the kernel image lies; after paging_init. */
paddr_t image_paddr(const void *object);

/* Local APIC and I/O APICs from the MADT (NULL: the 8259 is used).  Interrupts stay off. */
struct acpi_madt_info;
void irq_chips_init(const struct acpi_madt_info *madt);

/* SYSCALL entry MSRs, and all else that must be per CPU before user mode. */
void cpu_user_init(void);

/*
 * The other CPUs.  cpu_found: firmware's tables name one, in any order, the boot CPU among
 * them (after its local APIC is up).  cpus_start brings up as many as make `limit` in all; thread context,
 * clocks run.  cpu_start_page: a page below 1 MiB that nothing else will ever use; 0: none.
 */
void cpu_found(u32 apic_id);
void cpus_start(unsigned limit);
extern u64 cpu_start_page;

/* Vector state: sizes from CPUID, the cache for save areas (needs slab). */
void fpu_init(void);
