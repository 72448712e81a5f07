/* SPDX-License-Identifier: MIT */
/*
 * What is known about flaws of this CPU, for /sys/devices/system/cpu/vulnerabilities.
 *
 * "Not affected" is said only where the CPU says so itself (ARCH_CAPABILITIES, CPUID) or its
 * vendor and family never had the flaw.  The kernel has no mitigations, so everything
 * else is "Vulnerable", whatever mitigations= asks for.
 */
#include <arch/cpu.h>
#include <arch/x86_64/features.h>
#include <arch/x86_64/insn.h>

#define CAP_RDCL_NO (1UL << 0)
#define CAP_IBRS_ALL (1UL << 1)
#define CAP_RSBA (1UL << 2)
#define CAP_SSB_NO (1UL << 4)
#define CAP_MDS_NO (1UL << 5)
#define CAP_IF_PSCHANGE_MC_NO (1UL << 6)
#define CAP_TAA_NO (1UL << 8)
#define CAP_MMIO_NO (7UL << 13) /* SBDR_SSDP_NO, FBSDP_NO, PSDP_NO */
#define CAP_GDS_NO (1UL << 26)
#define CAP_RFDS_NO (1UL << 27)

static bool is_intel(void)
{
	return cpu_identity.vendor == VENDOR_INTEL;
}

static bool is_amd(void)
{
	return cpu_identity.vendor == VENDOR_AMD || cpu_identity.vendor == VENDOR_HYGON;
}

static bool says(u64 caps)
{
	return (arch_capabilities & caps) == caps;
}

static bool safe_never(void)
{
	return false;
}

/* Flaws that only Intel's (and other, unknown) CPUs had. */
static bool safe_meltdown(void) { return is_amd() || says(CAP_RDCL_NO); }
static bool safe_mds(void) { return is_amd() || says(CAP_MDS_NO); }
static bool safe_multihit(void) { return is_amd() || says(CAP_IF_PSCHANGE_MC_NO); }
static bool safe_mmio(void) { return is_amd() || says(CAP_MMIO_NO); }
static bool safe_rfds(void) { return is_amd() || says(CAP_RFDS_NO); }

static bool safe_gds(void)
{
	bool avx2 = cpu_identity.max_leaf >= 7 && (cpuid(7, 0).ebx >> 5 & 1);

	return is_amd() || !avx2 || says(CAP_GDS_NO);
}

static bool safe_taa(void)
{
	bool tsx = cpu_identity.max_leaf >= 7 && (cpuid(7, 0).ebx >> 11 & 1);

	return is_amd() || !tsx || says(CAP_TAA_NO);
}

static bool safe_ssb(void)
{
	if (is_amd() && cpu_identity.max_extended >= 0x80000008 &&
	    (cpuid(0x80000008, 0).ebx >> 26 & 1))
		return true;
	return says(CAP_SSB_NO);
}

/* Zen 1 and 2 and their predecessors; Intel's without enhanced IBRS. */
static bool safe_retbleed(void)
{
	if (is_amd())
		return cpu_identity.family >= 0x19;
	return is_intel() && says(CAP_IBRS_ALL) && !says(CAP_RSBA);
}

static bool safe_srso(void)
{
	bool zen = cpu_identity.family >= 0x17 && cpu_identity.family <= 0x19;

	return is_intel() || (is_amd() && !zen);
}

/* Client parts from Ivy Bridge to Coffee Lake. */
static bool safe_srbds(void)
{
	static const u8 affected[] = { 0x3a, 0x3c, 0x3d, 0x45, 0x46, 0x47, 0x4e, 0x5e, 0x8e, 0x9e };

	if (!is_intel())
		return is_amd();
	for (unsigned i = 0; i < ARRAY_SIZE(affected); i++)
		if (cpu_identity.family == 6 && cpu_identity.model == affected[i])
			return false;
	return true;
}

static const struct {
	const char *name;
	bool (*safe)(void);
} flaws[] = {
	{ "gather_data_sampling", safe_gds },
	{ "itlb_multihit", safe_multihit },
	{ "l1tf", safe_meltdown },
	{ "mds", safe_mds },
	{ "meltdown", safe_meltdown },
	{ "mmio_stale_data", safe_mmio },
	{ "reg_file_data_sampling", safe_rfds },
	{ "retbleed", safe_retbleed },
	{ "spec_rstack_overflow", safe_srso },
	{ "spec_store_bypass", safe_ssb },
	{ "spectre_v1", safe_never },
	{ "spectre_v2", safe_never },
	{ "srbds", safe_srbds },
	{ "tsx_async_abort", safe_taa },
};

bool cpu_vulnerability(unsigned i, const char **name, const char **text)
{
	if (i >= ARRAY_SIZE(flaws))
		return false;
	*name = flaws[i].name;
	*text = flaws[i].safe() ? "Not affected" : "Vulnerable";
	return true;
}
