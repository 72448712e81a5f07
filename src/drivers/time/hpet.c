/* SPDX-License-Identifier: MIT */
/*
 * High Precision Event Timer (IA-PC HPET specification 1.0a): its main counter, as
 * a clock source.  Only the low half is read: that is one access on any machine.
 */
#include <drivers/time/sources.h>

#include <arch/io.h>
#include <debug/log.h>
#include <drivers/acpi/acpi.h>
#include <mm/kmap.h>
#include <time/clock.h>

#define HPET_REGS_LEN 0x400
#define HPET_CAPABILITIES 0x000
#define HPET_PERIOD 0x004 /* femtoseconds */
#define HPET_CONFIG 0x010
#define HPET_CONFIG_ENABLE 1U
#define HPET_CONFIG_LEGACY 2U
#define HPET_COUNTER 0x0f0

#define FSEC_PER_SEC 1000000000000000ULL
#define HPET_PERIOD_MAX 100000000U /* the specification's: 100 ns */
#define HPET_PERIOD_MIN 100000U

static volatile u8 *regs;

static u64 hpet_read(void)
{
	return mmio_read32(regs + HPET_COUNTER);
}

static struct clock_source hpet_source = {
	.name = "hpet",
	.read = hpet_read,
	.bits = 32,
	.rating = 250,
};

/* A counter that stands still is not there. */
static bool hpet_counts(void)
{
	u64 start = hpet_read();

	for (unsigned i = 0; i < 10000; i++)
		if (hpet_read() != start)
			return true;
	return false;
}

void hpet_init(void)
{
	const struct acpi_hpet_info *info = acpi_hpet();
	u32 period;

	if (!info)
		return;
	regs = kmap_mmio(PADDR(info->phys), HPET_REGS_LEN, KMAP_WRITE | KMAP_UNCACHED);
	if (!regs)
		return;
	period = mmio_read32(regs + HPET_PERIOD);
	if (period < HPET_PERIOD_MIN || period > HPET_PERIOD_MAX) {
		log_warn("hpet: impossible period of %u fs", period);
		return;
	}
	u32 config = mmio_read32(regs + HPET_CONFIG);
	mmio_write32(regs + HPET_CONFIG, (config & ~HPET_CONFIG_LEGACY) | HPET_CONFIG_ENABLE);
	if (!hpet_counts()) {
		log_warn("hpet: the counter stands still");
		return;
	}
	hpet_source.hz = FSEC_PER_SEC / period;
	clock_source_register(&hpet_source);
}
