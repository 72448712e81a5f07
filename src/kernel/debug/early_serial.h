/* SPDX-License-Identifier: MIT */
/* COM1, polled: the log's first console, until the real driver takes over. */
#pragma once

#include <lib/compiler.h>

/* Sets COM1 to 115200 8N1 and registers it; does nothing when there is no such port. */
void early_serial_init(void);
/* Unregisters it (the driver replaces it). */
void early_serial_stop(void);
