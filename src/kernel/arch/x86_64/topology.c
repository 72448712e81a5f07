/* SPDX-License-Identifier: MIT */
/*
 * Which CPUs are threads of one core and cores of one package, and what their caches are.
 *
 * An APIC id is made of fields, from the low end: thread, core, package.  CPUID leaf 11 says
 * how wide they are; where it is not filled in, leaves 1 and 4 (Intel) or 0x80000008 (AMD) do.  The
 * widths are those of the boot CPU: machines are alike all over.
 *
 * Caches: leaf 4 (Intel) or 0x8000001d (AMD with topology extensions), whose layouts are the same; older
 * AMD CPUs have sizes in 0x80000005 and 6.
 */
#include <arch/cpu.h>
#include <arch/x86_64/features.h>
#include <arch/x86_64/insn.h>
#include <arch/x86_64/internal.h>

static unsigned core_shift, package_shift; /* immutable after the first topology_read */

static unsigned bits_for(unsigned n)
{
	unsigned bits = 0;

	while (1U << bits < n)
		bits++;
	return bits;
}

static void widths_by_leaf_11(void)
{
	for (u32 sub = 0; sub < 8; sub++) {
		struct cpuid c = cpuid(11, sub);
		unsigned kind = c.ecx >> 8 & 255;

		if (!kind)
			return;
		if (kind == 1)
			core_shift = c.eax & 31;
		package_shift = c.eax & 31;
	}
}

static void widths_by_counts(void)
{
	struct cpuid c = cpuid(1, 0);
	unsigned threads = c.edx >> 28 & 1 ? max(c.ebx >> 16 & 255, 1U) : 1, cores = 1;

	if (cpu_identity.vendor == VENDOR_INTEL && cpu_identity.max_leaf >= 4)
		cores = (cpuid(4, 0).eax >> 26) + 1;
	else if (cpu_identity.max_extended >= 0x80000008)
		cores = (cpuid(0x80000008, 0).ecx & 255) + 1;
	package_shift = max(bits_for(threads), bits_for(cores));
	core_shift = package_shift - bits_for(cores);
}

void cpu_topology_init(void)
{
	if (cpu_identity.max_leaf >= 11 && (cpuid(11, 0).ebx & 0xffff))
		widths_by_leaf_11();
	else
		widths_by_counts();
}

static u64 cpus_with_same(u32 id, unsigned shift)
{
	u64 mask = 0;

	for (unsigned c = 0; c < cpu_count; c++)
		if ((u64)apic_id_of(c) >> shift == (u64)id >> shift)
			mask |= 1ULL << c;
	return mask;
}

struct cpu_topology cpu_topology(unsigned cpu)
{
	u32 id = apic_id_of(cpu);

	return (struct cpu_topology){
		.apic_id = id,
		.package = (u32)((u64)id >> package_shift),
		.core = (id & (u32)((1ULL << package_shift) - 1)) >> core_shift,
		.thread_siblings = cpus_with_same(id, core_shift),
		.package_siblings = cpus_with_same(id, package_shift),
	};
}

/* Ways by the four bits that AMD's old leaves have. */
static unsigned amd_ways(unsigned code, unsigned fully)
{
	static const u8 ways[16] = { 0, 1, 2, 0, 4, 0, 8, 0, 16, 0, 32, 48, 64, 96, 128, 0 };

	return code == 15 ? fully : ways[code];
}

static bool old_amd_cache(unsigned index, struct cpu_cache *k)
{
	u32 word;

	if (cpu_identity.max_extended < 0x80000006 || index > 3)
		return false;
	if (index < 2) {
		struct cpuid c = cpuid(0x80000005, 0);

		word = index == 0 ? c.ecx : c.edx;
		k->level = 1;
		k->type = index == 0 ? CACHE_DATA : CACHE_INSTRUCTION;
		k->size = (u64)(word >> 24) << 10;
		k->ways = word >> 16 & 255;
	} else {
		struct cpuid c = cpuid(0x80000006, 0);

		word = index == 2 ? c.ecx : c.edx;
		k->level = index;
		k->type = CACHE_UNIFIED;
		k->size = index == 2 ? (u64)(word >> 16) << 10 : (u64)(word >> 18) << 19;
		k->ways = amd_ways(word >> 12 & 15, 0);
	}
	k->line = word & 255;
	k->partitions = 1;
	if (!k->size || !k->line || !k->ways)
		return false;
	k->sets = (u32)(k->size / k->line / k->ways);
	k->shared = index == 3 ? package_shift : core_shift;
	return true;
}

static bool cache_by_leaf(u32 leaf, unsigned index, struct cpu_cache *k)
{
	struct cpuid c = cpuid(leaf, index);

	k->type = c.eax & 31;
	if (k->type < CACHE_DATA || k->type > CACHE_UNIFIED)
		return false;
	k->level = c.eax >> 5 & 7;
	k->shared = bits_for((c.eax >> 14 & 0xfff) + 1);
	k->line = (c.ebx & 0xfff) + 1;
	k->partitions = (c.ebx >> 12 & 0x3ff) + 1;
	k->ways = (c.ebx >> 22) + 1;
	k->sets = c.ecx + 1;
	k->size = (u64)k->line * k->partitions * k->ways * k->sets;
	return true;
}

bool cpu_cache(unsigned cpu, unsigned index, struct cpu_cache *k)
{
	bool amd = cpu_identity.vendor == VENDOR_AMD || cpu_identity.vendor == VENDOR_HYGON, found;

	if (!amd)
		found = cpu_identity.max_leaf >= 4 && cache_by_leaf(4, index, k);
	else if (cpu_identity.max_extended >= 0x8000001d && (cpuid(0x80000001, 0).ecx >> 22 & 1))
		found = cache_by_leaf(0x8000001d, index, k);
	else
		found = old_amd_cache(index, k);
	if (found)
		k->cpus = cpus_with_same(apic_id_of(cpu), k->shared);
	return found;
}
