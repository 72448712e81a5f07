/* SPDX-License-Identifier: MIT */
#include "unit.h"
#include <lib/parse.h>

static void number(const char *s, unsigned base, int err, u64 want)
{
	u64 v = 77;

	assert_int_equal(parse_u64(s, base, &v), err);
	assert_int_equal(v, err ? 77 : want);
}

TEST(numbers)
{
	number("0", 10, 0, 0);
	number("42", 0, 0, 42);
	number("0x2a", 0, 0, 42);
	number("0x2A", 16, 0, 42);
	number("2a", 16, 0, 42);
	number("052", 0, 0, 42);
	number("08", 0, -EINVAL, 0);
	number("18446744073709551615", 10, 0, UINT64_MAX);
	number("18446744073709551616", 10, -ERANGE, 0);
	number("99999999999999999999999", 10, -ERANGE, 0);
	number("", 10, -EINVAL, 0);
	number("0x", 0, -EINVAL, 0);
	number("12x", 10, -EINVAL, 0);
	number("-1", 10, -EINVAL, 0);
	number(" 1", 10, -EINVAL, 0);
}

TEST(narrow_and_signed)
{
	u32 v32 = 1;
	s64 s = 0;

	assert_int_equal(parse_u32("4294967295", 10, &v32), 0);
	assert_int_equal(v32, UINT32_MAX);
	assert_int_equal(parse_u32("4294967296", 10, &v32), -ERANGE);
	assert_int_equal(parse_s64("-9223372036854775808", 10, &s), 0);
	assert_true(s == INT64_MIN);
	assert_int_equal(parse_s64("9223372036854775808", 10, &s), -ERANGE);
	assert_int_equal(parse_s64("+5", 10, &s), 0);
	assert_int_equal(s, 5);
	assert_int_equal(parse_s64("--5", 10, &s), -EINVAL);
}

TEST(sizes)
{
	u64 v;

	assert_int_equal(parse_size("512", &v), 0);
	assert_int_equal(v, 512);
	assert_int_equal(parse_size("4k", &v), 0);
	assert_int_equal(v, 4096);
	assert_int_equal(parse_size("64M", &v), 0);
	assert_int_equal(v, 64 << 20);
	assert_int_equal(parse_size("0x2G", &v), 0);
	assert_int_equal(v, 2ULL << 30);
	assert_int_equal(parse_size("16777216T", &v), -ERANGE);
	assert_int_equal(parse_size("1KB", &v), -EINVAL);
	assert_int_equal(parse_size("1Q", &v), -EINVAL);
	assert_int_equal(parse_size("M", &v), -EINVAL);
}

static void split(const char *line, const char *want)
{
	char *copy = strdup(line), got[200] = "", *words[8];
	size_t n = cmdline_split(copy, words, 8);

	for (size_t i = 0; i < n; i++) {
		strcat(got, words[i]);
		strcat(got, "|");
	}
	assert_string_equal(got, want);
	free(copy);
}

TEST(command_lines)
{
	split("", "");
	split("   ", "");
	split("quiet", "quiet|");
	split("  root=/dev/sda1  ro\tquiet ", "root=/dev/sda1|ro|quiet|");
	split("\"two words\" x", "two words|x|");
	split("a=\"b c\" d", "a=b c|d|");
	split("a=\"b c", "a=b c|");
	split("a\"b c\"d e", "a\"b c\"d|e|");
	split("\"a=b c\" d", "a=b c|d|");
	split("\"", "|");
	split("a=\"\" b", "a=|b|");
}

TEST(too_many_words)
{
	char line[] = "a b c d";
	char *words[2];

	assert_int_equal(cmdline_split(line, words, 2), 4);
	assert_string_equal(words[1], "b");
}

TEST(keys_and_values)
{
	char line[] = "console=ttyS0,115200 quiet init=\"/bin/my init\" x==y -- -c";
	char *rest = line, *key, *value;

	assert_true(cmdline_next(&rest, &key, &value));
	assert_string_equal(key, "console");
	assert_string_equal(value, "ttyS0,115200");
	assert_true(cmdline_next(&rest, &key, &value));
	assert_string_equal(key, "quiet");
	assert_null(value);
	assert_true(cmdline_next(&rest, &key, &value));
	assert_string_equal(value, "/bin/my init");
	assert_true(cmdline_next(&rest, &key, &value));
	assert_string_equal(value, "=y");
	assert_true(cmdline_next(&rest, &key, &value));
	assert_string_equal(key, "--");
	assert_true(cmdline_next(&rest, &key, &value));
	assert_string_equal(key, "-c");
	assert_false(cmdline_next(&rest, &key, &value));
}

TEST(any_bytes)
{
	for (int i = 0; i < 20000; i++) {
		static const char alphabet[] = "a=\" \tb";
		size_t n = test_random() % 12;
		char *line = malloc(n + 1), *words[4];

		for (size_t j = 0; j < n; j++)
			line[j] = alphabet[test_random() % 6];
		line[n] = '\0';
		assert_true(cmdline_split(line, words, 4) <= n);
		free(line);
	}
}

RUN(T(numbers), T(narrow_and_signed), T(sizes), T(command_lines), T(too_many_words),
    T(keys_and_values), T(any_bytes))
