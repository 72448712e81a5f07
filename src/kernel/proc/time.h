/* SPDX-License-Identifier: MIT */
/* Times as users give and take them. */
#pragma once

#include <linux/time_types.h>
#include <mm/usercopy.h>
#include <time/timer.h>

struct __kernel_timespec ns_to_timespec(u64 ns);
/* -EFAULT, -EINVAL */
int get_timespec(uptr_t p, u64 *ns);
int put_timespec(uptr_t p, u64 ns);
/* The timers' clock for CLOCK_REALTIME, _MONOTONIC, _BOOTTIME, _TAI; -1 for others. */
int timer_clock_of(int clock);
