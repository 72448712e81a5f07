/* SPDX-License-Identifier: MIT */
/* The PC's counters, as clock sources: each is offered if the machine has it. After acpi_init. */
#pragma once

void hpet_init(void);
void pm_timer_init(void);
void pit_init(void);

static inline void time_sources_init(void)
{
	hpet_init();
	pm_timer_init();
	pit_init();
}
