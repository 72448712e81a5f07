/* SPDX-License-Identifier: MIT */
/*
 * Memory blocks and C strings.
 *
 * memcpy, memmove, memset and memcmp go through the compiler's built-ins, so that constant small
 * sizes become plain moves; what is left calls the functions in arch/x86_64/string.asm (in host
 * tests: string_generic.c, under names of their own so that libc's stay what they are).
 */
#pragma once

#include <lib/types.h>

#ifdef SKERRY_HOST
#define memcpy lib_memcpy
#define memmove lib_memmove
#define memset lib_memset
#define memcmp lib_memcmp
#define memchr lib_memchr
#define strlen lib_strlen
#define strnlen lib_strnlen
#define strcmp lib_strcmp
#define strncmp lib_strncmp
#define strcasecmp lib_strcasecmp
#define strchr lib_strchr
#define strchrnul lib_strchrnul
#define strrchr lib_strrchr
#define strstr lib_strstr
#define strlcpy lib_strlcpy
#define strlcat lib_strlcat
#define strspn lib_strspn
#define strcspn lib_strcspn
#define strpbrk lib_strpbrk
#define strsep lib_strsep
#endif

void *memcpy(void *restrict dst, const void *restrict src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int byte, size_t n);
int memcmp(const void *a, const void *b, size_t n);
void *memchr(const void *s, int byte, size_t n);
/* First byte in [s, s+n) that is not `byte`, or NULL. */
void *memchr_inv(const void *s, int byte, size_t n);

size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
int strcasecmp(const char *a, const char *b);
char *strchr(const char *s, int c);
/* As strchr, but the terminating NUL's address if `c` is not there. */
char *strchrnul(const char *s, int c);
char *strrchr(const char *s, int c);
char *strstr(const char *s, const char *needle);
size_t strspn(const char *s, const char *accept);
size_t strcspn(const char *s, const char *reject);
char *strpbrk(const char *s, const char *accept);
/* Cut the next field off *s at a byte in `delim`; NULL when nothing is left. */
char *strsep(char **s, const char *delim);
/* Copy at most size-1 bytes and always terminate (size > 0); returns strlen(src). */
size_t strlcpy(char *dst, const char *src, size_t size);
size_t strlcat(char *dst, const char *src, size_t size);
/* Copy at most size-1 bytes and always terminate; returns the length copied, or -1 if cut. */
ssize_t str_copy(char *dst, const char *src, size_t size);

bool str_has_prefix(const char *s, const char *prefix);
bool str_has_suffix(const char *s, const char *suffix);
/* If s begins with prefix, what follows it; else NULL. */
const char *str_after(const char *s, const char *prefix);
static inline bool str_eq(const char *a, const char *b) { return strcmp(a, b) == 0; }
/* s[0..len) equals the C string t. */
bool str_eq_len(const char *s, size_t len, const char *t);
/* Cut white space off both ends, in place; returns the new start. */
char *str_trim(char *s);

static inline bool char_is_digit(char c) { return c >= '0' && c <= '9'; }
static inline bool char_is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
static inline bool char_is_print(char c) { return c >= 0x20 && c < 0x7f; }
static inline char char_to_lower(char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; }
static inline char char_to_upper(char c) { return c >= 'a' && c <= 'z' ? c - 32 : c; }
/* Value of a hexadecimal digit, or -1. */
int char_hex_value(char c);

#ifndef SKERRY_HOST
#define memcpy(d, s, n) __builtin_memcpy((d), (s), (n))
#define memmove(d, s, n) __builtin_memmove((d), (s), (n))
#define memset(d, c, n) __builtin_memset((d), (c), (n))
#define memcmp(a, b, n) __builtin_memcmp((a), (b), (n))
#define strlen(s) __builtin_strlen(s)
#define strcmp(a, b) __builtin_strcmp((a), (b))
#endif
