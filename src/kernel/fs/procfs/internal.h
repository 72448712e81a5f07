/* SPDX-License-Identifier: MIT */
#pragma once

/* system.c: the files about the machine as a whole. */
void procfs_system_init(void);
