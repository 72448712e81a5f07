/* SPDX-License-Identifier: MIT */
#pragma once

#include <lib/types.h>

#define SYSCALL_NUMBERS 451 /* Linux 6.1's numbers are below this */

/* Name of call `nr` as Linux has it, "?" where Linux has none. Also of those missing here. */
const char *syscall_name(u64 nr);
