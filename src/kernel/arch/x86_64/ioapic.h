/* SPDX-License-Identifier: MIT */
/* The I/O APICs: interrupt inputs (GSIs) to vectors. */
#pragma once

#include <arch/irq.h>

struct acpi_madt_info;

void ioapic_init(const struct acpi_madt_info *madt);
unsigned ioapic_gsi_count(void);
int ioapic_route(unsigned gsi, unsigned vector, u32 apic_id, enum irq_trigger trigger);
void ioapic_set_mask(unsigned gsi, bool masked);
