/* SPDX-License-Identifier: MIT */
#include "unit.h"
#include "bytes.h"
#include <drivers/acpi/mptable.h>

#define TABLE 0x9fc20ULL

static struct bytes table;
static struct acpi_madt_info madt;

static const void *map(void *ctx, u64 phys, size_t len)
{
	static u8 *copy;

	if (phys < TABLE || phys - TABLE > table.len || len > table.len - (phys - TABLE))
		return NULL;
	free(copy);
	copy = exact(table.data + (phys - TABLE), len);
	return copy;
}

static const struct acpi_reader reader = { .map = map };

static void sum_up(u8 *p, size_t len, size_t at)
{
	u8 sum = 0;

	p[at] = 0;
	for (size_t i = 0; i < len; i++)
		sum += p[i];
	p[at] = -sum;
}

static void begin(void)
{
	memset(&table, 0, sizeof(table));
	put_text(&table, "PCMP", 4);
	table.len = 36;
	put_u32(&table, 0xfee00000);
	table.len = 44;
}

static void put(u8 a, u8 b, u8 c, u8 d, u8 e, u8 f, u8 g, u8 h)
{
	const u8 bytes[8] = { a, b, c, d, e, f, g, h };

	put_text(&table, (const char *)bytes, 8);
}

static void bus(u8 id, const char *name)
{
	put_u8(&table, 1);
	put_u8(&table, id);
	put_text(&table, name, 6);
}

static void cpu(u8 id, u8 flags)
{
	put(0, id, 0x11, flags, 0, 0, 0, 0);
	put_u64(&table, 0);
	put_u32(&table, 0);
}

static void ioapic(u8 id, u8 flags, u32 address)
{
	put_u8(&table, 2);
	put_u8(&table, id);
	put_u8(&table, 0x11);
	put_u8(&table, flags);
	put_u32(&table, address);
}

static int finish(unsigned entries)
{
	table.data[4] = (u8)table.len;
	table.data[5] = (u8)(table.len >> 8);
	table.data[34] = (u8)entries;
	table.data[35] = (u8)(entries >> 8);
	sum_up(table.data, table.len, 7);
	return mp_table_read(&reader, TABLE, &madt);
}

TEST(pointer)
{
	u8 area[96] = { 0 }, *p = area + 32;
	struct mp_pointer mp;

	assert_int_equal(mp_pointer_search(area, sizeof(area), &mp), ACPI_NOT_FOUND);
	memcpy(p, "_MP_\x20\xfc\x09\x00\x01\x04", 10);
	p[12] = 0x80;
	assert_int_equal(mp_pointer_search(area, sizeof(area), &mp), ACPI_NOT_FOUND);
	sum_up(p, 16, 10);
	assert_int_equal(mp_pointer_search(area, sizeof(area), &mp), ACPI_OK);
	assert_int_equal(mp.table, TABLE);
	assert_true(mp.imcr);
	assert_int_equal(mp_pointer_search(area, 47, &mp), ACPI_NOT_FOUND);
	p[11] = 5; /* a default configuration */
	sum_up(p, 16, 10);
	assert_int_equal(mp_pointer_search(area, sizeof(area), &mp), ACPI_NOT_FOUND);
}

TEST(whole_table)
{
	begin();
	cpu(0, 3);
	cpu(1, 1);
	cpu(2, 0);
	bus(0, "PCI   ");
	bus(1, "ISA   ");
	ioapic(8, 1, 0xfec00000);
	ioapic(9, 1, 0xfec10000);
	ioapic(10, 0, 0xfec20000);
	put(3, 0, 0, 0, 1, 0, 8, 2);      /* the timer at input 2 */
	put(3, 0, 0, 0, 1, 1, 8, 1);
	put(3, 0, 15, 0, 1, 9, 8, 9);     /* the SCI: level, low */
	put(3, 0, 15, 0, 0, 12, 8, 11);   /* PCI's are not ours */
	put(3, 0, 0, 0, 1, 5, 9, 5);      /* at another I/O APIC */
	put(3, 3, 0, 0, 1, 0, 8, 0);      /* the 8259 */
	put(3, 1, 0, 0, 1, 0, 8, 17);     /* an NMI */
	put(4, 3, 0, 0, 1, 0, 0, 0);
	put(4, 1, 0, 0, 1, 0, 255, 1);
	assert_int_equal(finish(17), ACPI_OK);
	assert_int_equal(madt.cpu_count, 3);
	assert_int_equal(madt.cpus[1].apic_id, 1);
	assert_true(madt.cpus[1].enabled && !madt.cpus[2].enabled);
	assert_int_equal(madt.ioapic_count, 2);
	assert_int_equal(madt.ioapics[0].gsi_base, 0);
	assert_int_equal(madt.ioapics[0].phys, 0xfec00000);
	assert_int_equal(madt.ioapics[1].gsi_base, ACPI_GSI_UNKNOWN);
	assert_int_equal(madt.override_count, 3);
	assert_int_equal(madt.dropped, 1);
	assert_int_equal(acpi_madt_isa_irq(&madt, 0).gsi, 2);
	assert_int_equal(acpi_madt_isa_irq(&madt, 1).gsi, 1);
	assert_int_equal(acpi_madt_isa_irq(&madt, 5).gsi, 5);
	assert_true(acpi_madt_isa_irq(&madt, 9).level && acpi_madt_isa_irq(&madt, 9).active_low);
	assert_int_equal(madt.nmi_count, 1);
	assert_int_equal(madt.nmis[0].gsi, 17);
	assert_int_equal(madt.lapic_nmi_count, 1);
	assert_int_equal(madt.lapic_nmis[0].uid, ACPI_ALL_CPUS);
	assert_int_equal(madt.lapic_nmis[0].lint, 1);
}

TEST(wrong_tables)
{
	begin();
	assert_int_equal(finish(0), ACPI_OK);
	assert_int_equal(finish(1), ACPI_BAD_LENGTH);
	table.data[0] = 'X';
	assert_int_equal(finish(0), ACPI_BAD_SIGNATURE);
	begin();
	cpu(0, 1);
	assert_int_equal(finish(1), ACPI_OK);
	table.data[50] ^= 1;
	assert_int_equal(mp_table_read(&reader, TABLE, &madt), ACPI_BAD_CHECKSUM);
	table.len -= 1; /* the CPU is cut off */
	assert_int_equal(finish(1), ACPI_BAD_LENGTH);
	table.data[5] = 1; /* longer than what can be read */
	assert_int_equal(mp_table_read(&reader, TABLE, &madt), ACPI_UNREADABLE);
	table.data[4] = 43;
	table.data[5] = 0;
	assert_int_equal(mp_table_read(&reader, TABLE, &madt), ACPI_BAD_LENGTH);
	begin();
	cpu(0, 1);
	put(200, 0, 0, 0, 0, 0, 0, 0); /* of a later specification */
	assert_int_equal(finish(2), ACPI_OK);
	assert_int_equal(madt.cpu_count, 1);
}

TEST(more_than_there_is_room_for)
{
	begin();
	for (unsigned i = 0; i < 400; i++)
		cpu((u8)(i % 255), 1);
	for (unsigned i = 0; i < 40; i++)
		ioapic((u8)i, 1, 0xfec00000 + i * 4096);
	bus(1, "EISA  ");
	for (unsigned i = 0; i < 100; i++) {
		put(3, 0, 0, 0, 1, (u8)i, 0, (u8)i);
		put(3, 1, 0, 0, 1, (u8)i, 0, (u8)i);
		put(4, 1, 0, 0, 1, (u8)i, 0, (u8)i);
	}
	assert_int_equal(finish(741), ACPI_OK);
	assert_int_equal(madt.cpu_count, ACPI_MAX_CPUS);
	assert_int_equal(madt.ioapic_count, ACPI_MAX_IOAPICS);
	assert_int_equal(madt.override_count, 16);
	assert_int_equal(madt.nmi_count, ACPI_MAX_NMIS);
	assert_int_equal(madt.lapic_nmi_count, ACPI_MAX_NMIS);
}

TEST(random_bytes)
{
	for (int round = 0; round < 20000; round++) {
		unsigned entries = test_random() % 20;

		begin();
		for (unsigned i = 0; i < entries; i++) {
			u64 v = test_random();

			put((u8)(v % 6), (u8)(v >> 8), (u8)(v >> 16), (u8)(v >> 24), (u8)(v >> 32),
			    (u8)(v >> 40), (u8)(v >> 48), (u8)(v >> 56));
		}
		(void)finish(entries);
	}
}

RUN(T(pointer), T(whole_table), T(wrong_tables), T(more_than_there_is_room_for), T(random_bytes))
