/* SPDX-License-Identifier: MIT */
/* Times as users give and take them. */
#pragma once

#include <linux/time_types.h>
#include <mm/usercopy.h>
#include <time/timer.h>

static inline struct __kernel_timespec ns_to_timespec(u64 ns)
{
	return (struct __kernel_timespec){ .tv_sec = (s64)(ns / NSEC_PER_SEC),
					   .tv_nsec = (s64)(ns % NSEC_PER_SEC) };
}
static inline int put_timespec(uptr_t p, u64 ns)
{
	struct __kernel_timespec ts = ns_to_timespec(ns);
	return copy_to_user(p, &ts, sizeof ts);
}
/* -EFAULT, -EINVAL */
int get_timespec(uptr_t p, u64 *ns);
/* The timers' clock for CLOCK_REALTIME, _MONOTONIC, _BOOTTIME, _TAI; -1 for others. */
int timer_clock_of(int clock);
