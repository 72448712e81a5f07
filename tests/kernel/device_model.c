/* SPDX-License-Identifier: MIT */
/* The device model and interrupt vectors. */
#include <debug/selftest.h>
#include <device/device.h>
#include <device/irq.h>
#include <lib/string.h>
#include <linux/errno.h>

static u32 probed, removed;

static int test_probe(struct device *d)
{
	const struct resource *port = device_resource(d, RESOURCE_PORT, 0);

	if (!port || port->start != 0x1234)
		return -ENODEV;
	probed++;
	return 0;
}

static void test_remove(struct device *d)
{
	removed++;
}

static const char *const test_ids[] = { "another", "selftest-device", NULL };
static const struct driver test_driver = {
	.name = "selftest",
	.bus = &platform_bus,
	.ids = test_ids,
	.probe = test_probe,
	.remove = test_remove,
};
DRIVER(test_driver);

SELFTEST(device_driver_binds)
{
	static const struct resource resources[] = {
		{ RESOURCE_IRQ, 5, 1 },
		{ RESOURCE_PORT, 0x1234, 8 },
	};
	static struct device d, same, other;

	probed = removed = 0;
	d = same = other = (struct device){ .bus = &platform_bus, .resources = resources,
					    .resource_count = ARRAY_SIZE(resources) };
	strlcpy(d.name, "selftest-device", sizeof(d.name));
	strlcpy(same.name, "selftest-device", sizeof(same.name));
	strlcpy(other.name, "selftest-nobody", sizeof(other.name));
	CHECK(device_register(&d) == 0);
	CHECK(probed == 1 && d.driver == &test_driver);
	CHECK(device_register(&same) == -EEXIST);
	CHECK(device_register(&other) == 0);
	CHECK(!other.driver);
	CHECK(device_resource(&d, RESOURCE_PORT, 1) == NULL);
	CHECK(device_resource(&d, RESOURCE_IRQ, 0)->start == 5);
	CHECK(device_unregister(&other) == 0);
	CHECK(device_unregister(&d) == 0);
	CHECK(removed == 1);
}

static enum irq_result never(void *arg)
{
	return IRQ_NONE;
}

SELFTEST(device_irq_vectors)
{
	unsigned a, b, i;
	char line[512];

	CHECK(irq_vector_alloc("selftest-a", never, &a, &a) == 0);
	CHECK(irq_vector_alloc("selftest-b", never, &b, &b) == 0);
	CHECK(a != b && a >= IRQ_VECTOR_FIRST && b <= IRQ_VECTOR_LAST);
	for (i = 0; irq_describe(i, line, sizeof(line)) && !strstr(line, "selftest-b"); i++)
		;
	CHECK(strstr(line, "selftest-b"));
	irq_vector_free(a);
	irq_vector_free(b);
	for (i = 0; irq_describe(i, line, sizeof(line)); i++)
		CHECK(!strstr(line, "selftest-"));
	CHECK(irq_request(100000, IRQ_EDGE_HIGH, "selftest", never, NULL) == -ENXIO);
}
