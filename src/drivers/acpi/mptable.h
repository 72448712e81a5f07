/* SPDX-License-Identifier: MIT */
/*
 * Reading the MP tables (Intel MultiProcessor Specification 1.4, chapter 4), which PCs had before ACPI: the
 * CPUs, the I/O APICs and how interrupts reach them. Pure functions over bytes. The outcome is told in
 * the terms of ACPI's MADT, so that whoever uses it need not know where it comes from.
 */
#pragma once

#include <drivers/acpi/tables.h>

struct mp_pointer {
	u64 table;		/* physical */
	bool imcr;		/* interrupts must be switched over to the APICs: ports 0x22, 0x23 */
};

/*
 * Look for the floating pointer in the len bytes at p, on every 16th. ACPI_NOT_FOUND; one that names a
 * default configuration instead of a table counts as none (no CPU of 64 bits has been in such a machine).
 */
int mp_pointer_search(const void *p, size_t len, struct mp_pointer *pointer);

/*
 * Read the table through `reader`. The I/O APICs' gsi_base is ACPI_GSI_UNKNOWN but for the first one's,
 * to which all ISA interrupts must go: those elsewhere are dropped.
 */
int mp_table_read(const struct acpi_reader *reader, u64 phys, struct acpi_madt_info *info);
