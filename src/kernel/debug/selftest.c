/* SPDX-License-Identifier: MIT */
/* Runs the self-tests that the linker has gathered in section .selftest, sorted by name. */
#include <arch/cpu.h>
#include <arch/io.h>
#include <debug/log.h>
#include <debug/selftest.h>
#include <lib/string.h>

extern const struct selftest selftest_start[], selftest_end[]; /* kernel.ld */

enum { EXIT_PORT = 0xf4, EXIT_PASSED = 0x10, EXIT_FAILED = 0x11 };

static const struct selftest *running;
static bool failed;

void selftest_fail(const char *file, int line, const char *what)
{
	failed = true;
	log_err("selftest: %s FAILED %s:%d: %s", running->name, file, line, what);
}

static u64 now_us(void)
{
	return log_clock_ns ? log_clock_ns() / NSEC_PER_USEC : 0;
}

static bool run_one(const struct selftest *t)
{
	u64 start = now_us();

	running = t;
	failed = false;
	t->run();
	if (!failed)
		log_notice("selftest: %s ok (%lu us)", t->name, now_us() - start);
	return !failed;
}

/* The test whose name follows `last` (NULL: the first one); NULL at the end. */
static const struct selftest *next_test(const char *prefix, const char *last)
{
	const struct selftest *best = NULL;

	for (const struct selftest *t = selftest_start; t < selftest_end; t++)
		if (str_has_prefix(t->name, prefix) && (!last || strcmp(t->name, last) > 0) &&
		    (!best || strcmp(t->name, best->name) < 0))
			best = t;
	return best;
}

void selftest_run(const char *prefix)
{
	const struct selftest *t = NULL;
	unsigned passed = 0, total = 0;

	while ((t = next_test(prefix, t ? t->name : NULL))) {
		total++;
		passed += run_one(t);
	}
	log_notice("selftest: %u passed, %u failed", passed, total - passed);
	io_out8(EXIT_PORT, total && passed == total ? EXIT_PASSED : EXIT_FAILED);
	log_notice("selftest: no exit port, halted");
	cpu_halt_forever();
}
