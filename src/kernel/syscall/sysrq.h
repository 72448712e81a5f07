/* SPDX-License-Identifier: MIT */
/* Orders to the kernel itself, by Alt-SysRq and a key or by /proc/sysrq-trigger. */
#pragma once

#include <lib/types.h>

/*
 * The key was pressed with Alt-SysRq; '\n': will such keys be listened to?  False: the keyboard's SysRq is
 * switched off.  Any context.
 */
bool sysrq_key(char key);
/* `unraw` gives the keyboard back (r). After procfs_init. */
void sysrq_init(void (*unraw)(void));
