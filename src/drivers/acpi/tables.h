/* SPDX-License-Identifier: MIT */
/*
 * Reading the ACPI tables (specification 6.5, chapter 5): pure functions over bytes. Nothing here
 * touches hardware or allocates; every table is length- and checksum-checked before it is used.
 */
#pragma once

#include <lib/types.h>

enum acpi_error {
	ACPI_OK = 0,
	ACPI_BAD_RSDP = -1,
	ACPI_BAD_CHECKSUM = -2,
	ACPI_BAD_LENGTH = -3,
	ACPI_BAD_SIGNATURE = -4,
	ACPI_UNREADABLE = -5,
	ACPI_NOT_FOUND = -6,
};

const char *acpi_strerror(int error);

/*
 * Makes len bytes of physical memory readable, for good: an address, or NULL. Called once for a
 * table's header and once for all of it.
 */
struct acpi_reader {
	const void *(*map)(void *ctx, u64 phys, size_t len);
	void *ctx;
};

struct acpi_rsdp {
	char oem[7];
	u8 revision;		/* 0: ACPI 1.0, no XSDT */
	u64 rsdt, xsdt;		/* physical; 0: none */
};

/* One table, header included; its checksum was right. */
struct acpi_table {
	char signature[5];
	u64 phys;
	const u8 *data;
	u32 len;		/* at least ACPI_HEADER_SIZE */
};

#define ACPI_HEADER_SIZE 36
#define ACPI_MAX_TABLES 64

struct acpi_table_list {
	u32 count;
	u32 dropped;		/* no room for them */
	u32 bad;		/* unreadable, or a wrong length or checksum */
	struct acpi_table tables[ACPI_MAX_TABLES];
};

/* Decode the RSDP in the len bytes at p. */
int acpi_rsdp_parse(const void *p, size_t len, struct acpi_rsdp *rsdp);
/* Look for it in the len bytes at p, on every 16th: the BIOS area 0xe0000..0xfffff. */
int acpi_rsdp_search(const void *p, size_t len, struct acpi_rsdp *rsdp);
/* The table at phys; with a signature of 4 letters, it must be that. */
int acpi_table_read(const struct acpi_reader *reader, u64 phys, const char *signature,
		    struct acpi_table *table);
/* All that the XSDT (or, if that is not there or bad, the RSDT) lists, and the FADT's DSDT. */
int acpi_list_tables(const struct acpi_reader *reader, const struct acpi_rsdp *rsdp,
		     struct acpi_table_list *list);
/* The nth table (from 0) with the signature, or NULL. */
const struct acpi_table *acpi_find(const struct acpi_table_list *list, const char *signature,
				   unsigned nth);

/* --- MADT: interrupt controllers --- */

#define ACPI_MAX_CPUS 256
#define ACPI_MAX_IOAPICS 16
#define ACPI_MAX_OVERRIDES 32
#define ACPI_MAX_NMIS 16

struct acpi_cpu {
	u32 apic_id;
	u32 uid;		/* the ACPI processor's */
	bool enabled;
	bool online_capable;	/* not enabled, but may become so */
};

#define ACPI_GSI_UNKNOWN 0xffffffffu

struct acpi_ioapic {
	u32 id;
	u32 gsi_base;		/* ACPI_GSI_UNKNOWN (MP tables): where those of the one before end */
	u64 phys;
};

struct acpi_irq_override {
	u8 isa_irq;
	bool active_low, level;
	u32 gsi;
};

struct acpi_nmi {		/* an I/O APIC input that is an NMI */
	u32 gsi;
	bool active_low, level;
};

#define ACPI_ALL_CPUS 0xffffffffu

struct acpi_lapic_nmi {		/* a local APIC's LINT pin that is an NMI */
	u32 uid;		/* ACPI_ALL_CPUS or one processor's */
	u8 lint;
	bool active_low, level;
};

struct acpi_madt_info {
	u64 lapic_phys;
	bool has_8259;
	bool imcr;		/* MP tables: interrupts are to be switched over to the APICs */
	u32 cpu_count, ioapic_count, override_count, nmi_count, lapic_nmi_count;
	u32 dropped;		/* entries for which there was no room */
	struct acpi_cpu cpus[ACPI_MAX_CPUS];
	struct acpi_ioapic ioapics[ACPI_MAX_IOAPICS];
	struct acpi_irq_override overrides[ACPI_MAX_OVERRIDES];
	struct acpi_nmi nmis[ACPI_MAX_NMIS];
	struct acpi_lapic_nmi lapic_nmis[ACPI_MAX_NMIS];
};

int acpi_madt_parse(const struct acpi_table *table, struct acpi_madt_info *info);
/* Where ISA interrupt irq (0..15) arrives: by an override, or at the input of the same number. */
struct acpi_irq_override acpi_madt_isa_irq(const struct acpi_madt_info *info, u8 irq);

/* --- HPET --- */

struct acpi_hpet_info {
	u64 phys;
	u32 block_id;		/* vendor, capabilities */
	u8 number;
	u16 min_tick;
};

int acpi_hpet_parse(const struct acpi_table *table, struct acpi_hpet_info *info);

/* --- MCFG: PCI configuration space in memory --- */

#define ACPI_MAX_MCFG 16

struct acpi_mcfg_entry {
	u64 phys;		/* of bus 0, even if bus_first is another */
	u16 segment;
	u8 bus_first, bus_last;
};

struct acpi_mcfg_info {
	u32 count, dropped;
	struct acpi_mcfg_entry entries[ACPI_MAX_MCFG];
};

int acpi_mcfg_parse(const struct acpi_table *table, struct acpi_mcfg_info *info);

/* --- FADT: fixed hardware --- */

enum acpi_space { ACPI_SPACE_MEMORY = 0, ACPI_SPACE_IO = 1, ACPI_SPACE_PCI = 2 };

struct acpi_register {		/* a Generic Address Structure */
	u8 space;		/* enum acpi_space; others exist */
	u8 bits;		/* width */
	u8 bit_offset;
	u8 access;		/* 0 any, 1 byte, 2 word, 3 dword, 4 qword */
	u64 addr;		/* 0: there is no such register */
};

#define ACPI_FADT_TMR_VAL_EXT (1u << 8)
#define ACPI_FADT_RESET_REG_SUP (1u << 10)
#define ACPI_FADT_HW_REDUCED (1u << 20)
#define ACPI_BOOT_LEGACY_DEVICES (1u << 0)
#define ACPI_BOOT_8042 (1u << 1)
#define ACPI_BOOT_NO_VGA (1u << 2)
#define ACPI_BOOT_NO_MSI (1u << 3)
#define ACPI_BOOT_NO_CMOS_RTC (1u << 5)

struct acpi_fadt_info {
	u32 flags;
	u16 boot_flags;
	u8 revision;
	u16 sci_irq;
	u16 smi_cmd;		/* port; 0: always in ACPI mode */
	u8 acpi_enable, acpi_disable;
	u8 century;		/* CMOS index; 0: none */
	u8 reset_value;
	bool pm_timer_32bit;	/* else 24 */
	u64 dsdt;
	struct acpi_register pm1a_event, pm1b_event, pm1a_control, pm1b_control, pm_timer;
	struct acpi_register gpe0, gpe1;
	struct acpi_register reset, sleep_control, sleep_status;
};

int acpi_fadt_parse(const struct acpi_table *table, struct acpi_fadt_info *info);

/* --- \_S5 --- */

struct acpi_s5 {
	u8 type_a, type_b;	/* SLP_TYP for PM1a and PM1b control */
};

/*
 * Find `Name (\_S5, Package () { a, b, ... })` in a DSDT's or SSDT's byte code, by its byte
 * pattern: no interpreter is needed for the constants that firmware puts there.
 */
int acpi_s5_find(const struct acpi_table *table, struct acpi_s5 *s5);

/* The port of the device QEMU0001 (pvpanic), by its byte pattern in a DSDT or SSDT. ACPI_NOT_FOUND. */
int acpi_pvpanic_find(const struct acpi_table *table, u16 *port);
