/* SPDX-License-Identifier: MIT */
/* The registers of an interrupted context, as the entry code leaves them on the kernel stack. */
#pragma once

#include <arch/x86_64/regs.h>
