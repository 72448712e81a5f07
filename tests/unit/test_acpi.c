/* SPDX-License-Identifier: MIT */
#include "unit.h"
#include "bytes.h"
#include <drivers/acpi/tables.h>

static void checksum(u8 *p, size_t len, size_t at)
{
	u8 sum = 0;

	p[at] = 0;
	for (size_t i = 0; i < len; i++)
		sum += p[i];
	p[at] = -sum;
}

/* --- RSDP --- */

static void make_rsdp(u8 p[36], u8 revision, u32 rsdt, u64 xsdt)
{
	memset(p, 0, 36);
	memcpy(p, "RSD PTR xSKERRY", 15);
	p[15] = revision;
	memcpy(p + 16, &rsdt, 4);
	p[20] = 36;
	memcpy(p + 24, &xsdt, 8);
	checksum(p, 20, 8);
	checksum(p, 36, 32);
}

TEST(rsdp)
{
	struct acpi_rsdp r;
	u8 p[36], area[96] = { 0 };

	make_rsdp(p, 2, 0x1000, 0x2000);
	assert_int_equal(acpi_rsdp_parse(p, 36, &r), ACPI_OK);
	assert_string_equal(r.oem, "SKERRY");
	assert_int_equal(r.rsdt, 0x1000);
	assert_int_equal(r.xsdt, 0x2000);
	assert_int_equal(acpi_rsdp_parse(p, 20, &r), ACPI_OK);	/* the old form of a new one */
	assert_int_equal(r.xsdt, 0);
	assert_int_equal(acpi_rsdp_parse(p, 19, &r), ACPI_BAD_RSDP);
	p[33]++;
	assert_int_equal(acpi_rsdp_parse(p, 36, &r), ACPI_BAD_RSDP);
	make_rsdp(p, 0, 0x1000, 0x2000);
	assert_int_equal(acpi_rsdp_parse(p, 36, &r), ACPI_OK);
	assert_int_equal(r.xsdt, 0);
	p[9]++;
	assert_int_equal(acpi_rsdp_parse(p, 36, &r), ACPI_BAD_RSDP);

	make_rsdp(area + 48, 2, 0x3000, 0);
	assert_int_equal(acpi_rsdp_search(area, sizeof(area), &r), ACPI_OK);
	assert_int_equal(r.rsdt, 0x3000);
	assert_int_equal(acpi_rsdp_search(area, 48, &r), ACPI_NOT_FOUND);
}

/* --- Tables in a pretended physical memory, one block each, at 0x10000 * n --- */

static struct bytes blocks[8];

static const void *map(void *ctx, u64 phys, size_t len)
{
	u64 n = phys / 0x10000;

	if (n >= 8 || phys % 0x10000 || len > blocks[n].len)
		return NULL;
	return blocks[n].data;
}

static const struct acpi_reader reader = { map, NULL };

static struct bytes *table(unsigned n, const char *signature)
{
	struct bytes *b = &blocks[n];

	b->len = 0;
	put_text(b, signature, 4);
	while (b->len < ACPI_HEADER_SIZE)
		put_u8(b, 0);
	return b;
}

static struct acpi_table done(struct bytes *b)
{
	struct acpi_table t = { .data = b->data };

	set_u32(b, 4, (u32)b->len);
	checksum(b->data, b->len, 9);
	memcpy(t.signature, b->data, 4);
	t.len = (u32)b->len;
	return t;
}

TEST(lists)
{
	static struct acpi_table_list list;
	struct acpi_rsdp r = { .rsdt = 0x20000, .xsdt = 0x10000 };
	struct bytes *b;

	memset(blocks, 0, sizeof(blocks));
	done(table(3, "APIC"));
	done(table(4, "SSDT"));
	done(table(5, "SSDT"));
	b = table(6, "FACP");
	while (b->len < 116)
		put_u8(b, 0);
	set_u32(b, 40, 0x70000);
	done(b);
	done(table(7, "DSDT"));
	blocks[5].data[30]++;		/* a wrong checksum */
	b = table(1, "XSDT");
	for (u64 n = 3; n <= 6; n++)
		put_u64(b, n * 0x10000);
	put_u64(b, 0x12345678);		/* not readable */
	done(b);
	b = table(2, "RSDT");
	put_u32(b, 0x30000);
	done(b);

	assert_int_equal(acpi_list_tables(&reader, &r, &list), ACPI_OK);
	assert_int_equal(list.count, 4);
	assert_int_equal(list.bad, 2);
	assert_non_null(acpi_find(&list, "APIC", 0));
	assert_non_null(acpi_find(&list, "SSDT", 0));
	assert_null(acpi_find(&list, "SSDT", 1));
	assert_int_equal(acpi_find(&list, "DSDT", 0)->phys, 0x70000);

	blocks[1].data[20]++;		/* a bad XSDT: the RSDT is used */
	assert_int_equal(acpi_list_tables(&reader, &r, &list), ACPI_OK);
	assert_int_equal(list.count, 1);
	blocks[2].data[20]++;
	assert_int_equal(acpi_list_tables(&reader, &r, &list), ACPI_BAD_CHECKSUM);
	set_u32(&blocks[1], 4, 35);
	assert_int_equal(acpi_list_tables(&reader, &r, &list), ACPI_BAD_LENGTH);
}

static struct bytes *madt(void)
{
	struct bytes *b = table(0, "APIC");

	put_u32(b, 0xfee00000);
	put_u32(b, 1);
	return b;
}

TEST(madt_entries)
{
	static struct acpi_madt_info info;
	struct bytes *b = madt();
	struct acpi_table t;
	struct acpi_irq_override o;

	put_text(b, "\0\x08\0\0\1\0\0\0", 8);			/* CPU 0 */
	put_text(b, "\0\x08\1\2\2\0\0\0", 8);			/* CPU 1, id 2, online capable */
	put_text(b, "\0\x08\2\xff\1\0\0\0", 8);			/* no CPU */
	put_text(b, "\x09\x10\0\0\x2c\1\0\0\1\0\0\0\3\0\0\0", 16);	/* x2APIC id 300 */
	put_text(b, "\x09\x10\0\0\2\0\0\0\1\0\0\0\1\0\0\0", 16);	/* id 2 again */
	put_text(b, "\1\x0c\5\0\0\0\xc0\xfe\x18\0\0\0", 12);	/* I/O APIC, from 24 */
	put_text(b, "\2\x0a\0\0\2\0\0\0\0\0", 10);		/* IRQ 0 -> 2 */
	put_text(b, "\2\x0a\0\x09\x09\0\0\0\x0f\0", 10);	/* IRQ 9 low, level */
	put_text(b, "\3\x08\x05\0\7\0\0\0", 8);			/* NMI on 7 */
	put_text(b, "\4\6\xff\0\0\1", 6);			/* LINT1 of all */
	put_text(b, "\5\x0c\0\0\0\0\xe0\xfe\1\0\0\0", 12);	/* local APIC above 4 GiB */
	put_text(b, "\x7f\4\0\0", 4);				/* unknown */
	t = done(b);
	assert_int_equal(acpi_madt_parse(&t, &info), ACPI_OK);
	assert_true(info.has_8259);
	assert_int_equal(info.lapic_phys, 0x1fee00000);
	assert_int_equal(info.cpu_count, 3);
	assert_true(info.cpus[0].enabled);
	assert_int_equal(info.cpus[1].apic_id, 2);
	assert_true(!info.cpus[1].enabled && info.cpus[1].online_capable);
	assert_int_equal(info.cpus[2].apic_id, 300);
	assert_int_equal(info.ioapic_count, 1);
	assert_int_equal(info.ioapics[0].id, 5);
	assert_int_equal(info.ioapics[0].phys, 0xfec00000);
	assert_int_equal(info.ioapics[0].gsi_base, 24);
	assert_int_equal(info.nmi_count, 1);
	assert_int_equal(info.nmis[0].gsi, 7);
	assert_int_equal(info.lapic_nmi_count, 1);
	assert_int_equal(info.lapic_nmis[0].uid, ACPI_ALL_CPUS);
	assert_int_equal(info.lapic_nmis[0].lint, 1);
	assert_int_equal(info.dropped, 0);
	o = acpi_madt_isa_irq(&info, 0);
	assert_true(o.gsi == 2 && !o.active_low && !o.level);
	o = acpi_madt_isa_irq(&info, 9);
	assert_true(o.gsi == 9 && o.active_low && o.level);
	o = acpi_madt_isa_irq(&info, 4);
	assert_true(o.gsi == 4 && !o.active_low && !o.level);
}

TEST(madt_wrong)
{
	static struct acpi_madt_info info;
	struct bytes *b = madt();
	struct acpi_table t;

	put_text(b, "\0\x00", 2);	/* an entry of length 0 would never end */
	t = done(b);
	assert_int_equal(acpi_madt_parse(&t, &info), ACPI_BAD_LENGTH);
	b = madt();
	put_text(b, "\1\x0c\5\0", 4);	/* cut off */
	t = done(b);
	assert_int_equal(acpi_madt_parse(&t, &info), ACPI_BAD_LENGTH);
	b = madt();
	put_text(b, "\1\x0b\5\0\0\0\xc0\xfe\x18\0\0", 11);	/* too short for its type */
	t = done(b);
	assert_int_equal(acpi_madt_parse(&t, &info), ACPI_BAD_LENGTH);
	b = madt();
	for (int i = 0; i < ACPI_MAX_CPUS + 3; i++) {
		put_text(b, "\x09\x10\0\0", 4);
		put_u32(b, i);
		put_u32(b, 1);
		put_u32(b, i);
	}
	t = done(b);
	assert_int_equal(acpi_madt_parse(&t, &info), ACPI_OK);
	assert_int_equal(info.cpu_count, ACPI_MAX_CPUS);
	assert_int_equal(info.dropped, 3);
	t = done(table(0, "HPET"));
	assert_int_equal(acpi_madt_parse(&t, &info), ACPI_BAD_SIGNATURE);
}

TEST(hpet_and_mcfg)
{
	struct acpi_hpet_info hpet;
	struct acpi_mcfg_info mcfg;
	struct acpi_table t;
	struct bytes *b = table(0, "HPET");

	put_u32(b, 0x8086a201);
	put_text(b, "\0\x40\0\0", 4);
	put_u64(b, 0xfed00000);
	put_u8(b, 0);
	put_u16(b, 100);
	put_u8(b, 0);
	t = done(b);
	assert_int_equal(acpi_hpet_parse(&t, &hpet), ACPI_OK);
	assert_int_equal(hpet.phys, 0xfed00000);
	assert_int_equal(hpet.block_id, 0x8086a201);
	assert_int_equal(hpet.min_tick, 100);
	t.len--;
	assert_int_equal(acpi_hpet_parse(&t, &hpet), ACPI_BAD_LENGTH);
	b->data[40] = 1;
	t = done(b);
	assert_int_equal(acpi_hpet_parse(&t, &hpet), ACPI_NOT_FOUND);

	b = table(0, "MCFG");
	put_u64(b, 0);
	put_u64(b, 0xb0000000);
	put_u16(b, 0);
	put_text(b, "\0\xff", 2);
	put_u32(b, 0);
	put_u64(b, 0xc0000000);
	put_u16(b, 1);
	put_text(b, "\x10\x0f\0\0\0\0", 6);	/* buses backwards */
	put_u32(b, 0);				/* half an entry */
	t = done(b);
	assert_int_equal(acpi_mcfg_parse(&t, &mcfg), ACPI_OK);
	assert_int_equal(mcfg.count, 1);
	assert_int_equal(mcfg.entries[0].phys, 0xb0000000);
	assert_int_equal(mcfg.entries[0].bus_last, 255);
}

static struct bytes *fadt(size_t len)
{
	struct bytes *b = table(0, "FACP");

	while (b->len < len)
		put_u8(b, 0);
	set_u32(b, 40, 0x7fe0000);		/* DSDT */
	b->data[46] = 9;			/* SCI */
	set_u32(b, 48, 0xb2);
	b->data[52] = 2;
	set_u32(b, 56, 0x600);
	set_u32(b, 64, 0x604);
	set_u32(b, 76, 0x608);
	b->data[88] = 4;
	b->data[89] = 2;
	b->data[91] = 4;
	b->data[108] = 0x32;
	set_u32(b, 112, ACPI_FADT_RESET_REG_SUP | ACPI_FADT_TMR_VAL_EXT);
	return b;
}

TEST(fadt_old)
{
	struct acpi_fadt_info info;
	struct acpi_table t = done(fadt(116));

	assert_int_equal(acpi_fadt_parse(&t, &info), ACPI_OK);
	assert_int_equal(info.dsdt, 0x7fe0000);
	assert_int_equal(info.sci_irq, 9);
	assert_int_equal(info.smi_cmd, 0xb2);
	assert_int_equal(info.acpi_enable, 2);
	assert_int_equal(info.century, 0x32);
	assert_int_equal(info.pm1a_event.addr, 0x600);
	assert_int_equal(info.pm1a_event.bits, 32);
	assert_int_equal(info.pm1a_control.addr, 0x604);
	assert_int_equal(info.pm1a_control.space, ACPI_SPACE_IO);
	assert_int_equal(info.pm1b_control.addr, 0);
	assert_int_equal(info.pm_timer.addr, 0x608);
	assert_true(info.pm_timer_32bit);
	assert_int_equal(info.reset.addr, 0);	/* the table is too short for it */
	t.len = 115;
	assert_int_equal(acpi_fadt_parse(&t, &info), ACPI_BAD_LENGTH);
}

TEST(fadt_new)
{
	struct acpi_fadt_info info;
	struct bytes *b = fadt(276);
	struct acpi_table t;

	b->data[116] = ACPI_SPACE_IO;		/* reset register */
	b->data[117] = 8;
	set_u32(b, 120, 0xcf9);
	b->data[128] = 0x0f;
	set_u32(b, 140, 0x1000);		/* DSDT above 4 GiB */
	set_u32(b, 144, 1);
	b->data[208] = ACPI_SPACE_MEMORY;	/* PM timer in memory */
	b->data[209] = 32;
	set_u32(b, 212, 0xfe000000);
	t = done(b);
	assert_int_equal(acpi_fadt_parse(&t, &info), ACPI_OK);
	assert_int_equal(info.dsdt, 0x100001000);
	assert_int_equal(info.reset.addr, 0xcf9);
	assert_int_equal(info.reset_value, 0x0f);
	assert_int_equal(info.pm_timer.space, ACPI_SPACE_MEMORY);
	assert_int_equal(info.pm_timer.addr, 0xfe000000);
	assert_int_equal(info.pm1a_control.addr, 0x604);	/* no extended one: the old */
	assert_int_equal(info.sleep_control.addr, 0);
}

static int s5(const char *code, size_t len, struct acpi_s5 *out)
{
	struct bytes *b = table(0, "DSDT");
	struct acpi_table t;
	int err;

	put_text(b, code, len);
	t = done(b);
	t.data = exact(b->data, b->len);
	err = acpi_s5_find(&t, out);
	free((void *)t.data);
	return err;
}

#define S5(code) s5(code, sizeof(code) - 1, &found)

TEST(soft_off)
{
	struct acpi_s5 found;

	/* QEMU's, with ByteConst, and with a root prefix */
	assert_int_equal(S5("xx\x08_S5_\x12\x06\x04\0\0\0\0yy"), ACPI_OK);
	assert_int_equal(found.type_a, 0);
	assert_int_equal(S5("\x08_S5_\x12\x08\x04\x0a\x05\x0a\x06\0\0"), ACPI_OK);
	assert_int_equal(found.type_a, 5);
	assert_int_equal(found.type_b, 6);
	assert_int_equal(S5("\x08\\_S5_\x12\x47\x00\x02\x01\x0b\x07\x00"), ACPI_OK);
	assert_int_equal(found.type_a, 1);
	assert_int_equal(found.type_b, 7);
	assert_int_equal(S5("\x08_S5_\x12\x04\x01\x0a\x07"), ACPI_OK);
	assert_int_equal(found.type_a, 7);
	assert_int_equal(found.type_b, 0);
	/* first a mention that is no definition */
	assert_int_equal(S5("_S5_\x12\x06\x08_S5_\x12\x06\x04\x01\x01\0\0"), ACPI_OK);
	assert_int_equal(found.type_a, 1);
	/* cut off, no package, nothing */
	assert_int_equal(S5("\x08_S5_"), ACPI_NOT_FOUND);
	assert_int_equal(S5("\x08_S5_\x12"), ACPI_NOT_FOUND);
	assert_int_equal(S5("\x08_S5_\x12\xc6"), ACPI_NOT_FOUND);
	assert_int_equal(S5("\x08_S5_\x12\x06\x04"), ACPI_NOT_FOUND);
	assert_int_equal(S5("\x08_S5_\x12\x06\x04\x0a"), ACPI_NOT_FOUND);
	assert_int_equal(S5("\x08_S5_\x12\x06\x04\x0a\x01\x0c\x01\0\0"), ACPI_NOT_FOUND);
	assert_int_equal(S5("\x08_S5_\x0a\x06"), ACPI_NOT_FOUND);
	assert_int_equal(S5(""), ACPI_NOT_FOUND);
}

static int find_pvpanic(const u8 *code, size_t n, u16 *port)
{
	u8 data[128] = { 0 };
	struct acpi_table t = { .data = data, .len = ACPI_HEADER_SIZE + n };

	assert_true(sizeof(data) - ACPI_HEADER_SIZE >= n);
	memcpy(data + ACPI_HEADER_SIZE, code, n);
	return acpi_pvpanic_find(&t, port);
}

TEST(pvpanic)
{
	/* Name (_HID, "QEMU0001"), Name (_CRS, Buffer { IO (Decode16, 0x505, 0x505, 1, 1) }) */
	u8 code[] = "\x08_HID\x0dQEMU0001\0\x08_CRS\x11\x0d\x0a\x0a\x47\x01\x05\x05\x05\x05\x01\x01\x79";
	size_t resource = 6 + 9 + 5 + 4;
	u16 port = 0;

	assert_int_equal(code[resource], 0x47);
	assert_int_equal(find_pvpanic(code, sizeof(code), &port), ACPI_OK);
	assert_int_equal(port, 0x505);
	/* Cut anywhere, or another descriptor: nothing is found, nothing read behind the end. */
	for (size_t n = 0; n < resource + 8; n++)
		assert_int_equal(find_pvpanic(code, n, &port), ACPI_NOT_FOUND);
	code[resource + 2] = 6;
	assert_int_equal(find_pvpanic(code, sizeof(code), &port), ACPI_NOT_FOUND);
	code[resource + 2] = 5;
	code[10] = 'x';
	assert_int_equal(find_pvpanic(code, sizeof(code), &port), ACPI_NOT_FOUND);
}

RUN(T(rsdp), T(lists), T(madt_entries), T(madt_wrong), T(hpet_and_mcfg), T(fadt_old), T(fadt_new),
    T(soft_off), T(pvpanic))
