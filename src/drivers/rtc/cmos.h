/* SPDX-License-Identifier: MIT */
#pragma once

/* Registers the date in CMOS memory as clock_read_rtc. After acpi_init. */
void cmos_init(void);
