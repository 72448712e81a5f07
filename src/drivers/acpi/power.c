/* SPDX-License-Identifier: MIT */
/*
 * ACPI's fixed hardware: power-off, reset, the power button (specification 4.8).
 *
 * Power-off writes the sleep type that \_S5 gives, with SLP_EN, to PM1a_CNT and
 * PM1b_CNT; machines of the reduced model have a sleep control register instead. The
 * power button is a fixed event: a bit in PM1a_STS, signalled by the SCI.
 */
#include <drivers/acpi/internal.h>

#include <arch/cpu.h>
#include <arch/io.h>
#include <debug/log.h>
#include <device/irq.h>
#include <device/power.h>
#include <mm/kmap.h>
#include <time/clock.h>

#define ENABLE_TIMEOUT_US 300000
#define SLEEP_CONTROL_ENABLE (1U << 5)
#define SLEEP_CONTROL_TYPE_SHIFT 2

static const struct acpi_fadt_info *fixed;

void acpi_register_map(struct acpi_register *r)
{
	if (r->addr == 0 || r->space != ACPI_SPACE_MEMORY)
		return;
	r->addr = (u64)kmap_mmio(PADDR(r->addr), max(r->bits / 8, 8), KMAP_WRITE | KMAP_UNCACHED);
}

u32 acpi_register_read(const struct acpi_register *r, unsigned offset, unsigned bytes)
{
	u64 at = r->addr + offset;

	if (r->addr == 0)
		return 0;
	if (r->space == ACPI_SPACE_IO)
		return bytes == 1 ? io_in8(at) : bytes == 2 ? io_in16(at) : io_in32(at);
	if (r->space == ACPI_SPACE_MEMORY)
		return bytes == 1   ? *(volatile u8 *)at :
		       bytes == 2 ? *(volatile u16 *)at :
				    mmio_read32((void *)at);
	return 0;
}

void acpi_register_write(const struct acpi_register *r, unsigned offset, unsigned bytes, u32 value)
{
	u64 at = r->addr + offset;

	if (r->addr == 0)
		return;
	if (r->space == ACPI_SPACE_IO) {
		if (bytes == 1)
			io_out8(at, value);
		else if (bytes == 2)
			io_out16(at, value);
		else
			io_out32(at, value);
	} else if (r->space == ACPI_SPACE_MEMORY) {
		if (bytes == 1)
			*(volatile u8 *)at = value;
		else if (bytes == 2)
			*(volatile u16 *)at = value;
		else
			mmio_write32((void *)at, value);
	}
}

static bool sci_enabled(const struct acpi_fadt_info *f)
{
	return acpi_register_read(&f->pm1a_control, 0, 2) & PM1_SCI_ENABLE;
}

bool acpi_enable_mode(const struct acpi_fadt_info *f)
{
	if (f->flags & ACPI_FADT_HW_REDUCED)
		return true;
	if (sci_enabled(f) || f->smi_cmd == 0 || f->acpi_enable == 0)
		return sci_enabled(f);
	io_out8(f->smi_cmd, f->acpi_enable);
	for (unsigned us = 0; us < ENABLE_TIMEOUT_US && !sci_enabled(f); us += 100)
		delay_us(100);
	return sci_enabled(f);
}

static void sleep_write(const struct acpi_register *control, u8 type)
{
	u32 v = acpi_register_read(control, 0, 2);

	v &= ~(PM1_SLEEP_TYPE_MASK | PM1_SLEEP_ENABLE);
	v |= (u32)type << PM1_SLEEP_TYPE_SHIFT;
	acpi_register_write(control, 0, 2, v);
	acpi_register_write(control, 0, 2, v | PM1_SLEEP_ENABLE);
}

/* Interrupts off, nobody else runs. */
static void acpi_power_off(void)
{
	const struct acpi_s5 *s5 = acpi_s5();

	if (!s5) {
		log_err("acpi: firmware does not say how to power off (no \\_S5)");
		return;
	}
	if (fixed->flags & ACPI_FADT_HW_REDUCED) {
		acpi_register_write(&fixed->sleep_control, 0, 1,
				    (u32)s5->type_a << SLEEP_CONTROL_TYPE_SHIFT | SLEEP_CONTROL_ENABLE);
	} else {
		acpi_enable_mode(fixed);
		sleep_write(&fixed->pm1a_control, s5->type_a);
		if (fixed->pm1b_control.addr)
			sleep_write(&fixed->pm1b_control, s5->type_b);
	}
	delay_us(1000000);
}

/* For cpu_reset. */
static bool acpi_reset(void)
{
	if (!(fixed->flags & ACPI_FADT_RESET_REG_SUP) || fixed->reset.addr == 0 ||
	    fixed->reset.space > ACPI_SPACE_IO)
		return false;
	acpi_register_write(&fixed->reset, 0, 1, fixed->reset_value);
	delay_us(50000);
	return true;
}

void acpi_power_init(const struct acpi_fadt_info *f)
{
	fixed = f;
	power_off_hook = acpi_power_off;
	cpu_reset_firmware = acpi_reset;
}

/* Status registers are the first half of an event block, enable registers the second. */
static unsigned enable_offset(const struct acpi_register *event)
{
	return event->bits / 16;
}

static enum irq_result sci_interrupt(void *arg)
{
	const struct acpi_register *event = &fixed->pm1a_event;
	u32 status = acpi_register_read(event, 0, 2);

	if (!(status & PM1_POWER_BUTTON))
		return IRQ_NONE;
	acpi_register_write(event, 0, 2, PM1_POWER_BUTTON);
	log_notice("acpi: power button pressed");
	if (power_button_hook)
		power_button_hook();
	return IRQ_HANDLED;
}

/* The SCI is level, low, unless the MADT says otherwise. */
static int sci_request(void)
{
	const struct acpi_madt_info *madt = acpi_madt();
	enum irq_trigger trigger = IRQ_LEVEL_LOW;
	unsigned gsi = fixed->sci_irq;

	for (u32 i = 0; madt && i < madt->override_count; i++) {
		const struct acpi_irq_override *o = &madt->overrides[i];
		if (o->isa_irq != fixed->sci_irq)
			continue;
		gsi = o->gsi;
		if (o->level)
			trigger = o->active_low ? IRQ_LEVEL_LOW : IRQ_LEVEL_HIGH;
	}
	return irq_request(gsi, trigger, "acpi", sci_interrupt, NULL);
}

void acpi_events_init(void)
{
	int err;

	if (!fixed || (fixed->flags & ACPI_FADT_HW_REDUCED) || fixed->pm1a_event.addr == 0)
		return;
	if (!acpi_enable_mode(fixed)) {
		log_warn("acpi: firmware does not give up the power management hardware");
		return;
	}
	acpi_register_write(&fixed->pm1a_event, enable_offset(&fixed->pm1a_event), 2, 0);
	acpi_register_write(&fixed->pm1a_event, 0, 2, 0xffff);
	err = sci_request();
	if (err) {
		log_warn("acpi: no interrupt for the power button: error %d", -err);
		return;
	}
	acpi_register_write(&fixed->pm1a_event, enable_offset(&fixed->pm1a_event), 2, PM1_POWER_BUTTON);
}
