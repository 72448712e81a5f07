/* SPDX-License-Identifier: MIT */
/*
 * pvpanic: a port by which the kernel tells QEMU that it has panicked (docs/specs/pvpanic.txt of QEMU).
 * Reading it gives the events that QEMU knows, writing reports one.
 */
#include <arch/io.h>
#include <debug/log.h>
#include <debug/panic.h>
#include <drivers/acpi/acpi.h>
#include <lib/string.h>

enum { PVPANIC_PANICKED = 1 };

static u16 port;

static void report_panic(void)
{
	io_out8(port, PVPANIC_PANICKED);
}

void pvpanic_init(void)
{
	const struct acpi_table_list *l = acpi_tables();

	for (u32 i = 0; i < l->count; i++) {
		const struct acpi_table *t = &l->tables[i];

		if (memcmp(t->signature, "DSDT", 4) && memcmp(t->signature, "SSDT", 4))
			continue;
		if (acpi_pvpanic_find(t, &port) != ACPI_OK || !(io_in8(port) & PVPANIC_PANICKED))
			continue;
		log_info("acpi: pvpanic at port %#x", port);
		panic_notify = report_panic;
		return;
	}
}
