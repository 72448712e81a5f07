/* SPDX-License-Identifier: MIT */
/*
 * Numbers and command lines from text. All results are checked for overflow.
 */
#pragma once

#include <lib/types.h>

/*
 * Read digits at s. base 0 takes 0x.. as hexadecimal, 0.. as octal. *value is written and the
 * address after the last digit returned; NULL if there is no digit or the number is over 2^64-1.
 */
const char *parse_digits(const char *s, unsigned base, u64 *value);

/* The whole string is one number. 0, -EINVAL (not a number), -ERANGE (too large). */
int parse_u64(const char *s, unsigned base, u64 *value);
int parse_u32(const char *s, unsigned base, u32 *value);
/* With an optional sign. */
int parse_s64(const char *s, unsigned base, s64 *value);
/* A number with an optional suffix K, M, G, T (powers of 1024; upper or lower case). */
int parse_size(const char *s, u64 *value);

/*
 * Split a command line in place, as Linux does: words end at white space, double quotes keep white
 * space together and vanish where they enclose a whole word or value. Returns the number of
 * words; at most max are stored.
 */
size_t cmdline_split(char *line, char **words, size_t max);

/*
 * Take the next word off *rest: *key is the word up to '=', *value what follows it, or NULL if
 * there is no '='. False at the end. After a word "--" the rest belongs to init; the caller sees
 * it as a key.
 */
bool cmdline_next(char **rest, char **key, char **value);
