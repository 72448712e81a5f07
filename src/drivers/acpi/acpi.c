/* SPDX-License-Identifier: MIT */
/*
 * ACPI: the root pointer, the tables, what is read out of them at boot.
 *
 * The root pointer comes from the boot loader's copy (the only source under UEFI), else it is looked for
 * where a BIOS puts it: the first KiB of the extended BIOS data area, and 0xe0000-0xfffff.
 * Without ACPI the MP tables, which lie in the same places, tell of CPUs and interrupts.
 * Tables are read where they are, through the direct map if they lie in it, else through a
 * mapping made for them; both last for ever.
 */
#include <drivers/acpi/acpi.h>
#include <drivers/acpi/internal.h>
#include <drivers/acpi/mptable.h>

#include <debug/log.h>
#include <lib/multiboot2.h>
#include <mm/kmap.h>
#include <mm/layout.h>
#include <proc/cmdline.h>

#define BIOS_AREA 0xe0000UL
#define BIOS_AREA_LEN 0x20000UL
#define EBDA_POINTER 0x40eUL
#define EBDA_LEN 1024UL
#define BASE_MEMORY_END 0xa0000UL

static struct acpi_table_list tables;
static struct acpi_madt_info madt;
static struct acpi_fadt_info fadt;
static struct acpi_hpet_info hpet;
static struct acpi_mcfg_info mcfg;
static struct acpi_s5 s5;
static bool have_madt, have_fadt, have_hpet, have_mcfg, have_s5;

static bool in_direct_map(u64 phys, size_t len)
{
	paddr_t pa;

	for (u64 page = ALIGN_DOWN(phys, PAGE_SIZE); page < phys + len; page += PAGE_SIZE)
		if (!kpage_lookup((u64)phys_to_virt(PADDR(page)), &pa))
			return false;
	return true;
}

static const void *map(void *ctx, u64 phys, size_t len)
{
	if (phys + len < phys || phys + len > DIRECT_MAP_SIZE)
		return NULL;
	if (in_direct_map(phys, len))
		return phys_to_virt(PADDR(phys));
	return kmap_mmio(PADDR(phys), len, 0);
}

static const struct acpi_reader reader = { .map = map };

static bool search_area(u64 phys, size_t len, struct acpi_rsdp *rsdp)
{
	const void *p = map(NULL, phys, len);

	return p && acpi_rsdp_search(p, len, rsdp) == ACPI_OK;
}

/* The extended BIOS data area; 0: there is none. */
static u64 ebda(void)
{
	const u16 *segment = map(NULL, EBDA_POINTER, sizeof(*segment));
	u64 base = segment ? (u64)*segment << 4 : 0;

	return base >= 0x400 && base < 0xa0000 ? base : 0;
}

static bool find_rsdp(const struct boot_info *bi, struct acpi_rsdp *rsdp)
{
	if (bi->rsdp_new && acpi_rsdp_parse(bi->rsdp_new, bi->rsdp_new_len, rsdp) == ACPI_OK)
		return true;
	if (bi->rsdp_old && acpi_rsdp_parse(bi->rsdp_old, bi->rsdp_old_len, rsdp) == ACPI_OK)
		return true;
	return (ebda() && search_area(ebda(), EBDA_LEN, rsdp)) || search_area(BIOS_AREA, BIOS_AREA_LEN, rsdp);
}

/* Was `signature` there and right? A wrong table is named in the log. */
#define READ_TABLE(signature, parse, out)                                                   \
	({                                                                                  \
		const struct acpi_table *t_ = acpi_find(&tables, signature, 0);             \
		int err_ = t_ ? parse(t_, out) : ACPI_NOT_FOUND;                            \
		if (err_ && err_ != ACPI_NOT_FOUND)                                         \
			log_warn("acpi: table %s: %s", signature, acpi_strerror(err_));     \
		err_ == ACPI_OK;                                                            \
	})

/* \_S5 is in the DSDT or in one of the SSDTs. */
static bool find_s5(void)
{
	for (u32 i = 0; i < tables.count; i++) {
		const struct acpi_table *t = &tables.tables[i];
		bool code = !__builtin_memcmp(t->signature, "DSDT", 4) ||
			    !__builtin_memcmp(t->signature, "SSDT", 4);
		if (code && acpi_s5_find(t, &s5) == ACPI_OK)
			return true;
	}
	return false;
}

static void log_tables(const struct acpi_rsdp *rsdp)
{
	log_info("acpi: revision %u, %s, %u tables, %u bad", rsdp->revision, rsdp->oem, tables.count,
		 tables.bad);
	for (u32 i = 0; i < tables.count; i++)
		log_debug("acpi: %s at %#lx, %u bytes", tables.tables[i].signature,
			  tables.tables[i].phys, tables.tables[i].len);
}

static bool mp_search(u64 phys, size_t len, struct mp_pointer *mp)
{
	const void *p = map(NULL, phys, len);

	return p && mp_pointer_search(p, len, mp) == ACPI_OK;
}

/* MP specification, chapter 4: the first KiB of the EBDA, the last of base memory, the BIOS. */
static bool find_mp_pointer(struct mp_pointer *mp)
{
	return (ebda() && mp_search(ebda(), EBDA_LEN, mp)) || mp_search(BASE_MEMORY_END - KIB(1), KIB(1), mp) ||
	       mp_search(BIOS_AREA, BIOS_AREA_LEN, mp);
}

static void read_mp_tables(void)
{
	struct mp_pointer mp;
	int err;

	if (!find_mp_pointer(&mp))
		return;
	err = mp_table_read(&reader, mp.table, &madt);
	if (err) {
		log_warn("mp: table at %#lx: %s", mp.table, acpi_strerror(err));
		return;
	}
	madt.imcr = mp.imcr;
	have_madt = true;
	log_info("mp: table at %#lx: %u CPUs, %u I/O APICs", mp.table, madt.cpu_count, madt.ioapic_count);
}

static void read_tables(const struct boot_info *bi)
{
	struct acpi_rsdp rsdp;
	int err;

	if (!find_rsdp(bi, &rsdp)) {
		log_warn("acpi: no root pointer: this machine has no ACPI");
		return;
	}
	err = acpi_list_tables(&reader, &rsdp, &tables);
	if (err) {
		log_err("acpi: the list of tables: %s", acpi_strerror(err));
		return;
	}
	log_tables(&rsdp);
	have_madt = READ_TABLE("APIC", acpi_madt_parse, &madt);
	have_fadt = READ_TABLE("FACP", acpi_fadt_parse, &fadt);
	have_hpet = READ_TABLE("HPET", acpi_hpet_parse, &hpet);
	have_mcfg = READ_TABLE("MCFG", acpi_mcfg_parse, &mcfg);
	have_s5 = find_s5();
	if (have_fadt) {
		acpi_register_map(&fadt.pm1a_event);
		acpi_register_map(&fadt.pm1b_event);
		acpi_register_map(&fadt.pm1a_control);
		acpi_register_map(&fadt.pm1b_control);
		acpi_register_map(&fadt.pm_timer);
		acpi_register_map(&fadt.reset);
		acpi_register_map(&fadt.sleep_control);
		acpi_power_init(&fadt);
	}
}

void acpi_init(const struct boot_info *bi)
{
	read_tables(bi);
	if (!have_madt)
		read_mp_tables();
	if (cmdline_has("noapic"))
		madt.ioapic_count = 0;
}

const struct acpi_madt_info *acpi_madt(void) { return have_madt ? &madt : NULL; }
const struct acpi_fadt_info *acpi_fadt(void) { return have_fadt ? &fadt : NULL; }
const struct acpi_hpet_info *acpi_hpet(void) { return have_hpet ? &hpet : NULL; }
const struct acpi_mcfg_info *acpi_mcfg(void) { return have_mcfg ? &mcfg : NULL; }
const struct acpi_s5 *acpi_s5(void) { return have_s5 ? &s5 : NULL; }
const struct acpi_table_list *acpi_tables(void) { return &tables; }
