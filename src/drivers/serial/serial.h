/* SPDX-License-Identifier: MIT */
#pragma once

/* Finds the 16550s at the PC's usual ports: ttyS0..ttyS3; they become consoles of the log as console= says. */
void serial_init(void);
