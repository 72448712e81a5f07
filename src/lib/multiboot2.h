/* SPDX-License-Identifier: MIT */
/*
 * What the boot loader tells: the Multiboot2 boot information (specification 2.0, section 3),
 * decoded into plain data. A pure function over (pointer, length). Strings and the EFI map point
 * into the bytes that were parsed and live as long as they do.
 */
#pragma once

#include <lib/types.h>

#define MB2_LOADER_MAGIC 0x36d76289u	/* in EAX at entry */

#define BOOT_MAX_REGIONS 256
#define BOOT_MAX_MODULES 16

enum boot_region_type {			/* as in the firmware's E820 map */
	BOOT_REGION_AVAILABLE = 1,
	BOOT_REGION_RESERVED = 2,
	BOOT_REGION_ACPI = 3,		/* reclaimable once the tables are read */
	BOOT_REGION_NVS = 4,
	BOOT_REGION_BAD = 5,
};

struct boot_region {
	u64 start, len;			/* start + len does not overflow; len > 0 */
	u32 type;			/* enum boot_region_type; unknown ones mean reserved */
};

struct boot_module {
	u64 start, end;			/* physical, end excluded; start <= end */
	const char *cmdline;		/* never NULL */
};

enum boot_fb_type { BOOT_FB_INDEXED = 0, BOOT_FB_RGB = 1, BOOT_FB_TEXT = 2 };

struct boot_fb {
	u64 addr;			/* physical; 0: there is no frame buffer */
	u32 pitch, width, height;	/* bytes a line; pixels (characters in text mode) */
	u8 bpp;
	u8 type;			/* enum boot_fb_type */
	u8 red_pos, red_bits, green_pos, green_bits, blue_pos, blue_bits;
};

/* The EFI memory map as firmware left it: descriptors of desc_size bytes (at least 40). */
struct boot_efi_map {
	const u8 *descs;		/* NULL: none */
	u32 desc_size, desc_version, count;
};

struct boot_efi_desc {
	u32 type;
	u64 phys, pages, attr;
};

struct boot_info {
	const char *cmdline;		/* never NULL */
	const char *loader;		/* never NULL */

	u32 mem_lower_kib, mem_upper_kib;

	size_t region_count;
	size_t regions_dropped;		/* did not fit into the array, or made no sense */
	struct boot_region regions[BOOT_MAX_REGIONS];

	struct boot_efi_map efi_map;

	size_t module_count;
	size_t modules_dropped;
	struct boot_module modules[BOOT_MAX_MODULES];

	struct boot_fb fb;

	const u8 *rsdp_old, *rsdp_new;	/* copies of the RSDP, or NULL */
	size_t rsdp_old_len, rsdp_new_len;

	u64 efi_system_table;		/* physical; 0: none */
	u64 efi_image_handle;
	bool efi_boot_services;		/* they were not terminated */

	const u8 *elf_sections;		/* section headers of the kernel image, or NULL */
	u32 elf_count, elf_entsize, elf_shndx;

	u64 load_base;			/* physical; 0: not told */
};

enum mb2_error {
	MB2_OK = 0,
	MB2_TOO_SHORT = -1,
	MB2_BAD_TOTAL = -2,
	MB2_UNALIGNED = -3,
	MB2_BAD_TAG_SIZE = -4,
	MB2_NO_END = -5,
	MB2_BAD_STRING = -6,
	MB2_BAD_MMAP = -7,
	MB2_BAD_MODULE = -8,
	MB2_BAD_FRAMEBUFFER = -9,
	MB2_BAD_EFI_MAP = -10,
	MB2_BAD_ELF = -11,
};

/*
 * Parse len readable bytes at data (8-byte aligned). Returns MB2_OK or the first error; *info then
 * holds what was read before it. Unknown tags are skipped.
 */
int mb2_parse(const void *data, size_t len, struct boot_info *info);
/* The size that the first 8 bytes claim, so that the caller can map it all. */
u32 mb2_total_size(const void *data);
const char *mb2_strerror(int error);
const char *boot_region_name(u32 type);

/* Descriptor i < map->count. */
struct boot_efi_desc boot_efi_desc(const struct boot_efi_map *map, u32 i);
