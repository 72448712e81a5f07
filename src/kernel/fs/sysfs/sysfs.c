/* SPDX-License-Identifier: MIT */
/* The file system, and the files about CPUs and clocks. */
#include <fs/sysfs/sysfs.h>

#include <arch/cpu.h>
#include <lib/format.h>
#include <linux/magic.h>
#include <time/clock.h>

struct tree sysfs_tree = { .name = "sysfs" };

static int get_super(const struct fs_type *t, const char *source, unsigned flags, const char *data,
		     struct super **out)
{
	ref_get(&sysfs_tree.super->refs);
	*out = sysfs_tree.super;
	return 0;
}

static struct fs_type sysfs_type = { .name = "sysfs", .magic = SYSFS_MAGIC, .nodev = true, .get_super = get_super };

static int show_text(struct text *t, void *ctx)
{
	text_printf(t, "%s\n", (const char *)ctx);
	return 0;
}

static int show_clock_source(struct text *t, void *ctx)
{
	text_printf(t, "%s\n", clock_source_name());
	return 0;
}

static void add_vulnerabilities(void)
{
	const char *name, *state;
	char path[96];

	for (unsigned i = 0; cpu_vulnerability(i, &name, &state); i++) {
		snprintf(path, sizeof path, "devices/system/cpu/vulnerabilities/%s", name);
		sysfs_add(path, show_text, (void *)state);
	}
}

void sysfs_init(void)
{
	fs_type_register(&sysfs_type);
	VERIFY(tree_init(&sysfs_tree, &sysfs_type) == 0);
	tree_add_dir(&sysfs_tree, "kernel");
	tree_add_dir(&sysfs_tree, "class");
	tree_add_dir(&sysfs_tree, "bus");
	tree_add_dir(&sysfs_tree, "dev");
	tree_add_dir(&sysfs_tree, "firmware");
	tree_add_dir(&sysfs_tree, "fs");
	tree_add_dir(&sysfs_tree, "module");
	sysfs_add("kernel/mm/transparent_hugepage/enabled", show_text, (void *)"always madvise [never]");
	sysfs_add("devices/system/clocksource/clocksource0/current_clocksource", show_clock_source, NULL);
	add_vulnerabilities();
}
