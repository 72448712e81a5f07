/* SPDX-License-Identifier: MIT */
#pragma once

#include <lib/types.h>

void pids_init(void);
/* The number given last, for /proc/loadavg. */
pid_t pid_last_number(void);
