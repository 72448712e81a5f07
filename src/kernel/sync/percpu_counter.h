/* SPDX-License-Identifier: MIT */
/*
 * Counters that every CPU adds to without sharing a cache line.  One is a per-CPU
 * variable, `static s64 nr_files PERCPU;`; its value is the sum of all copies,
 * which is exact only while nobody adds.
 */
#pragma once

#include <arch/cpu.h>

#define percpu_counter_add(var, n) this_cpu_add(var, n)
#define percpu_counter_inc(var) this_cpu_add(var, 1)
#define percpu_counter_dec(var) this_cpu_add(var, -1)

#define percpu_counter_sum(var)                                                \
	({                                                                     \
		s64 sum_ = 0;                                                  \
		for (unsigned cpu_ = 0; cpu_ < cpu_count; cpu_++)              \
			sum_ += READ_ONCE(*per_cpu_ptr(var, cpu_));            \
		sum_;                                                          \
	})
