/* SPDX-License-Identifier: MIT */
/* What firmware says about the machine by ACPI. tables.h has the structs. */
#pragma once

#include <drivers/acpi/tables.h>

struct boot_info;

/*
 * Finds and reads the tables. Needs kernel mappings; boot, once. Without ACPI everything below
 * says NULL, but acpi_madt(): what it tells comes from the MP tables then, if there are any.
 */
void acpi_init(const struct boot_info *bi);

const struct acpi_madt_info *acpi_madt(void);
const struct acpi_fadt_info *acpi_fadt(void);
const struct acpi_hpet_info *acpi_hpet(void);
const struct acpi_mcfg_info *acpi_mcfg(void);
/* All tables (for /sys/firmware/acpi/tables), never NULL. */
const struct acpi_table_list *acpi_tables(void);

/* Switches to ACPI mode and serves the power button. After irq_init; may sleep. */
void acpi_events_init(void);

/* Finds QEMU's device that takes notice of a panic. After acpi_init. */
void pvpanic_init(void);
