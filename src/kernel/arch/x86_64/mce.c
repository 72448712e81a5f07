/* SPDX-License-Identifier: MIT */
/*
 * Machine checks (SDM vol. 3, chapter 16): each bank of the CPU reports hardware
 * errors in MCi_STATUS.  Banks are read at boot (errors that the last reset left)
 * and in the #MC handler.
 */
#include <arch/cpu.h>
#include <arch/upcall.h>
#include <arch/x86_64/features.h>
#include <arch/x86_64/insn.h>
#include <arch/x86_64/internal.h>
#include <debug/log.h>
#include <debug/panic.h>
#include <asm/siginfo.h>
#include <asm/signal.h>

#define MCG_CAP_CTL (1UL << 8)
#define MCG_STATUS_RIPV 1UL
#define MCG_STATUS_MCIP 4UL
#define MCI_VALID (1UL << 63)
#define MCI_OVERFLOW (1UL << 62)
#define MCI_UNCORRECTED (1UL << 61)
#define MCI_MISC_VALID (1UL << 59)
#define MCI_ADDR_VALID (1UL << 58)
#define MCI_CONTEXT_CORRUPT (1UL << 57)

static unsigned bank_count; /* immutable after mce_init */

static u32 bank_msr(unsigned bank)
{
	return MSR_MC0_CTL + 4 * bank;
}

/* Logs and clears what the banks hold; returns the flags of all their errors or-ed together. */
static u64 banks_report(const char *when)
{
	u64 seen = 0;

	for (unsigned i = 0; i < bank_count; i++) {
		u64 status = msr_read(bank_msr(i) + 1);

		if (!(status & MCI_VALID))
			continue;
		log_emerg("machine check%s: CPU %u bank %u status %#lx%s%s address %#lx misc %#lx",
			  when, cpu_id(), i, status,
			  status & MCI_UNCORRECTED ? " uncorrected" : " corrected",
			  status & MCI_OVERFLOW ? " (others lost)" : "",
			  status & MCI_ADDR_VALID ? msr_read(bank_msr(i) + 2) : 0,
			  status & MCI_MISC_VALID ? msr_read(bank_msr(i) + 3) : 0);
		msr_write(bank_msr(i) + 1, 0);
		seen |= status;
	}
	return seen;
}

void mce_init(void)
{
	u64 cap;

	if (!cpu_has(FEATURE_MCE) || !cpu_has(FEATURE_MCA))
		return;
	cap = msr_read(MSR_MCG_CAP);
	bank_count = cap & 0xff;
	banks_report(" (left from before the boot)");
	if (cap & MCG_CAP_CTL)
		msr_write(MSR_MCG_CTL, ~0UL);
	for (unsigned i = 0; i < bank_count; i++)
		msr_write(bank_msr(i), ~0UL);
}

/* A user program whose data is lost is told so; lost state of the kernel is the end. */
void mce_handle(struct regs *r)
{
	u64 mcg = bank_count ? msr_read(MSR_MCG_STATUS) : 0;
	u64 seen = banks_report("");
	bool fatal = (seen & MCI_CONTEXT_CORRUPT) || !(mcg & MCG_STATUS_RIPV) || !bank_count;

	if (fatal || ((seen & MCI_UNCORRECTED) && !regs_from_user(r)))
		panic_regs(r, "machine check: uncorrected hardware error");
	msr_write(MSR_MCG_STATUS, 0);
	if (seen & MCI_UNCORRECTED)
		upcall_user_exception(r, SIGBUS, BUS_MCEERR_AR, 0, EXC_MC, 0);
}
