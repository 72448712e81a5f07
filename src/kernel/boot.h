/* SPDX-License-Identifier: MIT */
/* What the boot loader left us: information, memory, modules. */
#pragma once

#include <lib/multiboot2.h>

/* Parses the boot information, sets the command line and what it says about logging. Panics when it is unusable. */
void boot_read_info(u64 mbi_phys, u64 image_phys);
const struct boot_info *boot_get_info(void);

/* Tells bootmem what is RAM and what of it is taken: image, boot information, modules, the first page. */
void boot_memory(u64 mbi_phys, u64 image_phys);

/* Hands the modules to the initramfs. */
void boot_add_modules(void);
