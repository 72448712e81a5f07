/* SPDX-License-Identifier: MIT */
#include "unit.h"

static int libc_format(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(buf, size, fmt, ap);
	va_end(ap);
	return n;
}

#include <lib/format.h>

/* Formats that are wrong on purpose. */
#pragma GCC diagnostic ignored "-Wformat-truncation"
#pragma GCC diagnostic ignored "-Wformat-overflow"
#pragma GCC diagnostic ignored "-Wformat-zero-length"
#pragma GCC diagnostic ignored "-Wformat"
#pragma GCC diagnostic ignored "-Wformat-security"
#pragma GCC diagnostic ignored "-Wformat-nonliteral"

/* Ours against libc's, with every buffer size that cuts it. */
#define SAME(fmt, ...) do { \
	char ours_[200], theirs_[200]; \
	for (size_t size_ = 1; size_ < sizeof(ours_); size_ = size_ < 40 ? size_ + 1 : size_ * 2) { \
		int n_ = snprintf(ours_, size_, fmt, ##__VA_ARGS__); \
		assert_int_equal(n_, libc_format(theirs_, size_, fmt, ##__VA_ARGS__)); \
		assert_string_equal(ours_, theirs_); \
	} \
	assert_int_equal(snprintf(NULL, 0, fmt, ##__VA_ARGS__), \
			 libc_format(NULL, 0, fmt, ##__VA_ARGS__)); \
} while (0)

TEST(plain)
{
	SAME("");
	SAME("just text");
	SAME("100%%");
	SAME("%c%c", 'a', 'b');
	SAME("%5c|%-5c|", 'a', 'b');
}

TEST(strings)
{
	SAME("%s", "hello");
	SAME("[%10s] [%-10s] [%3s]", "hello", "hello", "hello");
	SAME("[%.2s] [%.*s] [%10.3s]", "hello", 3, "hello", "hello");
	SAME("[%*s] [%-*s] [%*s]", 8, "a", 8, "b", -8, "c");
	SAME("%.3s", (char[]){ 'a', 'b', 'c' });	/* no NUL within the precision */
	SAME("%s", (char *)NULL);
}

TEST(numbers)
{
	static const s64 values[] = { 0, 1, -1, 9, 10, 42, -42, 255, 256, 65535, 99999, INT32_MAX,
				      INT32_MIN, INT64_MAX, INT64_MIN, 1234567890123LL };
	static const char *const formats[] = {
		"%lld", "%llu", "%llx", "%llX", "%llo", "%#llx", "%#llo", "%+lld", "% lld",
		"%20lld", "%-20lld|", "%020lld", "%020llx", "%#020llx", "%.5lld", "%10.5lld",
		"%-10.5lld|", "%010.5lld", "%.0lld", "%+.3lld", "%hhd", "%hhu", "%hd", "%hx", "%d",
		"%u", "%x", "%08x", "%ld", "%lx", "%zu", "%zd", "%jd", "%td", "%i", "%3d", "%-3d|",
		"%#x", "%#o", "%.20llx", "%5.3d", "%-05d|", "%+u", "%0+8d", "%#.3o",
	};

	for (size_t f = 0; f < sizeof(formats) / sizeof(formats[0]); f++) {
		for (size_t v = 0; v < sizeof(values) / sizeof(values[0]); v++)
			SAME(formats[f], values[v]);
	}
	for (int i = 0; i < 2000; i++) {
		u64 v = test_random() >> test_random() % 64;

		SAME("%d %lu %llx", (int)v, v, (unsigned long long)v);
	}
}

TEST(pointers)
{
	char buf[40];

	snprintf(buf, sizeof(buf), "%p", (void *)0xffffffff80200000ULL);
	assert_string_equal(buf, "0xffffffff80200000");
	snprintf(buf, sizeof(buf), "%p", (void *)0x10);
	assert_string_equal(buf, "0x0000000000000010");
	snprintf(buf, sizeof(buf), "%p", NULL);
	assert_string_equal(buf, "0000000000000000");
}

TEST(unknown_conversions_show)
{
	char buf[40];

	assert_int_equal(snprintf(buf, sizeof(buf), "a%qb"), 4);
	assert_string_equal(buf, "a%qb");
	assert_int_equal(snprintf(buf, sizeof(buf), "a%"), 2);
	assert_string_equal(buf, "a%");
	assert_int_equal(snprintf(buf, sizeof(buf), "a%-5"), 4);
	assert_string_equal(buf, "a%-5");
}

TEST(huge_widths_are_bounded)
{
	char buf[16];

	assert_int_equal(snprintf(buf, sizeof(buf), "%999999999999d", 1), 65536);
	assert_string_equal(buf, "               ");
}

TEST(stored_lengths)
{
	char buf[8];

	assert_int_equal(scnprintf(buf, sizeof(buf), "%s", "1234567890"), 7);
	assert_int_equal(scnprintf(buf, sizeof(buf), "%s", "123"), 3);
	assert_int_equal(scnprintf(buf, 0, "%s", "123"), 0);
}

TEST(fast_decimal)
{
	char digits[20], want[32];
	size_t len;

	for (int i = 0; i < 1000; i++) {
		u64 v = i == 0 ? 0 : i == 1 ? UINT64_MAX : test_random() >> test_random() % 64;
		char *s = format_u64(digits, v, &len);

		libc_format(want, sizeof(want), "%lu", v);
		assert_int_equal(len, strlen(want));
		assert_memory_equal(s, want, len);
	}
}

RUN(T(plain), T(strings), T(numbers), T(pointers), T(unknown_conversions_show),
    T(huge_widths_are_bounded), T(stored_lengths), T(fast_decimal))
