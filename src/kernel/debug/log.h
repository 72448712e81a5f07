/* SPDX-License-Identifier: MIT */
/*
 * The kernel log: a ring of records (level, time, text), read by dmesg
 * (syslog(2), /dev/kmsg) and copied to the registered consoles.
 *
 * log_*() may be called in any context, NMI included; they never sleep.
 */
#pragma once

#include <lib/compiler.h>
#include <stdarg.h>

enum log_level { LOG_EMERG, LOG_ALERT, LOG_CRIT, LOG_ERR, LOG_WARN, LOG_NOTICE, LOG_INFO, LOG_DEBUG };

void log_printf(enum log_level level, const char *fmt, ...) printf_like(2, 3);
void log_vprintf(enum log_level level, const char *fmt, va_list ap);

#define log_emerg(...) log_printf(LOG_EMERG, __VA_ARGS__)
#define log_err(...) log_printf(LOG_ERR, __VA_ARGS__)
#define log_warn(...) log_printf(LOG_WARN, __VA_ARGS__)
#define log_notice(...) log_printf(LOG_NOTICE, __VA_ARGS__)
#define log_info(...) log_printf(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_printf(LOG_DEBUG, __VA_ARGS__)

/* Logs once for the life of the system. */
#define log_once(level, ...)                                                   \
	do {                                                                   \
		static bool done_;                                             \
		if (!__atomic_exchange_n(&done_, true, __ATOMIC_RELAXED))      \
			log_printf(level, __VA_ARGS__);                        \
	} while (0)

/* Writes out what waits for the consoles and tells readers; any context but NMI. */
void log_flush(void);

/* Where records go as they are made.  write() gets text with newlines; any context, no sleeping. */
struct log_console {
	const char *name;
	void (*write)(struct log_console *c, const char *text, size_t n);
	struct log_console *next;
};
/* Registers; if `replay`, all records in the ring are written to it first. */
void log_console_add(struct log_console *c, bool replay);
void log_console_remove(struct log_console *c);

/* Records of a level numerically below this go to the consoles (loglevel=, quiet, syslog(8)). */
extern int log_console_level;

/* The clock for time stamps; NULL until time/ registers it. */
extern u64 (*log_clock_ns)(void);

/*
 * Copies the record with the first sequence number >= *seq to buf, cut to size,
 * as "<level>[secs.usecs] text\n" parts in *r.  Returns its length, sets *seq to the next
 * number; 0 when there is none yet.  If records were lost, *seq jumps over them.
 */
struct log_record {
	u64 seq, time_ns;
	u8 level;
	u16 length;
};
size_t log_read(u64 *seq, struct log_record *r, char *buf, size_t size);
u64 log_seq_first(void);
u64 log_seq_next(void);
/* Called (any context) after a record was added: wakes readers; NULL until tty/ or fs/ registers it. */
extern void (*log_notify)(void);
