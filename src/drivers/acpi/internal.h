/* SPDX-License-Identifier: MIT */
/* Shared by the files of this folder alone. */
#pragma once

#include <drivers/acpi/acpi.h>

const struct acpi_s5 *acpi_s5(void); /* NULL: no \_S5 */

/* Bits of PM1 status and enable, and of PM1 control (specification 4.8.3). */
#define PM1_POWER_BUTTON (1U << 8)
#define PM1_SCI_ENABLE (1U << 0)
#define PM1_SLEEP_TYPE_SHIFT 10
#define PM1_SLEEP_TYPE_MASK (7U << PM1_SLEEP_TYPE_SHIFT)
#define PM1_SLEEP_ENABLE (1U << 13)

/* Fixed registers, in I/O space or memory; `offset` in bytes. No such register: reads 0. */
u32 acpi_register_read(const struct acpi_register *r, unsigned offset, unsigned bytes);
void acpi_register_write(const struct acpi_register *r, unsigned offset, unsigned bytes, u32 value);
/* Maps registers that lie in memory, so that they can be used in any context. */
void acpi_register_map(struct acpi_register *r);

/* SCI_EN set: firmware leaves the fixed events to us. false: it did not come. */
bool acpi_enable_mode(const struct acpi_fadt_info *fadt);
void acpi_power_init(const struct acpi_fadt_info *fadt);
