/* SPDX-License-Identifier: MIT */
#include "unit.h"

static size_t libc_strlen(const char *s) { return strlen(s); }
static int libc_memcmp(const void *a, const void *b, size_t n) { return memcmp(a, b, n); }
static char *libc_strstr(const char *a, const char *b) { return strstr(a, b); }

#include <lib/string.h>

void *asm_memcpy(void *dst, const void *src, size_t n);
void *asm_memmove(void *dst, const void *src, size_t n);
void *asm_memset(void *dst, int byte, size_t n);
int asm_memcmp(const void *a, const void *b, size_t n);

#define MAX 300

static void fill(u8 *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (u8)test_random();
}

typedef void *copy_fn(void *dst, const void *src, size_t n);

/* Every size and every small misalignment; the bytes around must stay. */
static void check_copy(copy_fn *copy)
{
	u8 src[MAX + 32], dst[MAX + 32], want[MAX + 32];

	for (size_t n = 0; n <= MAX; n++) {
		for (unsigned shift = 0; shift < 9; shift++) {
			fill(src, sizeof(src));
			fill(dst, sizeof(dst));
			for (size_t i = 0; i < sizeof(want); i++)
				want[i] = i >= 8 + shift && i < 8 + shift + n ? src[16 - shift + i - 8 - shift]
									       : dst[i];
			assert_ptr_equal(copy(dst + 8 + shift, src + 16 - shift, n), dst + 8 + shift);
			assert_int_equal(libc_memcmp(dst, want, sizeof(dst)), 0);
		}
	}
}

static void check_move(copy_fn *move)
{
	u8 buf[2 * MAX + 200], want[2 * MAX + 200];

	for (size_t n = 0; n <= MAX; n++) {
		for (int distance = -70; distance <= 70; distance += n < 80 ? 1 : 7) {
			fill(buf, sizeof(buf));
			for (size_t i = 0; i < sizeof(buf); i++)
				want[i] = buf[i];
			for (size_t i = 0; i < n; i++)
				want[80 + distance + i] = buf[80 + i];
			move(buf + 80 + distance, buf + 80, n);
			assert_int_equal(libc_memcmp(buf, want, sizeof(buf)), 0);
		}
	}
}

static void check_set(void *(*set)(void *, int, size_t))
{
	u8 buf[MAX + 16];

	for (size_t n = 0; n <= MAX; n++) {
		for (size_t i = 0; i < sizeof(buf); i++)
			buf[i] = 0x11;
		assert_ptr_equal(set(buf + 8, 0x1a5, n), buf + 8);
		for (size_t i = 0; i < sizeof(buf); i++)
			assert_int_equal(buf[i], i >= 8 && i < 8 + n ? 0xa5 : 0x11);
	}
}

static int sign(int v) { return v < 0 ? -1 : v > 0; }

static void check_cmp(int (*cmp)(const void *, const void *, size_t))
{
	u8 a[64], b[64];

	for (size_t n = 0; n <= 64; n++) {
		fill(a, sizeof(a));
		for (size_t i = 0; i < 64; i++)
			b[i] = a[i];
		assert_int_equal(cmp(a, b, n), 0);
		for (size_t i = 0; i < n; i++) {
			b[i] = (u8)test_random();
			assert_int_equal(sign(cmp(a, b, n)), sign(libc_memcmp(a, b, n)));
			assert_int_equal(sign(cmp(b, a, n)), sign(libc_memcmp(b, a, n)));
			b[i] = a[i];
		}
	}
}

TEST(copies) { check_copy(lib_memcpy); check_copy(asm_memcpy); check_copy(asm_memmove); }
TEST(moves) { check_move(lib_memmove); check_move(asm_memmove); }
TEST(sets) { check_set(lib_memset); check_set(asm_memset); }
TEST(compares) { check_cmp(lib_memcmp); check_cmp(asm_memcmp); }

TEST(asm_has_no_bounds_of_its_own)	/* sizes far over the small-size paths */
{
	size_t n = (1 << 20) + 13;
	u8 *a = malloc(n), *b = malloc(n);

	fill(a, n);
	asm_memcpy(b, a, n);
	assert_int_equal(libc_memcmp(a, b, n), 0);
	asm_memmove(b, b + 1, n - 1);
	assert_int_equal(libc_memcmp(a + 1, b, n - 1), 0);
	asm_memmove(b + 1, b, n - 1);
	assert_int_equal(libc_memcmp(a + 1, b + 1, n - 1), 0);
	free(a);
	free(b);
}

TEST(lengths)
{
	char buf[80] __attribute__((aligned(16)));

	for (size_t start = 0; start < 9; start++) {
		for (size_t n = 0; n < 60; n++) {
			for (size_t i = 0; i < sizeof(buf); i++)
				buf[i] = (char)(i % 2 ? 0x80 : 0x01);
			buf[start + n] = '\0';
			assert_int_equal(strlen(buf + start), libc_strlen(buf + start));
			assert_int_equal(strnlen(buf + start, 200 - 140), n);
			assert_int_equal(strnlen(buf + start, n / 2), n / 2);
		}
	}
}

TEST(searches)
{
	char buf[64];

	for (size_t i = 0; i < sizeof(buf); i++)
		buf[i] = (char)i;
	for (size_t n = 0; n <= sizeof(buf); n++) {
		for (int c = 0; c < 70; c++) {
			void *want = c < (int)n ? buf + c : NULL;

			assert_ptr_equal(memchr(buf, c, n), want);
		}
	}
	for (size_t i = 0; i < sizeof(buf); i++)
		buf[i] = 'x';
	assert_null(memchr_inv(buf, 'x', sizeof(buf)));
	for (size_t i = 0; i < sizeof(buf); i++) {
		buf[i] = 'y';
		assert_ptr_equal(memchr_inv(buf, 'x', sizeof(buf)), buf + i);
		assert_null(memchr_inv(buf, 'x', i));
		buf[i] = 'x';
	}
}

TEST(strings)
{
	const char *s = "one two one";

	assert_ptr_equal(strchr(s, 't'), s + 4);
	assert_ptr_equal(strchr(s, '\0'), s + 11);
	assert_null(strchr(s, 'z'));
	assert_ptr_equal(strchrnul(s, 'z'), s + 11);
	assert_ptr_equal(strrchr(s, 'o'), s + 8);
	assert_ptr_equal(strstr(s, "one"), libc_strstr(s, "one"));
	assert_ptr_equal(strstr(s, "o o"), s + 6);
	assert_null(strstr(s, "ones"));
	assert_ptr_equal(strstr(s, ""), s);
	assert_int_equal(strspn(s, "eno"), 3);
	assert_int_equal(strcspn(s, "t "), 3);
	assert_ptr_equal(strpbrk(s, "wt"), s + 4);
	assert_true(strcmp("a", "b") < 0 && strcmp("b", "a") > 0 && !strcmp("", ""));
	assert_true(strcmp("\xff", "a") > 0);
	assert_true(!strncmp("abc", "abd", 2) && strncmp("abc", "abd", 3) < 0);
	assert_true(!strncmp("ab", "ab", 9) && strncmp("ab", "abc", 9) < 0);
	assert_true(!strcasecmp("AbZ", "aBz") && strcasecmp("a", "B") < 0);
}

TEST(bounded_copies)
{
	char buf[4];

	assert_int_equal(strlcpy(buf, "abcdef", sizeof(buf)), 6);
	assert_string_equal(buf, "abc");
	assert_int_equal(str_copy(buf, "abc", sizeof(buf)), 3);
	assert_int_equal(str_copy(buf, "abcd", sizeof(buf)), -1);
	assert_int_equal(strlcpy(buf, "a", sizeof(buf)), 1);
	assert_int_equal(strlcat(buf, "bcd", sizeof(buf)), 4);
	assert_string_equal(buf, "abc");
	assert_int_equal(strlcpy(NULL, "abc", 0), 3);
}

TEST(prefixes)
{
	assert_true(str_has_prefix("console=tty0", "console="));
	assert_false(str_has_prefix("cons", "console"));
	assert_string_equal(str_after("console=tty0", "console="), "tty0");
	assert_null(str_after("con", "console"));
	assert_true(str_has_suffix("a.ko", ".ko") && !str_has_suffix("ko", ".ko"));
	assert_true(str_eq_len("abcd", 3, "abc") && !str_eq_len("abcd", 4, "abc"));
	assert_true(str_eq("a", "a") && !str_eq("a", "ab"));
}

TEST(cutting)
{
	char line[] = "a,,b", spaced[] = " \t x y \n", blank[] = "  ", *p = line;

	assert_string_equal(strsep(&p, ","), "a");
	assert_string_equal(strsep(&p, ","), "");
	assert_string_equal(strsep(&p, ","), "b");
	assert_null(strsep(&p, ","));
	assert_string_equal(str_trim(spaced), "x y");
	assert_string_equal(str_trim(blank), "");
	assert_int_equal(char_hex_value('f'), 15);
	assert_int_equal(char_hex_value('A'), 10);
	assert_int_equal(char_hex_value('g'), -1);
}

RUN(T(copies), T(moves), T(sets), T(compares), T(asm_has_no_bounds_of_its_own), T(lengths),
    T(searches), T(strings), T(bounded_copies), T(prefixes), T(cutting))
