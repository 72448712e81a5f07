/* SPDX-License-Identifier: MIT */
/*
 * The boot information (Multiboot2 specification 2.0, section 3.6):
 *
 *	+0  total size, +4 reserved, then tags, each on an 8-byte boundary:
 *	    +0 type, +4 size (with these 8 bytes, without the padding), +8 the tag's own fields
 *
 * up to a tag of type 0. Every field is read by load32/load64 after the tag's size was compared
 * with what its type needs; `struct span` is such a checked piece.
 */
#include <lib/multiboot2.h>
#include <lib/string.h>
#include <lib/compiler.h>

enum tag_type {
	TAG_END = 0,
	TAG_CMDLINE = 1,
	TAG_LOADER = 2,
	TAG_MODULE = 3,
	TAG_MEMINFO = 4,
	TAG_MMAP = 6,
	TAG_FRAMEBUFFER = 8,
	TAG_ELF_SECTIONS = 9,
	TAG_EFI64 = 12,
	TAG_RSDP_OLD = 14,
	TAG_RSDP_NEW = 15,
	TAG_EFI_MMAP = 17,
	TAG_EFI_BS = 18,
	TAG_EFI64_IMAGE = 20,
	TAG_LOAD_BASE = 21,
};

struct span {
	const u8 *p;		/* the tag, from its type on */
	size_t len;
};

static u32 load32(struct span s, size_t at)
{
	u32 v;

	memcpy(&v, s.p + at, sizeof(v));
	return v;
}

static u64 load64(struct span s, size_t at)
{
	u64 v;

	memcpy(&v, s.p + at, sizeof(v));
	return v;
}

/* The string from `at` to a NUL inside the tag; NULL if there is no NUL. */
static const char *load_string(struct span s, size_t at)
{
	return s.len > at && memchr(s.p + at, 0, s.len - at) ? (const char *)s.p + at : NULL;
}

static int parse_cmdline(struct span s, struct boot_info *info)
{
	const char *line = load_string(s, 8);

	if (!line)
		return MB2_BAD_STRING;
	info->cmdline = line;
	return MB2_OK;
}

static int parse_loader(struct span s, struct boot_info *info)
{
	const char *name = load_string(s, 8);

	if (!name)
		return MB2_BAD_STRING;
	info->loader = name;
	return MB2_OK;
}

/* +8 start, +12 end, +16 string */
static int parse_module(struct span s, struct boot_info *info)
{
	const char *line = load_string(s, 16);
	struct boot_module m;

	if (!line)
		return MB2_BAD_STRING;
	m = (struct boot_module){ load32(s, 8), load32(s, 12), line };
	if (m.end < m.start)
		return MB2_BAD_MODULE;
	if (info->module_count == BOOT_MAX_MODULES)
		info->modules_dropped++;
	else
		info->modules[info->module_count++] = m;
	return MB2_OK;
}

/* +8 KiB below 1 MiB, +12 KiB above */
static int parse_meminfo(struct span s, struct boot_info *info)
{
	if (s.len < 16)
		return MB2_BAD_TAG_SIZE;
	info->mem_lower_kib = load32(s, 8);
	info->mem_upper_kib = load32(s, 12);
	return MB2_OK;
}

static void add_region(struct boot_info *info, u64 start, u64 len, u32 type)
{
	if (!len)
		return;
	if (start + len < start)
		len = -start - 1;	/* a region that ends with the address space, or nonsense */
	if (!len || info->region_count == BOOT_MAX_REGIONS) {
		info->regions_dropped++;
		return;
	}
	info->regions[info->region_count++] = (struct boot_region){ start, len, type };
}

/* +8 entry size, +12 entry version, +16 entries: +0 address, +8 length, +16 type */
static int parse_mmap(struct span s, struct boot_info *info)
{
	u32 entry_size;

	if (s.len < 16)
		return MB2_BAD_TAG_SIZE;
	entry_size = load32(s, 8);
	if (entry_size < 20)
		return MB2_BAD_MMAP;
	for (size_t at = 16; s.len - at >= entry_size; at += entry_size)
		add_region(info, load64(s, at), load64(s, at + 8), load32(s, at + 16));
	return MB2_OK;
}

/*
 * +8 address, +16 pitch, +20 width, +24 height, +28 bpp, +29 type, +30 reserved, then for RGB
 * from +32: position and size of red, green and blue, a byte each. (The specification's text says
 * 8 reserved bits; its header, and every loader, has 16.)
 */
static int parse_framebuffer(struct span s, struct boot_info *info)
{
	struct boot_fb fb;
	u64 line_bits;

	if (s.len < 32)
		return MB2_BAD_TAG_SIZE;
	fb = (struct boot_fb){
		.addr = load64(s, 8), .pitch = load32(s, 16), .width = load32(s, 20),
		.height = load32(s, 24), .bpp = s.p[28], .type = s.p[29],
	};
	if (fb.type == BOOT_FB_RGB) {
		if (s.len < 38)
			return MB2_BAD_TAG_SIZE;
		fb.red_pos = s.p[32];
		fb.red_bits = s.p[33];
		fb.green_pos = s.p[34];
		fb.green_bits = s.p[35];
		fb.blue_pos = s.p[36];
		fb.blue_bits = s.p[37];
		if (fb.red_pos + fb.red_bits > fb.bpp || fb.green_pos + fb.green_bits > fb.bpp ||
		    fb.blue_pos + fb.blue_bits > fb.bpp || fb.bpp > 32)
			return MB2_BAD_FRAMEBUFFER;
	}
	line_bits = (u64)fb.width * (fb.type == BOOT_FB_TEXT ? 16 : fb.bpp);
	if (fb.type > BOOT_FB_TEXT || !fb.width || !fb.height || line_bits > (u64)fb.pitch * 8 ||
	    fb.addr + (u64)fb.pitch * fb.height < fb.addr)
		return MB2_BAD_FRAMEBUFFER;
	info->fb = fb;
	return MB2_OK;
}

/* +8 descriptor size, +12 version, +16 descriptors */
static int parse_efi_mmap(struct span s, struct boot_info *info)
{
	u32 size;

	if (s.len < 16)
		return MB2_BAD_TAG_SIZE;
	size = load32(s, 8);
	if (size < 40)
		return MB2_BAD_EFI_MAP;
	info->efi_map = (struct boot_efi_map){
		.descs = s.p + 16, .desc_size = size, .desc_version = load32(s, 12),
		.count = (s.len - 16) / size,
	};
	return MB2_OK;
}

/* +8 count, +12 entry size, +16 index of the string table, +20 section headers */
static int parse_elf(struct span s, struct boot_info *info)
{
	u32 count, size;

	if (s.len < 20)
		return MB2_BAD_TAG_SIZE;
	count = load32(s, 8);
	size = load32(s, 12);
	if (!count)
		return MB2_OK;
	if (size < 64 || (u64)count * size > s.len - 20)
		return MB2_BAD_ELF;
	info->elf_sections = s.p + 20;
	info->elf_count = count;
	info->elf_entsize = size;
	info->elf_shndx = load32(s, 16);
	return MB2_OK;
}

static int parse_tag(u32 type, struct span s, struct boot_info *info)
{
	switch (type) {
	case TAG_CMDLINE:
		return parse_cmdline(s, info);
	case TAG_LOADER:
		return parse_loader(s, info);
	case TAG_MODULE:
		return parse_module(s, info);
	case TAG_MEMINFO:
		return parse_meminfo(s, info);
	case TAG_MMAP:
		return parse_mmap(s, info);
	case TAG_FRAMEBUFFER:
		return parse_framebuffer(s, info);
	case TAG_ELF_SECTIONS:
		return parse_elf(s, info);
	case TAG_RSDP_OLD:
		info->rsdp_old = s.p + 8;
		info->rsdp_old_len = s.len - 8;
		return MB2_OK;
	case TAG_RSDP_NEW:
		info->rsdp_new = s.p + 8;
		info->rsdp_new_len = s.len - 8;
		return MB2_OK;
	case TAG_EFI_MMAP:
		return parse_efi_mmap(s, info);
	case TAG_EFI_BS:
		info->efi_boot_services = true;
		return MB2_OK;
	case TAG_EFI64:
	case TAG_EFI64_IMAGE:
		if (s.len < 16)
			return MB2_BAD_TAG_SIZE;
		*(type == TAG_EFI64 ? &info->efi_system_table : &info->efi_image_handle) =
			load64(s, 8);
		return MB2_OK;
	case TAG_LOAD_BASE:
		if (s.len < 12)
			return MB2_BAD_TAG_SIZE;
		info->load_base = load32(s, 8);
		return MB2_OK;
	default:	/* the specification wants unknown tags skipped */
		return MB2_OK;
	}
}

u32 mb2_total_size(const void *data)
{
	return load32((struct span){ data, 8 }, 0);
}

int mb2_parse(const void *data, size_t len, struct boot_info *info)
{
	const u8 *p = data;
	size_t at = 8;
	u32 total;

	memset(info, 0, sizeof(*info));
	info->cmdline = "";
	info->loader = "";
	if ((unsigned long)data % 8)
		return MB2_UNALIGNED;
	if (len < 16)
		return MB2_TOO_SHORT;
	total = mb2_total_size(data);
	if (total < 16 || total > len)
		return MB2_BAD_TOTAL;
	while (at <= total && total - at >= 8) {
		struct span tag = { p + at, total - at };
		u32 type = load32(tag, 0), size = load32(tag, 4);
		int err;

		if (type == TAG_END)
			return MB2_OK;
		if (size < 8 || size > tag.len)
			return MB2_BAD_TAG_SIZE;
		tag.len = size;
		err = parse_tag(type, tag, info);
		if (err)
			return err;
		at += ALIGN_UP((size_t)size, 8);
	}
	return MB2_NO_END;
}

struct boot_efi_desc boot_efi_desc(const struct boot_efi_map *map, u32 i)
{
	struct span s = { map->descs + (size_t)i * map->desc_size, map->desc_size };

	return (struct boot_efi_desc){ load32(s, 0), load64(s, 8), load64(s, 24), load64(s, 32) };
}

const char *mb2_strerror(int error)
{
	switch ((enum mb2_error)error) {
	case MB2_OK: return "no error";
	case MB2_TOO_SHORT: return "too short for a header and an end tag";
	case MB2_BAD_TOTAL: return "the total size does not fit what is there";
	case MB2_UNALIGNED: return "not on an 8-byte boundary";
	case MB2_BAD_TAG_SIZE: return "a tag's size is too small for it, or reaches past the end";
	case MB2_NO_END: return "there is no end tag";
	case MB2_BAD_STRING: return "a string has no end";
	case MB2_BAD_MMAP: return "the memory map's entries are too small";
	case MB2_BAD_MODULE: return "a module ends before it starts";
	case MB2_BAD_FRAMEBUFFER: return "the frame buffer's geometry is impossible";
	case MB2_BAD_EFI_MAP: return "the EFI memory map's descriptors are too small";
	case MB2_BAD_ELF: return "the ELF section headers do not fit their tag";
	}
	return "unknown error";
}

const char *boot_region_name(u32 type)
{
	switch ((enum boot_region_type)type) {
	case BOOT_REGION_AVAILABLE: return "available";
	case BOOT_REGION_RESERVED: return "reserved";
	case BOOT_REGION_ACPI: return "ACPI tables";
	case BOOT_REGION_NVS: return "ACPI NVS";
	case BOOT_REGION_BAD: return "bad";
	}
	return "reserved (unknown type)";
}
