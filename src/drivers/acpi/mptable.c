/* SPDX-License-Identifier: MIT */
/*
 *	pointer  +0 "_MP_", +4 table, +8 length / 16, +10 checksum, +11 default configuration, +12 flags
 *	table    +0 "PCMP", +4 length, +7 checksum, +34 entries, +36 local APIC; from +44 the entries:
 *
 *	CPU            (20 bytes)  0, APIC id, version, flags, ...
 *	bus            (8)         1, bus, name in 6 letters
 *	I/O APIC       (8)         2, id, version, flags, address
 *	interrupt      (8)         3, kind, flags (2), bus, line, I/O APIC, input
 *	local          (8)         4, kind, flags (2), bus, line, APIC, pin
 */
#include <drivers/acpi/mptable.h>

#include <lib/compiler.h>
#include <lib/string.h>

enum { POINTER_LEN = 16, HEADER_LEN = 44, CPU_LEN = 20, OTHER_LEN = 8, BUSES = 256 };
enum { ENTRY_CPU, ENTRY_BUS, ENTRY_IOAPIC, ENTRY_INTERRUPT, ENTRY_LOCAL };
enum { KIND_VECTORED = 0, KIND_NMI = 1 };
enum { CPU_ENABLED = 1, IOAPIC_ENABLED = 1, POINTER_IMCR = 0x80, ALL = 0xff, ISA_LINES = 16 };
#define TRIGGER_LEVEL 3
#define POLARITY_LOW 3

static u16 load16(const u8 *p)
{
	return p[0] | p[1] << 8;
}

static u32 load32(const u8 *p)
{
	return load16(p) | (u32)load16(p + 2) << 16;
}

static bool checksum_ok(const u8 *p, size_t len)
{
	u8 sum = 0;

	while (len--)
		sum += *p++;
	return sum == 0;
}

int mp_pointer_search(const void *area, size_t len, struct mp_pointer *pointer)
{
	for (size_t at = 0; at + POINTER_LEN <= len; at += POINTER_LEN) {
		const u8 *p = (const u8 *)area + at;

		if (memcmp(p, "_MP_", 4) || p[8] != 1 || !checksum_ok(p, POINTER_LEN) || p[11] || !load32(p + 4))
			continue;
		*pointer = (struct mp_pointer){ load32(p + 4), p[12] & POINTER_IMCR };
		return ACPI_OK;
	}
	return ACPI_NOT_FOUND;
}

struct mp_reading {
	struct acpi_madt_info *info;
	bool isa[BUSES];	/* so are EISA's lines, with triggers of their own in the flags */
	u8 first_ioapic;
};

static bool low(const u8 *entry)
{
	return (load16(entry + 2) & 3) == POLARITY_LOW;
}

static bool level(const u8 *entry)
{
	return (load16(entry + 2) >> 2 & 3) == TRIGGER_LEVEL;
}

static void add_cpu(struct acpi_madt_info *info, const u8 *p)
{
	if (info->cpu_count == ACPI_MAX_CPUS)
		info->dropped++;
	else if (p[1] != ALL)
		info->cpus[info->cpu_count++] = (struct acpi_cpu){ .apic_id = p[1], .uid = p[1],
								   .enabled = p[3] & CPU_ENABLED };
}

static void add_ioapic(struct mp_reading *r, const u8 *p)
{
	struct acpi_madt_info *info = r->info;

	if (!(p[3] & IOAPIC_ENABLED) || !load32(p + 4))
		return;
	if (info->ioapic_count == ACPI_MAX_IOAPICS) {
		info->dropped++;
		return;
	}
	if (!info->ioapic_count)
		r->first_ioapic = p[1];
	info->ioapics[info->ioapic_count] = (struct acpi_ioapic){
		p[1], info->ioapic_count ? ACPI_GSI_UNKNOWN : 0, load32(p + 4)
	};
	info->ioapic_count++;
}

static void add_interrupt(struct mp_reading *r, const u8 *p)
{
	struct acpi_madt_info *info = r->info;
	bool ours = p[6] == r->first_ioapic || p[6] == ALL;

	if (p[1] == KIND_NMI && ours && info->nmi_count < ACPI_MAX_NMIS)
		info->nmis[info->nmi_count++] = (struct acpi_nmi){ p[7], low(p), level(p) };
	if (p[1] != KIND_VECTORED || !r->isa[p[4]] || p[5] >= ISA_LINES)
		return;
	if (!ours || info->override_count == ACPI_MAX_OVERRIDES)
		info->dropped++;
	else
		info->overrides[info->override_count++] =
			(struct acpi_irq_override){ p[5], low(p), level(p), p[7] };
}

static void add_local(struct acpi_madt_info *info, const u8 *p)
{
	if (p[1] == KIND_NMI && info->lapic_nmi_count < ACPI_MAX_NMIS)
		info->lapic_nmis[info->lapic_nmi_count++] = (struct acpi_lapic_nmi){
			p[6] == ALL ? ACPI_ALL_CPUS : p[6], p[7], low(p), level(p)
		};
}

static void entry(struct mp_reading *r, const u8 *p)
{
	switch (p[0]) {
	case ENTRY_CPU:
		add_cpu(r->info, p);
		break;
	case ENTRY_BUS:
		r->isa[p[1]] = !memcmp(p + 2, "ISA   ", 6) || !memcmp(p + 2, "EISA  ", 6);
		break;
	case ENTRY_IOAPIC:
		add_ioapic(r, p);
		break;
	case ENTRY_INTERRUPT:
		add_interrupt(r, p);
		break;
	case ENTRY_LOCAL:
		add_local(r->info, p);
		break;
	}
}

int mp_table_read(const struct acpi_reader *reader, u64 phys, struct acpi_madt_info *info)
{
	struct mp_reading r = { .info = info };
	const u8 *p = reader->map(reader->ctx, phys, HEADER_LEN);
	size_t len, at = HEADER_LEN;

	memset(info, 0, sizeof(*info));
	if (!p)
		return ACPI_UNREADABLE;
	if (memcmp(p, "PCMP", 4))
		return ACPI_BAD_SIGNATURE;
	len = load16(p + 4);
	if (len < HEADER_LEN)
		return ACPI_BAD_LENGTH;
	p = reader->map(reader->ctx, phys, len);
	if (!p)
		return ACPI_UNREADABLE;
	if (!checksum_ok(p, len))
		return ACPI_BAD_CHECKSUM;
	info->lapic_phys = load32(p + 36);
	info->has_8259 = true;
	for (unsigned left = load16(p + 34); left; left--) {
		/* The specification has them in ascending order of type; what is behind these is unknown. */
		if (at == len || p[at] > ENTRY_LOCAL)
			return at == len ? ACPI_BAD_LENGTH : ACPI_OK;
		size_t size = p[at] == ENTRY_CPU ? CPU_LEN : OTHER_LEN;
		if (size > len - at)
			return ACPI_BAD_LENGTH;
		entry(&r, p + at);
		at += size;
	}
	return ACPI_OK;
}
