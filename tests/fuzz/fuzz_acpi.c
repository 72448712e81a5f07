/* SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include <drivers/acpi/tables.h>

#include <stdlib.h>
#include <string.h>

/*
 * The input is a little physical memory, with the RSDP at 0. Random bytes do not get past
 * checksums: those are put right in the tables that the pointers lead to, in a copy.
 */
static u8 *memory;
static size_t memory_size;

static void fix_checksum(u8 *p, size_t len, size_t at)
{
	u8 sum = 0;

	p[at] = 0;
	for (size_t i = 0; i < len; i++)
		sum += p[i];
	p[at] = -sum;
}

static const void *map(void *ctx, u64 phys, size_t len)
{
	u8 *p;

	if (phys > memory_size || len > memory_size - phys)
		return NULL;
	p = memory + phys;
	if (len > ACPI_HEADER_SIZE)
		fix_checksum(p, len, 9);
	return p;
}

static void parse(const struct acpi_table *t)
{
	static struct acpi_madt_info madt;
	struct acpi_hpet_info hpet;
	static struct acpi_mcfg_info mcfg;
	struct acpi_fadt_info fadt;
	struct acpi_s5 s5;

	use(t->data, t->len);
	if (acpi_madt_parse(t, &madt) == ACPI_OK) {
		REQUIRE(madt.cpu_count <= ACPI_MAX_CPUS && madt.ioapic_count <= ACPI_MAX_IOAPICS);
		for (unsigned irq = 0; irq < 16; irq++)
			acpi_madt_isa_irq(&madt, (u8)irq);
	}
	acpi_hpet_parse(t, &hpet);
	if (acpi_mcfg_parse(t, &mcfg) == ACPI_OK)
		REQUIRE(mcfg.count <= ACPI_MAX_MCFG);
	acpi_fadt_parse(t, &fadt);
	u16 port = 0;
	REQUIRE(acpi_pvpanic_find(t, &port) != ACPI_OK || port);
	if (acpi_s5_find(t, &s5) == ACPI_OK)
		REQUIRE(s5.type_a < 8 && s5.type_b < 8);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static struct acpi_table_list list;
	struct acpi_reader reader = { map, NULL };
	struct acpi_rsdp rsdp;

	memory = malloc(size + 1);
	memory_size = size;
	memcpy(memory, data, size);
	if (size >= 36) {
		fix_checksum(memory, 20, 8);
		fix_checksum(memory, 36, 32);
	}
	if (acpi_rsdp_parse(memory, size, &rsdp) == ACPI_OK &&
	    acpi_list_tables(&reader, &rsdp, &list) == ACPI_OK) {
		for (u32 i = 0; i < list.count; i++)
			parse(&list.tables[i]);
	}
	acpi_rsdp_search(memory, size, &rsdp);
	free(memory);
	return 0;
}
