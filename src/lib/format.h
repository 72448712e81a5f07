/* SPDX-License-Identifier: MIT */
/*
 * printf-style formatting: %d %i %u %x %X %o %c %s %p %% with the flags - 0 + space #, a width and
 * a precision (also `*`), and the lengths hh h l ll z t j. A NULL string prints as "(null)", %p
 * as 0x and 16 digits. An unknown conversion is printed as it stands and takes no argument.
 */
#pragma once

#include <stdarg.h>
#include <lib/types.h>

#ifdef SKERRY_HOST
#define snprintf lib_snprintf
#define vsnprintf lib_vsnprintf
#define scnprintf lib_scnprintf
#define vscnprintf lib_vscnprintf
#endif

/* Receives the output piece by piece; called in the caller's context, any number of times. */
typedef void format_emit_fn(void *ctx, const char *s, size_t len);

/* Returns the number of bytes given to emit. */
size_t format_v(format_emit_fn *emit, void *ctx, const char *fmt, va_list ap)
	__attribute__((format(printf, 3, 0)));
size_t format_to(format_emit_fn *emit, void *ctx, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* As in C: never writes more than size bytes, terminates if size > 0, returns the full length. */
int vsnprintf(char *buf, size_t size, const char *fmt, va_list ap)
	__attribute__((format(printf, 3, 0)));
int snprintf(char *buf, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The same, but return the number of bytes really stored, without the NUL: for appending. */
int vscnprintf(char *buf, size_t size, const char *fmt, va_list ap)
	__attribute__((format(printf, 3, 0)));
int scnprintf(char *buf, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Decimal digits of v at the *end* of buf[20]; returns the start. For hot paths. */
char *format_u64(char buf[static 20], u64 v, size_t *len);
