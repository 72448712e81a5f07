/* SPDX-License-Identifier: MIT */
/*
 * A table begins with
 *
 *	+0 signature, +4 length (of all), +8 revision, +9 checksum (all bytes add up to 0),
 *	+10 OEM, table and creator names, +36 the table's own fields
 *
 * and is found from the RSDP: RSDP -> XSDT (64-bit pointers) or RSDT (32-bit) -> tables; the DSDT
 * hangs on the FADT. Tables are packed: all fields are read by load16/32/64 after the length was
 * compared with what the field needs.
 */
#include <drivers/acpi/tables.h>
#include <lib/compiler.h>
#include <lib/string.h>

#define TABLE_MAX_LEN (16u << 20)	/* a length above is a mistake */

static u16 load16(const u8 *p)
{
	return p[0] | p[1] << 8;
}

static u32 load32(const u8 *p)
{
	u32 v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static u64 load64(const u8 *p)
{
	u64 v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static bool checksum_ok(const u8 *p, size_t len)
{
	u8 sum = 0;

	while (len--)
		sum += *p++;
	return sum == 0;
}

const char *acpi_strerror(int error)
{
	switch ((enum acpi_error)error) {
	case ACPI_OK: return "no error";
	case ACPI_BAD_RSDP: return "no RSDP here, or its checksum is wrong";
	case ACPI_BAD_CHECKSUM: return "the checksum is wrong";
	case ACPI_BAD_LENGTH: return "the length is impossible";
	case ACPI_BAD_SIGNATURE: return "it is another table";
	case ACPI_UNREADABLE: return "it lies where nothing can be read";
	case ACPI_NOT_FOUND: return "it is not there";
	}
	return "unknown error";
}

/* +8 checksum of 20 bytes, +9 OEM, +15 revision, +16 RSDT, +20 length, +24 XSDT, +32 checksum */
int acpi_rsdp_parse(const void *p, size_t len, struct acpi_rsdp *rsdp)
{
	const u8 *b = p;
	struct acpi_rsdp r = { .revision = 0 };

	if (len < 20 || memcmp(b, "RSD PTR ", 8) || !checksum_ok(b, 20))
		return ACPI_BAD_RSDP;
	memcpy(r.oem, b + 9, 6);
	r.revision = b[15];
	r.rsdt = load32(b + 16);
	if (r.revision >= 2 && len >= 36) {
		u32 full = load32(b + 20);

		if (full < 36 || full > len || !checksum_ok(b, full))
			return ACPI_BAD_RSDP;
		r.xsdt = load64(b + 24);
	}
	if (!r.rsdt && !r.xsdt)
		return ACPI_BAD_RSDP;
	*rsdp = r;
	return ACPI_OK;
}

int acpi_rsdp_search(const void *p, size_t len, struct acpi_rsdp *rsdp)
{
	for (size_t at = 0; at < len; at += 16) {
		if (acpi_rsdp_parse((const u8 *)p + at, len - at, rsdp) == ACPI_OK)
			return ACPI_OK;
	}
	return ACPI_NOT_FOUND;
}

int acpi_table_read(const struct acpi_reader *reader, u64 phys, const char *signature,
		    struct acpi_table *table)
{
	struct acpi_table t = { .phys = phys };

	if (!phys)
		return ACPI_NOT_FOUND;
	t.data = reader->map(reader->ctx, phys, ACPI_HEADER_SIZE);
	if (!t.data)
		return ACPI_UNREADABLE;
	memcpy(t.signature, t.data, 4);
	if (signature && memcmp(t.signature, signature, 4))
		return ACPI_BAD_SIGNATURE;
	t.len = load32(t.data + 4);
	if (t.len < ACPI_HEADER_SIZE || t.len > TABLE_MAX_LEN)
		return ACPI_BAD_LENGTH;
	t.data = reader->map(reader->ctx, phys, t.len);
	if (!t.data)
		return ACPI_UNREADABLE;
	if (!checksum_ok(t.data, t.len))
		return ACPI_BAD_CHECKSUM;
	*table = t;
	return ACPI_OK;
}

static void list_add(const struct acpi_reader *reader, u64 phys, struct acpi_table_list *list)
{
	struct acpi_table t;

	if (acpi_table_read(reader, phys, NULL, &t) != ACPI_OK)
		list->bad++;
	else if (list->count == ACPI_MAX_TABLES)
		list->dropped++;
	else
		list->tables[list->count++] = t;
}

int acpi_list_tables(const struct acpi_reader *reader, const struct acpi_rsdp *rsdp,
		     struct acpi_table_list *list)
{
	struct acpi_table root;
	const struct acpi_table *fadt;
	struct acpi_fadt_info info;
	unsigned entry = 8;
	int err;

	memset(list, 0, sizeof(*list));
	err = acpi_table_read(reader, rsdp->xsdt, "XSDT", &root);
	if (err) {
		int xsdt_err = err;

		entry = 4;
		err = acpi_table_read(reader, rsdp->rsdt, "RSDT", &root);
		if (err)
			return rsdp->xsdt ? xsdt_err : err;
	}
	for (size_t at = ACPI_HEADER_SIZE; root.len - at >= entry; at += entry) {
		const u8 *p = root.data + at;

		list_add(reader, entry == 8 ? load64(p) : load32(p), list);
	}
	fadt = acpi_find(list, "FACP", 0);
	if (fadt && acpi_fadt_parse(fadt, &info) == ACPI_OK && info.dsdt)
		list_add(reader, info.dsdt, list);
	return ACPI_OK;
}

const struct acpi_table *acpi_find(const struct acpi_table_list *list, const char *signature,
				   unsigned nth)
{
	for (u32 i = 0; i < list->count; i++) {
		if (!memcmp(list->tables[i].signature, signature, 4) && nth-- == 0)
			return &list->tables[i];
	}
	return NULL;
}

/* --- MADT --- */

enum madt_type {
	MADT_LAPIC = 0,
	MADT_IOAPIC = 1,
	MADT_OVERRIDE = 2,
	MADT_NMI = 3,
	MADT_LAPIC_NMI = 4,
	MADT_LAPIC_ADDRESS = 5,
	MADT_X2APIC = 9,
	MADT_X2APIC_NMI = 10,
};

/* Polarity and trigger: 0 is the bus's own (ISA: high, edge), 1 high or edge, 3 low or level. */
static bool flag_low(u16 flags)
{
	return (flags & 3) == 3;
}

static bool flag_level(u16 flags)
{
	return (flags >> 2 & 3) == 3;
}

/* A CPU may have both kinds of entry. */
static void madt_add_cpu(struct acpi_madt_info *info, u32 apic_id, u32 uid, u32 flags)
{
	for (u32 i = 0; i < info->cpu_count; i++) {
		if (info->cpus[i].apic_id == apic_id)
			return;
	}
	if (info->cpu_count == ACPI_MAX_CPUS) {
		info->dropped++;
		return;
	}
	info->cpus[info->cpu_count++] = (struct acpi_cpu){
		.apic_id = apic_id, .uid = uid,
		.enabled = flags & 1, .online_capable = !(flags & 1) && (flags & 2),
	};
}

static void madt_add_lapic_nmi(struct acpi_madt_info *info, u32 uid, u8 lint, u16 flags)
{
	if (info->lapic_nmi_count == ACPI_MAX_NMIS)
		info->dropped++;
	else
		info->lapic_nmis[info->lapic_nmi_count++] = (struct acpi_lapic_nmi){
			uid, lint, flag_low(flags), flag_level(flags)
		};
}

/* +2 id, +4 address, +8 first interrupt */
static void madt_add_ioapic(struct acpi_madt_info *info, const u8 *p)
{
	if (info->ioapic_count == ACPI_MAX_IOAPICS)
		info->dropped++;
	else
		info->ioapics[info->ioapic_count++] =
			(struct acpi_ioapic){ p[2], load32(p + 8), load32(p + 4) };
}

/* +2 bus (0: ISA), +3 source, +4 interrupt, +8 flags */
static void madt_add_override(struct acpi_madt_info *info, const u8 *p)
{
	u16 flags = load16(p + 8);

	if (info->override_count == ACPI_MAX_OVERRIDES)
		info->dropped++;
	else
		info->overrides[info->override_count++] = (struct acpi_irq_override){
			p[3], flag_low(flags), flag_level(flags), load32(p + 4)
		};
}

/* +2 flags, +4 interrupt */
static void madt_add_nmi(struct acpi_madt_info *info, const u8 *p)
{
	u16 flags = load16(p + 2);

	if (info->nmi_count == ACPI_MAX_NMIS)
		info->dropped++;
	else
		info->nmis[info->nmi_count++] = (struct acpi_nmi){
			load32(p + 4), flag_low(flags), flag_level(flags)
		};
}

static u8 madt_entry_min(u8 type)
{
	switch (type) {
	case MADT_LAPIC: return 8;
	case MADT_IOAPIC: return 12;
	case MADT_OVERRIDE: return 10;
	case MADT_NMI: return 8;
	case MADT_LAPIC_NMI: return 6;
	case MADT_LAPIC_ADDRESS: return 12;
	case MADT_X2APIC: return 16;
	case MADT_X2APIC_NMI: return 12;
	default: return 2;
	}
}

static void madt_entry(struct acpi_madt_info *info, const u8 *p)
{
	switch (p[0]) {
	case MADT_LAPIC:		/* +2 uid, +3 id, +4 flags; id 255 is no CPU */
		if (p[3] != 0xff)
			madt_add_cpu(info, p[3], p[2], load32(p + 4));
		break;
	case MADT_X2APIC:		/* +4 id, +8 flags, +12 uid */
		if (load32(p + 4) != ACPI_ALL_CPUS)
			madt_add_cpu(info, load32(p + 4), load32(p + 12), load32(p + 8));
		break;
	case MADT_IOAPIC:
		madt_add_ioapic(info, p);
		break;
	case MADT_OVERRIDE:
		madt_add_override(info, p);
		break;
	case MADT_NMI:
		madt_add_nmi(info, p);
		break;
	case MADT_LAPIC_NMI:		/* +2 uid, +3 flags, +5 pin */
		madt_add_lapic_nmi(info, p[2] == 0xff ? ACPI_ALL_CPUS : p[2], p[5], load16(p + 3));
		break;
	case MADT_X2APIC_NMI:		/* +2 flags, +4 uid, +8 pin */
		madt_add_lapic_nmi(info, load32(p + 4), p[8], load16(p + 2));
		break;
	case MADT_LAPIC_ADDRESS:	/* +4 address */
		info->lapic_phys = load64(p + 4);
		break;
	default:			/* other controllers: the table says to skip */
		break;
	}
}

/* +36 local APIC's address, +40 flags, +44 entries: +0 type, +1 length */
int acpi_madt_parse(const struct acpi_table *table, struct acpi_madt_info *info)
{
	const u8 *p = table->data;
	size_t at = 44;

	memset(info, 0, sizeof(*info));
	if (memcmp(table->signature, "APIC", 4))
		return ACPI_BAD_SIGNATURE;
	if (table->len < 44)
		return ACPI_BAD_LENGTH;
	info->lapic_phys = load32(p + 36);
	info->has_8259 = load32(p + 40) & 1;
	while (table->len - at >= 2) {
		u8 len = p[at + 1];

		if (len < madt_entry_min(p[at]) || len > table->len - at)
			return ACPI_BAD_LENGTH;
		madt_entry(info, p + at);
		at += len;
	}
	return ACPI_OK;
}

struct acpi_irq_override acpi_madt_isa_irq(const struct acpi_madt_info *info, u8 irq)
{
	for (u32 i = 0; i < info->override_count; i++) {
		if (info->overrides[i].isa_irq == irq)
			return info->overrides[i];
	}
	return (struct acpi_irq_override){ .isa_irq = irq, .gsi = irq };
}

/* --- HPET, MCFG --- */

static struct acpi_register load_register(const u8 *p)
{
	return (struct acpi_register){ p[0], p[1], p[2], p[3], load64(p + 4) };
}

/* +36 block id, +40 register, +52 number, +53 minimal tick, +55 page protection */
int acpi_hpet_parse(const struct acpi_table *table, struct acpi_hpet_info *info)
{
	const u8 *p = table->data;
	struct acpi_register reg;

	if (memcmp(table->signature, "HPET", 4))
		return ACPI_BAD_SIGNATURE;
	if (table->len < 56)
		return ACPI_BAD_LENGTH;
	reg = load_register(p + 40);
	if (reg.space != ACPI_SPACE_MEMORY || !reg.addr)
		return ACPI_NOT_FOUND;
	*info = (struct acpi_hpet_info){ reg.addr, load32(p + 36), p[52], load16(p + 53) };
	return ACPI_OK;
}

/* +44 entries of 16: +0 address, +8 segment, +10 first bus, +11 last bus */
int acpi_mcfg_parse(const struct acpi_table *table, struct acpi_mcfg_info *info)
{
	memset(info, 0, sizeof(*info));
	if (memcmp(table->signature, "MCFG", 4))
		return ACPI_BAD_SIGNATURE;
	if (table->len < 44)
		return ACPI_BAD_LENGTH;
	for (size_t at = 44; table->len - at >= 16; at += 16) {
		const u8 *p = table->data + at;

		if (p[11] < p[10] || !load64(p))
			continue;
		if (info->count == ACPI_MAX_MCFG)
			info->dropped++;
		else
			info->entries[info->count++] = (struct acpi_mcfg_entry){
				load64(p), load16(p + 8), p[10], p[11]
			};
	}
	return ACPI_OK;
}

/* --- FADT --- */

struct fadt {
	const u8 *p;
	u32 len;
};

/* The extended register at x, if the table is long enough and has it; else the port at `at`. */
static struct acpi_register fadt_register(struct fadt f, u32 x, u32 at, u32 len_at)
{
	struct acpi_register reg = { 0 };

	if (f.len >= x + 12) {
		reg = load_register(f.p + x);
		if (reg.addr)
			return reg;
	}
	if (load32(f.p + at) && f.p[len_at])
		reg = (struct acpi_register){ .space = ACPI_SPACE_IO, .bits = f.p[len_at] * 8,
					      .addr = load32(f.p + at) };
	return reg;
}

static struct acpi_register fadt_optional(struct fadt f, u32 x)
{
	return f.len >= x + 12 ? load_register(f.p + x) : (struct acpi_register){ 0 };
}

/* Offsets: specification 5.2.9, table 5.9. The first 116 bytes are ACPI 1.0's. */
int acpi_fadt_parse(const struct acpi_table *table, struct acpi_fadt_info *info)
{
	struct fadt f = { table->data, table->len };

	if (memcmp(table->signature, "FACP", 4))
		return ACPI_BAD_SIGNATURE;
	if (f.len < 116)
		return ACPI_BAD_LENGTH;
	*info = (struct acpi_fadt_info){
		.revision = f.p[8],
		.flags = load32(f.p + 112),
		.boot_flags = load16(f.p + 109),
		.sci_irq = load16(f.p + 46),
		.smi_cmd = load32(f.p + 48),
		.acpi_enable = f.p[52],
		.acpi_disable = f.p[53],
		.century = f.p[108],
		.pm1a_event = fadt_register(f, 148, 56, 88),
		.pm1b_event = fadt_register(f, 160, 60, 88),
		.pm1a_control = fadt_register(f, 172, 64, 89),
		.pm1b_control = fadt_register(f, 184, 68, 89),
		.pm_timer = fadt_register(f, 208, 76, 91),
		.gpe0 = fadt_register(f, 220, 80, 92),
		.gpe1 = fadt_register(f, 232, 84, 93),
		.sleep_control = fadt_optional(f, 244),
		.sleep_status = fadt_optional(f, 256),
		.dsdt = f.len >= 148 ? load64(f.p + 140) : 0,
	};
	if (!info->dsdt)
		info->dsdt = load32(f.p + 40);
	info->pm_timer_32bit = info->flags & ACPI_FADT_TMR_VAL_EXT;
	if ((info->flags & ACPI_FADT_RESET_REG_SUP) && f.len >= 129) {
		info->reset = load_register(f.p + 116);
		info->reset_value = f.p[128];
	}
	return ACPI_OK;
}

/* --- \_S5 --- */

enum aml {
	AML_ZERO = 0x00,
	AML_ONE = 0x01,
	AML_NAME = 0x08,
	AML_BYTE = 0x0a,
	AML_WORD = 0x0b,
	AML_DWORD = 0x0c,
	AML_PACKAGE = 0x12,
	AML_ROOT = '\\',
	AML_ONES = 0xff,
};

struct aml_bytes {
	const u8 *p, *end;
};

/* One integer constant. */
static bool aml_integer(struct aml_bytes *b, u8 *value)
{
	unsigned size;

	if (b->p == b->end)
		return false;
	switch (*b->p) {
	case AML_ZERO: *value = 0; size = 0; break;
	case AML_ONE: *value = 1; size = 0; break;
	case AML_ONES: *value = 0xff; size = 0; break;
	case AML_BYTE: size = 1; break;
	case AML_WORD: size = 2; break;
	case AML_DWORD: size = 4; break;
	default: return false;
	}
	if ((size_t)(b->end - b->p) < 1 + size)
		return false;
	if (size)
		*value = b->p[1];
	b->p += 1 + size;
	return true;
}

/* What follows the name: package, its length (in 1 to 4 bytes), count, elements. */
static bool aml_s5_package(struct aml_bytes b, struct acpi_s5 *s5)
{
	unsigned length_bytes;
	u8 count, type_a, type_b = 0;

	if (b.end - b.p < 2 || *b.p++ != AML_PACKAGE)
		return false;
	length_bytes = 1 + (*b.p >> 6);
	if ((size_t)(b.end - b.p) < length_bytes + 1)
		return false;
	b.p += length_bytes;
	count = *b.p++;
	if (count < 1 || !aml_integer(&b, &type_a))
		return false;
	if (count >= 2 && !aml_integer(&b, &type_b))
		return false;
	*s5 = (struct acpi_s5){ type_a & 7, type_b & 7 };
	return true;
}

int acpi_s5_find(const struct acpi_table *table, struct acpi_s5 *s5)
{
	const u8 *code = table->data + ACPI_HEADER_SIZE, *end = table->data + table->len;

	for (const u8 *p = code; end - p >= 4; p++) {
		bool named;

		if (memcmp(p, "_S5_", 4))
			continue;
		named = (p - code >= 1 && p[-1] == AML_NAME) ||
			(p - code >= 2 && p[-1] == AML_ROOT && p[-2] == AML_NAME);
		if (named && aml_s5_package((struct aml_bytes){ p + 4, end }, s5))
			return ACPI_OK;
	}
	return ACPI_NOT_FOUND;
}

/* --- QEMU's pvpanic --- */

enum { AML_IO_PORT = 0x47, AML_IO_PORT_SIZE = 8, PVPANIC_SPAN = 64 };

static u16 little16(const u8 *p)
{
	return p[0] | p[1] << 8;
}

/* The resource behind the identifier: decode, lowest and highest port (the same), alignment, length. */
int acpi_pvpanic_find(const struct acpi_table *table, u16 *port)
{
	static const char id[] = "QEMU0001";
	const u8 *p = table->data + ACPI_HEADER_SIZE, *end = table->data + table->len;

	for (; end - p >= (long)sizeof(id); p++) {
		if (memcmp(p, id, sizeof(id)))
			continue;
		const u8 *q = p + sizeof(id), *stop = end - q > PVPANIC_SPAN ? q + PVPANIC_SPAN : end;
		for (; stop - q >= AML_IO_PORT_SIZE; q++) {
			if (q[0] != AML_IO_PORT || q[1] != 1 || little16(q + 2) != little16(q + 4) || !q[7])
				continue;
			*port = little16(q + 2);
			return *port ? ACPI_OK : ACPI_NOT_FOUND;
		}
	}
	return ACPI_NOT_FOUND;
}
