/* SPDX-License-Identifier: MIT */
/*
 * What this CPU can do.  The numbers are bits of cpu_features and name the
 * alternatives (alternatives.h, defs.inc).
 */
#pragma once

#include <lib/compiler.h>

enum cpu_feature {
	FEATURE_SMAP = 0,
	FEATURE_XSAVE = 1,
	FEATURE_XSAVEOPT = 2,
	FEATURE_FSGSBASE = 3,
	FEATURE_ERMS = 4,
	FEATURE_SMEP,
	FEATURE_UMIP,
	FEATURE_PGE,
	FEATURE_PAT,
	FEATURE_GB_PAGES,
	FEATURE_X2APIC,
	FEATURE_TSC_DEADLINE,
	FEATURE_INVARIANT_TSC,
	FEATURE_RDRAND,
	FEATURE_RDSEED,
	FEATURE_MCE,
	FEATURE_MCA,
	FEATURE_HYPERVISOR,
	FEATURE_ARCH_CAPABILITIES,
	FEATURE_TSC_ADJUST,
	FEATURE_MTRR,
	FEATURE_RDTSCP,
	FEATURE_RDPID,
};

enum cpu_vendor { VENDOR_OTHER, VENDOR_INTEL, VENDOR_AMD, VENDOR_HYGON };

struct cpu_identity {
	enum cpu_vendor vendor;
	char vendor_name[13];
	char model_name[49];
	u32 family, model, stepping;
	u32 max_leaf, max_extended;
	u32 physical_bits, virtual_bits;
	u32 cache_kib, cache_line;
};

extern u64 cpu_features; /* immutable after cpu_features_init */
extern struct cpu_identity cpu_identity;
extern bool mitigations_off; /* mitigations=off */
extern u64 arch_capabilities; /* MSR of that name; 0 where there is none */

static inline bool cpu_has(enum cpu_feature f)
{
	return cpu_features >> f & 1;
}

/* What CPUID says of this CPU, as bits of cpu_features. */
u64 cpu_features_read(void);

/* Sets CR0, CR4, EFER and PAT of this CPU to what cpu_features says. */
void cpu_control_registers_init(void);
