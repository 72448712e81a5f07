/* SPDX-License-Identifier: MIT */
/*
 * Code variants for CPU features, patched in once at boot.
 *
 * In assembly: ALT_NEW / ALT_OLD / ALT_END (defs.inc).  In C, for one instruction:
 *
 *   __asm__ volatile(ALTERNATIVE("nopl (%%rax)", "stac", 0) ::: "memory");
 */
#pragma once

#include <arch/x86_64/features.h>

struct alternative {
	u64 site, replacement;
	u16 feature;
	u8 site_length, length;
	u32 reserved;
};
BUILD_ASSERT(sizeof(struct alternative) == 24);

/* `feature` is a literal number of enum cpu_feature; `new` must not be longer than `old`. */
#define ALTERNATIVE(old, new, feature)                                         \
	"771: " old "\n772:\n"                                                 \
	".pushsection .altinstr_replacement, \"a\"\n"                          \
	"773: " new "\n774:\n"                                                 \
	".popsection\n"                                                        \
	".pushsection .altinstr, \"a\"\n"                                      \
	".quad 771b, 773b\n"                                                   \
	".word " #feature "\n"                                                 \
	".byte 772b - 771b, 774b - 773b\n"                                     \
	".long 0\n"                                                            \
	".popsection\n"

/* Rewrites all sites.  Once, on the boot CPU, before other CPUs run. */
void alternatives_apply(void);
