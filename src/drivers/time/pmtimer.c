/* SPDX-License-Identifier: MIT */
/* The ACPI power management timer (specification 4.8.3.3): 3.579545 MHz, 24 or 32 bits. */
#include <drivers/time/sources.h>

#include <arch/io.h>
#include <debug/log.h>
#include <drivers/acpi/acpi.h>
#include <time/clock.h>

#define PM_TIMER_HZ 3579545

static struct acpi_register reg;

static u64 pm_timer_read(void)
{
	return reg.space == ACPI_SPACE_IO ? io_in32(reg.addr) : mmio_read32((void *)reg.addr);
}

static struct clock_source pm_timer_source = {
	.name = "acpi_pm",
	.read = pm_timer_read,
	.hz = PM_TIMER_HZ,
	.rating = 200,
};

static bool pm_timer_counts(void)
{
	u64 start = pm_timer_read();

	for (unsigned i = 0; i < 10000; i++)
		if (pm_timer_read() != start)
			return true;
	return false;
}

void pm_timer_init(void)
{
	const struct acpi_fadt_info *fadt = acpi_fadt();

	if (!fadt || fadt->pm_timer.addr == 0 || fadt->pm_timer.space > ACPI_SPACE_IO)
		return;
	reg = fadt->pm_timer;
	if (!pm_timer_counts()) {
		log_warn("acpi_pm: the timer stands still");
		return;
	}
	pm_timer_source.bits = fadt->pm_timer_32bit ? 32 : 24;
	clock_source_register(&pm_timer_source);
}
