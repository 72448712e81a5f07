/* SPDX-License-Identifier: MIT */
/* C strings, and the searches in memory that need no CPU-specific code. */
#include <lib/string.h>
#include <lib/compiler.h>

#undef strlen
#undef strcmp
#ifdef SKERRY_HOST
#define strlen lib_strlen
#define strcmp lib_strcmp
#endif

/* A word with a zero byte in it has one of its top bits set here. */
#define ONES 0x0101010101010101ULL
#define HIGHS 0x8080808080808080ULL
#define HAS_ZERO(v) (((v) - ONES) & ~(v) & HIGHS)

typedef u64 __attribute__((may_alias)) word_t;

/*
 * Word by word: an aligned word never crosses into a page that the string is not in. It may read
 * past the NUL inside the word, so the sanitizers are told to look away.
 */
no_sanitize size_t strlen(const char *s)
{
	const char *p = s;
	const word_t *w;
	u64 zero;

	for (; (unsigned long)p % 8; p++) {
		if (!*p)
			return p - s;
	}
	for (w = (const word_t *)p; !(zero = HAS_ZERO(*w)); w++)
		;
	return (const char *)w + __builtin_ctzll(zero) / 8 - s;
}

size_t strnlen(const char *s, size_t max)
{
	const char *end = memchr(s, 0, max);

	return end ? (size_t)(end - s) : max;
}

void *memchr(const void *s, int byte, size_t n)
{
	const u8 *p = s, *end = p + n;
	u64 pattern = (u8)byte * ONES;

	for (; n >= 8; p += 8, n -= 8) {
		u64 v, zero;

		__builtin_memcpy(&v, p, 8);
		v ^= pattern;
		zero = HAS_ZERO(v);
		if (zero)
			return (void *)(p + __builtin_ctzll(zero) / 8);
	}
	for (; p < end; p++) {
		if (*p == (u8)byte)
			return (void *)p;
	}
	return NULL;
}

void *memchr_inv(const void *s, int byte, size_t n)
{
	const u8 *p = s, *end = p + n;
	u64 pattern = (u8)byte * ONES;

	for (; n >= 8; p += 8, n -= 8) {
		u64 v;

		__builtin_memcpy(&v, p, 8);
		if (v != pattern)
			return (void *)(p + __builtin_ctzll(v ^ pattern) / 8);
	}
	for (; p < end; p++) {
		if (*p != (u8)byte)
			return (void *)p;
	}
	return NULL;
}

int strcmp(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return (u8)*a - (u8)*b;
}

int strncmp(const char *a, const char *b, size_t n)
{
	for (; n; n--, a++, b++) {
		if (*a != *b || !*a)
			return (u8)*a - (u8)*b;
	}
	return 0;
}

int strcasecmp(const char *a, const char *b)
{
	while (*a && char_to_lower(*a) == char_to_lower(*b)) {
		a++;
		b++;
	}
	return (u8)char_to_lower(*a) - (u8)char_to_lower(*b);
}

char *strchrnul(const char *s, int c)
{
	while (*s && *s != (char)c)
		s++;
	return (char *)s;
}

char *strchr(const char *s, int c)
{
	s = strchrnul(s, c);
	return *s == (char)c ? (char *)s : NULL;
}

char *strrchr(const char *s, int c)
{
	const char *last = NULL;

	for (;; s++) {
		if (*s == (char)c)
			last = s;
		if (!*s)
			return (char *)last;
	}
}

char *strstr(const char *s, const char *needle)
{
	size_t len = strlen(needle);

	if (!len)
		return (char *)s;
	for (; (s = strchr(s, needle[0])); s++) {
		if (!strncmp(s, needle, len))
			return (char *)s;
	}
	return NULL;
}

size_t strspn(const char *s, const char *accept)
{
	size_t n = 0;

	while (s[n] && strchr(accept, s[n]))
		n++;
	return n;
}

size_t strcspn(const char *s, const char *reject)
{
	size_t n = 0;

	while (s[n] && !strchr(reject, s[n]))
		n++;
	return n;
}

char *strpbrk(const char *s, const char *accept)
{
	s += strcspn(s, accept);
	return *s ? (char *)s : NULL;
}

char *strsep(char **s, const char *delim)
{
	char *start = *s, *end;

	if (!start)
		return NULL;
	end = start + strcspn(start, delim);
	*s = *end ? end + 1 : NULL;
	*end = '\0';
	return start;
}

size_t strlcpy(char *dst, const char *src, size_t size)
{
	size_t len = strlen(src);

	if (size) {
		size_t n = min(len, size - 1);

		memcpy(dst, src, n);
		dst[n] = '\0';
	}
	return len;
}

size_t strlcat(char *dst, const char *src, size_t size)
{
	size_t have = strnlen(dst, size);

	return have + strlcpy(dst + have, src, size - have);
}

ssize_t str_copy(char *dst, const char *src, size_t size)
{
	size_t len = strlcpy(dst, src, size);

	return len < size ? (ssize_t)len : -1;
}

const char *str_after(const char *s, const char *prefix)
{
	for (; *prefix; s++, prefix++) {
		if (*s != *prefix)
			return NULL;
	}
	return s;
}

bool str_has_prefix(const char *s, const char *prefix)
{
	return str_after(s, prefix) != NULL;
}

bool str_has_suffix(const char *s, const char *suffix)
{
	size_t len = strlen(s), tail = strlen(suffix);

	return len >= tail && !memcmp(s + len - tail, suffix, tail);
}

bool str_eq_len(const char *s, size_t len, const char *t)
{
	return strlen(t) == len && !memcmp(s, t, len);
}

char *str_trim(char *s)
{
	size_t len;

	while (char_is_space(*s))
		s++;
	len = strlen(s);
	while (len && char_is_space(s[len - 1]))
		len--;
	s[len] = '\0';
	return s;
}

int char_hex_value(char c)
{
	if (char_is_digit(c))
		return c - '0';
	c = char_to_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}
