/* SPDX-License-Identifier: MIT */
/* Input devices in /proc/bus/input and /sys: what udev and libinput look at. */
#include <drivers/input/input.h>

#include <debug/log.h>
#include <fs/procfs/procfs.h>
#include <fs/sysfs/sysfs.h>
#include <lib/format.h>
#include <lib/string.h>
#include <linux/major.h>
#include <mm/slab.h>

/* Words of 64 bits, the highest that is not 0 first. */
static void show_bits(struct text *t, const u64 *map, unsigned bits)
{
	bool begun = false;

	for (unsigned i = BITMAP_WORDS(bits); i--;) {
		if (!map[i] && !begun && i)
			continue;
		text_printf(t, begun ? " %llx" : "%llx", (unsigned long long)map[i]);
		begun = true;
	}
}

/* The sets of codes that Linux names, by type; NULL: a device here has none of those. */
static const u64 *codes_of(const struct input_device *d, unsigned type, unsigned *bits)
{
	switch (type) {
	case 0: *bits = EV_CNT; return d->types;
	case EV_KEY: *bits = KEY_CNT; return d->keys;
	case EV_REL: *bits = REL_CNT; return d->axes;
	case EV_MSC: *bits = MSC_CNT; return d->misc;
	case EV_LED: *bits = LED_CNT; return d->leds;
	default: *bits = 0; return NULL;
	}
}

static const struct {
	unsigned type;
	char title[4];
} sets[] = { { 0, "EV" }, { EV_KEY, "KEY" }, { EV_REL, "REL" }, { EV_MSC, "MSC" }, { EV_LED, "LED" } };

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* --- /proc/bus/input --- */

static void show_device(struct text *t, const struct input_device *d)
{
	const struct input_id *id = &d->id;

	text_printf(t, "I: Bus=%04x Vendor=%04x Product=%04x Version=%04x\n", id->bustype, id->vendor, id->product,
		    id->version);
	text_printf(t, "N: Name=\"%s\"\nP: Phys=%s\nS: Sysfs=/%s/input/input%u\nU: Uniq=\nH: Handlers=", d->name,
		    d->phys, d->parent, d->number);
	if (d->console)
		text_printf(t, "sysrq kbd ");
	if (d->mouse_node)
		text_printf(t, "%s ", base_name(d->mouse_node));
	text_printf(t, "event%u %s\nB: PROP=0\n", d->number, bitmap_test(d->types, EV_LED) ? "leds " : "");
	for (unsigned i = 0; i < ARRAY_SIZE(sets); i++) {
		unsigned bits;
		const u64 *map = codes_of(d, sets[i].type, &bits);
		if (!map || (sets[i].type && !bitmap_test(d->types, sets[i].type)))
			continue;
		text_printf(t, "B: %s=", sets[i].title);
		show_bits(t, map, bits);
		text_printf(t, "\n");
	}
	text_printf(t, "\n");
}

static int show_devices(struct text *t, void *ctx)
{
	struct input_device *d;

	for (unsigned i = 0; (d = input_device(i)); i++)
		show_device(t, d);
	return 0;
}

static int show_handlers(struct text *t, void *ctx)
{
	text_printf(t, "N: Number=0 Name=sysrq (filter)\nN: Number=1 Name=kbd\nN: Number=2 Name=mousedev Minor=32\n"
		       "N: Number=3 Name=evdev Minor=64\n");
	return 0;
}

/* --- /sys --- */

struct attribute {
	const char *name;
	int (*show)(struct text *t, void *device);
};

static int show_name(struct text *t, void *device)
{
	text_printf(t, "%s\n", ((struct input_device *)device)->name);
	return 0;
}

static int show_phys(struct text *t, void *device)
{
	text_printf(t, "%s\n", ((struct input_device *)device)->phys);
	return 0;
}

static int show_nothing(struct text *t, void *device)
{
	text_printf(t, "\n");
	return 0;
}

static int show_zero(struct text *t, void *device)
{
	text_printf(t, "0\n");
	return 0;
}

#define SHOW_ID(field)                                                         \
	static int show_##field(struct text *t, void *device)                  \
	{                                                                      \
		text_printf(t, "%04x\n", ((struct input_device *)device)->id.field); \
		return 0;                                                      \
	}
SHOW_ID(bustype)
SHOW_ID(vendor)
SHOW_ID(product)
SHOW_ID(version)

#define SHOW_SET(name, type)                                                   \
	static int show_set_##name(struct text *t, void *device)               \
	{                                                                      \
		unsigned bits;                                                 \
		const u64 *map = codes_of(device, type, &bits);                \
		show_bits(t, map ?: (u64[1]){ 0 }, map ? bits : 1);            \
		text_printf(t, "\n");                                          \
		return 0;                                                      \
	}
SHOW_SET(ev, 0)
SHOW_SET(key, EV_KEY)
SHOW_SET(rel, EV_REL)
SHOW_SET(abs, EV_ABS)
SHOW_SET(msc, EV_MSC)
SHOW_SET(led, EV_LED)
SHOW_SET(snd, EV_SND)
SHOW_SET(ff, EV_FF)
SHOW_SET(sw, EV_SW)

static int show_device_event(struct text *t, void *device)
{
	struct input_device *d = device;

	text_printf(t, "PRODUCT=%x/%x/%x/%x\nNAME=\"%s\"\nPHYS=\"%s\"\nPROP=0\nEV=", d->id.bustype, d->id.vendor,
		    d->id.product, d->id.version, d->name, d->phys);
	show_bits(t, d->types, EV_CNT);
	text_printf(t, "\nKEY=");
	show_bits(t, d->keys, KEY_CNT);
	text_printf(t, "\n");
	return 0;
}

static int show_event_dev(struct text *t, void *device)
{
	text_printf(t, "%u:%u\n", INPUT_MAJOR, 64 + ((struct input_device *)device)->number);
	return 0;
}

static int show_event_uevent(struct text *t, void *device)
{
	struct input_device *d = device;

	text_printf(t, "MAJOR=%u\nMINOR=%u\nDEVNAME=%s\n", INPUT_MAJOR, 64 + d->number, d->node);
	return 0;
}

static unsigned mouse_number(const struct input_device *d)
{
	return base_name(d->mouse_node)[5] - '0';
}

static int show_mouse_dev(struct text *t, void *device)
{
	text_printf(t, "%u:%u\n", INPUT_MAJOR, 32 + mouse_number(device));
	return 0;
}

static int show_mouse_uevent(struct text *t, void *device)
{
	struct input_device *d = device;

	text_printf(t, "MAJOR=%u\nMINOR=%u\nDEVNAME=%s\n", INPUT_MAJOR, 32 + mouse_number(d), d->mouse_node);
	return 0;
}

static int show_mice_dev(struct text *t, void *device)
{
	text_printf(t, "%u:63\n", INPUT_MAJOR);
	return 0;
}

static const struct attribute device_attributes[] = {
	{ "name", show_name }, { "phys", show_phys }, { "uniq", show_nothing }, { "properties", show_zero },
	{ "uevent", show_device_event }, { "id/bustype", show_bustype }, { "id/vendor", show_vendor },
	{ "id/product", show_product }, { "id/version", show_version }, { "capabilities/ev", show_set_ev },
	{ "capabilities/key", show_set_key }, { "capabilities/rel", show_set_rel },
	{ "capabilities/abs", show_set_abs }, { "capabilities/msc", show_set_msc },
	{ "capabilities/led", show_set_led }, { "capabilities/snd", show_set_snd },
	{ "capabilities/ff", show_set_ff }, { "capabilities/sw", show_set_sw },
};
static const struct attribute event_attributes[] = { { "dev", show_event_dev }, { "uevent", show_event_uevent } };
static const struct attribute mouse_attributes[] = { { "dev", show_mouse_dev }, { "uevent", show_mouse_uevent } };

static void add_files(const char *dir, const struct attribute *a, unsigned n, struct input_device *d)
{
	char path[128];

	for (unsigned i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, a[i].name);
		if (sysfs_add(path, a[i].show, d))
			log_debug("input: no /sys/%s", path);
	}
}

/* A directory in /sys/devices, and the link in /sys/class/input that leads to it. */
static void add_dir(const char *dir, const struct attribute *a, unsigned n, struct input_device *d)
{
	char link[48], target[128];

	add_files(dir, a, n, d);
	snprintf(link, sizeof(link), "class/input/%s", base_name(dir));
	snprintf(target, sizeof(target), "../../%s", dir);
	char *kept = kstrdup(target); /* the link keeps it */
	if (kept && tree_add_link(&sysfs_tree, link, kept))
		kfree(kept);
}

void input_show_register(struct input_device *d)
{
	char dir[80], sub[112];

	snprintf(dir, sizeof(dir), "%s/input/input%u", d->parent, d->number);
	add_dir(dir, device_attributes, ARRAY_SIZE(device_attributes), d);
	snprintf(sub, sizeof(sub), "%s/event%u", dir, d->number);
	add_dir(sub, event_attributes, ARRAY_SIZE(event_attributes), d);
	if (!d->mouse_node)
		return;
	snprintf(sub, sizeof(sub), "%s/%s", dir, base_name(d->mouse_node));
	add_dir(sub, mouse_attributes, ARRAY_SIZE(mouse_attributes), d);
}

void input_show_init(void)
{
	procfs_add("bus/input/devices", show_devices, NULL);
	procfs_add("bus/input/handlers", show_handlers, NULL);
	sysfs_add("devices/virtual/input/mice/dev", show_mice_dev, NULL);
	tree_add_link(&sysfs_tree, "class/input/mice", "../../devices/virtual/input/mice");
}
