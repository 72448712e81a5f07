/* SPDX-License-Identifier: MIT */
/* The CPU's counter and its one-shot timer. */
#pragma once

#include <lib/compiler.h>

static always_inline u64 cycles_now(void)
{
	u32 a, d;
	__asm__ volatile("rdtsc" : "=a"(a), "=d"(d));
	return (u64)d << 32 | a;
}

/* Arms this CPU's local timer to fire upcall_timer after `ns` nanoseconds (at least 1 us,
 * cut to what the hardware can count); an armed one is replaced.  Interrupts off. */
void local_timer_arm(u64 ns);
void local_timer_stop(void);

/*
 * Calibrates the local timer and the TSC against `read_ref`, a counter of
 * `ref_hz` that counts up modulo 2^ref_bits.  Returns the TSC's frequency in Hz.
 */
u64 clock_calibrate(u64 (*read_ref)(void), u64 ref_hz, unsigned ref_bits);

/* Frequency from CPUID 0x15/0x16 or 0, to prefer to a measurement. */
u64 clock_tsc_hz_from_cpu(void);
