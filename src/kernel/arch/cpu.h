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

extern u32 percpu_nmi_depth; /* PERCPU */
/* In a handler that may have interrupted anything, the holder of any lock: NMI, #MC, #DB in the kernel. */
static always_inline bool cpu_in_nmi(void)
{
	return this_cpu_read(percpu_nmi_depth) != 0;
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

/* How CPU `cpu` and the other ones belong together; masks of those online. */
struct cpu_topology {
	u32 apic_id, package, core;
	u64 thread_siblings, package_siblings;
};
struct cpu_topology cpu_topology(unsigned cpu);

/* Cache number `index` of CPU `cpu`; false past the last. `cpus` is a mask of those online that share it. */
enum cpu_cache_type { CACHE_DATA = 1, CACHE_INSTRUCTION, CACHE_UNIFIED };
struct cpu_cache {
	unsigned type, level;
	u64 size; /* bytes */
	u32 ways, line, sets, partitions;
	unsigned shared; /* bits of the APIC id in which the CPUs that share it differ */
	u64 cpus;
};
bool cpu_cache(unsigned cpu, unsigned index, struct cpu_cache *k);

/* Physical addresses that this CPU knows end here. After cpu_features_init. */
u64 cpu_physical_top(void);

/* Does a hypervisor run this CPU, which may then stand still at any time? After cpu_features_init. */
bool cpu_is_virtual(void);

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
