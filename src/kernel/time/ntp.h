/* SPDX-License-Identifier: MIT */
/* adjtimex(2): the discipline of the clock. See ntp.c. */
#pragma once

#include <linux/time_types.h>
#include <linux/timex.h>

/* The parts of ADJ_OFFSET_SINGLESHOT and ADJ_OFFSET_SS_READ: adjtime(3)'s way, and only asking. */
#define NTP_ADJTIME (ADJ_OFFSET_SINGLESHOT & ~ADJ_OFFSET)
#define NTP_ADJTIME_READS (ADJ_OFFSET_SS_READ & ~ADJ_OFFSET_SINGLESHOT)

/*
 * Does what t->modes asks for and fills in the rest; TIME_OK .. TIME_ERROR, or -EINVAL.  The caller
 * has checked permission.  t->offset of ADJ_SETOFFSET comes in t->time, nanoseconds or microseconds as
 * ADJ_NANO says.  No locks held.
 */
int ntp_adjust(struct __kernel_timex *t);
/* The clock was set: what was being slewed is void (settimeofday, clock_settime). */
void ntp_clear(void);
