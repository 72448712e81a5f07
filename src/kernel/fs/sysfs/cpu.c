/* SPDX-License-Identifier: MIT */
/*
 * /sys/devices/system/cpu: which CPUs there are, how they belong together, their caches.  Which file
 * it is that is shown is in the context: CPU, cache and attribute in one word.
 */
#include <fs/sysfs/sysfs.h>

#include <arch/cpu.h>
#include <lib/format.h>

enum { CPU_SHIFT = 16, INDEX_SHIFT = 8, ATTRIBUTE_MASK = 255 };

static void *context(unsigned cpu, unsigned index, unsigned attribute)
{
	return (void *)((u64)cpu << CPU_SHIFT | index << INDEX_SHIFT | attribute);
}

/* "0-3,8" of a mask. */
static void text_cpu_list(struct text *t, u64 cpus)
{
	const char *comma = "";

	for (unsigned c = 0; c < 64; c++) {
		unsigned last = c;

		if (!(cpus >> c & 1))
			continue;
		while (last < 63 && (cpus >> (last + 1) & 1))
			last++;
		text_printf(t, c == last ? "%s%u" : "%s%u-%u", comma, c, last);
		comma = ",";
		c = last;
	}
	text_string(t, "\n");
}

/* Groups of 32 bits, as wide as the CPUs that can be, as Linux prints its masks. */
static void text_cpu_mask(struct text *t, u64 cpus)
{
	unsigned bits = min(cpus_present, 64U);

	if (bits > 32)
		text_printf(t, "%0*x,%08x\n", (int)DIV_ROUND_UP(bits - 32, 4), (u32)(cpus >> 32), (u32)cpus);
	else
		text_printf(t, "%0*x\n", (int)DIV_ROUND_UP(bits, 4), (u32)cpus);
}

static u64 first_cpus(unsigned n)
{
	return n >= 64 ? ~0ULL : (1ULL << n) - 1;
}

static int show_online(struct text *t, void *ctx)
{
	text_cpu_list(t, first_cpus(cpu_count));
	return 0;
}

static int show_present(struct text *t, void *ctx)
{
	text_cpu_list(t, first_cpus(cpus_present));
	return 0;
}

static int show_offline(struct text *t, void *ctx)
{
	text_cpu_list(t, first_cpus(cpus_present) & ~first_cpus(cpu_count));
	return 0;
}

static int show_none(struct text *t, void *ctx)
{
	text_string(t, "\n");
	return 0;
}

static int show_kernel_max(struct text *t, void *ctx)
{
	text_printf(t, "%u\n", MAX_CPUS - 1);
	return 0;
}

enum topology_attribute { PACKAGE_ID, DIE_ID, CORE_ID, THREADS, THREADS_LIST, PACKAGE, PACKAGE_LIST };

static const struct {
	const char *name;
	enum topology_attribute what;
} topology_files[] = {
	{ "physical_package_id", PACKAGE_ID },
	{ "die_id", DIE_ID },
	{ "core_id", CORE_ID },
	{ "thread_siblings", THREADS },
	{ "thread_siblings_list", THREADS_LIST },
	{ "core_cpus", THREADS },
	{ "core_cpus_list", THREADS_LIST },
	{ "core_siblings", PACKAGE },
	{ "core_siblings_list", PACKAGE_LIST },
	{ "package_cpus", PACKAGE },
	{ "package_cpus_list", PACKAGE_LIST },
	{ "die_cpus", PACKAGE },
	{ "die_cpus_list", PACKAGE_LIST },
};

static int show_topology(struct text *t, void *ctx)
{
	struct cpu_topology to = cpu_topology((unsigned)((u64)ctx >> CPU_SHIFT));

	switch ((enum topology_attribute)((u64)ctx & ATTRIBUTE_MASK)) {
	case PACKAGE_ID: text_printf(t, "%u\n", to.package); break;
	case DIE_ID: text_string(t, "0\n"); break;
	case CORE_ID: text_printf(t, "%u\n", to.core); break;
	case THREADS: text_cpu_mask(t, to.thread_siblings); break;
	case THREADS_LIST: text_cpu_list(t, to.thread_siblings); break;
	case PACKAGE: text_cpu_mask(t, to.package_siblings); break;
	case PACKAGE_LIST: text_cpu_list(t, to.package_siblings); break;
	}
	return 0;
}

enum cache_attribute { LEVEL, TYPE, SIZE, WAYS, LINE, SETS, PARTITIONS, SHARED, SHARED_LIST };

static const char *const cache_files[] = {
	[LEVEL] = "level", [TYPE] = "type", [SIZE] = "size", [WAYS] = "ways_of_associativity",
	[LINE] = "coherency_line_size", [SETS] = "number_of_sets",
	[PARTITIONS] = "physical_line_partition", [SHARED] = "shared_cpu_map",
	[SHARED_LIST] = "shared_cpu_list",
};

static int show_cache(struct text *t, void *ctx)
{
	static const char *const types[] = { "", "Data", "Instruction", "Unified" };
	struct cpu_cache k = { 0 };

	if (!cpu_cache((unsigned)((u64)ctx >> CPU_SHIFT), (u64)ctx >> INDEX_SHIFT & 255, &k))
		return -EIO;
	switch ((enum cache_attribute)((u64)ctx & ATTRIBUTE_MASK)) {
	case LEVEL: text_printf(t, "%u\n", k.level); break;
	case TYPE: text_printf(t, "%s\n", types[k.type]); break;
	case SIZE: text_printf(t, "%lluK\n", (unsigned long long)k.size >> 10); break;
	case WAYS: text_printf(t, "%u\n", k.ways); break;
	case LINE: text_printf(t, "%u\n", k.line); break;
	case SETS: text_printf(t, "%u\n", k.sets); break;
	case PARTITIONS: text_printf(t, "%u\n", k.partitions); break;
	case SHARED: text_cpu_mask(t, k.cpus); break;
	case SHARED_LIST: text_cpu_list(t, k.cpus); break;
	}
	return 0;
}

static void add_cpu(unsigned cpu)
{
	struct cpu_cache k = { 0 };
	char path[96];

	for (unsigned i = 0; i < ARRAY_SIZE(topology_files); i++) {
		snprintf(path, sizeof path, "devices/system/cpu/cpu%u/topology/%s", cpu, topology_files[i].name);
		sysfs_add(path, show_topology, context(cpu, 0, topology_files[i].what));
	}
	for (unsigned index = 0; cpu_cache(cpu, index, &k); index++)
		for (unsigned i = 0; i < ARRAY_SIZE(cache_files); i++) {
			snprintf(path, sizeof path, "devices/system/cpu/cpu%u/cache/index%u/%s", cpu, index,
				 cache_files[i]);
			sysfs_add(path, show_cache, context(cpu, index, i));
		}
}

void sysfs_cpus_init(void)
{
	sysfs_add("devices/system/cpu/online", show_online, NULL);
	sysfs_add("devices/system/cpu/possible", show_present, NULL);
	sysfs_add("devices/system/cpu/present", show_present, NULL);
	sysfs_add("devices/system/cpu/offline", show_offline, NULL);
	sysfs_add("devices/system/cpu/isolated", show_none, NULL);
	sysfs_add("devices/system/cpu/kernel_max", show_kernel_max, NULL);
	for (unsigned c = 0; c < cpu_count; c++)
		add_cpu(c);
}
