/* SPDX-License-Identifier: MIT */
#include <lib/parse.h>
#include <lib/string.h>

#include <asm/errno.h>

static unsigned digit_value(char c)
{
	if (char_is_digit(c))
		return c - '0';
	c = char_to_lower(c);
	return c >= 'a' && c <= 'z' ? c - 'a' + 10 : ~0u;
}

/* As parse_digits; *err tells the two failures apart. */
static const char *digits(const char *s, unsigned base, u64 *value, int *err)
{
	const char *start;
	u64 v = 0;
	bool overflow = false;

	if ((base == 0 || base == 16) && s[0] == '0' && char_to_lower(s[1]) == 'x' &&
	    digit_value(s[2]) < 16) {
		s += 2;
		base = 16;
	} else if (base == 0) {
		base = s[0] == '0' ? 8 : 10;
	}
	for (start = s; digit_value(*s) < base; s++) {
		overflow |= __builtin_mul_overflow(v, base, &v);
		overflow |= __builtin_add_overflow(v, digit_value(*s), &v);
	}
	*err = s == start ? -EINVAL : overflow ? -ERANGE : 0;
	if (*err)
		return NULL;
	*value = v;
	return s;
}

const char *parse_digits(const char *s, unsigned base, u64 *value)
{
	int err;

	return digits(s, base, value, &err);
}

int parse_u64(const char *s, unsigned base, u64 *value)
{
	u64 v;
	int err;
	const char *end = digits(s, base, &v, &err);

	if (!end)
		return err;
	if (*end)
		return -EINVAL;
	*value = v;
	return 0;
}

int parse_u32(const char *s, unsigned base, u32 *value)
{
	u64 v = 0;
	int err = parse_u64(s, base, &v);

	if (err)
		return err;
	if (v > UINT32_MAX)
		return -ERANGE;
	*value = (u32)v;
	return 0;
}

int parse_s64(const char *s, unsigned base, s64 *value)
{
	bool negative = *s == '-';
	u64 v = 0;
	int err = parse_u64(s + (*s == '-' || *s == '+'), base, &v);

	if (err)
		return err;
	if (v > (u64)INT64_MAX + negative)
		return -ERANGE;
	*value = negative ? (s64)-v : (s64)v;
	return 0;
}

int parse_size(const char *s, u64 *value)
{
	static const char suffixes[] = "kmgt";
	const char *end, *suffix;
	unsigned shift = 0;
	u64 v;
	int err;

	end = digits(s, 0, &v, &err);
	if (!end)
		return err;
	if (*end) {
		suffix = strchr(suffixes, char_to_lower(*end));
		if (!suffix || end[1])
			return -EINVAL;
		shift = 10 * (suffix - suffixes + 1);
	}
	if (v > UINT64_MAX >> shift)
		return -ERANGE;
	*value = v << shift;
	return 0;
}

/*
 * The word at s, ended with a NUL in place; *rest is what follows. Quotes that enclose the whole
 * word, or the whole value of key="a b", are taken off; others stay, as Linux leaves them.
 */
static char *next_word(char *s, char **rest, char **equals)
{
	bool quoted = false, enclosed;
	char *end, *value;

	while (char_is_space(*s))
		s++;
	if (!*s)
		return NULL;
	enclosed = *s == '"';
	if (enclosed) {
		s++;
		quoted = true;
	}
	*equals = NULL;
	for (end = s; *end && (quoted || !char_is_space(*end)); end++) {
		if (*end == '=' && !*equals)
			*equals = end;
		if (*end == '"')
			quoted = !quoted;
	}
	*rest = *end ? end + 1 : end;
	*end = '\0';
	if (enclosed && end > s && end[-1] == '"')
		end[-1] = '\0';
	value = *equals ? *equals + 1 : NULL;
	if (value && *value == '"') {
		memmove(value, value + 1, end - value);
		end--;
		if (end > value && end[-1] == '"')
			end[-1] = '\0';
	}
	return s;
}

size_t cmdline_split(char *line, char **words, size_t max)
{
	char *rest = line, *word, *equals;
	size_t n = 0;

	while ((word = next_word(rest, &rest, &equals))) {
		if (n < max)
			words[n] = word;
		n++;
	}
	return n;
}

bool cmdline_next(char **rest, char **key, char **value)
{
	char *equals, *word = next_word(*rest, rest, &equals);

	if (!word)
		return false;
	*key = word;
	*value = NULL;
	if (equals) {
		*equals = '\0';
		*value = equals + 1;
	}
	return true;
}
