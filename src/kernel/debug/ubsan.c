/* SPDX-License-Identifier: MIT */
/*
 * What GCC's -fsanitize=undefined calls when it meets undefined behaviour.  Each
 * handler gets a constant record (where, which types; the layouts are those of
 * GCC's ubsan.cc) and the values; it says so in one line and panics.
 */
#include <debug/log.h>
#include <debug/panic.h>
#include <debug/ubsan.h>
#include <lib/format.h>

struct location {
	const char *file;
	u32 line, column;
};

struct type {
	u16 kind; /* 0: integer */
	u16 info; /* bit 0: signed; the rest: log2 of the width in bits */
	char name[];
};

struct overflow { struct location loc; const struct type *type; };
struct shift { struct location loc; const struct type *left, *right; };
struct bounds { struct location loc; const struct type *array, *index; };
struct mismatch { struct location loc; const struct type *type; u8 log_alignment, kind; };
struct value { struct location loc; const struct type *type; };
struct argument { struct location loc, attribute; int index; };
struct builtin { struct location loc; u8 kind; };
struct place { struct location loc; };
struct assumption { struct location loc, assumed; const struct type *type; };

static bool expecting;
static unsigned reports;

void ubsan_expect_begin(void)
{
	reports = 0;
	expecting = true;
}

unsigned ubsan_expect_end(void)
{
	expecting = false;
	return reports;
}

static printf_like(2, 3) void report(const struct location *loc, const char *fmt, ...)
{
	char text[200];
	va_list ap;

	__atomic_fetch_add(&reports, 1, __ATOMIC_RELAXED);
	if (expecting || panic_in_progress)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_err("UBSAN: %s:%u:%u: %s", loc->file, loc->line, loc->column, text);
	panic("UBSAN: %s", text);
}

/* A value of up to 64 bits is passed itself, a wider one by its address. */
static const char *number(const struct type *t, u64 v, char buf[static 32])
{
	unsigned bits = 1U << (t->info >> 1);

	if (t->kind != 0)
		snprintf(buf, 32, "?");
	else if (bits > 64)
		snprintf(buf, 32, "(%u bits)", bits);
	else if (t->info & 1)
		snprintf(buf, 32, "%ld", (s64)(v << (64 - bits)) >> (64 - bits));
	else
		snprintf(buf, 32, "%lu", v);
	return buf;
}

#define HANDLER(name, ...)                                                                         \
	void __ubsan_handle_##name(__VA_ARGS__);                                                   \
	void __ubsan_handle_##name(__VA_ARGS__)

static void binary(const struct overflow *d, u64 a, u64 b, const char *op)
{
	char left[32], right[32];

	report(&d->loc, "overflow: %s %s %s does not fit in type %s", number(d->type, a, left), op,
	       number(d->type, b, right), d->type->name);
}

HANDLER(add_overflow, struct overflow *d, u64 a, u64 b) { binary(d, a, b, "+"); }
HANDLER(sub_overflow, struct overflow *d, u64 a, u64 b) { binary(d, a, b, "-"); }
HANDLER(mul_overflow, struct overflow *d, u64 a, u64 b) { binary(d, a, b, "*"); }
HANDLER(divrem_overflow, struct overflow *d, u64 a, u64 b) { binary(d, a, b, "/"); }

HANDLER(negate_overflow, struct overflow *d, u64 v)
{
	char buf[32];

	report(&d->loc, "overflow: -(%s) does not fit in type %s", number(d->type, v, buf), d->type->name);
}

HANDLER(shift_out_of_bounds, struct shift *d, u64 a, u64 b)
{
	char left[32], right[32];

	report(&d->loc, "shift of %s (%s) by %s", number(d->left, a, left), d->left->name,
	       number(d->right, b, right));
}

HANDLER(out_of_bounds, struct bounds *d, u64 index)
{
	char buf[32];

	report(&d->loc, "index %s is outside of %s", number(d->index, index, buf), d->array->name);
}

HANDLER(type_mismatch_v1, struct mismatch *d, u64 ptr)
{
	if (!ptr)
		report(&d->loc, "null pointer of type %s used", d->type->name);
	else if (d->log_alignment && ptr & ((1UL << d->log_alignment) - 1))
		report(&d->loc, "misaligned address %#lx for type %s", ptr, d->type->name);
	else
		report(&d->loc, "address %#lx has no room for type %s", ptr, d->type->name);
}

HANDLER(load_invalid_value, struct value *d, u64 v)
{
	report(&d->loc, "value %#lx is not valid for type %s", v, d->type->name);
}

HANDLER(vla_bound_not_positive, struct value *d, u64 bound)
{
	report(&d->loc, "array of variable length %ld", (s64)bound);
}

HANDLER(nonnull_arg, struct argument *d)
{
	report(&d->loc, "null pointer passed as argument %d, which must not be null", d->index);
}

HANDLER(nonnull_return_v1, struct place *d, struct location *loc)
{
	report(loc, "null pointer returned by a function that must not");
}

HANDLER(pointer_overflow, struct place *d, u64 base, u64 result)
{
	report(&d->loc, "pointer arithmetic from %#lx wraps to %#lx", base, result);
}

HANDLER(invalid_builtin, struct builtin *d)
{
	report(&d->loc, "%s of 0", d->kind == 0 ? "ctz" : "clz");
}

HANDLER(alignment_assumption, struct assumption *d, u64 ptr, u64 alignment, u64 offset)
{
	report(&d->loc, "address %#lx is not %lu-aligned at offset %lu", ptr, alignment, offset);
}

HANDLER(builtin_unreachable, struct place *d)
{
	report(&d->loc, "unreachable code was reached");
	panic("UBSAN: unreachable code was reached");
}

HANDLER(missing_return, struct place *d)
{
	report(&d->loc, "function ended without a return value");
	panic("UBSAN: function ended without a return value");
}
