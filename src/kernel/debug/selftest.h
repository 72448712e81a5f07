/* SPDX-License-Identifier: MIT */
/*
 * In-kernel self-tests, run by the command-line word `selftest` after all of
 * the kernel is up, in a kernel thread, a line a test on the log:
 *
 *   selftest: mm_buddy_split_merge ok (12 us)
 *   selftest: sched_wake_order FAILED file:line: what
 *   selftest: 57 passed, 0 failed
 *
 * then the machine ends by isa-debug-exit (0xf4): 0x10 all passed, 0x11 not.
 * `selftest=PREFIX` runs those whose names begin so.
 *
 *   SELFTEST(mm_buddy_split_merge)
 *   {
 *           CHECK(frame_alloc(0, 0) != NULL);
 *   }
 */
#pragma once

#include <lib/compiler.h>

struct selftest {
	const char *name;
	void (*run)(void);
};

/* The alignment keeps the linker from putting gaps between the entries. */
#define SELFTEST(id)                                                                               \
	static void selftest_##id(void);                                                           \
	static const struct selftest selftest_entry_##id in_section(".selftest") aligned_to(8) = { \
		#id, selftest_##id                                                                 \
	};                                                                                         \
	static void selftest_##id(void)

void selftest_fail(const char *file, int line, const char *what);

/* Ends the test when `cond` is false. Only in functions that return void. */
#define CHECK(cond)                                                            \
	do {                                                                   \
		if (!(cond)) {                                                 \
			selftest_fail(__FILE__, __LINE__, #cond);              \
			return;                                                \
		}                                                              \
	} while (0)

/* Runs the tests whose name begins with `prefix` ("" for all) and ends the machine. */
noreturn void selftest_run(const char *prefix);
