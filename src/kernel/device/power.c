/* SPDX-License-Identifier: MIT */
#include <device/power.h>

#include <arch/cpu.h>
#include <arch/irq.h>
#include <arch/irqflags.h>
#include <debug/log.h>
#include <debug/panic.h>

void (*power_off_hook)(void);
void (*power_button_hook)(void);

static void stop(void)
{
	irq_disable();
	if (cpu_count > 1)
		ipi_stop_others();
	machine_stopping = true;
}

noreturn void power_halt(void)
{
	log_notice("reboot: System halted");
	stop();
	cpu_halt_forever();
}

noreturn void power_off(void)
{
	log_notice("reboot: Power down");
	stop();
	if (power_off_hook)
		power_off_hook();
	log_emerg("power: this machine does not switch itself off; it is safe to do so now");
	cpu_halt_forever();
}

noreturn void power_reset(void)
{
	log_notice("reboot: Restarting system");
	stop();
	cpu_reset();
}
