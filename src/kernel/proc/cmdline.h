/* SPDX-License-Identifier: MIT */
/* The kernel command line, cut into what is the kernel's and what is init's. */
#pragma once

#include <lib/compiler.h>

#define CMDLINE_ARGS 32

struct init_words {
	const char *init;                     /* init= or rdinit=, the last one; NULL */
	const char *argv[CMDLINE_ARGS + 2];   /* [0] is filled in at exec */
	const char *envp[CMDLINE_ARGS + 2];   /* begins with HOME=/ and TERM=linux */
};

/* Keeps a copy of the boot loader's line; before anything below is called. */
void cmdline_set(const char *line);
/* The whole line, as /proc/cmdline shows it. */
extern char kernel_cmdline[];

/*
 * Value of the last `key=value` word, copied to buf and cut to size; false when there is none.
 * A bare `key` gives "".
 */
bool cmdline_get(const char *key, char *buf, size_t size);
static inline bool cmdline_has(const char *key)
{
	char none[1];
	return cmdline_get(key, none, sizeof none);
}
/* Calls fn for each `key=value` in order (console= may come several times). */
void cmdline_each(const char *key, void (*fn)(const char *value));

/* Fills `out`; its strings live as long as the system.  Words past the limit are dropped with a log line. */
void cmdline_init_words(struct init_words *out);
