/* SPDX-License-Identifier: MIT */
/*
 * One engine, format_v, breaks the format up into pieces and hands each to `emit`; the buffer
 * functions are emitters that stop writing at the end of the buffer but keep counting.
 */
#include <lib/format.h>
#include <lib/string.h>
#include <lib/compiler.h>

enum {
	FLAG_LEFT = 1,
	FLAG_ZERO = 2,
	FLAG_PLUS = 4,
	FLAG_SPACE = 8,
	FLAG_ALT = 16,
};

struct spec {
	unsigned flags;
	int width;
	int precision;		/* -1: not given */
	int length;		/* bytes of an integer argument */
};

struct out {
	format_emit_fn *emit;
	void *ctx;
	size_t total;
};

static void put(struct out *o, const char *s, size_t len)
{
	if (len) {
		o->emit(o->ctx, s, len);
		o->total += len;
	}
}

static void put_fill(struct out *o, char c, int n)
{
	static const char blanks[] = "                ", zeros[] = "0000000000000000";
	int step = sizeof(blanks) - 1;

	for (; n > 0; n -= step)
		put(o, c == '0' ? zeros : blanks, min(n, step));
}

char *format_u64(char buf[static 20], u64 v, size_t *len)
{
	char *p = buf + 20;

	do {
		*--p = '0' + v % 10;
		v /= 10;
	} while (v);
	*len = buf + 20 - p;
	return p;
}

/* Digits of v in base 8 or 16 at the end of buf[22]; returns the start. */
static char *digits_pow2(char *buf, u64 v, unsigned shift, const char *alphabet, size_t *len)
{
	char *p = buf + 22;

	do {
		*--p = alphabet[v & ((1u << shift) - 1)];
		v >>= shift;
	} while (v);
	*len = buf + 22 - p;
	return p;
}

static void put_padded(struct out *o, const struct spec *sp, const char *s, size_t len)
{
	int fill = (size_t)max(sp->width, 0) > len ? sp->width - (int)len : 0;

	if (!(sp->flags & FLAG_LEFT))
		put_fill(o, ' ', fill);
	put(o, s, len);
	if (sp->flags & FLAG_LEFT)
		put_fill(o, ' ', fill);
}

static void put_number(struct out *o, const struct spec *sp, char conv, u64 v, bool negative)
{
	char buf[22], prefix[3], *s;
	size_t len, prefix_len = 0;
	int zeros, fill;

	if (conv == 'x' || conv == 'X')
		s = digits_pow2(buf, v, 4, conv == 'x' ? "0123456789abcdef" : "0123456789ABCDEF",
				&len);
	else if (conv == 'o')
		s = digits_pow2(buf, v, 3, "01234567", &len);
	else
		s = format_u64(buf, v, &len);
	if (!sp->precision && !v)
		len = 0;

	if (negative)
		prefix[prefix_len++] = '-';
	else if (sp->flags & FLAG_PLUS)
		prefix[prefix_len++] = '+';
	else if (sp->flags & FLAG_SPACE)
		prefix[prefix_len++] = ' ';
	if ((sp->flags & FLAG_ALT) && conv == 'o' && sp->precision <= (int)len &&
	    (!len || s[0] != '0'))
		prefix[prefix_len++] = '0';
	if ((sp->flags & FLAG_ALT) && (conv == 'x' || conv == 'X') && v) {
		prefix[prefix_len++] = '0';
		prefix[prefix_len++] = conv;
	}

	zeros = max(sp->precision - (int)len, 0);
	fill = max(sp->width - (int)(prefix_len + len) - zeros, 0);
	if ((sp->flags & (FLAG_ZERO | FLAG_LEFT)) == FLAG_ZERO && sp->precision < 0) {
		zeros = fill;
		fill = 0;
	}
	if (!(sp->flags & FLAG_LEFT))
		put_fill(o, ' ', fill);
	put(o, prefix, prefix_len);
	put_fill(o, '0', zeros);
	put(o, s, len);
	if (sp->flags & FLAG_LEFT)
		put_fill(o, ' ', fill);
}

static unsigned flag_of(char c)
{
	switch (c) {
	case '-': return FLAG_LEFT;
	case '0': return FLAG_ZERO;
	case '+': return FLAG_PLUS;
	case ' ': return FLAG_SPACE;
	case '#': return FLAG_ALT;
	default: return 0;
	}
}

#define NUMBER_MAX 0x10000	/* larger widths and precisions are cut to this */

static int parse_number(const char **fmt)
{
	int n = 0;

	for (; char_is_digit(**fmt); (*fmt)++)
		n = min(n * 10 + (**fmt - '0'), NUMBER_MAX);
	return n;
}

/* Everything between '%' and the conversion letter, but for `*`. */
static const char *parse_length(const char *fmt, struct spec *sp)
{
	sp->length = 4;
	if (fmt[0] == 'h') {
		sp->length = fmt[1] == 'h' ? 1 : 2;
		return fmt + (fmt[1] == 'h' ? 2 : 1);
	}
	if (fmt[0] == 'l') {
		sp->length = 8;
		return fmt + (fmt[1] == 'l' ? 2 : 1);
	}
	if (fmt[0] == 'z' || fmt[0] == 't' || fmt[0] == 'j') {
		sp->length = 8;
		return fmt + 1;
	}
	return fmt;
}

static s64 sign_extend(u64 v, int bytes)
{
	int shift = 64 - bytes * 8;

	return (s64)(v << shift) >> shift;
}

/* va_list may be an array type, which decays in parameters: a struct keeps it one thing. */
struct args {
	va_list ap;
};

static int parse_star(const char **fmt, struct args *args)
{
	int n;

	if (**fmt != '*')
		return parse_number(fmt);
	(*fmt)++;
	n = min(va_arg(args->ap, int), NUMBER_MAX);
	return max(n, -NUMBER_MAX);
}

static const char *parse_spec(const char *fmt, struct spec *sp, struct args *args)
{
	unsigned flag;

	for (sp->flags = 0; (flag = flag_of(*fmt)); fmt++)
		sp->flags |= flag;
	sp->width = parse_star(&fmt, args);
	if (sp->width < 0) {
		sp->flags |= FLAG_LEFT;
		sp->width = -sp->width;
	}
	sp->precision = -1;
	if (*fmt == '.') {
		fmt++;
		sp->precision = max(parse_star(&fmt, args), -1);
	}
	return parse_length(fmt, sp);
}

static void put_integer(struct out *o, const struct spec *sp, char conv, struct args *args)
{
	u64 v = sp->length == 8 ? va_arg(args->ap, u64) : va_arg(args->ap, u32);

	if (conv == 'd' || conv == 'i') {
		s64 sv = sign_extend(v, sp->length);

		put_number(o, sp, 'd', sv < 0 ? -(u64)sv : (u64)sv, sv < 0);
		return;
	}
	if (sp->length < 4)
		v &= (1u << sp->length * 8) - 1;
	put_number(o, &(struct spec){ sp->flags & ~(FLAG_PLUS | FLAG_SPACE), sp->width,
				      sp->precision, sp->length }, conv, v, false);
}

static void put_conversion(struct out *o, const struct spec *sp, const char *start,
			   const char *conv, struct args *args)
{
	const char *s;
	char c;

	switch (*conv) {
	case 'd': case 'i': case 'u': case 'x': case 'X': case 'o':
		put_integer(o, sp, *conv, args);
		return;
	case 'p':
		put_number(o, &(struct spec){ FLAG_ALT, 0, 16, 8 }, 'x',
			   (unsigned long)va_arg(args->ap, void *), false);
		return;
	case 's':
		s = va_arg(args->ap, const char *);
		if (!s)
			s = "(null)";
		put_padded(o, sp, s, sp->precision < 0 ? strlen(s) : strnlen(s, sp->precision));
		return;
	case 'c':
		c = va_arg(args->ap, int);
		put_padded(o, sp, &c, 1);
		return;
	case '%':
		put(o, "%", 1);
		return;
	default:	/* the text as it stands, so that the mistake is seen */
		put(o, start, conv - start + (*conv ? 1 : 0));
		return;
	}
}

size_t format_v(format_emit_fn *emit, void *ctx, const char *fmt, va_list ap)
{
	struct out o = { emit, ctx, 0 };
	struct args args;

	va_copy(args.ap, ap);
	for (;;) {
		const char *percent = strchrnul(fmt, '%'), *conv;
		struct spec sp;

		put(&o, fmt, percent - fmt);
		if (!*percent)
			break;
		conv = parse_spec(percent + 1, &sp, &args);
		put_conversion(&o, &sp, percent, conv, &args);
		if (!*conv)
			break;
		fmt = conv + 1;
	}
	va_end(args.ap);
	return o.total;
}

size_t format_to(format_emit_fn *emit, void *ctx, const char *fmt, ...)
{
	va_list ap;
	size_t n;

	va_start(ap, fmt);
	n = format_v(emit, ctx, fmt, ap);
	va_end(ap);
	return n;
}

struct bounded {
	char *next, *end;	/* end: where the terminating NUL goes at the latest */
};

static void emit_bounded(void *ctx, const char *s, size_t len)
{
	struct bounded *b = ctx;
	size_t n = min(len, (size_t)(b->end - b->next));

	memcpy(b->next, s, n);
	b->next += n;
}

static void emit_nowhere(void *ctx, const char *s, size_t len)
{
}

int vsnprintf(char *buf, size_t size, const char *fmt, va_list ap)
{
	struct bounded b;
	size_t n;

	if (!size)
		return (int)format_v(emit_nowhere, NULL, fmt, ap);
	b = (struct bounded){ buf, buf + size - 1 };
	n = format_v(emit_bounded, &b, fmt, ap);
	*b.next = '\0';
	return (int)n;
}

int vscnprintf(char *buf, size_t size, const char *fmt, va_list ap)
{
	int n = vsnprintf(buf, size, fmt, ap);

	return size ? min(n, (int)size - 1) : 0;
}

int snprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(buf, size, fmt, ap);
	va_end(ap);
	return n;
}

int scnprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vscnprintf(buf, size, fmt, ap);
	va_end(ap);
	return n;
}
