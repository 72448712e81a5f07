/* SPDX-License-Identifier: MIT */
/* /proc/{meminfo,stat,uptime,loadavg,cpuinfo,interrupts,devices,filesystems,...}: in Linux's formats. */
#include <arch/cpu.h>
#include <device/irq.h>
#include <fs/device_file.h>
#include <fs/internal.h>
#include <fs/procfs/internal.h>
#include <fs/procfs/procfs.h>
#include <mm/slab.h>
#include <lib/format.h>
#include <sched/task.h>
#include <time/clock.h>

static u64 kib(u64 frames)
{
	return frames * (PAGE_SIZE / 1024);
}

static int show_meminfo(struct text *t, void *ctx)
{
	struct mem_stats s;
	mem_stats_read(&s);
	u64 cached = s.cache + s.shmem; /* file pages; in memory-backed file systems they cannot be dropped */
	const struct {
		const char *name;
		u64 kb;
	} lines[] = {
		{ "MemTotal", kib(s.total) },      { "MemFree", kib(s.free) },
		{ "MemAvailable", kib(s.free) },   { "Buffers", 0 },
		{ "Cached", kib(cached) },         { "SwapCached", 0 },
		{ "Active", kib(s.anon + cached) }, { "Inactive", 0 },
		{ "SwapTotal", 0 },                { "SwapFree", 0 },
		{ "Dirty", 0 },                    { "Writeback", 0 },
		{ "AnonPages", kib(s.anon) },      { "Mapped", 0 },
		{ "Shmem", kib(s.shmem) },         { "Slab", kib(s.slab) },
		{ "SReclaimable", 0 },             { "SUnreclaim", kib(s.slab) },
		{ "KernelStack", kib(s.kernel_stacks) }, { "PageTables", kib(s.page_tables) },
		{ "VmallocUsed", kib(s.vmalloc) },
	};
	for (unsigned i = 0; i < ARRAY_SIZE(lines); i++)
		text_printf(t, "%s:%*llu kB\n", lines[i].name, (int)(23 - __builtin_strlen(lines[i].name)),
			    (unsigned long long)lines[i].kb);
	return 0;
}

static u64 ticks(u64 ns)
{
	return ns / (NSEC_PER_SEC / 100);
}

static void stat_cpu(struct text *t, const char *name, const struct cpu_times *c)
{
	text_printf(t, "%s %llu %llu %llu %llu %llu %llu %llu 0 0 0\n", name,
		    (unsigned long long)ticks(c->user), (unsigned long long)ticks(c->nice),
		    (unsigned long long)ticks(c->system), (unsigned long long)ticks(c->idle),
		    (unsigned long long)ticks(c->iowait), (unsigned long long)ticks(c->irq),
		    (unsigned long long)ticks(c->softirq));
}

static int show_stat(struct text *t, void *ctx)
{
	struct cpu_times sum = { 0 }, c;
	char name[16];

	for (unsigned i = 0; i < cpu_count; i++) {
		sched_cpu_times(i, &c);
		sum.user += c.user;
		sum.nice += c.nice;
		sum.system += c.system;
		sum.idle += c.idle;
		sum.iowait += c.iowait;
		sum.irq += c.irq;
		sum.softirq += c.softirq;
	}
	stat_cpu(t, "cpu ", &sum);
	for (unsigned i = 0; i < cpu_count; i++) {
		sched_cpu_times(i, &c);
		snprintf(name, sizeof name, "cpu%u", i);
		stat_cpu(t, name, &c);
	}
	text_printf(t, "intr %llu\nctxt %llu\nbtime %llu\nprocesses %llu\nprocs_running %u\nprocs_blocked %u\n",
		    (unsigned long long)irq_count_total(), (unsigned long long)sched_switches(),
		    (unsigned long long)(clock_realtime_offset_ns() / NSEC_PER_SEC),
		    (unsigned long long)sched_tasks_started(),
		    sched_nr_running(), sched_nr_iowait());
	return 0;
}

static int show_uptime(struct text *t, void *ctx)
{
	u64 up = clock_monotonic_ns() / 10000000, idle = 0;
	struct cpu_times c;

	for (unsigned i = 0; i < cpu_count; i++) {
		sched_cpu_times(i, &c);
		idle += ticks(c.idle);
	}
	text_printf(t, "%llu.%02llu %llu.%02llu\n", (unsigned long long)up / 100, (unsigned long long)up % 100,
		    (unsigned long long)idle / 100, (unsigned long long)idle % 100);
	return 0;
}

static int show_cpuinfo(struct text *t, void *ctx)
{
	char *buf KFREE_GUARD = kmalloc(PAGE_SIZE, 0);
	if (!buf)
		return -ENOMEM;
	for (unsigned i = 0; i < cpu_count; i++) {
		int n = cpu_describe(i, buf, PAGE_SIZE);
		text_bytes(t, buf, min((size_t)n, PAGE_SIZE - 1));
	}
	return 0;
}

/* Files made of numbered lines that some module describes one by one. */
struct lines {
	const char *heading, *tail;
	bool (*describe)(unsigned i, char *buf, size_t size);
};

static int show_lines(struct text *t, void *ctx)
{
	const struct lines *l = ctx;
	char buf[1024]; /* a line of /proc/interrupts has 11 bytes a CPU */

	text_string(t, l->heading);
	for (unsigned i = 0; l->describe(i, buf, sizeof buf); i++)
		text_string(t, buf);
	text_string(t, l->tail);
	return 0;
}

static struct lines interrupts = { "", "", irq_describe };
static struct lines devices = { "Character devices:\n", "\nBlock devices:\n", chardev_describe };
static struct lines slabinfo = { "slabinfo - version: 2.1\n# name <active_objs> <num_objs> <objsize>\n", "", slab_describe };

static int show_filesystems(struct text *t, void *ctx)
{
	struct fs_type *f;

	for (unsigned i = 0; (f = fs_type_nth(i)); i++)
		text_printf(t, "%s\t%s\n", f->nodev ? "nodev" : "", f->name);
	return 0;
}

static int show_swaps(struct text *t, void *ctx)
{
	text_string(t, "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n");
	return 0;
}

static int show_partitions(struct text *t, void *ctx)
{
	text_string(t, "major minor  #blocks  name\n\n");
	return 0;
}

static int show_vmstat(struct text *t, void *ctx)
{
	struct mem_stats s;
	mem_stats_read(&s);
	text_printf(t, "nr_free_pages %llu\nnr_anon_pages %llu\nnr_file_pages %llu\nnr_shmem %llu\n"
		    "nr_page_table_pages %llu\npgpgin 0\npgpgout 0\npswpin 0\npswpout 0\n",
		    (unsigned long long)s.free, (unsigned long long)s.anon,
		    (unsigned long long)(s.cache + s.shmem), (unsigned long long)s.shmem,
		    (unsigned long long)s.page_tables);
	return 0;
}

void procfs_system_init(void)
{
	procfs_add("meminfo", show_meminfo, NULL);
	procfs_add("stat", show_stat, NULL);
	procfs_add("uptime", show_uptime, NULL);
	procfs_add("cpuinfo", show_cpuinfo, NULL);
	procfs_add("interrupts", show_lines, &interrupts);
	procfs_add("devices", show_lines, &devices);
	procfs_add("filesystems", show_filesystems, NULL);
	procfs_add("swaps", show_swaps, NULL);
	procfs_add("partitions", show_partitions, NULL);
	procfs_add("vmstat", show_vmstat, NULL);
	tree_add_file(&procfs_tree, "slabinfo", 0400, show_lines, NULL, &slabinfo);
	tree_add_link(&procfs_tree, "mounts", "self/mounts");
}
