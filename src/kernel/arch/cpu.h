/* SPDX-License-Identifier: MIT */
/* What generic code asks of a CPU: who am I, wait a moment, stop. */
#pragma once

#include <arch/percpu.h>

extern u32 percpu_cpu_id;  /* PERCPU: this CPU's number, 0 for the boot CPU */
extern unsigned cpu_count; /* CPUs online; numbers 0..cpu_count-1; grows at boot only */
extern unsigned cpus_present; /* what the machine has, online or not */

static always_inline unsigned cpu_id(void)
{
	return this_cpu_read(percpu_cpu_id);
}

static always_inline void cpu_relax(void)
{
	__asm__ volatile("pause" ::: "memory");
}

/* Enables interrupts and waits for one, without a window between the two. */
static always_inline void cpu_idle_wait(void)
{
	__asm__ volatile("sti; hlt" ::: "memory");
}

/* Stops this CPU for good, interrupts off. */
static inline noreturn void cpu_halt_forever(void)
{
	for (;;)
		__asm__ volatile("cli; hlt");
}

/* Lines of /proc/cpuinfo for CPU `cpu`, written with snprintf rules into buf. */
int cpu_describe(unsigned cpu, char *buf, size_t size);

/*
 * /sys/devices/system/cpu/vulnerabilities: entry number `i`, or false past the
 * end.  *name is the file, *text what it says (true of this CPU and of the
 * mitigations in force).
 */
bool cpu_vulnerability(unsigned i, const char **name, const char **text);

/* Fills buf from RDSEED/RDRAND; returns the bytes written (0 where the CPU has neither). */
size_t cpu_random(void *buf, size_t n);

/* For the auxiliary vector: AT_HWCAP (CPUID 1 EDX) and AT_HWCAP2 (bit 1: FSGSBASE usable). */
extern u32 arch_hwcap, arch_hwcap2;

/* Tried first by cpu_reset: the ACPI driver registers its reset register here. False: has none. */
extern bool (*cpu_reset_firmware)(void);

/* Resets the machine: ACPI reset register if known, 8042, triple fault; does not return. */
noreturn void cpu_reset(void);
