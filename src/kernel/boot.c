/* SPDX-License-Identifier: MIT */
/*
 * The boot loader's legacy.  The boot information stays where GRUB put it (its
 * strings are used to the end), so its pages stay reserved; modules are reserved
 * until the initramfs has taken them over.
 */
#include <boot.h>

#include <arch/init.h>
#include <debug/log.h>
#include <debug/panic.h>
#include <fs/initramfs.h>
#include <lib/parse.h>
#include <lib/string.h>
#include <mm/frame.h>
#include <proc/cmdline.h>

static struct boot_info info;
extern char image_start[], image_end[];

const struct boot_info *boot_get_info(void)
{
	return &info;
}

/* Walks the command line without memory: nothing can be allocated yet. */
static bool early_option(const char *key, char *buf, size_t size)
{
	static char copy[4096];
	char *rest = copy, *k, *v;
	bool found = false;

	strlcpy(copy, kernel_cmdline, sizeof copy);
	while (cmdline_next(&rest, &k, &v) && strcmp(k, "--")) {
		if (strcmp(k, key))
			continue;
		strlcpy(buf, v ? v : "", size);
		found = true;
	}
	return found;
}

static void read_early_options(void)
{
	char value[32];
	u64 n;
	s64 seconds;

	if (early_option("quiet", value, sizeof value))
		log_console_level = LOG_WARN;
	if (early_option("debug", value, sizeof value))
		log_console_level = LOG_DEBUG + 1;
	if (early_option("loglevel", value, sizeof value) && !parse_u64(value, 0, &n) && n <= 15)
		log_console_level = (int)n;
	if (early_option("panic", value, sizeof value) && !parse_s64(value, 10, &seconds))
		panic_timeout = (int)max(-1LL, min(86400LL, (long long)seconds));
}

static void log_summary(u64 image_phys)
{
	log_info("boot: loaded by %s at %#lx", info.loader, (unsigned long)image_phys);
	log_info("boot: command line: %s", kernel_cmdline);
	for (size_t i = 0; i < info.region_count; i++)
		log_debug("boot: %#014lx-%#014lx %s", (unsigned long)info.regions[i].start,
			  (unsigned long)(info.regions[i].start + info.regions[i].len - 1),
			  boot_region_name(info.regions[i].type));
	for (size_t i = 0; i < info.module_count; i++)
		log_info("boot: module %#lx-%#lx (%lu KiB)", (unsigned long)info.modules[i].start,
			 (unsigned long)info.modules[i].end,
			 (unsigned long)(info.modules[i].end - info.modules[i].start) / 1024);
	if (info.fb.addr)
		log_info("boot: frame buffer %ux%ux%u at %#lx", info.fb.width, info.fb.height, info.fb.bpp,
			 (unsigned long)info.fb.addr);
	log_info("boot: firmware: %s, ACPI %s", info.efi_system_table ? "UEFI" : "BIOS",
		 info.rsdp_new ? "2.0" : info.rsdp_old ? "1.0" : "not told by the loader");
	if (info.regions_dropped || info.modules_dropped)
		log_warn("boot: %lu memory regions and %lu modules were dropped (too many, or senseless)",
			 (unsigned long)info.regions_dropped, (unsigned long)info.modules_dropped);
}

void boot_read_info(u64 mbi_phys, u64 image_phys)
{
	const void *mbi = phys_to_virt(PADDR(mbi_phys));

	if (mbi_phys + 8 > GIB(4) || mbi_phys % 8)
		panic("boot information at %#lx, which is not below 4 GiB and aligned", (unsigned long)mbi_phys);
	int err = mb2_parse(mbi, mb2_total_size(mbi), &info);
	if (info.cmdline)
		cmdline_set(info.cmdline);
	read_early_options();
	if (err)
		panic("boot information at %#lx is damaged: %s", (unsigned long)mbi_phys, mb2_strerror(err));
	log_summary(image_phys);
}

/* mem=N: RAM above N bytes is not used. */
static u64 memory_limit(void)
{
	char value[32];
	u64 limit;

	if (early_option("mem", value, sizeof value) && !parse_size(value, &limit) && limit >= MIB(16))
		return limit;
	return ~0ULL;
}

void boot_memory(u64 mbi_phys, u64 image_phys)
{
	u64 limit = memory_limit(), total = 0;

	for (size_t i = 0; i < info.region_count; i++) {
		const struct boot_region *r = &info.regions[i];
		u64 end = min(r->start + r->len, limit);
		if (r->type != BOOT_REGION_AVAILABLE || r->start >= end)
			continue;
		bootmem_add(r->start, end);
		total += end - r->start;
	}
	if (!total)
		panic("the boot loader reported no usable memory (%lu regions)", (unsigned long)info.region_count);
	bootmem_reserve(0, PAGE_SIZE, "page 0");
	bootmem_reserve(image_phys, image_phys + (u64)(image_end - image_start), "kernel image");
	bootmem_reserve(mbi_phys, mbi_phys + mb2_total_size(phys_to_virt(PADDR(mbi_phys))), "boot information");
	for (size_t i = 0; i < info.module_count; i++)
		bootmem_reserve(info.modules[i].start, info.modules[i].end, "module");
	/* Firmware that marks its own tables as usable RAM would see them overwritten: what is not
	 * "available" in any region wins over what is. */
	for (size_t i = 0; i < info.region_count; i++)
		if (info.regions[i].type != BOOT_REGION_AVAILABLE)
			bootmem_reserve(info.regions[i].start, info.regions[i].start + info.regions[i].len,
					boot_region_name(info.regions[i].type));
	cpu_start_page = bootmem_reserve_low_page();
}

void boot_add_modules(void)
{
	for (size_t i = 0; i < info.module_count; i++)
		initramfs_add(info.modules[i].start, info.modules[i].end);
}
