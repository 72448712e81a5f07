/* SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include <lib/multiboot2.h>

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static struct boot_info info;
	int err = mb2_parse(data, size, &info);

	use(mb2_strerror(err), 1);
	use_string(info.cmdline);
	use_string(info.loader);
	for (size_t i = 0; i < info.module_count; i++) {
		REQUIRE(info.modules[i].start <= info.modules[i].end);
		use_string(info.modules[i].cmdline);
	}
	for (size_t i = 0; i < info.region_count; i++) {
		REQUIRE(info.regions[i].len > 0);
		REQUIRE(info.regions[i].start + info.regions[i].len > info.regions[i].start);
	}
	for (u32 i = 0; i < info.efi_map.count; i++)
		boot_efi_desc(&info.efi_map, i);
	use(info.rsdp_old, info.rsdp_old_len);
	use(info.rsdp_new, info.rsdp_new_len);
	use(info.elf_sections, (size_t)info.elf_count * info.elf_entsize);
	if (info.fb.addr)
		REQUIRE((u64)info.fb.pitch * info.fb.height + info.fb.addr >= info.fb.addr);
	return 0;
}
