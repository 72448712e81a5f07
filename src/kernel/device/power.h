/* SPDX-License-Identifier: MIT */
/* The end of the machine's work. */
#pragma once

#include <lib/compiler.h>

/* Registered by whoever knows how (ACPI): switches the machine off; returns only if it could not. */
extern void (*power_off_hook)(void);

/* Nobody is asked any more: file systems are synchronized and processes are gone. Any context. */
noreturn void power_off(void);   /* or halts with a message where nothing can switch it off */
noreturn void power_reset(void);
noreturn void power_halt(void);

/* The power button was pressed; set by proc/ (tells init). Interrupt context. NULL: only logged. */
extern void (*power_button_hook)(void);
