/* SPDX-License-Identifier: MIT */
/*
 * Memory type ranges (SDM vol. 3, section 12.11), which must be the same on all CPUs.  Firmware sets them
 * on the boot CPU; on the others it forgets to, or they lose them with INIT (QEMU).  So the boot
 * CPU's are read once, and a CPU that starts with others gets them.
 */
#include <arch/irqflags.h>
#include <arch/x86_64/features.h>
#include <arch/x86_64/insn.h>
#include <arch/x86_64/internal.h>

#define VARIABLE_MAX 32
#define MTRR_ENABLE (1UL << 11)

static const u16 fixed_msrs[] = { 0x250, 0x258, 0x259, 0x268, 0x269, 0x26a, 0x26b, 0x26c, 0x26d, 0x26e, 0x26f };

struct mtrrs {
	u64 type;
	u64 variable[2 * VARIABLE_MAX];
	u64 fixed[ARRAY_SIZE(fixed_msrs)];
};
static struct mtrrs boot_mtrrs; /* immutable after mtrr_read_boot_cpu */
static unsigned variable_count;
static bool has_fixed;

void mtrr_read_boot_cpu(void)
{
	u64 cap;

	if (!cpu_has(FEATURE_MTRR))
		return;
	cap = msr_read(MSR_MTRR_CAP);
	variable_count = min((unsigned)(cap & 0xff), (unsigned)VARIABLE_MAX);
	has_fixed = cap & MTRR_CAP_FIXED;
	boot_mtrrs.type = msr_read(MSR_MTRR_DEF_TYPE);
	for (unsigned i = 0; i < 2 * variable_count; i++)
		boot_mtrrs.variable[i] = msr_read(MSR_MTRR_BASE0 + i);
	for (unsigned i = 0; has_fixed && i < ARRAY_SIZE(fixed_msrs); i++)
		boot_mtrrs.fixed[i] = msr_read(fixed_msrs[i]);
}

static bool same_here(void)
{
	bool same = boot_mtrrs.type == msr_read(MSR_MTRR_DEF_TYPE);

	for (unsigned i = 0; i < 2 * variable_count; i++)
		same &= boot_mtrrs.variable[i] == msr_read(MSR_MTRR_BASE0 + i);
	for (unsigned i = 0; has_fixed && i < ARRAY_SIZE(fixed_msrs); i++)
		same &= boot_mtrrs.fixed[i] == msr_read(fixed_msrs[i]);
	return same;
}

static void caches_flush(void)
{
	__asm__ volatile("wbinvd" ::: "memory");
}

/* The sequence of SDM vol. 3, section 12.11.8: no caching and no old types while they change. */
bool mtrr_as_boot_cpu(void)
{
	u64 cr0 = cr0_read(), cr4 = cr4_read();
	IRQ_GUARD();

	if (!cpu_has(FEATURE_MTRR) || same_here())
		return true;
	cr0_write((cr0 | CR0_CD) & ~CR0_NW);
	caches_flush();
	cr4_write(cr4 & ~CR4_PGE);
	msr_write(MSR_MTRR_DEF_TYPE, boot_mtrrs.type & ~MTRR_ENABLE);
	for (unsigned i = 0; i < 2 * variable_count; i++)
		msr_write(MSR_MTRR_BASE0 + i, boot_mtrrs.variable[i]);
	for (unsigned i = 0; has_fixed && i < ARRAY_SIZE(fixed_msrs); i++)
		msr_write(fixed_msrs[i], boot_mtrrs.fixed[i]);
	msr_write(MSR_MTRR_DEF_TYPE, boot_mtrrs.type);
	caches_flush();
	cr3_write(cr3_read());
	cr0_write(cr0);
	cr4_write(cr4);
	return same_here();
}
