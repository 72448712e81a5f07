/* SPDX-License-Identifier: MIT */
/* What each test program includes first. */
#pragma once

#include <cmocka.h>

#define TEST(name) static void name(void **unused_state)
#define RUN(...) \
	int main(void) \
	{ \
		const struct CMUnitTest tests[] = { __VA_ARGS__ }; \
		return cmocka_run_group_tests(tests, NULL, NULL); \
	}
#define T(name) cmocka_unit_test(name)
